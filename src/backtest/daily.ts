/**
 * Daily bars in the place of minute bars: each is the last minute of its session, with the whole
 * day in it, so that the day's bar comes at the close and the engine goes as it does by minutes.
 */
import type { AssetClass } from "../model/asset.ts";
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
  const daily = new Map<string, SymbolData>();
  const hours = { us_equity: new Hours("us_equity"), crypto: new Hours("crypto") };
  const [secondBars, trades, quotes] = [emptyBars(), emptyTrades(), emptyQuotes()];
  for (const [name, symbol] of data) {
    const hoursOf = hours[symbol.assetClass].of(symbol.dailyBars.timeUs);
    const { daysUs, endsUs } = hoursOf;
    opensUs.set(name, hoursOf.opensUs);
    daily.set(name, {
      ...symbol,
      minuteBars: { ...symbol.dailyBars, timeUs: endsUs },
      dailyBars: { ...symbol.dailyBars, timeUs: daysUs },
      secondBars,
      trades,
      quotes,
    });
  }
  return { data: daily, opensUs };
}

interface HoursColumns {
  daysUs: Float64Array;
  opensUs: Float64Array;
  endsUs: Float64Array;
}

/** When days open and end. Most symbols of a market have the days of the one before: its columns. */
class Hours {
  readonly #byDay = new Map<number, { openUs: number; closeUs: number }>();
  #columns: HoursColumns = {
    daysUs: new Float64Array(),
    opensUs: new Float64Array(),
    endsUs: new Float64Array(),
  };

  constructor(readonly assetClass: AssetClass) {}

  of(daysUs: Float64Array): HoursColumns {
    if (isEqual(daysUs, this.#columns.daysUs)) return this.#columns;
    const opensUs = new Float64Array(daysUs.length);
    const endsUs = new Float64Array(daysUs.length);
    for (let i = 0; i < daysUs.length; i++) {
      const { openUs, closeUs } = this.#hoursOf(daysUs[i]);
      opensUs[i] = openUs;
      endsUs[i] = closeUs - MINUTE_US - BEFORE_CLOSE_US;
    }
    return this.#columns = { daysUs, opensUs, endsUs };
  }

  #hoursOf(dayUs: number) {
    let known = this.#byDay.get(dayUs);
    if (known === undefined) this.#byDay.set(dayUs, known = dayHours(this.assetClass, dayUs));
    return known;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
