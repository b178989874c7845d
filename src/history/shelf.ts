/**
 * Rows of one source and kind on disk: `<source>/<kind>/<SYMBOL>/<year>.arrow`.
 * Invariants: a file is whole or absent (written beside it, then renamed, under the shelf's lock).
 * Which times a file speaks for stands in the file itself, so that rows and what is known about
 * them never differ, wherever a process was killed.
 */
import { join } from "node:path";
import { z } from "zod";
import { assert } from "../util/assert.ts";
import { OperationError } from "../util/errors.ts";
import { type ArrowFile, decodeArrow, encodeArrow } from "./arrow_file.ts";
import { nameOfSymbol, symbolOfName } from "./file_name.ts";
import { byYear, overlap, type Range, union, yearStartUs } from "./ranges.ts";
import {
  column,
  columnsOf,
  concat,
  emptyRows,
  type Kind,
  replace,
  type Rows,
  slice,
} from "./rows.ts";

/** Rows of one symbol in a range of time. */
export interface Piece<R extends Rows> {
  rows: R;
  /** The times that were asked for and got: where rows are missing in it, there were none. */
  covered: Range[];
}

/** Key of Liu's own metadata in the file's schema. */
const METADATA_KEY = "liu";
const metadataSchema = z.object({
  version: z.literal(1),
  symbol: z.string(),
  kind: z.string(),
  /** Microseconds, sorted and apart. */
  covered: z.array(z.tuple([z.number(), z.number()])),
});

export class Shelf<R extends Rows> {
  readonly folder: string;

  constructor(root: string, readonly source: string, readonly kind: Kind) {
    this.folder = join(root, source, kind);
  }

  async symbols(): Promise<string[]> {
    const folders = await entriesOf(this.folder);
    return folders.filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => symbolOfName(name)).sort();
  }

  /** Years of a symbol of which there is a file. */
  async years(symbol: string): Promise<number[]> {
    const files = await entriesOf(join(this.folder, nameOfSymbol(symbol)));
    return files.map(({ name }) => /^(\d{4})\.arrow$/.exec(name)?.[1])
      .filter((year) => year !== undefined).map(Number).sort((a, b) => a - b);
  }

  fileOf(symbol: string, year: number): string {
    return join(this.folder, nameOfSymbol(symbol), `${String(year).padStart(4, "0")}.arrow`);
  }

  /** What there is of the range, in new arrays. Throws OperationError for a damaged file. */
  async read(symbol: string, range: Range): Promise<Piece<R>> {
    const parts: R[] = [];
    let covered: Range[] = [];
    for (const year of await this.years(symbol)) {
      const asked = overlap(range, { fromUs: yearStartUs(year), toUs: yearStartUs(year + 1) });
      const piece = asked === null ? null : await this.#readYear(symbol, year);
      if (asked === null || piece === null) continue;
      parts.push(slice(piece.rows, asked.fromUs, asked.toUs));
      covered = union(
        covered,
        piece.covered.map((part) => overlap(part, asked)).filter((part) => part !== null),
      );
    }
    return { rows: concat(this.kind, parts), covered };
  }

  /** Everything of a symbol in a year. */
  async readYear(symbol: string, year: number): Promise<Piece<R>> {
    return await this.#readYear(symbol, year) ?? { rows: emptyRows(this.kind), covered: [] };
  }

  /** Puts rows in the place of all that was there in the range, which is covered from then on. */
  async write(symbol: string, range: Range, rows: R): Promise<void> {
    const { timeUs } = rows;
    for (let i = 1; i < timeUs.length; i++) {
      assert(timeUs[i - 1]! <= timeUs[i]!, "rows of history are sorted by time");
    }
    await Deno.mkdir(join(this.folder, nameOfSymbol(symbol)), { recursive: true });
    using _lock = await this.#lock();
    for (const { year, range: part } of byYear(range)) {
      const known = await this.readYear(symbol, year);
      await this.#writeYear(symbol, year, {
        rows: replace(this.kind, known.rows, part, rows),
        covered: union(known.covered, [part]),
      });
    }
  }

  /** Takes a symbol's files away, and gives the times that they covered. */
  async remove(symbol: string): Promise<Range[]> {
    using _lock = await this.#lock();
    let covered: Range[] = [];
    for (const year of await this.years(symbol)) {
      covered = union(covered, (await this.readYear(symbol, year)).covered);
      await Deno.remove(this.fileOf(symbol, year));
    }
    return covered;
  }

  /** One lock for the shelf: writing is short against downloading. Lifted when it is closed. */
  async #lock(): Promise<Deno.FsFile> {
    const file = await Deno.open(join(this.folder, ".lock"), { create: true, write: true });
    await file.lock(true);
    return file;
  }

  async #readYear(symbol: string, year: number): Promise<Piece<R> | null> {
    const path = this.fileOf(symbol, year);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await Deno.readFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw new OperationError(`Cannot read ${path}: ${(error as Error).message}`);
    }
    try {
      return this.#pieceOf(decodeArrow(bytes), symbol);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new OperationError(
        `Cannot read ${path}: ${error.message}. Remove the file, and download or import it again`,
      );
    }
  }

  #pieceOf({ columns, metadata }: ArrowFile, symbol: string): Piece<R> {
    const own = metadataOf(metadata[METADATA_KEY]);
    if (own.symbol !== symbol || own.kind !== this.kind) {
      throw new RangeError(`it holds ${own.kind} rows of ${own.symbol}`);
    }
    const byName = new Map(columns.map((column) => [column.name, column]));
    const find = (name: string, type: "time" | "float64") => {
      const found = byName.get(name);
      if (found?.type !== type) throw new RangeError(`it has no column ${name} of ${type}`);
      return found.values;
    };
    const rows = emptyRows<R>(this.kind);
    rows.timeUs = find("time", "time");
    for (const { inFile, inMemory } of columnsOf(this.kind)) {
      Object.assign(rows, { [inMemory]: find(inFile, "float64") });
    }
    return { rows, covered: own.covered.map(([fromUs, toUs]) => ({ fromUs, toUs })) };
  }

  async #writeYear(symbol: string, year: number, { rows, covered }: Piece<R>): Promise<void> {
    const own: z.infer<typeof metadataSchema> = {
      version: 1,
      symbol,
      kind: this.kind,
      covered: covered.map(({ fromUs, toUs }) => [fromUs, toUs]),
    };
    const bytes = encodeArrow({
      columns: [
        { name: "time", type: "time", values: rows.timeUs },
        ...columnsOf(this.kind).map(({ inFile, inMemory }) => ({
          name: inFile,
          type: "float64" as const,
          values: column(rows, inMemory),
        })),
      ],
      metadata: { [METADATA_KEY]: JSON.stringify(own) },
    });
    const path = this.fileOf(symbol, year);
    // Under the lock one name is enough, and what a killed process left is written over. It is not
    // synced to the disk: history that a loss of power takes can be had again.
    const temporary = `${path}.tmp`;
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, path);
  }
}

function metadataOf(text: string | undefined): z.infer<typeof metadataSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text ?? "null");
  } catch {
    // Told below: it is none of ours.
  }
  const { success, data } = metadataSchema.safeParse(json);
  if (!success) throw new RangeError("it was not written by this version of Liu");
  return data;
}

/** The sources that have a folder, by name. */
export async function sourcesIn(root: string): Promise<Set<string>> {
  const folders = (await entriesOf(root)).filter(({ isDirectory }) => isDirectory);
  return new Set(folders.map(({ name }) => name).sort());
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new OperationError(`Cannot read ${folder}: ${(error as Error).message}`);
  }
}
