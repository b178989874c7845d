/** Figures of returns in a window that moves, of months, and of falls. */
import { daysAYear, sharpeRatio } from "./performance.ts";

/** Deviation of daily returns, n − 1, a year's; null for fewer than two. */
export function annualVolatility(
  returns: readonly number[],
  isRoundTheClock: boolean,
): number | null {
  if (returns.length < 2) return null;
  const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length;
  const squares = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return Math.sqrt(squares / (returns.length - 1) * daysAYear(isRoundTheClock));
}

/** Of each day the window of `days` that ends with it; null where it is not full, or has no ratio. */
export function rollingFigures(
  values: readonly number[],
  returns: readonly number[],
  { days, isRoundTheClock }: { days: number; isRoundTheClock: boolean },
): { sharpe: (number | null)[]; volatility: (number | null)[] } {
  const sharpe: (number | null)[] = [];
  const volatility: (number | null)[] = [];
  for (let i = 0; i < returns.length; i++) {
    const isFull = i + 1 >= days;
    sharpe.push(isFull ? sharpeRatio(values.slice(i + 1 - days, i + 2), isRoundTheClock) : null);
    volatility.push(
      isFull ? annualVolatility(returns.slice(i + 1 - days, i + 1), isRoundTheClock) : null,
    );
  }
  return { sharpe, volatility };
}

/** Returns of days, compounded by month; `dates` are "YYYY-MM-DD". */
export function monthlyReturns(
  dates: readonly string[],
  returns: readonly number[],
): { year: number; month: number; return: number }[] {
  const months = new Map<string, number>();
  for (const [i, date] of dates.entries()) {
    const key = date.slice(0, 7);
    months.set(key, (months.get(key) ?? 1) * (1 + returns[i]));
  }
  return [...months].map(([key, growth]) => ({
    year: Number(key.slice(0, 4)),
    month: Number(key.slice(5)),
    return: growth - 1,
  }));
}

/** The deepest fall: its places in `values`; null where nothing fell. */
export function deepestFall(
  values: ArrayLike<number>,
): { share: number; peak: number; trough: number; recovered: number | null } | null {
  let peak = 0;
  let deepest: { share: number; peak: number; trough: number } | null = null;
  for (let i = 1; i < values.length; i++) {
    if (values[i] >= values[peak]) peak = i;
    else if (values[peak] > 0) {
      const share = (values[peak] - values[i]) / values[peak];
      if (deepest === null || share > deepest.share) deepest = { share, peak, trough: i };
    }
  }
  if (deepest === null) return null;
  let recovered: number | null = null;
  for (let i = deepest.trough; i < values.length && recovered === null; i++) {
    if (values[i] >= values[deepest.peak]) recovered = i;
  }
  return { ...deepest, recovered };
}
