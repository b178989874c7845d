/** Main ⇄ a miner's worker. The database has a port of its own. */
import type { Json } from "../contracts/store.ts";
import type { AssetClass } from "../model/asset.ts";
import type { BarScale } from "../model/bars.ts";
import type { PluginSource } from "./consumer.ts";
import type { FailedMessage, LogMessage } from "./shared.ts";

export interface MinerStart {
  type: "start";
  main: MessagePort;
  /** To the store, which holds the miner to its tables. */
  store: MessagePort;
  miner: PluginSource;
  /** The exchange's date that is mined for. */
  date: string;
  /** What Date tells in the worker. */
  nowUs: number;
  control: SharedArrayBuffer; // src/engine/control.ts
  hasNet: boolean; // as for consumers
}

/** What main does for a miner. */
export type MinerAsk =
  | { what: "bars"; symbols: string[]; scale: BarScale; fromUs: number; toUs: number }
  | { what: "symbols"; assetClass: AssetClass }
  | { what: "reference"; symbols: string[] | null }
  | { what: "batches"; days: number }
  | { what: "analyze"; batchId: string };

export type MainToMiner =
  | { type: "answer"; id: number; value: unknown }
  | { type: "refusal"; id: number; errorName: string; message: string };

/** Rows that the database took, by table. */
export type WrittenRows = Record<string, number>;

export type MinerToMain =
  | { type: "ask"; id: number; ask: MinerAsk }
  | { type: "progress"; done: number; total: number; written: WrittenRows }
  | { type: "done"; result: Record<string, Json>; written: WrittenRows }
  /** `isOwn`: the miner's own code threw, and nothing that it had asked for. */
  | {
    type: "minerFailed";
    isOwn: boolean;
    errorName: string;
    message: string;
    stack: string;
    written: WrittenRows;
  }
  | LogMessage
  | FailedMessage;
