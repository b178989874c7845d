/** Moments of a sample, the population's formulas: those that the Sharpe ratio's tests are built on. */
export interface Moments {
  count: number;
  mean: number;
  /** With the divisor n − 1. */
  deviation: number;
  skewness: number;
  /** 3 for a normal distribution. */
  kurtosis: number;
}

/** null for fewer than two values, or equal ones. */
export function momentsOf(values: readonly number[]): Moments | null {
  const count = values.length;
  if (count < 2) return null;
  const mean = values.reduce((sum, one) => sum + one, 0) / count;
  const central = (power: number) =>
    values.reduce((sum, one) => sum + (one - mean) ** power, 0) / count;
  const variance = central(2);
  if (!(variance > 0)) return null;
  return {
    count,
    mean,
    deviation: Math.sqrt(variance * count / (count - 1)),
    skewness: central(3) / variance ** 1.5,
    kurtosis: central(4) / variance ** 2,
  };
}
