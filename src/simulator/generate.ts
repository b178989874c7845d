/**
 * An invented equities market: no price here ever was one.
 * Invariants: equal seeds give equal bytes, on every machine (see random.ts); minute bars are
 * exactly the aggregation of the trades; each trade is at its quote's bid or offer; all prices are
 * on the tick.
 */
import {
  addDays,
  cryptoSession,
  exchangeDate,
  type Session,
  sessionsBetween,
} from "../model/calendar.ts";
import { ConfigError } from "../util/errors.ts";
import {
  generatedSymbol,
  planSession,
  type SessionPlan,
  type SymbolPlan,
} from "./generate_plan.ts";
import { barsOf, emptySymbol, MINUTE_US, type SymbolData } from "../recorded/market_data.ts";
import { Random } from "./random.ts";

export interface GenerateOptions {
  /** Symbols, 1–1000. Each one's data depend on the seed and its own number only. */
  count: number;
  seed: number;
  /** Sessions that overlap [startUs, endUs) get trades and quotes. */
  startUs: number;
  endUs: number;
  /** Seconds between a symbol's quotes, each with a trade; a divisor of 60. Default 15. */
  gridSeconds?: number;
}

/** Sessions before the first one, as daily bars, and the last of them also as minute bars. */
const DAILY_HISTORY = 45;
const MINUTE_HISTORY = 5;
/** Plans are written for a day of this length; a shorter one is squeezed into. */
const PLAN_MINUTES = 390;

/** Equity symbols with trades, quotes, minute and daily bars that agree with each other. */
export function generate(options: GenerateOptions): SymbolData[] {
  const { count, seed, startUs, endUs, gridSeconds = 15 } = options;
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw new ConfigError(`Cannot generate ${count} symbols: give 1 to 1000`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new ConfigError(`Cannot generate from seed ${seed}: give an integer, 0 to 4294967295`);
  }
  if (!Number.isInteger(gridSeconds) || gridSeconds < 1 || 60 % gridSeconds !== 0) {
    throw new ConfigError(`Cannot generate every ${gridSeconds} s: give a divisor of 60`);
  }
  const live = sessionsBetween(exchangeDate(startUs), exchangeDate(endUs))
    .filter((session) => session.openUs < endUs && session.closeUs > startUs);
  if (live.length === 0) {
    throw new ConfigError(
      `Cannot generate: there is no session between ${iso(startUs)} and ${iso(endUs)}; ` +
        "move start or end",
    );
  }
  const before = sessionsBetween(addDays(live[0].date, -100), addDays(live[0].date, -1))
    .slice(-DAILY_HISTORY);
  return Array.from(
    { length: count },
    (_, i) => new SymbolGenerator(i, seed, gridSeconds).run(before, live),
  );
}

function iso(us: number): string {
  return new Date(us / 1000).toISOString();
}

