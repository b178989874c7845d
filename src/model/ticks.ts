/** Trades and quotes as columns, oldest first; times may repeat. Microseconds since the epoch. */

/** Prints. Sizes in shares or coins. */
export interface TradeColumns {
  timeUs: Float64Array;
  price: Float64Array;
  size: Float64Array;
}

/** Best bids and offers. Sizes in shares or coins. */
export interface QuoteColumns {
  timeUs: Float64Array;
  bidPrice: Float64Array;
  bidSize: Float64Array;
  askPrice: Float64Array;
  askSize: Float64Array;
}

export function emptyTrades(length = 0): TradeColumns {
  const column = () => new Float64Array(length);
  return { timeUs: column(), price: column(), size: column() };
}

export function emptyQuotes(length = 0): QuoteColumns {
  const column = () => new Float64Array(length);
  return {
    timeUs: column(),
    bidPrice: column(),
    bidSize: column(),
    askPrice: column(),
    askSize: column(),
  };
}
