/** The account's value over time. What is read from it is in src/fincalcs/performance.ts. */
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { firstAfter } from "./symbol_feed.ts";

/** Points in columns that grow. */
export class EquityCurve {
  length = 0;
  #timeUs = new Float64Array(1024);
  #equity = new Float64Array(1024);

  /** A point at the time of the last one takes its place. */
  add(timeUs: number, equity: number): void {
    if (this.length > 0 && this.#timeUs[this.length - 1] === timeUs) this.length--;
    if (this.length === this.#timeUs.length) this.#grow();
    this.#timeUs[this.length] = timeUs;
    this.#equity[this.length++] = equity;
  }

  get timeUs(): Float64Array {
    return this.#timeUs.slice(0, this.length);
  }

  get equity(): Float64Array {
    return this.#equity.slice(0, this.length);
  }

  #grow(): void {
    const grown = (values: Float64Array) => {
      const twice = new Float64Array(2 * values.length);
      twice.set(values);
      return twice;
    };
    this.#timeUs = grown(this.#timeUs);
    this.#equity = grown(this.#equity);
  }
}

/**
 * The end of the last day before `toUs` of which the data have anything: a curve that goes on flat
 * behind it would count days on which nothing could have been earned. `toUs` where there is nothing.
 */
export function dataEndUs(data: MarketData, toUs: number): number {
  let last = -Infinity;
  for (const { dailyBars, minuteBars, secondBars, trades, quotes } of data.values()) {
    for (const { timeUs } of [dailyBars, minuteBars, secondBars, trades, quotes]) {
      const count = firstAfter(timeUs, toUs - 1);
      if (count > 0) last = Math.max(last, timeUs[count - 1]);
    }
  }
  if (last === -Infinity) return toUs;
  return Math.min(toUs, cryptoSession(exchangeDate(last)).closeUs);
}
