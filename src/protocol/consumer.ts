/** Main ⇄ consumer. */
import type { Json } from "../contracts/store.ts";
import type { Asset } from "../model/asset.ts";
import type { BarColumns } from "../model/bars.ts";
import type { Bundle } from "../sandbox/bundle.ts";
import type {
  ClockSetting,
  FailedMessage,
  LogMessage,
  MarketMessage,
  ReturnedMessage,
  RunInfo,
  SessionWindow,
  SymbolsMessage,
} from "./shared.ts";

/** A strategy or scanner of the plan: one of Liu's own, or user code as one module text (src/sandbox). */
export interface PluginSource {
  /** Its name in the plan. */
  name: string;
  /** "builtin": the registry's name; "user": a data: URL of the bundled module. */
  from: { kind: "builtin"; builtin: string } | { kind: "user"; bundle: Bundle };
  parameters: Record<string, Json>;
}

export interface StrategySource extends PluginSource {
  schedule: { start: number; duration: number }[];
  keystore: { key: string; context: string; value: string }[];
}

export interface ConsumerStart {
  type: "start";
  index: number;
  main: MessagePort;
  gateway: MessagePort;
  /** Int32: 0 what runs (strategy index + 1, 0: nothing), 1 calls so far, 2 + i: stop flag of strategy i. */
  control: SharedArrayBuffer;
  /** Float64: 0 the producer's newest sequence number for this consumer. */
  sequence: SharedArrayBuffer;
  stepping: boolean;
  clock: ClockSetting;
  strategies: StrategySource[];
  /** The plan grants them hosts: they find `fetch` and its like. */
  hasNet: boolean;
  /** 0: the account's equity. */
  portfolioValue: number;
  events: ("second" | "minute" | "trade" | "quote")[];
}

/** A symbol that a consumer follows for some of its strategies. */
export interface FollowMessage {
  type: "follow";
  symbol: string;
  symbolId: number;
  asset: Asset;
  /** Strategies of this consumer, by run. */
  runIds: number[];
  /** Minute bars before now, for warm-up. */
  history: BarColumns;
  previousClose: number;
}

export type MainToConsumer =
  | ConsumerStart
  | SymbolsMessage
  | FollowMessage
  | MarketMessage
  | { type: "runs"; runs: RunInfo[] }
  | { type: "session"; windows: SessionWindow[] }
  /** History of a symbol: rows were lost (`fillsGap`), or it was corrected. */
  | { type: "refill"; symbol: string; history: BarColumns; fillsGap: boolean }
  /** The session's end: `close` of all strategies, then "stopped". */
  | { type: "stop" };

/** What a loaded strategy says of itself. */
export interface StrategyTraits {
  name: string;
  isCreated: boolean;
  runsAll: boolean;
  dayTrade: boolean;
  /** All its parameters, defaults included: they go to algo_run. */
  parameters: Record<string, Json>;
}

export type ConsumerToMain =
  | { type: "ready"; strategies: StrategyTraits[] }
  | ReturnedMessage
  /** A strategy no longer follows the symbol. */
  | { type: "reject"; runId: number; symbol: string; reason: string }
  /** User code threw: it is stopped. */
  | { type: "strategyFailed"; runId: number; message: string; stack: string }
  /** Older than 5 s: the rows up to the producer's newest were dropped; these symbols want a refill. */
  | { type: "outOfSync"; symbol: string; lagSeconds: number; rowsLost: number; symbols: string[] }
  /** Trades were corrected or taken back that bars are made of: the history knows better. */
  | { type: "corrected"; symbol: string }
  /** `corrections`: bars that came anew, trades that were corrected or taken back. */
  | { type: "counts"; rows: number; runs: number; lagMsMax: number; corrections: number }
  | { type: "stopped" }
  | LogMessage
  | FailedMessage;
