/**
 * A symbol's recorded bars, as far as they have been given out.
 * Invariant: a bar from `length` on, one of the future, cannot be read here. Values are copied one
 * by one: no array of them is handed to anything.
 */
import { BarColumn, type BarColumns } from "./bars.ts";

export class GivenBars {
  /** How many have been given out. For who gives them. */
  length = 0;
  readonly #columns: readonly Float64Array[];

  constructor({ timeUs, open, high, low, close, volume, vwap, trades }: BarColumns) {
    this.#columns = [timeUs, open, high, low, close, volume, vwap, trades];
  }

  /** A number of bar `i`, as it was given out. */
  valueAt(i: number, column: number): number {
    if (i >= this.length) throw new RangeError(`Bar ${i} lies in the future`);
    const value = this.#columns[column][i];
    if (column !== BarColumn.vwap || value > 0) return value;
    return this.#columns[BarColumn.close][i];
  }

  /** Copies bars from `from` on into columns, the first to place `to`. */
  copyInto(columns: readonly Float64Array[], to: number, from: number, count: number): void {
    if (from + count > this.length) throw new RangeError(`Bar ${from + count} lies in the future`);
    for (let column = 0; column < columns.length; column++) {
      copyValues(this.#columns[column], from, columns[column], to, count);
    }
    const vwap = columns[BarColumn.vwap];
    const close = columns[BarColumn.close];
    for (let i = to; i < to + count; i++) if (!(vwap[i] > 0)) vwap[i] = close[i];
  }
}

function copyValues(
  values: Float64Array,
  from: number,
  own: Float64Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) own[to + i] = values[from + i];
}
