import { loadCsv } from "./csv.ts";
import type { SymbolData } from "./market_data.ts";
import type { FileSource } from "./source.ts";

/** Reads a file of bars, trades or quotes: Parquet by its name's end, else CSV. Throws ConfigError. */
export async function loadFile(source: FileSource): Promise<SymbolData[]> {
  if (!/\.(parquet|pq)$/i.test(source.file)) return await loadCsv(source);
  const { loadParquet } = await import("./parquet.ts");
  return await loadParquet(source);
}
