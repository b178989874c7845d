/** Main ⇄ consumer. */
import type { Json } from "../contracts/store.ts";
import type { Asset } from "../model/asset.ts";
import type { BarColumns } from "../model/bars.ts";
import type { TargetPortfolio } from "../model/target_portfolio.ts";
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
  /** The portfolio that it trades towards, as its section names it, and as it stands. */
  targetName?: string | null;
  target?: TargetPortfolio | null;
}

export interface ConsumerStart {
  type: "start";
  index: number;
  main: MessagePort;
  /** null: it comes in the place of another, and the port with "resume". */
  gateway: MessagePort | null;
  /** What runs, stop flags, heartbeat: src/engine/control.ts. */
  control: SharedArrayBuffer;
  /** Float64: 0 the producer's newest sequence number for this consumer. */
  sequence: SharedArrayBuffer;
  stepping: boolean;
  clock: ClockSetting;
  strategies: StrategySource[];
  /** The plan grants them hosts: they find `fetch` and its like. */
  hasNet: boolean;
  /** The heap that its strategies may fill together, MB. */
  memoryMb: number;
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
  /** What the strategies kept of it before their consumer, or the trader, was replaced, by run. */
  states?: [runId: number, state: Json][];
}

/** Plain data of a strategy's state in a symbol. */
export interface StateCheckpoint {
  runId: number;
  symbol: string;
  state: Json;
}

export type MainToConsumer =
  | ConsumerStart
  | SymbolsMessage
  | FollowMessage
  | MarketMessage
  /** `was`: the run that this one continues, which reports may still name. */
  | { type: "runs"; runs: (RunInfo & { was?: number })[] }
  | { type: "session"; windows: SessionWindow[] }
  /** History of a symbol: rows were lost (`fillsGap`), or it was corrected. */
  | { type: "refill"; symbol: string; history: BarColumns; fillsGap: boolean }
  /** All is there that was there before it: what the gateway told meanwhile is worked off first. */
  | { type: "resume"; gateway: MessagePort }
  /** A strategy whose functions throw from now on, because it kept the consumer from its work. */
  | { type: "stopStrategy"; strategy: string; message: string }
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
  /** The heap is over its budget; `strategy` filled most of it since it was half full, null: nobody knows. */
  | { type: "overMemory"; strategy: string | null; heapMb: number }
  /** What is to be there again in a consumer that takes the place of this one: see checkpoints.ts. */
  | { type: "checkpoint"; states: StateCheckpoint[] }
  /** Older than 5 s: the rows up to the producer's newest were dropped; these symbols want a refill. */
  | { type: "outOfSync"; symbol: string; lagSeconds: number; rowsLost: number; symbols: string[] }
  /** Trades were corrected or taken back that bars are made of: the history knows better. */
  | { type: "corrected"; symbol: string }
  /** `corrections`: bars that came anew, trades that were corrected or taken back. */
  | { type: "counts"; rows: number; runs: number; lagMsMax: number; corrections: number }
  | { type: "stopped" }
  | LogMessage
  | FailedMessage;
