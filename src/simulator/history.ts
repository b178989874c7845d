/**
 * Market data of the past, as the REST routes give them.
 * Invariant: nothing later than the exchange's clock is ever returned, and no bar before its end.
 */
import { type BarColumns } from "../model/bars.ts";
import { exchangeDate } from "../model/calendar.ts";
import type {
  AlpacaBar,
  AlpacaCryptoQuote,
  AlpacaCryptoTrade,
  AlpacaQuote,
  AlpacaSnapshot,
  AlpacaTrade,
} from "../wire/alpaca_types.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";
import { takerSide } from "./event_encoder.ts";
import {
  barsOf,
  DayBar,
  dayEndUs,
  emptySymbol,
  type MarketData,
  MINUTE_US,
  rowOf,
  type SymbolData,
} from "../recorded/market_data.ts";
import { bucketBars, type Timeframe } from "./timeframe.ts";

/** Rows of one symbol, oldest first, all of them known at the clock. */
export interface Rows {
  timeUs: Float64Array;
  length: number;
  at(i: number): object;
}

export type HistoryKind = "bars" | "trades" | "quotes";

export class History {
  readonly #data: MarketData;
  readonly #nowUs: () => number;
  /** Splits that have happened; there are none but at an exchange that is told to have them. */
  readonly #splits = new Map<string, { us: number; ratio: number }[]>();

  constructor(data: MarketData, nowUs: () => number) {
    this.#data = data;
    this.#nowUs = nowUs;
  }

  /** `adjusted`: prices before a split are those of the shares after it. */
  bars(symbol: string, timeframe: Timeframe, adjusted = false): Rows {
    const data = this.#of(symbol);
    const isDaily = timeframe.unit !== "minute";
    const raw = isDaily ? this.#days(data) : data.minuteBars;
    const splits = this.#splits.get(symbol);
    const known = adjusted && splits !== undefined ? adjustedBars(raw, splits) : raw;
    const length = isDaily ? known.timeUs.length : this.#minutesKnown(data);
    const isOwn = timeframe.count === 1 &&
      (timeframe.unit === "minute" || timeframe.unit === "day");
    const bars = isOwn ? known : bucketBars(known, length, timeframe);
    return {
      timeUs: bars.timeUs,
      length: isOwn ? length : bars.timeUs.length,
      at: (i) => toBar(rowOf(bars, i)),
    };
  }

