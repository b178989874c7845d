/**
 * Probability of backtest overfitting, by combinatorially symmetric cross-validation: Bailey,
 * Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting", Journal of
 * Computational Finance 20(4), 2017.
 */

/** As in the paper's examples. */
export const BLOCKS = 16;
/** Rows a block at least: a ratio of fewer says nothing. */
const ROWS_MIN = 2;

export interface Overfitting {
  /** How often the best of one half is no better than the median in the other half. */
  probability: number;
  combinations: number;
  blocks: number;
  /** Mean logit of the best one's rank in the other half; 0: no better than chance. */
  meanLogit: number;
}

/**
 * `trials` are returns of the same periods, a list a trial. The periods are cut into blocks; of
 * each half of the blocks the trial with the best Sharpe ratio is looked up in the other half.
 * Blocks differ by one row where the periods do not divide. A trial without a ratio has 0; equal
 * ranks are shared. null for fewer than two trials, or too few periods.
 */
export function overfitting(
  trials: readonly (readonly number[])[],
  blocks: number = BLOCKS,
): Overfitting | null {
  const rows = trials[0]?.length ?? 0;
  if (trials.length < 2 || rows < blocks * ROWS_MIN) return null;
  if (blocks % 2 !== 0) throw new RangeError(`Cannot cut into halves of ${blocks} blocks`);
  const sums = trials.map((returns) => blockSums(returns, blocks));
  const sizes = Array.from(
    { length: blocks },
    (_, b) => bound(rows, blocks, b + 1) - bound(rows, blocks, b),
  );
  let below = 0;
  let combinations = 0;
  let logits = 0;
  const inside = new Float64Array(trials.length);
  const outside = new Float64Array(trials.length);
  for (const half of halves(blocks)) {
    sums.forEach((sum, n) => {
      inside[n] = sharpeOf(sum, sizes, half, true);
      outside[n] = sharpeOf(sum, sizes, half, false);
    });
    const rank = rankOf(outside, bestOf(inside)) / (trials.length + 1);
    const logit = Math.log(rank / (1 - rank));
    logits += logit;
    if (logit <= 0) below++;
    combinations++;
  }
  return {
    probability: below / combinations,
    combinations,
    blocks,
    meanLogit: logits / combinations,
  };
}

interface Sums {
  sum: Float64Array;
  squares: Float64Array;
}

function bound(rows: number, blocks: number, block: number): number {
  return Math.floor(block * rows / blocks);
}

function blockSums(returns: readonly number[], blocks: number): Sums {
  const sum = new Float64Array(blocks);
  const squares = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const end = bound(returns.length, blocks, block + 1);
    for (let i = bound(returns.length, blocks, block); i < end; i++) {
      sum[block] += returns[i];
      squares[block] += returns[i] ** 2;
    }
  }
  return { sum, squares };
}

/** Over the blocks that are (or are not) in the half. */
function sharpeOf({ sum, squares }: Sums, sizes: number[], half: number, isIn: boolean): number {
  let [rows, total, square] = [0, 0, 0];
  for (let block = 0; block < sizes.length; block++) {
    if ((half >> block & 1) === (isIn ? 1 : 0)) {
      rows += sizes[block];
      total += sum[block];
      square += squares[block];
    }
  }
  const mean = total / rows;
  const variance = (square - rows * mean ** 2) / (rows - 1);
  // What the subtraction leaves of equal returns is no variance.
  return variance > 1e-12 * square / rows ? mean / Math.sqrt(variance) : 0;
}

/** All choices of half of the blocks, as bits. */
function* halves(blocks: number): Generator<number> {
  for (let half = 0; half < 2 ** blocks; half++) {
    if (bitsIn(half) === blocks / 2) yield half;
  }
}

function bitsIn(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The first of the best. */
function bestOf(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** From 1 (the worst) up; equal ones share the mean of their ranks. */
function rankOf(values: Float64Array, of: number): number {
  let [less, equal] = [0, 0];
  for (const value of values) {
    if (value < values[of]) less++;
    else if (value === values[of]) equal++;
  }
  return less + (equal + 1) / 2;
}
