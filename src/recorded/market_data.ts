/**
 * Recorded or generated market data of a simulated exchange, as columns by symbol.
 * Invariant: the columns of a symbol are sorted by time and are never written to after loading.
 */
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { cryptoSession, exchangeDate, sessionOf } from "../model/calendar.ts";
import { emptyQuotes, emptyTrades, type QuoteColumns, type TradeColumns } from "../model/ticks.ts";
import { ConfigError } from "../util/errors.ts";
import { barsOfBars, barsOfTrades } from "../fincalcs/derive_bars.ts";

export interface SymbolData {
  symbol: string;
  assetClass: AssetClass;
  /** Shown as the asset's name; says so where the data are generated. */
  name: string;
  /** Its shares cannot be had to sell them short, though it is a symbol that can be sold short. */
  isLentOut: boolean;
  secondBars: BarColumns;
  /** Of days of which none were given, made of the seconds or the trades. */
  minuteBars: BarColumns;
  /** One a session, timed at the exchange date's midnight. */
  dailyBars: BarColumns;
  /** Their times may repeat. A trade's id is its row + 1. */
  trades: TradeColumns;
  quotes: QuoteColumns;
}

/** By symbol, in the symbols' order. */
export type MarketData = ReadonlyMap<string, SymbolData>;

export const MINUTE_US = 60_000_000;

/** What a symbol has nothing of: one for all, as there may be thousands of symbols. */
const NO_BARS = emptyBars();
const NO_TRADES = emptyTrades();
const NO_QUOTES = emptyQuotes();

export function emptySymbol(symbol: string, name = symbol): SymbolData {
  return {
    symbol,
    assetClass: assetClassOf(symbol),
    name,
    isLentOut: false,
    secondBars: NO_BARS,
    minuteBars: NO_BARS,
    dailyBars: NO_BARS,
    trades: NO_TRADES,
    quotes: NO_QUOTES,
  };
}

/** All sources in one; a symbol's bars may come from one source and its trades from another. */
export function mergeMarketData(parts: SymbolData[]): MarketData {
  const merged = new Map<string, SymbolData>();
  for (const part of parts) {
    const known = merged.get(part.symbol);
    if (known === undefined) {
      merged.set(part.symbol, { ...part });
      continue;
    }
    for (const kind of Object.keys(KIND_TEXT) as (keyof typeof KIND_TEXT)[]) {
      if (part[kind].timeUs.length === 0) continue;
      if (known[kind].timeUs.length > 0) {
        throw new ConfigError(
          `Cannot load ${part.symbol}: its ${KIND_TEXT[kind]} come from two sources; give one`,
        );
      }
      Object.assign(known, { [kind]: part[kind] });
    }
  }
  for (const data of merged.values()) {
    data.minuteBars = minutesOf(data);
    data.dailyBars = withDerivedDays(data);
  }
  return new Map([...merged].sort(([a], [b]) => a < b ? -1 : 1));
}

const KIND_TEXT = {
  secondBars: "second bars",
  minuteBars: "minute bars",
  dailyBars: "daily bars",
  trades: "trades",
  quotes: "quotes",
};

/** The finest that there is of a symbol. */
export function finestOf(data: MarketData, symbol: string): "quotes" | "trades" | "bars" {
  const one = data.get(symbol);
  if (one !== undefined && one.quotes.timeUs.length > 0) return "quotes";
  return one !== undefined && one.trades.timeUs.length > 0 ? "trades" : "bars";
}

/** The hours that a day's bar is made of: it is complete, and may be shown, at their end. */
export function dayHours(assetClass: AssetClass, dayStartUs: number) {
  const date = exchangeDate(dayStartUs);
  const session = assetClass === "crypto" ? null : sessionOf(date);
  return session ?? cryptoSession(date);
}

export function dayEndUs(assetClass: AssetClass, dayStartUs: number): number {
  return dayHours(assetClass, dayStartUs).closeUs;
}

