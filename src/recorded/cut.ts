/** Recorded data as somebody had it at a time, or with less of its past. Columns are copies; of shared memory, views. */
import type { BarColumns } from "../model/bars.ts";
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import { SharedArrayBuffer } from "../util/natives.ts";
import { dayEndUs, type MarketData, MINUTE_US, type SymbolData } from "./market_data.ts";

/** A day by daily bars is decided on a moment before its close. */
const BEFORE_CLOSE_US = 1;

/** All that is later than `us` taken away: what has not ended by then, or not happened. */
export function cutAfter(data: MarketData, us: number): MarketData {
  return mapped(data, (one) => ({
    seconds: [0, lengthUntil(one.secondBars.timeUs, (startUs) => startUs + SECOND_US <= us)],
    minutes: [0, lengthUntil(one.minuteBars.timeUs, (startUs) => startUs + MINUTE_US <= us)],
    days: [
      0,
      lengthUntil(
        one.dailyBars.timeUs,
        (startUs) => dayEndUs(one.assetClass, startUs) - BEFORE_CLOSE_US <= us,
      ),
    ],
    trades: [0, lengthUntil(one.trades.timeUs, (timeUs) => timeUs <= us)],
    quotes: [0, lengthUntil(one.quotes.timeUs, (timeUs) => timeUs <= us)],
  }));
}

export interface KeptHistory {
  /** What is not history begins here; µs. */
  fromUs: number;
  /** Bars before it that are kept of each symbol; Infinity: all. */
  minutes: number;
  days: number;
}

/** The past before `fromUs` made shorter. Seconds, trades and quotes begin where the minutes do. */
export function cutHistory(data: MarketData, { fromUs, minutes, days }: KeptHistory): MarketData {
  return mapped(data, (one) => {
    const minutesBefore = historyLength(one, "minuteBars", fromUs);
    const daysBefore = historyLength(one, "dailyBars", fromUs);
    const minuteFrom = Math.max(0, minutesBefore - minutes);
    // Nothing is cut where all of the minutes are kept; nothing but the future is left without any.
    const fineFromUs = minuteFrom === 0 ? -Infinity : one.minuteBars.timeUs[minuteFrom] ?? fromUs;
    const before = (timeUs: number) => timeUs < Math.min(fineFromUs, fromUs);
    return {
      seconds: [lengthUntil(one.secondBars.timeUs, before), one.secondBars.timeUs.length],
      minutes: [minuteFrom, one.minuteBars.timeUs.length],
      days: [Math.max(0, daysBefore - days), one.dailyBars.timeUs.length],
      trades: [lengthUntil(one.trades.timeUs, before), one.trades.timeUs.length],
      quotes: [lengthUntil(one.quotes.timeUs, before), one.quotes.timeUs.length],
    };
  });
}

/** How many bars of the symbol have ended by `fromUs`. */
export function historyLength(
  one: SymbolData,
  kind: "minuteBars" | "dailyBars",
  fromUs: number,
): number {
  return kind === "minuteBars"
    ? lengthUntil(one.minuteBars.timeUs, (startUs) => startUs + MINUTE_US <= fromUs)
    : lengthUntil(one.dailyBars.timeUs, (startUs) => dayEndUs(one.assetClass, startUs) <= fromUs);
}

type Range = [from: number, to: number];

function mapped(
  data: MarketData,
  ranges: (one: SymbolData) => Record<"seconds" | "minutes" | "days" | "trades" | "quotes", Range>,
): MarketData {
  return new Map([...data].map(([name, one]): [string, SymbolData] => {
    const { seconds, minutes, days, trades, quotes } = ranges(one);
    // Named one by one: what a symbol's data gains must be cut too.
    const cut: SymbolData = {
      symbol: one.symbol,
      assetClass: one.assetClass,
      name: one.name,
      isLentOut: one.isLentOut,
      secondBars: orLater(slice<BarColumns>(one.secondBars, seconds), one.secondBars),
      minuteBars: orLater(slice<BarColumns>(one.minuteBars, minutes), one.minuteBars),
      dailyBars: slice<BarColumns>(one.dailyBars, days),
      trades: orLater(slice(one.trades, trades), one.trades),
      quotes: orLater(slice(one.quotes, quotes), one.quotes),
    };
    return [name, cut];
  }));
}

function slice<Columns extends object>(columns: Columns, [from, to]: Range): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      part(column as Float64Array, from, Math.max(from, to)),
    ]),
  ) as Columns;
}

function part(column: Float64Array, from: number, to: number): Float64Array {
  return column.buffer instanceof SharedArrayBuffer
    ? column.subarray(from, to)
    : column.slice(from, to);
}

/**
 * What a symbol has decides how its orders fill, also before the first of it: that there will be
 * some stays known, by a row in a time that never comes.
 */
function orLater<Columns extends { timeUs: Float64Array }>(cut: Columns, whole: Columns): Columns {
  if (cut.timeUs.length > 0 || whole.timeUs.length === 0) return cut;
  return Object.fromEntries(
    Object.keys(whole).map((name) => [
      name,
      Float64Array.of(name === "timeUs" ? Number.MAX_SAFE_INTEGER : 1),
    ]),
  ) as Columns;
}

/** How many from the first on fulfil what those at the end do not. */
function lengthUntil(timeUs: Float64Array, isIn: (us: number) => boolean): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isIn(timeUs[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}
