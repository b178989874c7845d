/**
 * Momentum, and weights by volatility. Closes are those of sessions that follow each other, oldest
 * first, the last of the run's date; NaN where a symbol has no bar.
 */
import { volatility } from "../mod.ts";

/**
 * The return from `lookback` sessions ago until `skip` sessions ago: 252 and 21 are "12 − 1 months"
 * (Jegadeesh and Titman, Returns to Buying Winners and Selling Losers, Journal of Finance 48, 1993;
 * the last month is left out, as it tends to turn). NaN where one of both days has no close.
 */
export function returnMomentum(closes: Float64Array, lookback: number, skip: number): number {
  const last = closes.length - 1;
  return closes[last - skip]! / closes[last - lookback]! - 1;
}

/**
 * Slope of the line through the logarithms of the last `lookback` closes, as a yearly rate
 * (e^(slope × 252) − 1), times its coefficient of determination R²: steep and steady (Clenow, Stocks
 * on the Move, 2015, chapter 7). NaN where more than a tenth of the closes are missing.
 */
export function slopeMomentum(closes: Float64Array, lookback: number): number {
  let [n, sumX, sumY] = [0, 0, 0];
  const first = closes.length - lookback;
  for (let i = Math.max(0, first); i < closes.length; i++) {
    if (!(closes[i]! > 0)) continue;
    n++;
    sumX += i;
    sumY += Math.log(closes[i]!);
  }
  if (n < 3 || n < lookback * 0.9) return NaN;
  const [meanX, meanY] = [sumX / n, sumY / n];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = Math.max(0, first); i < closes.length; i++) {
    if (!(closes[i]! > 0)) continue;
    const [x, y] = [i - meanX, Math.log(closes[i]!) - meanY];
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  if (!(yy > 0)) return 0;
  return Math.expm1(xy / xx * 252) * (xy * xy / (xx * yy));
}

/** Standard deviation of the last `days` daily returns; NaN where one is missing. */
export function lastVolatility(closes: Float64Array, days: number): number {
  const last = closes.subarray(Math.max(0, closes.length - days - 1));
  return last.some((close) => !(close > 0)) ? NaN : volatility(last, days);
}

/**
 * Weights in proportion to 1 / volatility, so that each position moves the portfolio alike, none
 * above `max`: what is cut off goes to the others. Their sum is 1, or less where all are at `max`.
 */
export function inverseVolatilityWeights(volatilities: readonly number[], max: number): number[] {
  const weights = volatilities.map(() => 0);
  const free = new Set(volatilities.keys());
  let left = 1;
  while (free.size > 0) {
    const sum = [...free].reduce((total, i) => total + 1 / volatilities[i]!, 0);
    const over = [...free].filter((i) => left / volatilities[i]! / sum >= max);
    if (over.length === 0) {
      for (const i of free) weights[i] = left / volatilities[i]! / sum;
      break;
    }
    for (const i of over) {
      weights[i] = max;
      free.delete(i);
    }
    left = Math.max(0, left - over.length * max);
    if (left === 0) break;
  }
  return weights;
}
