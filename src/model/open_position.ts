/** What broker and books do not agree about; quantities are decimal texts, a short is negative. */
export interface PositionDifference {
  symbol: string;
  broker: string;
  book: string;
}

/** A position that a run leaves when the trader stops. */
export interface OpenPosition {
  symbol: string;
  strategy: string;
  /** Decimal texts; a short is negative. */
  qty: string;
  averagePrice: string;
  /** "rests": at the broker, until it is cancelled; "watched only": it ends with the trader. */
  protection: "rests" | "rests in part" | "watched only" | "none";
}
