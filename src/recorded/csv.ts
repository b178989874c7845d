/**
 * Recorded market data from CSV files.
 * Invariant: what is returned is sorted and checked; whatever is wrong names the file and the line.
 */
// @ts-types="./csv_parse.d.ts"
import { parse } from "csv-parse/sync";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { COLUMNS, type Header, isAmount, readHeader, SYMBOL, symbolDataOf } from "./csv_columns.ts";
import { parseTimeUs } from "./csv_time.ts";
import type { SymbolData } from "./market_data.ts";
import type { FileSource } from "./source.ts";

/** A parsed line: its values in the order of the kind's columns, and where it stood. */
interface Row {
  symbol: string;
  timeUs: number;
  values: number[];
  line: number;
}

/** Reads the text of a file, `source.file` in errors. Throws ConfigError. */
export function parseCsv(text: string, source: FileSource): SymbolData[] {
  const reader = new RecordReader(source);
  const onRecord = (record: string[], { lines }: { lines: number }): null => {
    reader.add(record, lines);
    return null;
  };
  try {
    parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: onRecord,
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { lines, message } = error as Error & { lines?: number };
    throw new ConfigError(`Cannot read ${source.file}:${lines ?? 1}: ${message}`);
  }
  return reader.finish();
}

/** Checks records of texts, the header first, and makes columns of them. Throws ConfigError. */
export class RecordReader {
  #header: Header | null = null;
  readonly #bySymbol = new Map<string, Row[]>();
  /** Lines of bars without any price, as Yahoo writes days that it does not know. */
  readonly #without: number[] = [];

  constructor(private readonly source: FileSource) {}

  /** `line` is named in errors. */
  add(record: string[], line: number): void {
    if (this.#header === null) {
      this.#header = readHeader(record, this.source);
      return;
    }
    if (this.source.kind === "bars" && hasNoPrice(record, this.#header)) {
      this.#without.push(line);
      return;
    }
    const row = readRow(record, this.#header, this.source, line);
    const rows = this.#bySymbol.get(row.symbol);
    if (rows === undefined) this.#bySymbol.set(row.symbol, [row]);
    else rows.push(row);
  }

  finish(): SymbolData[] {
    const source = this.source;
    const header = this.#header;
    const bySymbol = this.#bySymbol;
    if (header === null || bySymbol.size === 0) {
      throw new ConfigError(
        `Cannot load ${source.file}: it has no rows; its first line must be ` +
          `symbol,timestamp,${COLUMNS[source.kind].join(",")}, and data must follow`,
      );
    }
    if (source.symbol !== undefined && bySymbol.size > 1) {
      throw new ConfigError(
        `Cannot load ${source.file} as ${source.symbol}: it holds ` +
          `${bySymbol.size} symbols; give the file without "${source.symbol}="`,
      );
    }
    if (this.#without.length > 0) {
      logger("data").warning(
        "{file}: {count} rows without prices are left out, first line {line}",
        {
          file: source.file,
          count: this.#without.length,
          line: this.#without[0],
        },
      );
    }
    return [...bySymbol].map(([symbol, rows]) =>
      toSymbolData(source.symbol ?? symbol, rows, source, header.isDaily)
    );
  }
}

function hasNoPrice(record: string[], { fields, valuesAt }: Header): boolean {
  return record.length === fields &&
    valuesAt.slice(0, 4).every((at) => /^(null)?$/i.test(record[at].trim()));
}

function readRow(record: string[], header: Header, source: FileSource, line: number): Row {
  const fail = (why: string): never => {
    throw new ConfigError(`Cannot load ${source.file}:${line}: ${why}`);
  };
  if (record.length !== header.fields) {
    fail(`${record.length} fields, the header has ${header.fields}`);
  }
  const symbol = header.symbolAt < 0 ? source.symbol! : record[header.symbolAt];
  if (!SYMBOL.test(symbol)) fail(`"${symbol}" is not a symbol (AAPL, BRK.B, BTC/USD)`);
  const timeUs = parseTimeUs(record[header.timeAt]) ??
    fail(`"${record[header.timeAt]}" is not a time: write 2022-01-03T14:30:00Z or an epoch time`);
  const names = COLUMNS[source.kind];
  const values = header.valuesAt.map((at, i) => {
    const value = record[at] === "" ? NaN : Number(record[at]);
    if (!Number.isFinite(value)) fail(`${names[i]} "${record[at]}" is not a number`);
    const mayBe0 = isAmount(names[i]);
    if (value < 0 || (value === 0 && !mayBe0)) {
      fail(`${names[i]} must be ${mayBe0 ? "≥" : ">"} 0, got ${record[at]}`);
    }
    return value;
  });
  for (const at of header.optionalAt) {
    const value = at < 0 || record[at] === "" ? NaN : Number(record[at]);
    if (value < 0) fail(`${record[at]} is negative`);
    values.push(value);
  }
  if (source.kind === "bars") checkBar(values, timeUs, header, fail);
  return { symbol, timeUs, values, line };
}

function checkBar(values: number[], timeUs: number, header: Header, fail: (why: string) => never) {
  const [open, high, low, close] = values;
  if (header.isDaily) {
    // Yahoo's opens and closes lie outside of the day's range now and then: the range is widened.
    values[1] = Math.max(open, high, low, close);
    values[2] = Math.min(open, high, low, close);
    return;
  }
  if (high < Math.max(open, close, low)) fail(`high ${high} is below open, close or low`);
  if (low > Math.min(open, close)) fail(`low ${low} is above open or close`);
  if (timeUs % header.barUnitUs !== 0) {
    fail(
      header.barUnitUs < 60e6
        ? "a second bar must start at a whole second"
        : "a minute bar must start at a whole minute (bars of seconds: --scale second)",
    );
  }
}

function toSymbolData(
  symbol: string,
  rows: Row[],
  source: FileSource,
  isDaily: boolean,
): SymbolData {
  // Files sorted by symbol, by time or newest first are all common: sorted here, stably.
  rows.sort((a, b) => a.timeUs - b.timeUs);
  if (source.kind === "bars") checkTimes(rows, source);
  return symbolDataOf(symbol, source, isDaily, {
    timeUs: Float64Array.from(rows, (row) => row.timeUs),
    values: rows[0].values.map((_, i) => Float64Array.from(rows, (row) => row.values[i])),
  });
}

function checkTimes(rows: Row[], source: FileSource): void {
  rows.forEach((row, i) => {
    if (i > 0 && rows[i - 1].timeUs === row.timeUs) {
      throw new ConfigError(
        `Cannot load ${source.file}:${row.line}: ${row.symbol} has a bar of ` +
          `this time in line ${rows[i - 1].line} already`,
      );
    }
  });
}
