/** What files hold, onto the shelf of imported data. */
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { loadFile } from "../recorded/load_file.ts";
import type { SymbolData } from "../recorded/market_data.ts";
import type { FileSource } from "../recorded/source.ts";
import { ConfigError } from "../util/errors.ts";
import { type Adjustment, folderOf, IMPORTED } from "./history.ts";
import { type Kind, type Rows } from "./rows.ts";
import { Shelf } from "./shelf.ts";

export interface Imported {
  symbol: string;
  kind: Kind;
  rows: number;
  /** Which times the rows now stand for, [fromUs, toUs). */
  fromUs: number;
  toUs: number;
  folder: string;
}

/** Takes in a file: its rows replace what was imported of the time from its first to its last. */
export async function importData(
  root: string,
  source: FileSource,
  options: { scale?: BarScale; adjustment?: Adjustment },
): Promise<Imported[]> {
  const imported: Imported[] = [];
  for (const data of await loadFile(source)) {
    for (const { kind, rows } of parts(data, source, options.scale)) {
      // Yahoo's daily prices are adjusted for splits; its adjusted close, for dividends too, is not
      // read.
      const usual = kind === "day" && data.assetClass === "us_equity" ? "split" : "raw";
      const adjustment = assetClassOf(data.symbol) === "crypto"
        ? "raw"
        : options.adjustment ?? usual;
      const shelf = new Shelf<Rows>(root, folderOf(IMPORTED, adjustment), kind);
      const range = { fromUs: rows.timeUs[0]!, toUs: endUs(kind, rows.timeUs.at(-1)!) };
      await shelf.write(data.symbol, range, rows);
      imported.push({
        symbol: data.symbol,
        kind,
        rows: rows.timeUs.length,
        ...range,
        folder: shelf.folder,
      });
    }
  }
  return imported;
}

function parts(
  data: SymbolData,
  { file }: FileSource,
  scale: BarScale | undefined,
): { kind: Kind; rows: Rows }[] {
  const { secondBars, minuteBars, dailyBars, trades, quotes } = data;
  const found: { kind: Kind; rows: Rows }[] = [
    { kind: "second", rows: secondBars },
    scale === "day"
      ? { kind: "day", rows: asDays(minuteBars, data.symbol, file) }
      // Seconds that all begin a minute are seconds where that is said.
      : { kind: scale ?? "minute", rows: minuteBars },
    { kind: "day", rows: dailyBars },
    { kind: "trade", rows: trades },
    { kind: "quote", rows: quotes },
  ];
  if (scale !== undefined && scale !== "day" && dailyBars.timeUs.length > 0) {
    throw new ConfigError(
      `Cannot import ${file} as ${scale}s: its rows have a date, not a timestamp. Leave out --scale`,
    );
  }
  return found.filter(({ rows }) => rows.timeUs.length > 0);
}

/** Daily bars with a time: at the exchange's midnight, or, as many write it, UTC's of that date. */
function asDays(bars: BarColumns, symbol: string, file: string): BarColumns {
  const timeUs = bars.timeUs.map((us) => {
    const isUtcDate = us % (24 * 3600e6) === 0;
    const date = isUtcDate ? new Date(us / 1000).toISOString().slice(0, 10) : exchangeDate(us);
    return cryptoSession(date).openUs;
  });
  const twice = timeUs.findIndex((us, i) => i > 0 && us === timeUs[i - 1]);
  if (twice > 0) {
    throw new ConfigError(
      `Cannot import ${file} as days: ${symbol} has two bars of ${exchangeDate(timeUs[twice]!)}. ` +
        "Leave out --scale where these are minutes",
    );
  }
  return { ...bars, timeUs };
}

function endUs(kind: Kind, lastUs: number): number {
  switch (kind) {
    case "day":
      return cryptoSession(exchangeDate(lastUs)).closeUs;
    case "minute":
      return lastUs + 60e6;
    case "second":
      return lastUs + 1e6;
    case "trade":
    case "quote":
      return lastUs + 1;
    default:
      return kind satisfies never;
  }
}
