/** Files of recorded data on the command line. */
import { resolve } from "node:path";
import type { Command as Commander } from "commander";
import type { FileSource } from "../recorded/source.ts";
import { ConfigError } from "../util/errors.ts";

export interface FileOptions {
  bars?: string[];
  trades?: string[];
  quotes?: string[];
  quoteVolume?: string[];
}

export function declareFileOptions(command: Commander): Commander {
  return command
    .option(
      "--bars <FILE...>",
      "CSV, CSV.gz or Parquet of bars (minutes, Yahoo's days); SYMBOL=FILE for one symbol's file; " +
        "times without a zone are UTC",
    )
    .option("--trades <FILE...>", "trades: symbol,timestamp,price,size")
    .option(
      "--quotes <FILE...>",
      "quotes: symbol,timestamp,bid_price,bid_size,ask_price,ask_size",
    )
    .option("--quote-volume <SYMBOL...>", "symbols whose bars count volume in quote currency");
}

/** The files that the options name; of bars some may be of seconds. Throws ConfigError. */
export function fileSources(
  options: FileOptions,
  cwd: string,
  scale: "second" | "minute" = "minute",
): FileSource[] {
  const inQuote = new Set(options.quoteVolume);
  const sources: FileSource[] = [];
  for (const text of options.bars ?? []) {
    const { file, symbol } = fileOf(text, cwd);
    const volumeIn = symbol !== undefined && inQuote.delete(symbol) ? "quote" : "base";
    sources.push({ kind: "bars", file, symbol, volumeIn, scale });
  }
  for (const kind of ["trades", "quotes"] as const) {
    for (const text of options[kind] ?? []) sources.push({ kind, ...fileOf(text, cwd) });
  }
  for (const symbol of inQuote) {
    throw new ConfigError(
      `Cannot use --quote-volume ${symbol}: there is no --bars ${symbol}=FILE that it could be for`,
    );
  }
  return sources;
}

/** "BTC/USD=btc.csv" names a symbol; a path in front of "=" does not. */
export function fileOf(text: string, cwd: string): { file: string; symbol?: string } {
  const match = /^([A-Z0-9.]+(?:\/[A-Z0-9]+)?)=(.+)$/.exec(text);
  return match === null
    ? { file: resolve(cwd, text) }
    : { file: resolve(cwd, match[2]!), symbol: match[1]! };
}
