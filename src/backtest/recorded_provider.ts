/**
 * Recorded data as a provider gives it, on the backtest's clock.
 * Invariant: nothing later than the clock is given, no bar before its end, and no view of columns
 * in which the future stands.
 */
import type { BarsQuery, Snapshot } from "../contracts/provider.ts";
import type { Asset, AssetClass } from "../model/asset.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { cryptoSession, exchangeDate, type Session } from "../model/calendar.ts";
import { assetOfData } from "../recorded/asset_of_data.ts";
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import {
  DayBar,
  dayEndUs,
  type MarketData,
  MINUTE_US,
  type SymbolData,
} from "../recorded/market_data.ts";
import { firstAfter } from "./symbol_feed.ts";

export class RecordedProvider {
  readonly assetBySymbol: ReadonlyMap<string, Asset>;
  readonly #data: MarketData;
  readonly #nowUs: () => number;
  #day: Session | null = null;
  readonly #dayEnds: Record<AssetClass, Map<number, number>> = {
    us_equity: new Map(),
    crypto: new Map(),
  };

  /**
   * `historyRows`: minute bars are given by their number, whatever the range begins with; null: by
   * the range.
   */
  constructor(
    data: MarketData,
    nowUs: () => number,
    private readonly historyRows: number | null = null,
  ) {
    this.#data = data;
    this.#nowUs = nowUs;
    this.assetBySymbol = new Map(
      [...data.values()].map((symbol) => [symbol.symbol, assetOfData(symbol)]),
    );
  }

  bars({ symbols, scale, fromUs, toUs }: BarsQuery): Promise<Map<string, BarColumns>> {
    const found = new Map<string, BarColumns>();
    for (const symbol of symbols) {
      const data = this.#data.get(symbol);
      if (data === undefined) found.set(symbol, emptyBars());
      else if (scale === "second") {
        const { timeUs } = data.secondBars;
        const known = firstAfter(timeUs, Math.min(this.#nowUs() - SECOND_US, toUs - 1));
        found.set(symbol, slice(data.secondBars, firstAfter(timeUs, fromUs - 1), known));
      } else if (scale === "minute") {
        const { timeUs } = data.minuteBars;
        const known = this.#minutesKnown(data);
        const from = this.historyRows === null
          ? firstAfter(timeUs, fromUs - 1)
          : Math.max(0, known - this.historyRows);
        found.set(
          symbol,
          slice(data.minuteBars, from, Math.min(known, firstAfter(timeUs, toUs - 1))),
        );
      } else {
        found.set(symbol, this.#days(data, fromUs, toUs));
      }
    }
    return Promise.resolve(found);
  }

  /** As the simulated exchange shows a symbol. */
  snapshots(symbols: string[]): Promise<Snapshot[]> {
    return Promise.resolve(symbols.flatMap((symbol) => {
      const data = this.#data.get(symbol);
      return data === undefined ? [] : [this.#snapshot(data)];
    }));
  }

  /** The last price that is known, or NaN. */
  lastPrice(symbol: string): number {
    const data = this.#data.get(symbol);
    if (data === undefined) return NaN;
    const price = this.#lastTrade(data);
    if (!Number.isNaN(price)) return price;
    const nowUs = this.#nowUs();
    let i = this.#daysKnown(data, nowUs) - 1;
    const today = exchangeDate(nowUs);
    while (i >= 0 && exchangeDate(data.dailyBars.timeUs[i]) === today) i--;
    return i < 0 ? NaN : data.dailyBars.close[i];
  }

  #snapshot(data: SymbolData): Snapshot {
    const nowUs = this.#nowUs();
    const days = data.dailyBars;
    const complete = this.#daysKnown(data, nowUs);
    const today = this.#today(data, nowUs);
    const lastUs = complete > 0 ? days.timeUs[complete - 1] : NaN;
    const isPartial = today !== null && today[0] !== lastUs;
    // Today so far from minute bars, or the newest complete day.
    const of = (name: keyof BarColumns, column: number) =>
      isPartial ? today[column] : complete > 0 ? days[name][complete - 1] : NaN;
    const dayUs = of("timeUs", 0);
    const now = this.#dayAt(nowUs);
    const isToday = dayUs >= now.openUs && dayUs < now.closeUs;
    // Before the first bar of a day, the day is the one before.
    const newest = isPartial ? complete : complete - 1;
    const before = isToday || newest < 0 ? newest - 1 : newest;
    const last = this.#lastTrade(data);
    const quote = firstAfter(data.quotes.timeUs, nowUs) - 1;
    return {
      symbol: data.symbol,
      last: Number.isNaN(last) ? of("close", 4) : last,
      bidPrice: quote >= 0 ? data.quotes.bidPrice[quote] : last,
      askPrice: quote >= 0 ? data.quotes.askPrice[quote] : last,
      todayOpen: of("open", 1),
      todayHigh: of("high", 2),
      todayLow: of("low", 3),
      todayVolume: of("volume", 5),
      todayVwap: of("vwap", 6),
      previousClose: before >= 0 ? days.close[before] : NaN,
      previousVolume: before >= 0 ? days.volume[before] : NaN,
    };
  }

  /** The newest trade's price, or bar's close; NaN before the first. */
  #lastTrade(data: SymbolData): number {
    const trades = firstAfter(data.trades.timeUs, this.#nowUs());
    if (trades > 0) return data.trades.price[trades - 1];
    const seconds = firstAfter(data.secondBars.timeUs, this.#nowUs() - SECOND_US);
    if (seconds > 0) return data.secondBars.close[seconds - 1];
    const bars = this.#minutesKnown(data);
    return bars > 0 ? data.minuteBars.close[bars - 1] : NaN;
  }

  #minutesKnown(data: SymbolData): number {
    return firstAfter(data.minuteBars.timeUs, this.#nowUs() - MINUTE_US);
  }

  /** Complete days, and today's so far, that begin in the range. */
  #days(data: SymbolData, fromUs: number, toUs: number): BarColumns {
    const nowUs = this.#nowUs();
    const days = data.dailyBars;
    const complete = this.#daysKnown(data, nowUs);
    const from = firstAfter(days.timeUs, fromUs - 1);
    const to = Math.min(complete, firstAfter(days.timeUs, toUs - 1));
    const columns = slice(days, from, to);
    const today = this.#today(data, nowUs);
    const lastUs = complete > 0 ? days.timeUs[complete - 1] : NaN;
    if (today === null || today[0] === lastUs || today[0] < fromUs || today[0] >= toUs) {
      return columns;
    }
    return appended(columns, today);
  }

  /** The exchange's day: a scan asks for it once a symbol. */
  #dayAt(nowUs: number): Session {
    if (this.#day === null || nowUs < this.#day.openUs || nowUs >= this.#day.closeUs) {
      this.#day = cryptoSession(exchangeDate(nowUs));
    }
    return this.#day;
  }

  /** How many daily bars are complete. */
  #daysKnown({ assetClass, dailyBars: { timeUs } }: SymbolData, nowUs: number): number {
    const ends = this.#dayEnds[assetClass];
    let known = firstAfter(timeUs, nowUs);
    while (known > 0) {
      const startUs = timeUs[known - 1];
      let endUs = ends.get(startUs);
      if (endUs === undefined) ends.set(startUs, endUs = dayEndUs(assetClass, startUs));
      if (endUs <= nowUs) break;
      known--;
    }
    return known;
  }

  /** Today's bar so far, from minute bars; null before the first. */
  #today(data: SymbolData, nowUs: number): number[] | null {
    const { timeUs } = data.minuteBars;
    const known = this.#minutesKnown(data);
    const today = this.#dayAt(nowUs);
    if (known === 0 || timeUs[known - 1] < today.openUs) return null;
    const from = firstAfter(timeUs, today.openUs - 1);
    if (from >= known) return null;
    const day = new DayBar(data.assetClass);
    for (let i = from; i < known; i++) day.add(data.minuteBars, i);
    return day.row;
  }
}

const COLUMNS = ["timeUs", "open", "high", "low", "close", "volume", "vwap", "trades"] as const;

function slice(bars: BarColumns, from: number, to: number): BarColumns {
  const out = {} as BarColumns;
  for (const name of COLUMNS) out[name] = bars[name].slice(from, Math.max(from, to));
  return out;
}

function appended(bars: BarColumns, row: number[]): BarColumns {
  const length = bars.timeUs.length;
  const out = emptyBars(length + 1);
  COLUMNS.forEach((name, column) => {
    out[name].set(bars[name]);
    out[name][length] = row[column];
  });
  return out;
}
