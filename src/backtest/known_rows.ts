/**
 * What is known of recorded rows at a time.
 * Invariant: the answer is that of the time that is asked for, whatever was asked before.
 */
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import type { AssetClass } from "../model/asset.ts";
import { cryptoSession, exchangeDate, type Session } from "../model/calendar.ts";
import { DayBar, dayEndUs, MINUTE_US, type SymbolData } from "../recorded/market_data.ts";
import { firstAfter } from "./symbol_feed.ts";

/** The rows of one symbol. */
export class KnownRows {
  readonly data: SymbolData;
  readonly #clock: RowClock;
  readonly #minutes: Cursor;
  readonly #seconds: Cursor;
  readonly #trades: Cursor;
  readonly #quotes: Cursor;
  readonly #days: DayCursor;

  constructor(data: SymbolData, clock: RowClock) {
    const { assetClass, minuteBars, secondBars, trades, quotes, dailyBars } = data;
    this.data = data;
    this.#clock = clock;
    this.#minutes = clock.cursor(minuteBars.timeUs);
    this.#seconds = clock.cursor(secondBars.timeUs);
    this.#trades = clock.cursor(trades.timeUs);
    this.#quotes = clock.cursor(quotes.timeUs);
    this.#days = clock.dayCursor(assetClass, dailyBars.timeUs);
  }

  /** How many minute bars have ended. */
  minutes(nowUs: number): number {
    return this.#minutes.after(nowUs - MINUTE_US);
  }

  /** How many bars of seconds have ended. */
  seconds(nowUs: number): number {
    return this.#seconds.after(nowUs - SECOND_US);
  }

  /** How many daily bars are complete. */
  days(nowUs: number): number {
    return this.#days.complete(nowUs);
  }

  trades(nowUs: number): number {
    return this.#trades.after(nowUs);
  }

  quotes(nowUs: number): number {
    return this.#quotes.after(nowUs);
  }

  /** The newest trade's price, or bar's close; NaN before the first. */
  lastTrade(nowUs: number): number {
    const trades = this.trades(nowUs);
    if (trades > 0) return this.data.trades.price[trades - 1];
    const seconds = this.seconds(nowUs);
    if (seconds > 0) return this.data.secondBars.close[seconds - 1];
    const bars = this.minutes(nowUs);
    return bars > 0 ? this.data.minuteBars.close[bars - 1] : NaN;
  }

  /** Today's bar so far, from minute bars; null before the first. */
  today(nowUs: number): number[] | null {
    const { minuteBars, assetClass } = this.data;
    const known = this.minutes(nowUs);
    const { openUs } = this.#clock.day(nowUs);
    if (known === 0 || minuteBars.timeUs[known - 1] < openUs) return null;
    const from = firstAfter(minuteBars.timeUs, openUs - 1);
    if (from >= known) return null;
    const day = new DayBar(assetClass);
    for (let i = from; i < known; i++) day.add(minuteBars, i);
    return day.row;
  }
}

/** Exchange days and cursors, which symbols share where they share their times. */
export class RowClock {
  readonly #cursors = new Map<Float64Array, Cursor>();
  readonly #dayCursors = {
    us_equity: new Map<Float64Array, DayCursor>(),
    crypto: new Map<Float64Array, DayCursor>(),
  };
  #day: Session | null = null;

  /** The exchange's day. */
  day(nowUs: number): Session {
    if (this.#day === null || nowUs < this.#day.openUs || nowUs >= this.#day.closeUs) {
      this.#day = cryptoSession(exchangeDate(nowUs));
    }
    return this.#day;
  }

  cursor(timeUs: Float64Array): Cursor {
    let cursor = this.#cursors.get(timeUs);
    if (cursor === undefined) this.#cursors.set(timeUs, cursor = new Cursor(timeUs));
    return cursor;
  }

  dayCursor(assetClass: AssetClass, timeUs: Float64Array): DayCursor {
    const cursors = this.#dayCursors[assetClass];
    let cursor = cursors.get(timeUs);
    if (cursor === undefined) cursors.set(timeUs, cursor = new DayCursor(assetClass, timeUs));
    return cursor;
  }
}

/** A place in ascending times; quick where it is not far behind the one that was asked for last. */
class Cursor {
  readonly #timeUs: Float64Array;
  #us = -Infinity;
  #at = 0;

  constructor(timeUs: Float64Array) {
    this.#timeUs = timeUs;
  }

  /** As firstAfter. */
  after(us: number): number {
    if (us === this.#us) return this.#at;
    this.#at = us < this.#us ? firstAfter(this.#timeUs, us) : this.#forward(us);
    this.#us = us;
    return this.#at;
  }

  #forward(us: number): number {
    const timeUs = this.#timeUs;
    let low = this.#at;
    let high = low;
    for (let step = 1; high < timeUs.length && timeUs[high] <= us; step *= 2) {
      low = high + 1;
      high += step;
    }
    high = Math.min(high, timeUs.length);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (timeUs[middle] <= us) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Days that are over, by the times at which they begin. */
class DayCursor {
  readonly #assetClass: AssetClass;
  readonly #timeUs: Float64Array;
  readonly #begun: Cursor;
  #nowUs = NaN;
  #complete = 0;

  constructor(assetClass: AssetClass, timeUs: Float64Array) {
    this.#assetClass = assetClass;
    this.#timeUs = timeUs;
    this.#begun = new Cursor(timeUs);
  }

  complete(nowUs: number): number {
    if (nowUs === this.#nowUs) return this.#complete;
    let known = this.#begun.after(nowUs);
    while (known > 0 && dayEndUs(this.#assetClass, this.#timeUs[known - 1]) > nowUs) known--;
    this.#nowUs = nowUs;
    return this.#complete = known;
  }
}
