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
    const shaken = <Columns extends { timeUs: Float64Array }>(
      columns: Columns,
      names: readonly (keyof Columns)[],
    ): Columns => multiplied(columns, names, factors(columns.timeUs.length, random, sign));
    // Named one by one: none is shared with the data, also of what a symbol's data gains.
    const moved: SymbolData = {
      symbol: one.symbol,
      assetClass: one.assetClass,
      name: one.name,
      isLentOut: one.isLentOut,
      secondBars: shaken<BarColumns>(one.secondBars, BAR_PRICES),
      minuteBars: shaken<BarColumns>(one.minuteBars, BAR_PRICES),
      dailyBars: shaken<BarColumns>(one.dailyBars, BAR_PRICES),
      trades: shaken(one.trades, ["price"]),
      quotes: shaken(one.quotes, ["bidPrice", "askPrice"]),
    };
    return [name, moved];
  }));
}

const BAR_PRICES = ["open", "high", "low", "close", "vwap"] as const;

function factors(length: number, random: () => number, sign: 1 | -1): Float64Array {
  return Float64Array.from({ length }, () => 1 + sign * SHARE * (2 * random() - 1));
}

/** Copies of all columns, these multiplied row by row. */
function multiplied<Columns extends object>(
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
