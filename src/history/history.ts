/**
 * Market data of the past, on disk: one loader for scanners, warm-up, backtests and notebooks.
 * Invariant: nothing later than asked is returned; what was downloaded once is not asked for again.
 */
import type { Clock } from "../contracts/clock.ts";
import type { BarsQuery, DataProvider } from "../contracts/provider.ts";
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { QuoteColumns, TradeColumns } from "../model/ticks.ts";
import { OperationError } from "../util/errors.ts";
import { errands, run, settledUs } from "./download.ts";
import { dropReadjusted } from "./readjust.ts";
import { overlap, type Range, union, without } from "./ranges.ts";
import { emptyRows, type Kind, replace, type Rows, slice } from "./rows.ts";
import { type Piece, Shelf, sourcesIn } from "./shelf.ts";
import { wrongRow } from "./wrong_row.ts";

/** raw: as traded; split: adjusted for splits; all: for dividends too. Crypto is always raw. */
export type Adjustment = BarsQuery["adjustment"];

export interface LoadOptions {
  symbols: readonly string[];
  fromUs: number;
  /** Exclusive: bars that start before it. */
  toUs: number;
}

export interface LoadBarsOptions extends LoadOptions {
  scale: BarScale;
  /**
   * Default: what is on disk, the first of split, raw, all; split, where it is downloaded. Of seconds,
   * which are made of trades, raw is the first.
   */
  adjustment?: Adjustment;
}

export interface DownloadOptions extends LoadOptions {
  scale: Kind;
  /** Of seconds, trades and quotes: raw. */
  adjustment: Adjustment;
}

export interface HistoryOptions {
  /** LIU_DATA/history. It need not be there. */
  folder: string;
  /** Where what is missing comes from; none: only what is on disk is given. */
  remote?: Remote;
}

export interface Remote {
  /** Whose folder it is: provider and feed, "alpaca_iex". */
  source: string;
  provider: DataProvider;
  /** The provider's time: what is later is not asked for. */
  clock: Clock;
}

export interface DownloadProgress {
  /** Of the calls that the download takes. */
  done: number;
  total: number;
  /** Rows that came so far. */
  rows: number;
  symbols: string[];
}

export interface Downloaded {
  /** Rows that came, and the calls of the provider that they took. */
  rows: number;
  calls: number;
  /** Symbols whose adjusted prices had changed, so that all of theirs was downloaded again. */
  readjusted: string[];
}

/** Where files come from that the user imported. */
export const IMPORTED = "import";
export const ADJUSTMENTS: readonly Adjustment[] = ["split", "raw", "all"];
/** Files read at once. */
const READS_MAX = 16;

/** A source's folder: prices that were adjusted in another way never stand in one file. */
export function folderOf(source: string, adjustment: Adjustment): string {
  return `${source}-${adjustment}`;
}

export class History {
  readonly folder: string;
  readonly #remote: Remote | null;

  constructor({ folder, remote }: HistoryOptions) {
    this.folder = folder;
    this.#remote = remote ?? null;
  }

