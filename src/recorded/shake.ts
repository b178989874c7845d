import type { BarColumns } from "../model/bars.ts";
import type { MarketData, SymbolData } from "./market_data.ts";

/** Of a price: far more than sums round by, far less than prices are told with. */
const SHARE = 1e-11;

/**
 * The data with each price moved by a hair, those of a bar or a quote alike. The other `sign` moves
 * it the other way.
 */
export function shake(data: MarketData, random: () => number, sign: 1 | -1): MarketData {
  return new Map([...data].map(([name, one]): [string, SymbolData] => {
    const { minuteBars, dailyBars, trades, quotes } = one;
    const shaken = <Columns extends { timeUs: Float64Array }>(
      columns: Columns,
      names: readonly (keyof Columns)[],
    ): Columns => moved(columns, names, factors(columns.timeUs.length, random, sign));
    return [name, {
      ...one,
      minuteBars: shaken<BarColumns>(minuteBars, BAR_PRICES),
      dailyBars: shaken<BarColumns>(dailyBars, BAR_PRICES),
      trades: shaken(trades, ["price"]),
      quotes: shaken(quotes, ["bidPrice", "askPrice"]),
    }];
  }));
}

const BAR_PRICES = ["open", "high", "low", "close", "vwap"] as const;

function factors(length: number, random: () => number, sign: 1 | -1): Float64Array {
  return Float64Array.from({ length }, () => 1 + sign * SHARE * (2 * random() - 1));
}

/** Copies of all columns, these multiplied row by row. */
function moved<Columns extends object>(
  columns: Columns,
  names: readonly (keyof Columns)[],
  by: Float64Array,
): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      names.includes(name as keyof Columns)
        ? (column as Float64Array).map((value, i) => value * by[i])
        : (column as Float64Array).slice(),
    ]),
  ) as Columns;
}
