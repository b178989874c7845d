/**
 * Daily bars in the place of minute bars: each is the last minute of its session, with the whole
 * day in it, so that the day's bar comes at the close and the engine goes as it does by minutes.
 */
import { emptyBars } from "../model/bars.ts";
import { emptyQuotes, emptyTrades } from "../model/ticks.ts";
import { dayHours, type MarketData, MINUTE_US, type SymbolData } from "../recorded/market_data.ts";

export interface DailyData {
  data: MarketData;
  /** Opens of the sessions of each symbol's rows: orders that wait for it meet the day's bar. */
  opensUs: ReadonlyMap<string, Float64Array>;
}

/** Bars end a moment before the close: whoever decides on one is still in the session. */
export const BEFORE_CLOSE_US = 1;

export function asDaily(data: MarketData): DailyData {
  const opensUs = new Map<string, Float64Array>();
  const hours = new Map<string, { openUs: number; closeUs: number }>();
  const daily = [...data].map(([name, symbol]): [string, SymbolData] => {
    const { timeUs } = symbol.dailyBars;
    const endsUs = new Float64Array(timeUs.length);
    const opens = new Float64Array(timeUs.length);
    timeUs.forEach((dayUs, i) => {
      const key = `${symbol.assetClass} ${dayUs}`;
      const known = hours.get(key) ?? dayHours(symbol.assetClass, dayUs);
      hours.set(key, known);
      opens[i] = known.openUs;
      endsUs[i] = known.closeUs - MINUTE_US - BEFORE_CLOSE_US;
    });
    opensUs.set(name, opens);
    return [name, {
      ...symbol,
      minuteBars: { ...symbol.dailyBars, timeUs: endsUs },
      secondBars: emptyBars(),
      trades: emptyTrades(),
      quotes: emptyQuotes(),
    }];
  });
  return { data: new Map(daily), opensUs };
}
