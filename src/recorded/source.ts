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
    /**
     * "second": bars may begin at any second. A symbol whose bars all begin at whole minutes has
     * minute bars all the same. Default "minute".
     */
    scale?: "second" | "minute";
  }
  | { kind: "trades" | "quotes"; file: string; symbol?: string };

/** Bars with a time begin at multiples of it; µs. */
export function barUnitUs(source: FileSource): number {
  return source.kind === "bars" && source.scale === "second" ? 1e6 : 60e6;
}
