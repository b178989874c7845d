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
  const column = () => new Float64Array(length);
  return {
    timeUs: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    vwap: column(),
    trades: column(),
  };
}