class SymbolGenerator {
  readonly #random: Random;
  readonly #symbol: SymbolPlan;
  readonly #gridSeconds: number;
  readonly #days: number[][] = [];
  readonly #minutes: number[][] = [];
  readonly #trades = { timeUs: [] as number[], price: [] as number[], size: [] as number[] };
  readonly #quotes = {
    timeUs: [] as number[],
    bidPrice: [] as number[],
    bidSize: [] as number[],
    askPrice: [] as number[],
    askSize: [] as number[],
  };
  /** Prices are counted in ticks. */
  readonly #ticksPerUnit: number;
  #priceTicks: number;

  constructor(index: number, seed: number, gridSeconds: number) {
    this.#random = new Random(seed, index);
    this.#symbol = generatedSymbol(index, this.#random);
    this.#gridSeconds = gridSeconds;
    this.#ticksPerUnit = this.#symbol.price < 1 ? 10_000 : 100;
    this.#priceTicks = this.#symbol.price * this.#ticksPerUnit;
  }

  run(before: Session[], live: Session[]): SymbolData {
    const minuteFrom = before.length - MINUTE_HISTORY;
    before.forEach((session, i) => {
      if (i < minuteFrom) this.#daily(session);
      else this.#session(session, planSession(this.#symbol, "quiet", this.#random), false);
    });
    for (const session of live) {
      this.#session(session, planSession(this.#symbol, this.#symbol.kind, this.#random), true);
    }
    const columns = <T extends Record<string, number[]>>(lists: T) =>
      Object.fromEntries(
        Object.entries(lists).map(([name, list]) => [name, Float64Array.from(list)]),
      ) as { [K in keyof T]: Float64Array };
    return {
      ...emptySymbol(this.#symbol.symbol, this.#symbol.name),
      isLentOut: this.#symbol.isLentOut,
      minuteBars: barsOf(this.#minutes),
      dailyBars: barsOf(this.#days),
      trades: columns(this.#trades),
      quotes: columns(this.#quotes),
    };
  }

  /** A day of which only the daily bar is wanted. */
  #daily(session: Session): void {
    const random = this.#random;
    const open = this.#clamp(this.#priceTicks * (1 + 0.004 * random.normal()));
    const close = this.#clamp(open * (1 + 0.012 * random.normal()));
    const high = this.#clamp(Math.max(open, close) * (1 + random.between(0.001, 0.012)));
    const low = this.#clamp(Math.min(open, close) * (1 - random.between(0.001, 0.012)));
    const volume = this.#dailyShares() * random.between(0.7, 1.3);
    this.#pushDay(session, { open, high, low, close, volume: Math.round(volume / 100) * 100 });
    this.#priceTicks = close;
  }

  #dailyShares(): number {
    return this.#symbol.dailyDollars * this.#ticksPerUnit / this.#priceTicks;
  }

  #session(session: Session, plan: SessionPlan, isLive: boolean): void {
    const minutes = (session.closeUs - session.openUs) / MINUTE_US;
    const stepsPerMinute = 60 / this.#gridSeconds;
    const shares = this.#dailyShares() / (minutes * stepsPerMinute);
    const day = { open: 0, high: 0, low: Infinity, close: 0, volume: 0, dollars: 0, trades: 0 };
    let mid = this.#priceTicks * (1 + plan.gap);
    const anchor = mid;
    for (let minute = 0; minute < minutes; minute++) {
      const part = plan.partAt(minute * PLAN_MINUTES / minutes);
      const bar = { open: 0, high: 0, low: Infinity, close: 0, volume: 0, dollars: 0, trades: 0 };
      for (let step = 0; step < stepsPerMinute; step++) {
        const noise = part.volatility * this.#random.normal() / Math.sqrt(stepsPerMinute);
        const pull = part.reversion * (anchor / mid - 1) / stepsPerMinute;
        mid = this.#clamp(mid * (1 + part.drift / stepsPerMinute + noise + pull), false);
        const timeUs = session.openUs + minute * MINUTE_US + step * this.#gridSeconds * 1e6;
        const size = this.#size(shares * part.volume * uShape(minute / minutes));
        const price = this.#event(timeUs, mid, part.drift, size, isLive);
        for (const aggregate of [bar, day]) addTrade(aggregate, price, size);
      }
      this.#minutes.push([
        session.openUs + minute * MINUTE_US,
        this.#price(bar.open),
        this.#price(bar.high),
        this.#price(bar.low),
        this.#price(bar.close),
        bar.volume,
        this.#price(bar.dollars / bar.volume),
        bar.trades,
      ]);
    }
    this.#pushDay(session, day);
    this.#priceTicks = day.close;
  }

  /** A quote and the trade against it; gives the trade's price in ticks. */
  #event(timeUs: number, mid: number, drift: number, size: number, isLive: boolean): number {
    const random = this.#random;
    const spread = 1 + Math.floor(mid * this.#symbol.spread * random.between(0.5, 1.5));
    const bid = this.#clamp(Math.round(mid - spread / 2));
    const ask = bid + spread;
    const isBuy = random.between(0, 1) < (drift > 0 ? 0.62 : drift < 0 ? 0.38 : 0.5);
    const bidSize = 100 * random.int(1, 1 + Math.ceil(size / 100));
    const askSize = 100 * random.int(1, 1 + Math.ceil(size / 100));
    const price = isBuy ? ask : bid;
    if (!isLive) return price;
    const { timeUs: quoteTimes, bidPrice, bidSize: bidSizes, askPrice, askSize: askSizes } =
      this.#quotes;
    quoteTimes.push(timeUs);
    bidPrice.push(this.#price(bid));
    bidSizes.push(bidSize);
    askPrice.push(this.#price(ask));
    askSizes.push(askSize);
    this.#trades.timeUs.push(timeUs);
    this.#trades.price.push(this.#price(price));
    this.#trades.size.push(size);
    return price;
  }

  /** Mostly round lots. */
  #size(mean: number): number {
    const size = mean * this.#random.between(0.4, 1.6);
    return this.#random.between(0, 1) < 0.2
      ? Math.max(1, Math.round(size))
      : Math.max(100, Math.round(size / 100) * 100);
  }

  #clamp(ticks: number, whole = true): number {
    // A sub-dollar symbol stays below $1 and the others above: a symbol's tick never changes.
    const [min, max] = this.#ticksPerUnit === 100 ? [150, 1e7] : [1000, 9800];
    const clamped = Math.min(max, Math.max(min, ticks));
    return whole ? Math.round(clamped) : clamped;
  }

  #price(ticks: number): number {
    // One division of two exact numbers: the float64 nearest the decimal price.
    return ticks / this.#ticksPerUnit;
  }

  #pushDay(
    session: Session,
    day: { open: number; high: number; low: number; close: number; volume: number } & {
      dollars?: number;
      trades?: number;
    },
  ): void {
    const vwap = day.dollars === undefined
      ? (day.high + day.low + day.close) / 3
      : day.dollars / day.volume;
    this.#days.push([
      cryptoSession(session.date).openUs,
      this.#price(day.open),
      this.#price(day.high),
      this.#price(day.low),
      this.#price(day.close),
      day.volume,
      this.#price(vwap),
      day.trades ?? Math.ceil(day.volume / 200),
    ]);
  }
}

interface Aggregate {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  dollars: number;
  trades: number;
}

function addTrade(aggregate: Aggregate, price: number, size: number): void {
  if (aggregate.trades === 0) aggregate.open = price;
  aggregate.high = Math.max(aggregate.high, price);
  aggregate.low = Math.min(aggregate.low, price);
  aggregate.close = price;
  aggregate.volume += size;
  aggregate.dollars += price * size;
  aggregate.trades++;
}

/** The share of the day's volume: high at the open and the close. `at`: 0–1. Mean 1. */
function uShape(at: number): number {
  const x = 2 * at - 1;
  return 0.5 + 1.5 * x * x;
}
