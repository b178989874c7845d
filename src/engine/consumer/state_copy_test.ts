import assert from "node:assert/strict";
import { copyState, restoreState } from "./state_copy.ts";

class Indicator {
  value = 7;
}

Deno.test("plain data of a state comes back, indicators are those of the new setup", () => {
  const state = {
    count: 3,
    entry: NaN as number,
    levels: [1, 2.5],
    seen: { high: 9, why: "gap" },
    note: null as string | null,
    sma: new Indicator(),
    map: new Map([[1, 2]]),
  };
  const saved = JSON.parse(JSON.stringify(copyState(state)));
  assert.deepEqual(saved, {
    count: 3,
    levels: [1, 2.5],
    seen: { high: 9, why: "gap" },
    note: null,
  });
  const anew = {
    count: 0,
    entry: NaN,
    levels: [] as number[],
    seen: null,
    note: null,
    sma: new Indicator(),
    map: new Map(),
  };
  const { sma } = anew;
  restoreState(anew, saved);
  assert.equal(anew.count, 3);
  assert.deepEqual(anew.seen, { high: 9, why: "gap" });
  assert.deepEqual(anew.levels, [1, 2.5]);
  assert.equal(anew.sma, sma);
});

Deno.test("a number that was none yet is taken over by the one that is saved", () => {
  const anew = { entry: NaN };
  restoreState(anew, { entry: 101.5 });
  assert.equal(anew.entry, 101.5);
});

Deno.test("what is too much, too deep or in circles is left out, nothing is cut", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  let deep: unknown = 1;
  for (let i = 0; i < 20; i++) deep = [deep];
  const state = { circle, deep, many: new Array(6_000).fill(1), text: "x".repeat(20_000) };
  assert.equal(copyState(state), null);
  assert.deepEqual(copyState({ many: new Array(6_000).fill(1) }), null);
  assert.deepEqual(copyState({ a: 1, many: new Array(4_000).fill(1) }), {
    a: 1,
    many: new Array(4_000).fill(1),
  });
});

Deno.test("a state that is no object, or of a class, is none", () => {
  for (const state of [undefined, null, 3, "x", [1], new Indicator()]) {
    assert.equal(copyState(state), null);
    restoreState(state, { a: 1 });
  }
});
