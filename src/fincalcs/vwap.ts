import type { BarColumns } from "../model/bars.ts";
import { firstRowFrom } from "./rows.ts";

export interface AnchoredVwap {
  /** The bar's row at which it starts: `vwap[i]` belongs to row `firstRow + i`. */
  firstRow: number;
  /** In the bars' price; NaN until the first bar with volume. */
  vwap: Float64Array;
}

/**
 * Volume-weighted average price from an anchor on: average = (high + low + close) ÷ 3, vwap =
 * Σ (average × volume) ÷ Σ volume, from the bar nearest `anchorUs` (microseconds since the epoch)
 * on; of two that are equally near the later. Without bars the result is empty. Formula:
 * LiuAlgoTrader's fincalcs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const column = (...values: number[]) => Float64Array.from(values);
 * const bars = {
 *   timeUs: column(0, 60e6, 120e6), open: column(10, 10, 12), high: column(10, 12, 14),
 *   low: column(10, 10, 12), close: column(10, 11, 13), volume: column(500, 100, 300),
 *   vwap: column(10, 11, 13), trades: column(1, 1, 1),
 * };
 * const { firstRow, vwap } = anchoredVwap(bars, 55e6);
 * assert.equal(firstRow, 1);
 * assert.deepEqual([...vwap], [11, 12.5]);
 * ```
 */
export function anchoredVwap(bars: BarColumns, anchorUs: number): AnchoredVwap {
  const { timeUs, high, low, close, volume } = bars;
  const firstRow = nearestRow(timeUs, anchorUs);
  const vwap = new Float64Array(timeUs.length - firstRow);
  let notional = 0;
  let shares = 0;
  for (let row = firstRow; row < timeUs.length; row++) {
    notional += (high[row] + low[row] + close[row]) / 3 * volume[row];
    shares += volume[row];
    vwap[row - firstRow] = shares > 0 ? notional / shares : NaN;
  }
  return { firstRow, vwap };
}

function nearestRow(timeUs: Float64Array, us: number): number {
  const after = firstRowFrom(timeUs, us);
  if (after === 0) return 0;
  if (after === timeUs.length) return after - 1;
  return us - timeUs[after - 1] < timeUs[after] - us ? after - 1 : after;
}
