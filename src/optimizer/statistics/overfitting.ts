/**
 * Probability of backtest overfitting, by combinatorially symmetric cross-validation: Bailey,
 * Borwein, López de Prado and Zhu, "The Probability of Backtest Overfitting", Journal of
 * Computational Finance 20(4), 2017.
 */

/** As in the paper's examples. */
const BLOCKS = 16;
/** Rows a block at least: a ratio of fewer says nothing. */
const ROWS_MIN = 2;

export interface Overfitting {
  /**
   * How often the best of one half is no better than the median in the other half; the median of
   * equal ones counts one half.
   */
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
    (_, block) => bound(rows, blocks, block + 1) - bound(rows, blocks, block),
  );
  let [below, combinations, logits] = [0, 0, 0];
  const inside = new Float64Array(trials.length);
  const outside = new Float64Array(trials.length);
  for (const half of halves(blocks)) {
    const rowsInside = half.reduce((sum, block) => sum + sizes[block], 0);
    for (let n = 0; n < sums.length; n++) {
      const { sum, squares, total, square } = sums[n];
      let [sumInside, squaresInside] = [0, 0];
      for (const block of half) {
        sumInside += sum[block];
        squaresInside += squares[block];
      }
      inside[n] = sharpeOf(rowsInside, sumInside, squaresInside);
      outside[n] = sharpeOf(rows - rowsInside, total - sumInside, square - squaresInside);
    }
    const { rank: place, isShared } = rankOf(outside, bestOf(inside));
    const rank = place / (trials.length + 1);
    const logit = Math.log(rank / (1 - rank));
    logits += logit;
    // In the middle because it is equal to others: neither better nor worse.
    if (logit < 0) below++;
    else if (logit === 0) below += isShared ? 0.5 : 1;
    combinations++;
  }
  const meanLogit = logits / combinations;
  return { probability: below / combinations, combinations, blocks, meanLogit };
}

interface Sums {
  sum: Float64Array;
  squares: Float64Array;
  /** Of all blocks. */
  total: number;
  square: number;
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
  const all = (values: Float64Array) => values.reduce((total, one) => total + one, 0);
  return { sum, squares, total: all(sum), square: all(squares) };
}

function sharpeOf(rows: number, sum: number, squares: number): number {
  const mean = sum / rows;
  const variance = (squares - rows * mean ** 2) / (rows - 1);
  // What the subtraction leaves of equal returns is no variance.
  return variance > 1e-12 * squares / rows ? mean / Math.sqrt(variance) : 0;
}

/** All choices of half of the blocks. */
function* halves(blocks: number): Generator<number[]> {
  const all = Array.from({ length: blocks }, (_, block) => block);
  for (let bits = 0; bits < 2 ** blocks; bits++) {
    if (bitsIn(bits) === blocks / 2) yield all.filter((block) => bits >> block & 1);
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
function rankOf(values: Float64Array, of: number): { rank: number; isShared: boolean } {
  let [less, equal] = [0, 0];
  for (const value of values) {
    if (value < values[of]) less++;
    else if (value === values[of]) equal++;
  }
  return { rank: less + (equal + 1) / 2, isShared: equal > 1 };
}
