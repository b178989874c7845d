/** What a file's columns mean, and what becomes of their values, however the file was read. */
import { cryptoSession } from "../model/calendar.ts";
import { ConfigError } from "../util/errors.ts";
import { emptySymbol, MINUTE_US, type SymbolData } from "./market_data.ts";
import { barUnitUs, type FileSource } from "./source.ts";

export const COLUMNS = {
  bars: ["open", "high", "low", "close", "volume"],
  trades: ["price", "size"],
  quotes: ["bid_price", "bid_size", "ask_price", "ask_size"],
} as const;
export const OPTIONAL: Record<FileSource["kind"], readonly string[]> = {
  bars: ["vwap", "trades"],
  trades: [],
  quotes: [],
};
/** Yahoo's own; the adjusted close is not used. */
const YAHOO_ONLY = ["date", "adj close", "adjclose"];
export const SYMBOL = /^[A-Z][A-Z0-9]*([./-][A-Z0-9]+)*$/;

export interface Header {
  fields: number;
  symbolAt: number;
  timeAt: number;
  valuesAt: number[];
  /** Positions of vwap and trades, or −1. */
  optionalAt: number[];
  isDaily: boolean;
  /** Bars with a time begin at multiples of it; µs. */
  barUnitUs: number;
}

/** Throws ConfigError. */
export function readHeader(record: string[], source: FileSource): Header {
  const names = record.map((name) => name.trim().toLowerCase());
  const fail = (why: string): never => {
    throw new ConfigError(
      `Cannot load ${source.file}:1: ${why}; its columns must be symbol,` +
        `timestamp,${COLUMNS[source.kind].join(",")}` +
        (source.kind === "bars" ? ", or Yahoo's Date,Open,High,Low,Close,Adj Close,Volume" : ""),
    );
  };
  const isDaily = source.kind === "bars" && names.includes("date") &&
    !names.includes("timestamp");
  const known = new Set<string>([...COLUMNS[source.kind], ...OPTIONAL[source.kind], "symbol"]);
  for (const name of isDaily ? YAHOO_ONLY : ["timestamp"]) known.add(name);
  const unknown = names.findIndex((name) => !known.has(name));
  if (unknown >= 0) fail(`unknown column "${record[unknown]}"`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(`column "${twice}" stands there twice`);
  const at = (name: string) => {
    const position = names.indexOf(name);
    return position >= 0 ? position : fail(`column "${name}" is missing`);
  };
  const header = {
    fields: names.length,
    symbolAt: names.indexOf("symbol"),
    timeAt: at(isDaily ? "date" : "timestamp"),
    valuesAt: COLUMNS[source.kind].map(at),
    optionalAt: OPTIONAL[source.kind].map((name) => names.indexOf(name)),
    isDaily,
    barUnitUs: barUnitUs(source),
  };
  if (header.symbolAt < 0 && source.symbol === undefined) {
    throw new ConfigError(
      `Cannot load ${source.file}: it has no column "symbol"; say whose data ` +
        `it is: AAPL=${source.file}`,
    );
  }
  return header;
}

/** Whether a value may be 0. */
export function isAmount(name: string): boolean {
  return name === "volume" || name.endsWith("size");
}

/**
 * `timeUs` ascending; `values` in the order of COLUMNS and OPTIONAL, NaN where an optional one is
 * missing. The columns are taken over.
 */
export function symbolDataOf(
  symbol: string,
  source: FileSource,
  isDaily: boolean,
  { timeUs, values }: { timeUs: Float64Array; values: Float64Array[] },
): SymbolData {
  const data = emptySymbol(symbol);
  switch (source.kind) {
    case "trades":
      return { ...data, trades: { timeUs, price: values[0], size: values[1] } };
    case "quotes": {
      const [bidPrice, bidSize, askPrice, askSize] = values;
      return { ...data, quotes: { timeUs, bidPrice, bidSize, askPrice, askSize } };
    }
    case "bars": {
      const [open, high, low, close, volume, vwap, trades] = values;
      for (let i = 0; i < timeUs.length; i++) {
        if (source.volumeIn === "quote") volume[i] /= close[i];
        if (Number.isNaN(vwap[i])) vwap[i] = close[i];
        if (Number.isNaN(trades[i])) trades[i] = 0;
        // Yahoo's dates are exchange dates, written as if they were UTC.
        if (isDaily) timeUs[i] = cryptoSession(utcDate(timeUs[i])).openUs;
      }
      const bars = { timeUs, open, high, low, close, volume, vwap, trades };
      const isOfSeconds = source.scale === "second" && timeUs.some((us) => us % MINUTE_US !== 0);
      return { ...data, [isDaily ? "dailyBars" : isOfSeconds ? "secondBars" : "minuteBars"]: bars };
    }
    default:
      return source satisfies never;
  }
}

function utcDate(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString().slice(0, 10);
}
