import { ConfigError } from "../util/errors.ts";
import type { SymbolData } from "./market_data.ts";
import { readPlainCsv } from "./plain_csv.ts";
import { warnOfShift } from "./shifted_times.ts";
import type { FileSource } from "./source.ts";

/** Reads a file of bars, trades or quotes: Parquet by its name's end, else CSV. Throws ConfigError. */
export async function loadFile(source: FileSource): Promise<SymbolData[]> {
  const found = await readFile(source);
  warnOfShift(found, source.file);
  return found;
}

async function readFile(source: FileSource): Promise<SymbolData[]> {
  if (/\.(parquet|pq)$/i.test(source.file)) {
    const { loadParquet } = await import("./parquet.ts");
    return await loadParquet(source);
  }
  const bytes = await readBytes(source.file);
  const plain = readPlainCsv(bytes, source);
  if (plain !== null) return plain;
  const { parseCsv } = await import("./csv.ts");
  return parseCsv(new TextDecoder().decode(bytes), source);
}

async function readBytes(file: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    throw new ConfigError(`Cannot read ${file}: ${(error as Error).message}`);
  }
  if (!file.endsWith(".gz")) return bytes;
  const stream = new Blob([bytes as BlobPart]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new ConfigError(`Cannot read ${file}: it is not a whole gzip file`);
  }
}
