/** What the same trades, in another order and another choice, could have earned. */

export interface Interval {
  /** 2.5 % and 97.5 % of the resamples lie below. */
  low: number;
  median: number;
  high: number;
}

export interface TradeBootstrap {
  trades: number;
  resamples: number;
  /** Mean length of the pieces that are drawn; 1: each trade by itself. */
  blockLength: number;
  /** Shares of what the account began with. */
  gain: Interval;
  /** Greatest fall from a peak, shares of the peak, as trades end: not what fell within one. */
  maxDrawdown: Interval;
  /** Share of the resamples that lost. */
  lossProbability: number;
}

const RESAMPLES = 2000;

/**
 * Stationary bootstrap (Politis and Romano, "The Stationary Bootstrap", Journal of the American
 * Statistical Association 89, 1994) of the trades' gains in the order of their ends: pieces of
 * geometric length, in a circle, so that series of losses stay together. Percentile intervals
 * (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). `blockLength` 1 is
 * the bootstrap of independent trades; default: the cube root of their number. null for fewer than
 * two trades.
 */
export function bootstrapTrades(options: {
  /** Account currency, fees included. */
  gains: readonly number[];
  initialCash: number;
  /** Numbers in [0, 1), seeded. */
  random(): number;
  blockLength?: number;
  resamples?: number;
}): TradeBootstrap | null {
  const { gains, initialCash, random, resamples = RESAMPLES } = options;
  const { length } = gains;
  if (length < 2) return null;
  const blockLength = options.blockLength ?? Math.max(1, Math.round(Math.cbrt(length)));
  const totals = new Float64Array(resamples);
  const falls = new Float64Array(resamples);
  let lost = 0;
  for (let n = 0; n < resamples; n++) {
    let equity = initialCash;
    let peak = equity;
    let at = 0;
    for (let i = 0; i < length; i++) {
      const isNew = i === 0 || random() * blockLength < 1;
      at = isNew ? Math.floor(random() * length) : (at + 1) % length;
      equity += gains[at];
      if (equity > peak) peak = equity;
      else if (peak > 0) falls[n] = Math.max(falls[n], (peak - equity) / peak);
    }
    totals[n] = equity / initialCash - 1;
    if (equity < initialCash) lost++;
  }
  return {
    trades: length,
    resamples,
    blockLength,
    gain: intervalOf(totals),
    maxDrawdown: intervalOf(falls),
    lossProbability: lost / resamples,
  };
}

function intervalOf(values: Float64Array): Interval {
  const sorted = values.toSorted();
  return {
    low: quantile(sorted, 0.025),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.975),
  };
}

/** Between neighbours by share, as numpy and R (type 7) do. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
