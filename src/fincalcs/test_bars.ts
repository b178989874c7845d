/** Bars for tests of calculations. */
import { type BarColumns, emptyBars } from "../model/bars.ts";

/** Minute bars from `firstUs` on, rows of [open, high, low, close, volume]; vwap is the close. */
export function barsOf(
  firstUs: number,
  rows: readonly (readonly [number, number, number, number, number])[],
): BarColumns {
  const bars = emptyBars(rows.length);
  rows.forEach(([open, high, low, close, volume], i) => {
    bars.timeUs[i] = firstUs + i * 60e6;
    bars.open[i] = open;
    bars.high[i] = high;
    bars.low[i] = low;
    bars.close[i] = close;
    bars.vwap[i] = close;
    bars.volume[i] = volume;
    bars.trades[i] = 1;
  });
  return bars;
}

/** A walk of `length` minute bars from `firstUs` on: the same for the same seed. */
export function walkBars(length: number, seed = 1, firstUs = 0): BarColumns {
  let state = seed >>> 0 || 1;
  const random = () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  let close = 100;
  return barsOf(
    firstUs,
    Array.from({ length }, () => {
      const open = close;
      close = Math.max(1, open + random() * 2 - 1);
      const high = Math.max(open, close) + random();
      const low = Math.min(open, close) - random() / 2;
      return [open, high, low, close, Math.floor(random() * 1000) + 1] as const;
    }),
  );
}
