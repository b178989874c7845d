/**
 * Standard deviation (n − 1) of the last `days` daily returns, close ÷ close before − 1; a fraction
 * a day (0.02 is 2 %). `dailyCloses` oldest first, > 0; with fewer than days + 1 of them NaN.
 * `days` is a whole number from 2 on, anything else a RangeError. Formula: LiuAlgoTrader's
 * fincalcs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * // Returns of +10 % and −10 %: mean 0, Σ of squares 0.02, divided by 1.
 * assert.ok(Math.abs(volatility([100, 110, 99], 2) - Math.sqrt(0.02)) < 1e-12);
 * assert.ok(Number.isNaN(volatility([100, 110, 99])));
 * ```
 */
export function volatility(dailyCloses: ArrayLike<number>, days = 20): number {
  if (!Number.isInteger(days) || days < 2) {
    throw new RangeError(
      `Cannot compute the volatility of ${days} days: give a whole number from 2`,
    );
  }
  const first = dailyCloses.length - days;
  if (first < 1) return NaN;
  const returns = new Float64Array(days);
  for (let i = 0; i < days; i++) {
    returns[i] = dailyCloses[first + i] / dailyCloses[first + i - 1] - 1;
  }
  const mean = returns.reduce((sum, value) => sum + value, 0) / days;
  const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (days - 1));
}
