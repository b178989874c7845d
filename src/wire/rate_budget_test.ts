import { strict as assert } from "node:assert";
import fc from "fast-check";
import { RateBudget } from "./rate_budget.ts";

Deno.test("ordinary requests leave the reserve to cancels; the next minute has all again", () => {
  const budget = new RateBudget(10, 3);
  for (let i = 0; i < 7; i++) assert.equal(budget.take(0, false), 0);
  assert.equal(budget.take(1000, false), 59_000);
  for (let i = 0; i < 3; i++) assert.equal(budget.take(1000, true), 0);
  assert.equal(budget.take(1000, true), 59_000);
  assert.equal(budget.take(60_000, false), 0);
});

Deno.test("what the exchange announces counts, and late replies do not give back", () => {
  const budget = new RateBudget(200, 2);
  budget.learn(0, 10, 4, 30_000);
  budget.learn(100, 10, 6, 29_900);
  assert.equal(budget.take(200, false), 0);
  assert.equal(budget.take(200, false), 0);
  assert.equal(budget.take(200, false), 29_800);
  assert.equal(budget.take(200, true), 0);
});

Deno.test("a refusal stops all, also where the budget was lifted", () => {
  const budget = new RateBudget(1, 0);
  budget.lift();
  for (let i = 0; i < 100; i++) assert.equal(budget.take(0, false), 0);
  budget.block(0, 500);
  assert.equal(budget.take(100, true), 400);
  assert.equal(budget.take(500, false), 0);
});

Deno.test("no window has more requests than the limit, nor ordinary ones of the reserve", () => {
  const limit = 20;
  const reserved = 5;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5000), fc.boolean()), { maxLength: 300 }), (asks) => {
      const budget = new RateBudget(limit, reserved);
      let nowMs = 0;
      let windowMs = -Infinity;
      let all = 0;
      let ordinary = 0;
      for (const [waitMs, forCancel] of asks) {
        nowMs += waitMs;
        if (nowMs >= windowMs + 60_000) [windowMs, all, ordinary] = [nowMs, 0, 0];
        if (budget.take(nowMs, forCancel) > 0) continue;
        all++;
        if (!forCancel) ordinary++;
        assert.ok(all <= limit && ordinary <= limit - reserved);
      }
    }),
  );
});
