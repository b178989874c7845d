import assert from "node:assert/strict";
import { check } from "liu/testing";
import SmaCross from "./sma_cross.ts";

const DOWN = Array.from({ length: 40 }, (_, i) => 500 - i);
const UP = Array.from({ length: 40 }, (_, i) => 460 + 2 * i);

Deno.test("it buys when the averages cross, and sells when they cross back", () => {
  const { fills, orders, positionQty } = check(SmaCross, {
    symbol: "BTC/USD",
    start: "2022-01-03 02:00",
    history: DOWN,
    bars: [...UP, ...UP.toReversed(), ...DOWN.map((price) => price - 40)],
    params: { fast: 5, slow: 15, stopRanges: 50, maxShare: 10 },
  });
  assert.deepEqual(orders.map(({ action, indicators }) => `${action} ${indicators?.why}`), [
    "buy cross up",
    "sell cross down",
  ]);
  assert.ok(fills[0].qty * fills[0].price <= 10_200 && fills[0].qty % 1 !== 0, "a fraction");
  assert.equal(positionQty("BTC/USD"), 0);
});

Deno.test("its stop is some average ranges below, and its size follows from it", () => {
  const [order] = check(SmaCross, {
    history: DOWN,
    bars: UP,
    params: { fast: 5, slow: 15, stopRanges: 3, risk: 100, maxShare: 100 },
  }).orders;
  const { atr } = order.indicators as { atr: number };
  const price = order.stopPrice! + 3 * atr;
  assert.ok(UP.some((close) => Math.abs(close - price) < 1e-9));
  assert.equal(order.qty, Math.floor(100 / (3 * atr)));
});

Deno.test("it buys in its window only, and sells at any time", () => {
  const schedule = [{ start: 300, duration: 10 }];
  const options = { history: DOWN, params: { fast: 5, slow: 15 }, schedule };
  assert.deepEqual(check(SmaCross, { ...options, bars: UP }).orders, []);
  const position = { qty: 3, averagePrice: 500 };
  const { orders } = check(SmaCross, { ...options, bars: DOWN, position });
  assert.deepEqual(orders.map(({ action, qty }) => [action, qty]), [["sell", 3]]);
});
