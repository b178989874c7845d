import assert from "node:assert/strict";
import { barsOfBars, barsOfTrades, SECOND_US } from "./derive_bars.ts";

/** Rows of time, open, high, low, close, volume, VWAP and count. */
function rows(bars: ReturnType<typeof barsOfTrades>): number[][] {
  return Array.from(bars.timeUs, (us, i) => [
    us,
    bars.open[i],
    bars.high[i],
    bars.low[i],
    bars.close[i],
    bars.volume[i],
    bars.vwap[i],
    bars.trades[i],
  ]);
}

const TRADES = {
  timeUs: Float64Array.of(0, 999_999, 1_000_000, 61_500_000, 61_500_000),
  price: Float64Array.of(10, 12, 11, 9, 8),
  size: Float64Array.of(1, 3, 2, 0, 4),
};

Deno.test("a second holds what came from its start on and before its end", () => {
  assert.deepEqual(rows(barsOfTrades(TRADES, SECOND_US)), [
    // (10 × 1 + 12 × 3) / 4 = 11.5.
    [0, 10, 12, 10, 12, 4, 11.5, 2],
    [1e6, 11, 11, 11, 11, 2, 11, 1],
    [61e6, 9, 9, 8, 8, 4, 8, 2],
  ]);
});

Deno.test("minutes are the same of trades and of seconds", () => {
  const minutes = rows(barsOfTrades(TRADES, 60e6));
  // (10 + 36 + 22) / 6.
  assert.deepEqual(minutes, [
    [0, 10, 12, 10, 11, 6, 68 / 6, 3],
    [60e6, 9, 9, 8, 8, 4, 8, 2],
  ]);
  assert.deepEqual(rows(barsOfBars(barsOfTrades(TRADES, SECOND_US), 60e6)), minutes);
});

Deno.test("a print of no size moves the price, and the VWAP of nothing is the close", () => {
  const one = { timeUs: Float64Array.of(5), price: Float64Array.of(7), size: Float64Array.of(0) };
  assert.deepEqual(rows(barsOfTrades(one, SECOND_US)), [[0, 7, 7, 7, 7, 0, 7, 1]]);
});

Deno.test("of nothing nothing is made", () => {
  const none = { timeUs: new Float64Array(), price: new Float64Array(), size: new Float64Array() };
  assert.deepEqual(rows(barsOfTrades(none, SECOND_US)), []);
});
