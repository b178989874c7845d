/** The account's value over time, and what is read from it. */
import { exchangeDay } from "../model/calendar.ts";

const SESSIONS_A_YEAR = 252;
const DAYS_A_YEAR = 365;

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

/** Greatest fall from a peak, as a share of the peak: 0.1 is 10 %. */
export function maxDrawdown(equity: ArrayLike<number>): number {
  let peak = -Infinity;
  let worst = 0;
  for (let i = 0; i < equity.length; i++) {
    if (equity[i] > peak) peak = equity[i];
    else if (peak > 0) worst = Math.max(worst, (peak - equity[i]) / peak);
  }
  return worst;
}

/** The last value of each exchange day, after the first value of all. */
export function dailyValues(timeUs: ArrayLike<number>, equity: ArrayLike<number>): number[] {
  if (equity.length === 0) return [];
  const values = [equity[0]];
  for (let i = 1; i < equity.length; i++) {
    // What comes at midnight is the end of the day before.
    const isLastOfDay = i === equity.length - 1 ||
      exchangeDay(timeUs[i] - 1) !== exchangeDay(timeUs[i + 1] - 1);
    if (isLastOfDay) values.push(equity[i]);
  }
  return values;
}

/**
 * Sharpe ratio of daily returns over cash at no interest, a year's (Sharpe, 1994: mean over
 * deviation, times the root of the days in a year); null for fewer than two returns, or equal ones.
 */
export function sharpeRatio(values: readonly number[], isRoundTheClock: boolean): number | null {
  const returns = values.slice(1).map((value, i) => value / values[i] - 1);
  if (returns.length < 2) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const variance = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1);
  if (!(variance > 0)) return null;
  const days = isRoundTheClock ? DAYS_A_YEAR : SESSIONS_A_YEAR;
  return mean / Math.sqrt(variance) * Math.sqrt(days);
}
