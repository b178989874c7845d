/**
 * Symbols that move alike: Pearson's correlation of their daily returns,
 *
 *   r = Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²),   x, y: close ÷ close of the session before − 1
 *
 * over the sessions of which both have a return, means and sums too. Fewer of these than asked for,
 * or prices that stand still, have no correlation. The same bars give the same lists: sums run in
 * the order of time, and of equal correlations the symbol that is first in the alphabet is first.
 */

export interface Returns {
  symbol: string;
  /** One a session, the same sessions for all; NaN where there is none. */
  values: Float64Array;
}

export interface CorrelationOptions {
  /** Sessions that both must have. */
  overlapMin: number;
  correlationMin: number;
  /** Of each symbol's list. */
  countMax: number;
  onProgress(done: number, total: number): void;
}

/** Returns of closes by session; NaN where a session or the one before has none. */
export function returnsOf(closes: Float64Array): Float64Array {
  return closes.map((close, i) =>
    i === 0 || !(closes[i - 1]! > 0) ? NaN : close / closes[i - 1]! - 1
  );
}

/** By symbol, the nearest first. */
export function similarSymbols(
  all: readonly Returns[],
  options: CorrelationOptions,
): Map<string, { symbol: string; correlation: number }[]> {
  const { overlapMin, correlationMin, countMax, onProgress } = options;
  const sorted = all.toSorted((a, b) => a.symbol < b.symbol ? -1 : 1);
  const units = sorted.map(({ values }) => values.some(Number.isNaN) ? null : unitOf(values));
  const lists = sorted.map(() => new Nearest(countMax));
  const days = sorted[0]?.values.length ?? 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i % 64 === 0) onProgress(i, sorted.length);
    const [x, unit] = [sorted[i]!.values, units[i]];
    for (let j = i + 1; j < sorted.length; j++) {
      const other = units[j];
      const r = unit && other
        ? days < overlapMin ? NaN : dot(unit, other)
        : correlation(x, sorted[j]!.values, overlapMin);
      if (!(r >= correlationMin)) continue;
      lists[i]!.offer(j, r);
      lists[j]!.offer(i, r);
    }
  }
  return new Map(sorted.map(({ symbol }, i) => [
    symbol,
    lists[i]!.items.map(({ index, r }) => ({ symbol: sorted[index]!.symbol, correlation: r })),
  ]));
}

/** NaN where there is none. */
export function correlation(x: Float64Array, y: Float64Array, overlapMin: number): number {
  let [n, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    n++;
    sumX += x[i]!;
    sumY += y[i]!;
  }
  if (n < Math.max(2, overlapMin)) return NaN;
  const [meanX, meanY] = [sumX / n, sumY / n];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(x[i]) || Number.isNaN(y[i])) continue;
    const [a, b] = [x[i]! - meanX, y[i]! - meanY];
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  return isFlat(xx, n) || isFlat(yy, n) ? NaN : xy / Math.sqrt(xx * yy);
}

/** Less the mean, of length 1: of two such the correlation is their product. null: prices stand still. */
function unitOf(values: Float64Array): Float64Array | null {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (isFlat(squares, values.length)) return null;
  const length = Math.sqrt(squares);
  return values.map((value) => (value - mean) / length);
}

/** Rounding makes equal returns differ by less than this: a thousandth of a basis point. */
function isFlat(squares: number, n: number): boolean {
  return !(squares / n > 1e-14);
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** The greatest few, the greatest first. */
class Nearest {
  readonly items: { index: number; r: number }[] = [];

  constructor(readonly countMax: number) {}

  offer(index: number, r: number): void {
    const { items, countMax } = this;
    if (items.length === countMax && (countMax === 0 || items.at(-1)!.r >= r)) return;
    let at = items.length;
    while (at > 0 && isBefore(index, r, items[at - 1]!)) at--;
    items.splice(at, 0, { index, r });
    if (items.length > countMax) items.pop();
  }
}

function isBefore(index: number, r: number, other: { index: number; r: number }): boolean {
  return r > other.r || (r === other.r && index < other.index);
}
