/** What is kept in history, in columns: which there are, and how they are cut and merged. */
import type { BarScale } from "../model/bars.ts";

export type Kind = BarScale | "trade" | "quote";

/** Rows sorted by time. BarColumns, TradeColumns and QuoteColumns are such rows. */
export interface Rows {
  timeUs: Float64Array;
}

/** Columns beside the time, as they are called in files. */
const BAR_COLUMNS = ["open", "high", "low", "close", "volume", "vwap", "trades"] as const;
const COLUMNS = {
  second: BAR_COLUMNS,
  minute: BAR_COLUMNS,
  day: BAR_COLUMNS,
  trade: ["price", "size"],
  quote: ["bid_price", "bid_size", "ask_price", "ask_size"],
} as const;

export const KINDS = Object.keys(COLUMNS) as Kind[];

/** The columns of a kind: their names in files and in memory, without the time. */
export function columnsOf(kind: Kind): { inFile: string; inMemory: string }[] {
  return COLUMNS[kind].map((name) => ({
    inFile: name,
    inMemory: name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
  }));
}

/** A column of rows by its name in memory. */
export function column(rows: Rows, name: string): Float64Array {
  return (rows as unknown as Record<string, Float64Array>)[name]!;
}

/** Rows of this kind, all zero. */
export function emptyRows<R extends Rows>(kind: Kind, length = 0): R {
  const names = ["timeUs", ...columnsOf(kind).map(({ inMemory }) => inMemory)];
  const columns = Object.fromEntries(names.map((name) => [name, new Float64Array(length)]));
  return columns as unknown as R;
}

/** How many of the ascending times are before `us`. */
export function countBefore(timeUs: Float64Array, us: number): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeUs[middle]! < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of fromUs ≤ time < toUs, in arrays that show a part of the same memory. */
export function slice<R extends Rows>(rows: R, fromUs: number, toUs: number): R {
  const from = countBefore(rows.timeUs, fromUs);
  const to = countBefore(rows.timeUs, toUs);
  const parts = Object.entries(rows).map(([name, values]) => [name, values.subarray(from, to)]);
  return Object.fromEntries(parts);
}

/** Parts one after the other, in new arrays. They must be in the order of time. */
export function concat<R extends Rows>(kind: Kind, parts: readonly R[]): R {
  const result = emptyRows<R>(kind, parts.reduce((sum, { timeUs }) => sum + timeUs.length, 0));
  for (const name of Object.keys(result)) {
    let at = 0;
    for (const part of parts) {
      column(result, name).set(column(part, name), at);
      at += part.timeUs.length;
    }
  }
  return result;
}

/** `rows` with those of fromUs ≤ time < toUs taken out and `other`'s of that time put in. */
export function replace<R extends Rows>(
  kind: Kind,
  rows: R,
  { fromUs, toUs }: { fromUs: number; toUs: number },
  other: R,
): R {
  return concat(kind, [
    slice(rows, -Infinity, fromUs),
    slice(other, fromUs, toUs),
    slice(rows, toUs, Infinity),
  ]);
}