  /** `change` is given the symbol's data, to make of what is to come what the split makes of it. */
  noteSplit(
    symbol: string,
    us: number,
    ratio: number,
    change: (data: SymbolData) => void,
  ): void {
    this.#splits.set(symbol, [...this.#splits.get(symbol) ?? [], { us, ratio }]);
    change(this.#of(symbol));
  }

  /** Those that were noted, oldest first. */
  splitsOf(symbol: string): readonly { us: number; ratio: number }[] {
    return this.#splits.get(symbol) ?? [];
  }

  /** The newest minute bar as rowOf gives it; null: there is none yet. */
  lastMinute(symbol: string): number[] | null {
    const { minuteBars } = this.#of(symbol);
    const length = this.#minutesKnown(this.#of(symbol));
    return length === 0 ? null : rowOf(minuteBars, length - 1);
  }

  trades(symbol: string): Rows {
    const data = this.#of(symbol);
    const { timeUs } = data.trades;
    return { timeUs, length: countUpTo(timeUs, this.#nowUs()), at: (i) => toTrade(data, i) };
  }

  quotes(symbol: string): Rows {
    const data = this.#of(symbol);
    const { timeUs } = data.quotes;
    return { timeUs, length: countUpTo(timeUs, this.#nowUs()), at: (i) => toQuote(data, i) };
  }

  latest(symbol: string, kind: HistoryKind): object | null {
    const data = this.#of(symbol);
    switch (kind) {
      case "bars": {
        const length = this.#minutesKnown(data);
        return length === 0 ? null : toBar(rowOf(data.minuteBars, length - 1));
      }
      case "trades":
        return this.#latestTrade(data);
      case "quotes":
        return this.#latestQuote(data);
      default:
        return kind satisfies never;
    }
  }

  snapshot(symbol: string): AlpacaSnapshot | null {
    const data = this.#data.get(symbol);
    if (data === undefined) return null;
    const days = this.#days(data);
    const last = days.timeUs.length - 1;
    const isToday = last >= 0 &&
      exchangeDate(days.timeUs[last]) === exchangeDate(this.#nowUs());
    const day = (i: number) => i >= 0 ? toBar(rowOf(days, i)) : undefined;
    const minute = this.latest(symbol, "bars") as AlpacaBar | null;
    return {
      latestTrade: this.#latestTrade(data) ?? undefined,
      latestQuote: this.#latestQuote(data) ?? undefined,
      minuteBar: minute ?? undefined,
      // Before the first bar of a day, the day is the one before: as Alpaca shows it.
      dailyBar: day(last),
      prevDailyBar: day(isToday || last < 0 ? last - 1 : last),
    };
  }

  /** The close of the last session that ended before today, or NaN. */
  previousClose(symbol: string): number {
    const data = this.#of(symbol);
    const days = this.#days(data);
    const today = exchangeDate(this.#nowUs());
    let i = days.timeUs.length - 1;
    while (i >= 0 && exchangeDate(days.timeUs[i]) === today) i--;
    return i < 0 ? NaN : days.close[i];
  }

  /** The last price that is known, or NaN. */
  lastPrice(symbol: string): number {
    const trade = this.#latestTrade(this.#of(symbol));
    return trade?.p ?? this.previousClose(symbol);
  }

  #of(symbol: string): SymbolData {
    return this.#data.get(symbol) ?? emptySymbol(symbol);
  }

  #minutesKnown(data: SymbolData): number {
    return countUpTo(data.minuteBars.timeUs, this.#nowUs() - MINUTE_US);
  }

  /** Complete days, and today's so far from minute bars. */
  #days(data: SymbolData): BarColumns {
    const nowUs = this.#nowUs();
    const rows: number[][] = [];
    const days = data.dailyBars;
    for (let i = 0; i < days.timeUs.length && days.timeUs[i] <= nowUs; i++) {
      if (dayEndUs(data.assetClass, days.timeUs[i]) <= nowUs) rows.push(rowOf(days, i));
    }
    const today = this.#today(data, nowUs);
    if (today !== null && today[0] !== rows.at(-1)?.[0]) rows.push(today);
    return barsOf(rows);
  }

  #today(data: SymbolData, nowUs: number): number[] | null {
    const day = new DayBar(data.assetClass);
    const { timeUs } = data.minuteBars;
    const length = this.#minutesKnown(data);
    const today = exchangeDate(nowUs);
    // A day has 25 hours at most.
    for (let i = countUpTo(timeUs, nowUs - 25 * 60 * MINUTE_US); i < length; i++) {
      if (exchangeDate(timeUs[i]) === today) day.add(data.minuteBars, i);
    }
    return day.row;
  }

  /** A symbol without trades has its last bar's close for one. */
  #latestTrade(data: SymbolData): AlpacaTrade | AlpacaCryptoTrade | null {
    const count = countUpTo(data.trades.timeUs, this.#nowUs());
    if (count > 0) return toTrade(data, count - 1);
    const bar = this.#minutesKnown(data) - 1;
    if (bar < 0) return null;
    const { timeUs, close, volume } = data.minuteBars;
    const trades = {
      timeUs: Float64Array.of(timeUs[bar] + MINUTE_US),
      price: Float64Array.of(close[bar]),
      size: Float64Array.of(volume[bar]),
    };
    return toTrade({ ...data, trades }, 0);
  }

  /** A symbol without quotes has its last price for bid and offer. */
  #latestQuote(data: SymbolData): AlpacaQuote | AlpacaCryptoQuote | null {
    const count = countUpTo(data.quotes.timeUs, this.#nowUs());
    if (count > 0) return toQuote(data, count - 1);
    const trade = this.#latestTrade(data);
    if (trade === null) return null;
    const { t, p, s } = trade;
    return data.assetClass === "crypto"
      ? { t, ap: p, as: s, bp: p, bs: s }
      : { t, ax: "V", ap: p, as: s, bx: "V", bp: p, bs: s, c: ["R"], z: "C" };
  }
}

function adjustedBars(bars: BarColumns, splits: { us: number; ratio: number }[]): BarColumns {
  const rows = Array.from(bars.timeUs, (timeUs, i) => {
    const ratio = splits.reduce(
      (product, split) => timeUs < split.us ? product * split.ratio : product,
      1,
    );
    const [t, o, h, l, c, v, vw, n] = rowOf(bars, i);
    return [t, o / ratio, h / ratio, l / ratio, c / ratio, v * ratio, vw / ratio, n];
  });
  return barsOf(rows);
}

/** How many of the ascending times are ≤ `us`. */
export function countUpTo(timeUs: Float64Array, us: number): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeUs[middle] <= us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function toBar([t, o, h, l, c, v, vw, n]: number[]): AlpacaBar {
  return { t: formatRfc3339(t), o, h, l, c, v, n, vw };
}

function toTrade(data: SymbolData, i: number): AlpacaTrade | AlpacaCryptoTrade {
  const { timeUs, price, size } = data.trades;
  const trade = { t: formatRfc3339(timeUs[i]), p: price[i], s: size[i], i: i + 1 };
  return data.assetClass === "crypto"
    ? { ...trade, tks: takerSide(data, i) }
    : { ...trade, x: "V", c: ["@"], z: "C" };
}

function toQuote(data: SymbolData, i: number): AlpacaQuote | AlpacaCryptoQuote {
  const { timeUs, bidPrice, bidSize, askPrice, askSize } = data.quotes;
  const quote = {
    t: formatRfc3339(timeUs[i]),
    ap: askPrice[i],
    as: askSize[i],
    bp: bidPrice[i],
    bs: bidSize[i],
  };
  return data.assetClass === "crypto" ? quote : { ...quote, ax: "V", bx: "V", c: ["R"], z: "C" };
}
