/** What a miner is and sees: a job for the hours when the market is closed, in a worker of its own. */
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { TickerReference } from "./provider.ts";
import type { ParamTable } from "./params.ts";
import type { Json } from "./store.ts";
import type { StrategyLog } from "./strategy.ts";

/** Bars of the past, from disk first. */
export interface MineHistory {
  /**
   * By symbol, of the range [fromUs, toUs): microseconds since the epoch. Nothing is later than the
   * end of the run's date. A symbol of which there is nothing has empty columns.
   */
  bars(
    symbols: readonly string[],
    scale: BarScale,
    fromUs: number,
    toUs: number,
  ): Promise<ReadonlyMap<string, BarColumns>>;
  /** Symbols that can be traded, in their order. */
  symbols(assetClass?: "us_equity" | "crypto"): Promise<readonly string[]>;
}

/** The tables that the miner's section names; all others can be read only. */
export interface MineDatabase {
  /**
   * Rows of one read-only query, whose parameters are $1, $2 …; a list of texts or numbers is an
   * array of Postgres. Numbers that float64 cannot hold, such as numeric and bigint, are texts.
   * Functions that change something, or wait, are refused. At most a million rows, within a minute.
   */
  query(sql: string, parameters?: readonly Json[]): Promise<readonly Record<string, Json>[]>;
  /**
   * Writes rows in bulk, all with the same columns, among them those of a unique key of the table;
   * one with a key that is there gets these columns' values. Up to 100,000 rows are written whole
   * or not at all.
   */
  write(table: string, rows: readonly Record<string, Json>[]): Promise<void>;
}

/** Batches of trading and of backtests. */
export interface MineBatches {
  /** Those that began in the `days` days up to the run's date, oldest first. */
  recent(days: number): Promise<readonly { batchId: string; environment: string }[]>;
  /** Works out gain_loss and trade_analysis of a batch anew, as at a session's end, and stores them. */
  analyze(batchId: string): Promise<{ gains: number; trades: number }>;
}

export interface MineContext {
  /** The exchange's date that is mined for: --date, or the last session that is over. */
  readonly date: string;
  readonly history: MineHistory;
  readonly db: MineDatabase;
  readonly batches: MineBatches;
  /** What the provider says of these symbols beside prices, of all that can be traded with none. */
  reference(symbols?: readonly string[]): Promise<ReadonlyMap<string, TickerReference>>;
  /** Shows how far it is. */
  progress(done: number, total: number): void;
  readonly log: StrategyLog;
}

/** Base of all miners. */
export abstract class Miner {
  static params: ParamTable = {};

  // deno-lint-ignore no-explicit-any -- typed by `declare readonly params: ParamValues<typeof X.params>`
  readonly params: Readonly<Record<string, any>>;
  /** As miner.toml calls it. */
  readonly name: string;

  /** Called by the engine. */
  constructor(context: { name: string; params: Readonly<Record<string, unknown>> }) {
    this.params = context.params;
    this.name = context.name;
  }

  /** What it gives is shown at the end: plain data, "symbols: 120". */
  abstract run(context: MineContext): Promise<Record<string, Json> | void>;
}
