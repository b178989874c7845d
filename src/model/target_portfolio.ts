/**
 * A target portfolio: what a miner works out off hours and a strategy trades towards.
 * Stored in the table portfolio: `size` and `expire_tstamp` in columns of these names, all else as
 * the key "target" of `parameters`, beside whatever else is kept there.
 */

export interface TargetStock {
  readonly symbol: string;
  /** Share of the size, > 0. The sum of all is at most 1. */
  readonly weight: number;
}

export interface TargetPortfolio {
  readonly id: string;
  /** The session it was computed after, "YYYY-MM-DD". */
  readonly asOf: string;
  /** What is to be invested where the weights' sum is 1, in account currency. */
  readonly size: number;
  /** From then on it is no target any more; microseconds since the epoch. null: it does not expire. */
  readonly expireUs: number | null;
  /** The heaviest first. */
  readonly stocks: readonly TargetStock[];
}

/** As it stands under "target" in the row's parameters. */
export interface StoredTarget {
  as_of: string;
  stocks: { symbol: string; weight: number }[];
}

/** Reads a row of the table. null: it has no target. Throws RangeError where that cannot be one. */
export function targetOfRow(row: {
  portfolioId: string;
  /** Decimal text. */
  size: string;
  parameters: unknown;
  expireUs: number | null;
}): TargetPortfolio | null {
  const { portfolioId: id, parameters, expireUs } = row;
  const stored = isObject(parameters) ? parameters.target : undefined;
  if (stored === undefined || stored === null) return null;
  const size = Number(row.size);
  const problem = problemOf(stored, size);
  if (problem !== null) {
    throw new RangeError(`Cannot read the target portfolio "${id}": ${problem}`);
  }
  const { as_of: asOf, stocks } = stored as StoredTarget;
  return Object.freeze({
    id,
    asOf,
    size,
    expireUs,
    stocks: Object.freeze(
      stocks.map(({ symbol, weight }) => Object.freeze({ symbol, weight }))
        .sort((a, b) => b.weight - a.weight || (a.symbol < b.symbol ? -1 : 1)),
    ),
  });
}

/** Rounding of the weights may make their sum a little more than 1. */
const SUM_MAX = 1 + 1e-6;

function problemOf(stored: unknown, size: number): string | null {
  if (!(size > 0 && size < Infinity)) return "its size is no money > 0";
  if (!isObject(stored) || !Array.isArray(stored.stocks)) return "it has no list of stocks";
  if (typeof stored.as_of !== "string" || !/^\d{4}-\d\d-\d\d$/.test(stored.as_of)) {
    return "as_of is no date";
  }
  const symbols = new Set<string>();
  let sum = 0;
  for (const stock of stored.stocks as unknown[]) {
    if (!isObject(stock) || typeof stock.symbol !== "string" || stock.symbol === "") {
      return "one of its stocks has no symbol";
    }
    const { symbol, weight } = stock;
    if (symbols.has(symbol as string)) return `${symbol} is in it twice`;
    symbols.add(symbol as string);
    if (typeof weight !== "number" || !(weight > 0 && weight <= SUM_MAX)) {
      return `${symbol} has no weight above 0, and at most 1`;
    }
    sum += weight;
  }
  return sum > SUM_MAX ? `its weights are ${sum} together, more than 1` : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