  /**
   * Columns of each symbol, sorted by time; empty where there is nothing. Every call gives new
   * arrays. A symbol's bars are from one source: imported ones where there are any of that time,
   * else the remote's (downloaded, where they are missing), else any other on disk, in the order of
   * names. Throws OperationError for a damaged file or row, and what the provider throws.
   */
  async loadBars(
    options: LoadBarsOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Map<string, BarColumns>> {
    return await this.#load<BarColumns>(options, signal);
  }

  /** Symbols of which there are rows of the scale on disk, in their order. */
  async symbols(scale: Kind): Promise<string[]> {
    const found = new Set<string>();
    for (const source of await sourcesIn(this.folder)) {
      const shelf = new Shelf<Rows>(this.folder, source, scale);
      for (const symbol of await shelf.symbols()) found.add(symbol);
    }
    return [...found].sort();
  }

  /** As loadBars, trades at the prices that were paid. */
  async loadTrades(
    options: LoadOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Map<string, TradeColumns>> {
    return await this.#load<TradeColumns>(
      { ...options, scale: "trade", adjustment: "raw" },
      signal,
    );
  }

  async loadQuotes(
    options: LoadOptions,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Map<string, QuoteColumns>> {
    return await this.#load<QuoteColumns>(
      { ...options, scale: "quote", adjustment: "raw" },
      signal,
    );
  }

  async #load<R extends Rows>(options: Wanted, signal: AbortSignal): Promise<Map<string, R>> {
    const { scale, fromUs, toUs } = options;
    const range = { fromUs, toUs };
    const sources = await sourcesIn(this.folder);
    const found = await inTurns(options.symbols, (symbol) => {
      signal.throwIfAborted();
      return this.#find<R>(symbol, options, range, sources);
    });
    if (this.#remote !== null) {
      const own = [...found].filter(([, { folder }]) => folder.source === this.#remote!.source);
      await this.#fill(new Map(own), { scale, range, signal });
    }
    for (const [symbol, one] of found) this.#refuseWrong(symbol, scale, one);
    return new Map([...found].map(([symbol, { piece }]) => [symbol, piece.rows]));
  }

  /** Nothing is traded on rows that cannot be. */
  #refuseWrong(symbol: string, scale: Kind, { folder, piece: { rows } }: Found<Rows>): void {
    const wrong = wrongRow(scale, rows);
    if (wrong === null) return;
    const time = new Date(rows.timeUs[wrong.row]! / 1000);
    const file = this.#shelf(folder, scale).fileOf(symbol, time.getUTCFullYear());
    throw new OperationError(
      `Cannot use the history of ${symbol}: in ${file}, row of ${time.toISOString()}: ` +
        `${wrong.text}. Remove the file, and download or import it again (liu data check shows ` +
        "what else is damaged)",
    );
  }

  /**
   * Downloads what of the range is not on disk yet.
   * Throws what the provider throws; what came before is kept.
   */
  async download(
    options: DownloadOptions,
    onProgress: (progress: DownloadProgress) => void,
    signal: AbortSignal,
  ): Promise<Downloaded> {
    const { scale, fromUs, toUs } = options;
    const range = { fromUs, toUs };
    const found = await inTurns(options.symbols, async (symbol) => {
      const [adjustment] = adjustmentsOf(symbol, scale, options.adjustment);
      const folder = { source: this.#remote!.source, adjustment: adjustment! };
      return { folder, piece: await this.#read<Rows>(folder, scale, symbol, range) };
    });
    return await this.#fill(found, { scale, range, signal, onProgress });
  }

  /** What is on disk of the first source that has any of it; else nothing, of the remote. */
  async #find<R extends Rows>(
    symbol: string,
    { scale, adjustment }: Wanted,
    range: Range,
    sources: Set<string>,
  ): Promise<Found<R>> {
    const adjustments = adjustmentsOf(symbol, scale, adjustment);
    const remote = this.#remote?.source;
    const names = [...sources].map((name) => name.replace(/-[^-]*$/, ""));
    const inOrder = new Set([IMPORTED, ...remote === undefined ? names : [remote]]);
    for (const source of inOrder) {
      for (const adjustment of adjustments) {
        const folder = { source, adjustment };
        if (!sources.has(folderOf(source, adjustment))) continue;
        const piece = await this.#read<R>(folder, scale, symbol, range);
        if (piece.covered.length > 0) return { folder, piece };
      }
    }
    return {
      folder: { source: remote ?? IMPORTED, adjustment: adjustments[0]! },
      piece: { rows: emptyRows(scale), covered: [] },
    };
  }

  #read<R extends Rows>(
    folder: Folder,
    scale: Kind,
    symbol: string,
    range: Range,
  ): Promise<Piece<R>> {
    return this.#shelf<R>(folder, scale).read(symbol, range);
  }

