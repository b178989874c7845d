/** A file of recorded market data. */
export type FileSource =
  | {
    kind: "bars";
    /** CSV, or CSV.gz by its name's end. */
    file: string;
    /** For a file without a symbol column, or to rename its only one ("BTC/USD", "AAPL"). */
    symbol?: string;
    /** "quote": the volume is in the quote currency; it is divided by the close. Default "base". */
    volumeIn?: "base" | "quote";
  }
  | { kind: "trades" | "quotes"; file: string; symbol?: string };
