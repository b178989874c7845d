import { type BarColumns, emptyBars } from "../model/bars.ts";
import { minutesSinceMidnight } from "../model/calendar.ts";

const MINUTE_US = 60e6;

/**
 * Minute bars put together to bars of `minutes` (a whole number, 1 … 1440; usual are 2, 5, 10, 15):
 * first open, highest high, lowest low, last close, summed volume and trades, volume-weighted vwap.
 * Bars start at multiples of `minutes` since the exchange's midnight; where no minute has a bar
 * there is none. The last one may be in the making. Throws RangeError. Formula: LiuAlgoTrader's
 * fincalcs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const column = (...values: number[]) => Float64Array.from(values);
 * const minute = Date.parse("2022-01-03T14:31:00Z") * 1000; // 09:31 New York
 * const five = resample({
 *   timeUs: column(minute, minute + 60e6), open: column(10, 11), high: column(12, 13),
 *   low: column(9, 10), close: column(11, 12), volume: column(100, 300), vwap: column(10, 12),
 *   trades: column(2, 3),
 * }, 5);
 * assert.deepEqual([...five.timeUs], [minute - 60e6]);
 * assert.deepEqual([five.open[0], five.high[0], five.low[0], five.close[0]], [10, 13, 9, 12]);
 * assert.deepEqual([five.volume[0], five.vwap[0], five.trades[0]], [400, 11.5, 5]);
 * ```
 */
export function resample(bars: BarColumns, minutes: number): BarColumns {
  checkMinutes(minutes);
  const starts = bars.timeUs.map((us) => binStartUs(us, minutes));
  const out = emptyBars(countRuns(starts));
  let n = -1;
  for (let row = 0; row < starts.length; row++) {
    if (row === 0 || starts[row] !== starts[row - 1]) {
      n++;
      out.timeUs[n] = starts[row];
      out.open[n] = bars.open[row];
      out.high[n] = bars.high[row];
      out.low[n] = bars.low[row];
    }
    out.high[n] = Math.max(out.high[n], bars.high[row]);
    out.low[n] = Math.min(out.low[n], bars.low[row]);
    out.close[n] = bars.close[row];
    out.trades[n] += bars.trades[row];
    // The notional until the last bar has been added.
    out.vwap[n] += bars.vwap[row] * bars.volume[row];
    out.volume[n] += bars.volume[row];
  }
  for (let i = 0; i <= n; i++) {
    out.vwap[i] = out.volume[i] > 0 ? out.vwap[i] / out.volume[i] : out.close[i];
  }
  return out;
}

/** One column put together likewise, by its lowest or highest value. */
export function resampleColumn(
  timeUs: Float64Array,
  values: Float64Array,
  minutes: number,
  by: "min" | "max",
): Float64Array {
  checkMinutes(minutes);
  const starts = timeUs.map((us) => binStartUs(us, minutes));
  const out = new Float64Array(countRuns(starts));
  const pick = by === "min" ? Math.min : Math.max;
  let n = -1;
  for (let row = 0; row < starts.length; row++) {
    if (row === 0 || starts[row] !== starts[row - 1]) out[++n] = values[row];
    else out[n] = pick(out[n], values[row]);
  }
  return out;
}

function binStartUs(us: number, minutes: number): number {
  const minuteUs = Math.floor(us / MINUTE_US) * MINUTE_US;
  return minuteUs - minutesSinceMidnight(us) % minutes * MINUTE_US;
}

function countRuns(starts: Float64Array): number {
  let count = 0;
  for (let row = 0; row < starts.length; row++) {
    if (row === 0 || starts[row] !== starts[row - 1]) count++;
  }
  return count;
}

function checkMinutes(minutes: number): void {
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 1440) {
    throw new RangeError(
      `Cannot resample to bars of ${minutes} minutes: give a whole number from 1 to 1440`,
    );
  }
}
