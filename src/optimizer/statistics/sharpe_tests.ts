/**
 * How likely it is that a Sharpe ratio is no luck. Ratios here are of one period (a day), not a
 * year's.
 */
import { momentsOf } from "./moments.ts";
import { normalCdf, normalInverse } from "./normal.ts";

const EULER_MASCHERONI = 0.5772156649015329;

export interface SharpeSample {
  sharpe: number;
  /** Returns that it is of. */
  count: number;
  skewness: number;
  /** 3 for a normal distribution. */
  kurtosis: number;
}

/**
 * Probability that the true Sharpe ratio is above `benchmark`: PSR of Bailey and López de Prado,
 * "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012. null where the sample's
 * variance is none.
 */
export function probabilisticSharpe(sample: SharpeSample, benchmark: number): number | null {
  const { sharpe, count, skewness, kurtosis } = sample;
  const variance = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe ** 2;
  if (count < 2 || !(variance > 0)) return null;
  return normalCdf((sharpe - benchmark) * Math.sqrt(count - 1) / Math.sqrt(variance));
}

/**
 * The Sharpe ratio that the best of `trials` without any skill is expected to have, whose ratios
 * have this variance: Bailey and López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio
 * Management 40(5), 2014.
 */
export function expectedMaxSharpe(variance: number, trials: number): number {
  if (trials < 2) return 0;
  return Math.sqrt(variance) * (
    (1 - EULER_MASCHERONI) * normalInverse(1 - 1 / trials) +
    EULER_MASCHERONI * normalInverse(1 - 1 / (trials * Math.E))
  );
}

/**
 * Probability that the true Sharpe ratio of the best of many trials is above 0, given how many were
 * tried: DSR, the PSR against `expectedMaxSharpe`; same paper.
 */
export function deflatedSharpe(
  sample: SharpeSample,
  { variance, trials }: { variance: number; trials: number },
): number | null {
  return probabilisticSharpe(sample, expectedMaxSharpe(variance, trials));
}

/** null where the returns have no Sharpe ratio. */
export function sharpeSample(returns: readonly number[]): SharpeSample | null {
  const moments = momentsOf(returns);
  if (moments === null) return null;
  const { mean, deviation, count, skewness, kurtosis } = moments;
  return { sharpe: mean / deviation, count, skewness, kurtosis };
}

/** Of the Sharpe ratios of all trials; one without a ratio (it never traded) has 0. */
export function sharpeVariance(trials: readonly (readonly number[])[]): number {
  const ratios = trials.map((returns) => sharpeSample(returns)?.sharpe ?? 0);
  const deviation = momentsOf(ratios)?.deviation ?? 0;
  return deviation ** 2;
}
