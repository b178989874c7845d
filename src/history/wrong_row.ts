/** Rows that cannot be: what is on a shelf may be damaged, or come from a provider that errs. */
import type { BarColumns } from "../model/bars.ts";
import { column, columnsOf, type Kind, type Rows } from "./rows.ts";

export interface WrongRow {
  row: number;
  text: string;
}

/** The first row that cannot be right; null where all may be. */
export function wrongRow(kind: Kind, rows: Rows): WrongRow | null {
  const isOfTicks = kind === "trade" || kind === "quote";
  if (!isOfTicks && areBarsRight(rows as BarColumns)) return null;
  const { timeUs } = rows;
  const columns = columnsOf(kind).map(({ inFile, inMemory }) => ({
    name: inFile,
    values: column(rows, inMemory),
    // A quote of one side has no price on the other; a bar without trades has no mean price.
    mayBe0: /volume|size|trades|vwap/.test(inFile) || kind === "quote",
  }));
  for (let i = 0; i < timeUs.length; i++) {
    if (i > 0 && (isOfTicks ? timeUs[i]! < timeUs[i - 1]! : timeUs[i]! <= timeUs[i - 1]!)) {
      return { row: i, text: "it is not later than the row before" };
    }
    for (const { name, values, mayBe0 } of columns) {
      const value = values[i]!;
      if (!(value > 0 || (mayBe0 && value === 0)) || value === Infinity) {
        return { row: i, text: `${name} is ${value}` };
      }
    }
    if (!isOfTicks && !isRangeRight(rows as BarColumns, i)) {
      return { row: i, text: "open or close is not between low and high" };
    }
  }
  return null;
}

/** In one pass over the columns: whole years are looked at before each backtest. */
function areBarsRight({ timeUs, open, high, low, close, volume, vwap, trades }: BarColumns) {
  let beforeUs = -Infinity;
  for (let i = 0; i < timeUs.length; i++) {
    const us = timeUs[i]!;
    const lowest = low[i]!;
    const highest = high[i]!;
    // What is not a number fails each comparison. Between the two all is above 0, and finite.
    const isRight = us > beforeUs && lowest > 0 && highest < Infinity &&
      open[i]! >= lowest && open[i]! <= highest && close[i]! >= lowest && close[i]! <= highest &&
      volume[i]! >= 0 && volume[i]! < Infinity && vwap[i]! >= 0 && vwap[i]! < Infinity &&
      trades[i]! >= 0 && trades[i]! < Infinity;
    if (!isRight) return false;
    beforeUs = us;
  }
  return true;
}

function isRangeRight({ open, high, low, close }: BarColumns, i: number): boolean {
  return low[i]! <= Math.min(open[i]!, close[i]!) && high[i]! >= Math.max(open[i]!, close[i]!);
}
