/** Recorded market data from Parquet files: the columns and checks of CSV. */
import { type ParquetParsers, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { ConfigError } from "../util/errors.ts";
import { RecordReader } from "./csv.ts";
import type { SymbolData } from "./market_data.ts";
import type { FileSource } from "./source.ts";

/** Names under which a time is found, beside those of CSV: Liu's own, and that of an index. */
const TIME_NAMES = ["time", "datetime", "__index_level_0__"];

/** Times as microseconds, where hyparquet's own are dates of milliseconds. */
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => new Time(Number(millis) * 1000),
  timestampFromMicroseconds: (micros) => new Time(Number(micros)),
  timestampFromNanoseconds: (nanos) => new Time(Number(nanos / 1000n)),
  dateFromDays: (days) => new Date(days * 86_400_000).toISOString().slice(0, 10),
};

/** A time that is told from a number. */
class Time {
  constructor(readonly us: number) {}

  /** With all its microseconds; a text, because old epoch times have no unit that can be told. */
  toString(): string {
    const ms = Math.floor(this.us / 1000);
    const rest = String(this.us - ms * 1000).padStart(3, "0");
    return new Date(ms).toISOString().replace("Z", `${rest}Z`);
  }
}

/** Reads a file of bars, trades or quotes. Throws ConfigError; rows are named from 1 on. */
export async function loadParquet(source: FileSource): Promise<SymbolData[]> {
  const columns = await readColumns(source.file);
  const names = [...columns.keys()];
  const reader = new RecordReader(source);
  const isTimed = names.some((name) => /^(timestamp|date)$/i.test(name));
  reader.add(
    names.map((name) => !isTimed && TIME_NAMES.includes(name.toLowerCase()) ? "timestamp" : name),
    0,
  );
  const values = [...columns.values()];
  const length = values[0]?.length ?? 0;
  for (let i = 0; i < length; i++) {
    reader.add(values.map((column) => String(column[i] ?? "")), i + 1);
  }
  return reader.finish();
}

async function readColumns(path: string): Promise<Map<string, unknown[]>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw new ConfigError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  const columns = new Map<string, unknown[]>();
  try {
    await parquetRead({
      file: bytes.buffer,
      compressors,
      parsers: PARSERS,
      onChunk({ columnName, columnData, rowStart }) {
        const column = columns.get(columnName) ?? [];
        for (let i = 0; i < columnData.length; i++) column[rowStart + i] = columnData[i];
        columns.set(columnName, column);
      },
    });
  } catch (error) {
    throw new ConfigError(`Cannot read ${path} as Parquet: ${(error as Error).message}`);
  }
  return columns;
}
