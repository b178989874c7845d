/** Bars as columns, oldest first; all columns have the same length. Prices in quote currency, volume in shares or coins. */
export interface BarColumns {
  /** The bar's start, microseconds since the epoch, strictly ascending. */
  timeUs: Float64Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  volume: Float64Array;
  /** Volume-weighted average price of the bar; the close where the source has none. */
  vwap: Float64Array;
  /** Number of trades; 0 where the source has none. */
  trades: Float64Array;
}

export type BarScale = "second" | "minute" | "day";

export function emptyBars(length = 0): BarColumns {
  return barColumns(() => new Float64Array(length));
}

/**
 * A copy of the rows from `from` up to, not including, `to`, with room for `capacity` of them.
 * In one piece of memory: many short histories are copied in a backtest of many symbols.
 */
export function sliceBars(
  bars: BarColumns,
  from: number,
  to: number,
  capacity = 0,
): BarColumns {
  const end = Math.min(to, bars.timeUs.length);
  const start = Math.min(from, end);
  const room = Math.max(capacity, end - start);
  const memory = new Float64Array(COLUMN_COUNT * room);
  let at = 0;
  return barColumns((name) => {
    const column = memory.subarray(at, at += room);
    column.set(bars[name].subarray(start, end));
    return column;
  });
}

const COLUMN_COUNT = 8;

// Written out, so that all bars are objects of one shape to the JIT compiler.
function barColumns(column: (name: keyof BarColumns) => Float64Array): BarColumns {
  return {
    timeUs: column("timeUs"),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
    vwap: column("vwap"),
    trades: column("trades"),
  };
}

/**
 * Numbers of a bar that stands in a row: timeUs, open, high, low, close, volume, VWAP, trades. On
 * the hot path a bar is handed on as (rows, where it begins): numbers that are arguments would each
 * be an allocation.
 */
export const BAR_ROW = 8;

/** Where in a row, or in the order of columns. */
export const BarColumn = { timeUs: 0, close: 4, vwap: 6 } as const;
