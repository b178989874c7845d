/** What a miner is and sees: a job for the hours when the market is closed, in a worker of its own. */
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { ParamTable } from "./params.ts";
import type { Json } from "./store.ts";
import type { StrategyLog } from "./strategy.ts";

/** Bars of the past, from disk first. */
export interface MineHistory {
  /** By symbol, of the range [fromUs, toUs): microseconds since the epoch. */
  bars(
    symbols: readonly string[],
    scale: BarScale,
    fromUs: number,
    toUs: number,
  ): Promise<ReadonlyMap<string, BarColumns>>;
  /** Symbols that can be traded. */
  symbols(assetClass?: "us_equity" | "crypto"): Promise<readonly string[]>;
}

/** The tables that the miner's section names; all others can be read only. */
export interface MineDatabase {
  /** Rows of a read-only query; numbers that float64 cannot hold are texts. */
  query(sql: string, parameters?: readonly Json[]): Promise<readonly Record<string, Json>[]>;
  /** Writes rows in bulk; one with a key that is there replaces it. */
  write(table: string, rows: readonly Record<string, Json>[]): Promise<void>;
}

export interface MineContext {
  readonly history: MineHistory;
  readonly db: MineDatabase;
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

  abstract run(context: MineContext): Promise<void>;
}
