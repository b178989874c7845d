import assert from "node:assert/strict";
import { type BarRow, check, type CheckOptions } from "liu/testing";
import VwapReversion from "./vwap_reversion.ts";

/** Flat, then away by `percent` in `minutes`, then `back` of the way in as many. */
function swing(percent: number, back = 1, minutes = 15): BarRow[] {
  const away = 100 * percent / 100;
  const path = (from: number, to: number) =>
    Array.from({ length: minutes }, (_, i) => 100 + from + (to - from) * (i + 1) / minutes);
  return [
    ...Array<number>(30).fill(100),
    ...path(0, away),
    ...path(away, away * (1 - back)),
    ...Array<number>(60).fill(100 + away * (1 - back)),
  ];
}

function run(symbols: Record<string, BarRow[]>, options: Partial<CheckOptions> = {}) {
  return check(VwapReversion, {
    symbols: Object.fromEntries(
      Object.entries(symbols).map(([symbol, bars]) => [symbol, { bars }]),
    ),
    ...options,
  });
}

Deno.test("what is far above its VWAP and turns is sold short, and covered on the way back", () => {
  const { orders, fills, gain } = run({ UP: swing(3), FLAT: swing(0) });
  assert.deepEqual(
    orders.map(({ symbol, action, indicators }) => `${symbol} ${action} ${indicators?.why}`),
    ["UP short above VWAP, turning", "UP cover back to VWAP"],
  );
  assert.ok(orders[0].time > "10:15:00", "not while it rises");
  assert.ok(orders[0].stopPrice! > fills[0].price);
  assert.ok(gain > 0);
});

Deno.test("what is far below and turns up is bought", () => {
  const { orders, gain } = run({ DOWN: swing(-3) });
  assert.deepEqual(orders.map(({ action }) => action), ["buy", "sell"]);
  assert.ok(orders[0].stopPrice! < 98);
  assert.ok(gain > 0);
});

Deno.test("of many the furthest are taken, and no more than the plan allows", () => {
  const symbols = { A: swing(2), B: swing(4), C: swing(-3), D: swing(2.5) };
  const { orders } = run(symbols, { params: { maxPositions: 2 } });
  assert.deepEqual(orders.slice(0, 2).map(({ symbol, action }) => `${symbol} ${action}`), [
    "B short",
    "C buy",
  ]);
});

Deno.test("what does not come back is covered after its time, what goes on at its stop", () => {
  const stays = run({ UP: swing(3, 0.15) }, { params: { holdMinutes: 20 } });
  assert.deepEqual(stays.orders.map(({ indicators }) => indicators?.why).slice(0, 2), [
    "above VWAP, turning",
    "time",
  ]);
  const goesOn = [...swing(3, 0.3).slice(0, 51), ...Array<number>(30).fill(108)];
  assert.equal(run({ UP: goesOn }).fills[1].by, "stop");
});

Deno.test("what the broker does not lend is not tried again; a limit of risk is, later", () => {
  const long = [...swing(3, 0.2), ...swing(3, 0.2).slice(30)];
  const refusal = { by: "broker", code: "42210000", message: "cannot be sold short" } as const;
  const refused = run({ UP: long }, { deny: () => refusal });
  assert.equal(refused.denials.length, 1);
  const denial = { by: "risk", code: "max_open_orders", message: "" } as const;
  const denied = run({ UP: long }, { deny: () => denial });
  assert.ok(denied.denials.length > 1);
});

Deno.test("what cannot be sold short, or is cheap, is left alone", () => {
  const bars = swing(3);
  const symbols = { UP: { bars, asset: { shortable: false } } };
  assert.deepEqual(check(VwapReversion, { symbols }).orders, []);
  assert.deepEqual(run({ UP: bars }, { params: { minPrice: 200 } }).orders, []);
});
