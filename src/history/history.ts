/**
 * Market data of the past, on disk: one loader for scanners, warm-up, backtests and notebooks.
 * Invariant: nothing later than asked is returned; what was downloaded once is not asked for again.
 */
import type { Clock } from "../contracts/clock.ts";
import type { BarsQuery, DataProvider } from "../contracts/provider.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";

/** raw: as traded; split: adjusted for splits; all: for dividends too. Crypto is always raw. */
export type Adjustment = BarsQuery["adjustment"];

export interface LoadBarsOptions {
  symbols: string[];
  scale: BarScale;
  fromUs: number;
  /** Exclusive: bars that start before it. */
  toUs: number;
  /** Default: what is on disk, the first of split, raw, all; split, where it is downloaded. */
  adjustment?: Adjustment;
}

export interface HistoryOptions {
  /** LIU_DATA/history. It need not be there. */
  folder: string;
  /** Where what is missing comes from; none: only what is on disk is given. */
  remote?: { source: string; provider: DataProvider; clock: Clock };
}

export interface History {
  /**
   * Columns of each symbol, sorted by time; empty where there is nothing. Every call gives new
   * arrays. Throws OperationError for a damaged file, and what the provider throws.
   */
  loadBars(options: LoadBarsOptions, signal?: AbortSignal): Promise<Map<string, BarColumns>>;
}