/** Minutes that were given, and those of the other days made of seconds or trades. */
function minutesOf({ minuteBars, secondBars, trades }: SymbolData): BarColumns {
  if (secondBars.timeUs.length + trades.timeUs.length === 0) return minuteBars;
  const made = secondBars.timeUs.length > 0
    ? barsOfBars(secondBars, MINUTE_US)
    : barsOfTrades(trades, MINUTE_US);
  if (minuteBars.timeUs.length === 0) return made;
  const days = new Set<number>();
  for (const us of minuteBars.timeUs) days.add(dayOf(us));
  const rows: number[][] = [];
  for (let i = 0; i < made.timeUs.length; i++) {
    if (!days.has(dayOf(made.timeUs[i]))) rows.push(rowOf(made, i));
  }
  if (rows.length === 0) return minuteBars;
  for (let i = 0; i < minuteBars.timeUs.length; i++) rows.push(rowOf(minuteBars, i));
  return barsOf(rows.sort((a, b) => a[0] - b[0]));
}

/** Whole days from about New York's midnight on: no session lies in two of them. */
function dayOf(us: number): number {
  return Math.floor((us - 4.5 * 60 * MINUTE_US) / (24 * 60 * MINUTE_US));
}

/** Daily bars that were given, and those of the other days made from minute bars. */
function withDerivedDays(data: SymbolData): BarColumns {
  // Columns are sorted when they are loaded.
  if (data.minuteBars.timeUs.length === 0) return data.dailyBars;
  const given = new Set(data.dailyBars.timeUs);
  const rows: number[][] = [];
  const days = data.dailyBars;
  for (let i = 0; i < days.timeUs.length; i++) rows.push(rowOf(days, i));
  const day = new DayBar(data.assetClass);
  const keep = () => {
    if (day.row !== null && !given.has(day.row[0])) rows.push([...day.row]);
  };
  for (let i = 0; i < data.minuteBars.timeUs.length; i++) {
    if (day.isNewDay(data.minuteBars.timeUs[i])) keep();
    day.add(data.minuteBars, i);
  }
  keep();
  return barsOf(rows.sort((a, b) => a[0] - b[0]));
}

/** A row of BarColumns: timeUs, open, high, low, close, volume, vwap, trades. */
export function rowOf(bars: BarColumns, i: number): number[] {
  return [
    bars.timeUs[i],
    bars.open[i],
    bars.high[i],
    bars.low[i],
    bars.close[i],
    bars.volume[i],
    bars.vwap[i],
    bars.trades[i],
  ];
}

/** Columns of rows as rowOf gives them. */
export function barsOf(rows: number[][]): BarColumns {
  const bars = emptyBars(rows.length);
  const columns = [
    bars.timeUs,
    bars.open,
    bars.high,
    bars.low,
    bars.close,
    bars.volume,
    bars.vwap,
    bars.trades,
  ];
  rows.forEach((row, i) => columns.forEach((column, c) => column[i] = row[c]));
  return bars;
}

/**
 * The day's bar so far, from minute bars. Equities: regular hours only, as the official open and
 * close are; crypto: the exchange date.
 */
export class DayBar {
  /** As rowOf; null before the day's first bar. */
  row: number[] | null = null;
  #dollars = 0;
  #dayStartUs = -Infinity;
  #nextDayUs = -Infinity;
  #openUs = 0;
  #closeUs = 0;

  constructor(readonly assetClass: AssetClass) {}

  isNewDay(timeUs: number): boolean {
    return timeUs >= this.#nextDayUs;
  }

  add(bars: BarColumns, i: number): void {
    const timeUs = bars.timeUs[i];
    if (this.isNewDay(timeUs)) this.#startDay(timeUs);
    if (timeUs < this.#openUs || timeUs >= this.#closeUs) return;
    this.#dollars += bars.vwap[i] * bars.volume[i];
    if (this.row === null) {
      this.row = rowOf(bars, i);
      this.row[0] = this.#dayStartUs;
      return;
    }
    const row = this.row;
    row[2] = Math.max(row[2], bars.high[i]);
    row[3] = Math.min(row[3], bars.low[i]);
    row[4] = bars.close[i];
    row[5] += bars.volume[i];
    row[6] = row[5] > 0 ? this.#dollars / row[5] : row[4];
    row[7] += bars.trades[i];
  }

  #startDay(timeUs: number): void {
    const date = exchangeDate(timeUs);
    const whole = cryptoSession(date);
    const session = this.assetClass === "crypto" ? whole : sessionOf(date) ?? whole;
    this.#dayStartUs = whole.openUs;
    this.#nextDayUs = whole.closeUs;
    this.#openUs = session.openUs;
    this.#closeUs = session.closeUs;
    this.#dollars = 0;
    this.row = null;
  }
}