  #shelf<R extends Rows>({ source, adjustment }: Folder, scale: Kind): Shelf<R> {
    return new Shelf<R>(this.folder, folderOf(source, adjustment), scale);
  }

  /** Asks the remote for what is missing, writes it, and puts it into what was found. */
  async #fill<R extends Rows>(found: Map<string, Found<R>>, options: {
    scale: Kind;
    range: Range;
    signal: AbortSignal;
    onProgress?: (progress: DownloadProgress) => void;
  }): Promise<Downloaded> {
    const { scale, range, signal, onProgress } = options;
    const { source, provider, clock } = this.#remote!;
    const nowUs = clock.nowUs();
    const asked = overlap(range, { fromUs: 0, toUs: nowUs });
    const result: Downloaded = { rows: 0, calls: 0, readjusted: [] };
    if (asked === null) return result;
    for (const adjustment of ADJUSTMENTS) {
      const shelf = this.#shelf<R>({ source, adjustment }, scale);
      const call = {
        provider,
        shelf,
        scale,
        adjustment,
        settledUs: settledUs(scale, nowUs),
        signal,
      };
      const missing = await this.#missing(found, asked, call, result);
      const calls = errands(missing, scale);
      for (const [done, errand] of calls.entries()) {
        signal.throwIfAborted();
        const { symbols } = errand;
        onProgress?.({ done, total: calls.length, rows: result.rows, symbols });
        const rows = await run(errand, call);
        for (const symbol of symbols) {
          const { piece } = found.get(symbol)!;
          const got = rows.get(symbol) ?? emptyRows<R>(scale);
          // What a new adjustment brings again may lie outside of what was asked.
          const wanted = slice(got, range.fromUs, range.toUs);
          piece.rows = replace(scale, piece.rows, errand.range, wanted);
          piece.covered = union(piece.covered, [errand.range]);
          result.rows += got.timeUs.length;
        }
      }
      result.calls += calls.length;
    }
    return result;
  }

  /** What must be asked for, of the symbols that are adjusted so. */
  async #missing<R extends Rows>(
    found: Map<string, Found<R>>,
    asked: Range,
    call: Parameters<typeof dropReadjusted>[1],
    result: Downloaded,
  ): Promise<{ symbol: string; range: Range }[]> {
    const lacking = [...found].filter(([, { folder, piece }]) =>
      folder.adjustment === call.adjustment && without(asked, piece.covered).length > 0
    );
    const dropped = await dropReadjusted(lacking.map(([symbol]) => symbol), call);
    result.readjusted.push(...dropped.keys());
    return lacking.flatMap(([symbol, { piece }]) => {
      const before = dropped.get(symbol);
      if (before === undefined) {
        return without(asked, piece.covered).map((range) => ({ symbol, range }));
      }
      Object.assign(piece, { rows: emptyRows<R>(call.scale), covered: [] });
      return union(before, [asked]).map((range) => ({ symbol, range }));
    });
  }
}

interface Folder {
  source: string;
  adjustment: Adjustment;
}

interface Found<R extends Rows> {
  folder: Folder;
  piece: Piece<R>;
}

type Wanted = LoadOptions & { scale: Kind; adjustment?: Adjustment };

/** Which prices may be taken, the best first. Nothing is split or paid out in crypto. */
function adjustmentsOf(
  symbol: string,
  scale: Kind,
  asked: Adjustment | undefined,
): readonly Adjustment[] {
  if (assetClassOf(symbol) === "crypto" || scale === "trade" || scale === "quote") return ["raw"];
  if (asked !== undefined) return [asked];
  return scale === "second" ? ["raw", "split", "all"] : ADJUSTMENTS;
}

/** What `work` gives for each symbol, in their order; some are worked on at once. */
async function inTurns<T>(
  symbols: readonly string[],
  work: (symbol: string) => Promise<T>,
): Promise<Map<string, T>> {
  const items = [...new Set(symbols)];
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_MAX, items.length) }, lane));
  return new Map(items.map((symbol, i) => [symbol, results[i]!]));
}
