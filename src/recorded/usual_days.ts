/**
 * What a usual day of a symbol is like, from the days before the present one.
 * Volatility from the days' ranges: M. Parkinson, "The Extreme Value Method for Estimating the
 * Variance of the Rate of Return", The Journal of Business 53 (1980): σ² = mean of ln(high/low)² over
 * 4 ln 2. It sees no gap between two days.
 */
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import type { Liquidity } from "../model/trading_costs.ts";
import type { MarketData } from "./market_data.ts";

/** As many days before as there are, at most these: about a month of sessions. */
const DAYS = 20;

export class UsualDays {
  readonly #data: MarketData;
  readonly #nowUs: () => number;
  readonly #known = new Map<string, Liquidity | null>();
  #dayStartUs = -Infinity;
  #dayEndUs = -Infinity;

  constructor(data: MarketData, nowUs: () => number) {
    this.#data = data;
    this.#nowUs = nowUs;
  }

  /** null: no day before this one is known. */
  of(symbol: string): Liquidity | null {
    const nowUs = this.#nowUs();
    if (nowUs < this.#dayStartUs || nowUs >= this.#dayEndUs) {
      const day = cryptoSession(exchangeDate(nowUs));
      [this.#dayStartUs, this.#dayEndUs] = [day.openUs, day.closeUs];
      this.#known.clear();
    }
    let known = this.#known.get(symbol);
    if (known === undefined) this.#known.set(symbol, known = this.#read(symbol));
    return known;
  }

  #read(symbol: string): Liquidity | null {
    const days = this.#data.get(symbol)?.dailyBars;
    if (days === undefined) return null;
    const today = days.timeUs.findIndex((us) => us >= this.#dayStartUs);
    const to = today < 0 ? days.timeUs.length : today;
    const from = Math.max(0, to - DAYS);
    if (from === to) return null;
    let volume = 0;
    let squares = 0;
    for (let i = from; i < to; i++) {
      volume += days.volume[i];
      squares += Math.log(days.high[i] / days.low[i]) ** 2;
    }
    const count = to - from;
    return {
      volume: volume / count,
      volatility: Math.sqrt(squares / count / (4 * Math.LN2)),
    };
  }
}
