/**
 * Prices at which falls ended (supports) and rises ended (resistances), from minute bars.
 * Nothing later than `nowUs` is looked at. Formulas: LiuAlgoTrader's fincalcs.
 */
import type { BarColumns } from "../model/bars.ts";
import { exchangeDay, minutesSinceMidnight } from "../model/calendar.ts";
import { resampleColumn } from "./resample.ts";
import { firstRowFrom } from "./rows.ts";

const MINUTE_US = 60e6;
const RESISTANCE_DAYS = 3;
/** Levels within this share of the one before belong together. */
const GROUP_MARGIN = 0.02;

/** How far back supports are looked for: never beyond the exchange's day. */
export type SupportRange = "last_100_minutes" | "last_2_hours" | "last_3_hours" | "day";

const RANGE_MINUTES: Readonly<Record<SupportRange, number>> = {
  last_100_minutes: 100,
  last_2_hours: 120,
  last_3_hours: 180,
  day: Infinity,
};

export interface LevelOptions {
  /** The price now: supports lie below it, resistances at or above it. */
  currentValue: number;
  /** Microseconds since the epoch. */
  nowUs: number;
}

export interface SupportOptions extends LevelOptions {
  /** Default "last_100_minutes". */
  range?: SupportRange;
}

/**
 * Supports, in the order of time: the lows of `range`, this exchange day only, resampled to 5
 * minutes by minimum; a local minimum is a point with a difference before it ≤ 0 and after it > 0;
 * those below the current value. Empty where there are none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyBars, exchangeUs } from "liu";
 *
 * const bars = emptyBars(15);
 * for (let i = 0; i < 15; i++) {
 *   bars.timeUs[i] = exchangeUs("2022-01-03", "10:00") + i * 60e6;
 *   bars.low[i] = i === 7 ? 9.8 : 10 + i / 100;
 * }
 * const nowUs = exchangeUs("2022-01-03", "10:15");
 * assert.deepEqual([...findSupports(bars, { currentValue: 10.2, nowUs })], [9.8]);
 * ```
 */
export function findSupports(bars: BarColumns, options: SupportOptions): Float64Array {
  const { currentValue, nowUs, range = "last_100_minutes" } = options;
  const { timeUs } = bars;
  const end = firstRowFrom(timeUs, nowUs + 1);
  let first = firstRowFrom(timeUs, nowUs - RANGE_MINUTES[range] * MINUTE_US);
  const today = exchangeDay(nowUs);
  while (first < end && exchangeDay(timeUs[first]) !== today) first++;
  const lows = resampleColumn(
    timeUs.subarray(first, end),
    bars.low.subarray(first, end),
    5,
    "min",
  );
  return lows.filter((low, i) =>
    i > 0 && i < lows.length - 1 && low - lows[i - 1] <= 0 && lows[i + 1] - low > 0 &&
    low < currentValue
  );
}

/**
 * Resistances, ascending: the closes of the last 3 days, 09:30 to 16:00, resampled to 15 minutes by
 * maximum; a local maximum is a point with a difference before it ≥ 0 and after it ≤ 0; those at or
 * above the current value. Empty where there are none.
 */
export function findResistances(bars: BarColumns, options: LevelOptions): Float64Array {
  const { currentValue, nowUs } = options;
  const first = firstRowFrom(bars.timeUs, nowUs - RESISTANCE_DAYS * 24 * 60 * MINUTE_US);
  const end = firstRowFrom(bars.timeUs, nowUs + 1);
  const isRegular = bars.timeUs.subarray(first, end).map((us) => {
    const minutes = minutesSinceMidnight(us);
    return minutes >= 9 * 60 + 30 && minutes <= 16 * 60 ? 1 : 0;
  });
  const regular = (column: Float64Array) =>
    column.subarray(first, end).filter((_, i) => isRegular[i] === 1);
  const closes = resampleColumn(regular(bars.timeUs), regular(bars.close), 15, "max");
  return closes.filter((close, i) =>
    i > 0 && i < closes.length - 1 && close - closes[i - 1] >= 0 && closes[i + 1] - close <= 0 &&
    close >= currentValue
  ).sort();
}

/**
 * Levels that belong together: each within `margin` (0.02 is 2 %) of the one before it. Order is
 * kept.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(groupLevels([10, 10.1, 10.3, 11]), [[10, 10.1, 10.3], [11]]);
 * ```
 */
export function groupLevels(levels: ArrayLike<number>, margin = GROUP_MARGIN): number[][] {
  const groups: number[][] = [];
  for (let i = 0; i < levels.length; i++) {
    const belongs = i > 0 && Math.abs(levels[i] - levels[i - 1]) / levels[i - 1] <= margin;
    if (belongs) groups[groups.length - 1].push(levels[i]);
    else groups.push([levels[i]]);
  }
  return groups;
}

/**
 * Where to stop a long position: the level of the last group of supports, which is their mean, in
 * the bars' price and not rounded to a tick. null where there is no support.
 */
export function findStop(bars: BarColumns, options: SupportOptions): number | null {
  const last = groupLevels(findSupports(bars, options)).at(-1);
  return last === undefined ? null : last.reduce((sum, level) => sum + level, 0) / last.length;
}
