import assert from "node:assert/strict";
import fc from "fast-check";
import { tickSize } from "../model/asset.ts";
import { decimal, roundToTick } from "../util/decimal.ts";
import { type Ask, TestMarket } from "./fixture.ts";

/** A price on the tick, from 0.0001 to 700,000. */
const prices = fc.oneof(
  fc.integer({ min: 1, max: 9_999 }).map((ticks) => ticks / 10_000),
  fc.integer({ min: 100, max: 70_000_000 }).map((cents) => cents / 100),
);
const settings = fc.record({
  perShare: fc.constantFrom(0, 0.00003, 0.0049, 0.01, 0.333, 5),
  ticks: fc.constantFrom(0, 0.5, 1, 7),
  spreadShare: fc.constantFrom(0, 0.5, 1),
  spreadBps: fc.constantFrom(1, 30),
  impact: fc.constantFrom(0, 0.7, 3),
  dailyVolume: fc.constantFrom(1000, 1e7),
  dailyVolatility: fc.constant(0.03),
});

Deno.test("a price slips against the order, onto a tick, and never beyond the limit", () => {
  const seen = { moved: 0, limited: 0 };
  fc.assert(
    fc.property(
      settings,
      prices,
      fc.constantFrom<"buy" | "sell">("buy", "sell"),
      fc.option(fc.integer({ min: 0, max: 30 })),
      fc.integer({ min: 1, max: 900 }),
      (slippage, price, side, limitTicks, qty) => {
        const market = new TestMarket({ slippage, cash: "1000000000000", sourceOf: () => "bars" });
        market.flatBar("09:30", price);
        const asset = { priceIncrement: null };
        const ask: Ask = { side, qty: String(qty) };
        if (limitTicks !== null) {
          const tick = tickSize(asset, price);
          const away = decimal(tick).times(limitTicks);
          const limit = side === "buy" ? decimal(price).plus(away) : decimal(price).minus(away);
          const onTick = roundToTick(limit, tickSize(asset, limit.toNumber()), "nearest");
          if (!onTick.gt(0) || (side === "buy" ? onTick.lt(price) : onTick.gt(price))) return;
          Object.assign(ask, { type: "limit", limitPrice: onTick.toFixed() });
        }
        market.order(ask);
        market.flatBar("09:31", price);
        const [fill] = market.fills;
        const got = decimal(fill.price);
        const isWorse = side === "buy" ? got.gte(price) : got.lte(price);
        assert.ok(isWorse, `${side} at ${price} got ${fill.price}`);
        const tick = tickSize(asset, got.toNumber());
        assert.ok(roundToTick(got, tick, "down").eq(got), `${fill.price} is off the tick`);
        assert.ok(got.gt(0));
        if (!got.eq(price)) seen.moved++;
        if (!ask.limitPrice) return;
        const isWithin = side === "buy" ? got.lte(ask.limitPrice) : got.gte(ask.limitPrice);
        assert.ok(isWithin, `a limit of ${ask.limitPrice} got ${fill.price}`);
        if (got.eq(ask.limitPrice) && !got.eq(price)) seen.limited++;
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(seen.moved > 300 && seen.limited > 20, JSON.stringify(seen));
});
