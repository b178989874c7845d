/**
 * What a series of values says of an account: returns, ratios, falls. docs/analysis.md has the definitions
 * with their sources.
 * Invariant: each figure is worked out here and nowhere else, so that backtest, optimizer and reports
 * agree.
 */
import { addDays, cryptoSession, exchangeDate, sessionsBetween } from "../model/calendar.ts";

const SESSIONS_A_YEAR = 252;
const DAYS_A_YEAR = 365;
export const YEAR_US = 365.25 * 24 * 3600e6;

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

/**
 * The value at the end of each day, after the first value of all: days on which nothing was held
 * too. Days are the exchange's sessions, or all days where what is traded never closes.
 */
export function dailyValues(
  { timeUs, equity }: { timeUs: ArrayLike<number>; equity: ArrayLike<number> },
  { fromUs, endUs, isRoundTheClock }: { fromUs: number; endUs: number; isRoundTheClock: boolean },
): number[] {
  if (equity.length === 0) return [];
  const values = [equity[0]];
  let next = 0;
  for (const dayEndUs of dayEnds(fromUs, endUs, isRoundTheClock)) {
    // What comes at midnight is the end of the day before.
    while (next < equity.length && timeUs[next] <= dayEndUs) next++;
    values.push(equity[Math.max(0, next - 1)]);
  }
  return values;
}

/** Ends of the days from `fromUs` to `endUs`, the last one's too. */
export function dayEnds(fromUs: number, endUs: number, isRoundTheClock: boolean): number[] {
  const [first, last] = [exchangeDate(fromUs), exchangeDate(Math.max(fromUs, endUs - 1))];
  if (!isRoundTheClock) {
    return sessionsBetween(first, last).map(({ date }) => cryptoSession(date).closeUs);
  }
  const ends: number[] = [];
  for (let date = first; date <= last; date = addDays(date, 1)) {
    ends.push(cryptoSession(date).closeUs);
  }
  return ends;
}

/** When the value was first 0 or less: from then on no ratio of it means anything. null: never. */
export function ruinedAt(
  { timeUs, equity }: { timeUs: ArrayLike<number>; equity: ArrayLike<number> },
): number | null {
  for (let i = 0; i < equity.length; i++) if (!(equity[i] > 0)) return timeUs[i];
  return null;
}

/** Shares of the day before's value. The day of ruin loses all, and those after it nothing. */
export function dailyReturns(values: readonly number[]): number[] {
  let isRuined = values.length > 0 && !(values[0] > 0);
  return values.slice(1).map((value, i) => {
    if (isRuined) return 0;
    isRuined = !(value > 0);
    return isRuined ? -1 : value / values[i] - 1;
  });
}

/** Days in a year, as daily figures are made a year's. */
export function daysAYear(isRoundTheClock: boolean): number {
  return isRoundTheClock ? DAYS_A_YEAR : SESSIONS_A_YEAR;
}

/**
 * Sharpe ratio of daily returns over cash at no interest, a year's (Sharpe, 1994: mean over
 * deviation, times the root of the days in a year); null for fewer than two returns, or equal ones,
 * and where a value is 0 or less: what follows such a value is no return.
 */
export function sharpeRatio(values: readonly number[], isRoundTheClock: boolean): number | null {
  if (values.some((value) => !(value > 0))) return null;
  const returns = dailyReturns(values);
  if (returns.length < 2) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const variance = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1);
  if (!(variance > 0)) return null;
  return mean / Math.sqrt(variance) * Math.sqrt(daysAYear(isRoundTheClock));
}

/**
 * Mean daily return over the downside deviation from 0, a year's (Sortino and Price, 1994); null
 * where no day lost.
 */
export function sortinoRatio(returns: readonly number[], isRoundTheClock: boolean): number | null {
  if (returns.length < 2) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const squares = returns.reduce((sum, one) => sum + Math.min(0, one) ** 2, 0);
  if (squares === 0) return null;
  return mean / Math.sqrt(squares / returns.length) * Math.sqrt(daysAYear(isRoundTheClock));
}

/**
 * Return a year, compounded, over the greatest fall (Young, 1991); null where nothing fell, or all
 * was lost: what is lost beyond that cannot be compounded.
 */
export function calmarRatio(totalReturn: number, fall: number, us: number): number | null {
  if (!(fall > 0) || !(us > 0)) return null;
  const growth = 1 + totalReturn;
  if (!(growth > 0)) return null;
  return (growth ** (YEAR_US / us) - 1) / fall;
}
