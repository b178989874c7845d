/**
 * Every message between main, gateway, consumers and the scanners' worker, in closed unions.
 *
 *   main ──market──▶ consumer ──intents──▶ gateway ──▶ broker
 *     ◀──returned──        ◀──reports──
 *
 * Invariant: market rows may be dropped, with a count; orders and reports never are.
 */
import type { BrokerAccount, BrokerPosition } from "./contracts/broker.ts";
import type { RiskSettings } from "./model/limit.ts";
import type { OrderAction } from "./contracts/decision.ts";
import type { Json, Operation } from "./contracts/store.ts";
import type { Asset, AssetClass } from "./model/asset.ts";
import type { BarColumns, BarScale } from "./model/bars.ts";
import type { OpenPosition } from "./model/open_position.ts";
import type { BrokerOrder, Side, TimeInForce } from "./model/order.ts";
import type { Bundle } from "./sandbox/bundle.ts";
import type { Snapshot } from "./contracts/provider.ts";

/** A log record of a worker, on its way to main's log. */
export interface LogMessage {
  type: "log";
  level: "debug" | "info" | "warning" | "error";
  category: string[];
  message: string;
  properties: Record<string, unknown>;
}

/** A worker could not go on. */
export interface FailedMessage {
  type: "failed";
  /** Name of the error's class: it decides the exit code. */
  errorName: string;
  message: string;
  stack: string | null;
}

/** One strategy on one consumer in one batch: a row of algo_run. */
export interface RunInfo {
  runId: number;
  strategy: string;
  consumer: number;
  dayTrade: boolean;
}

/** The account as strategies see it. */
export interface AccountFigures {
  /** Account currency. */
  cash: number;
  equity: number;
  buyingPower: number;
}

/** Rows for one receiver. The buffer is transferred, and returned for reuse. */
export interface MarketMessage {
  type: "market";
  buffer: ArrayBuffer;
  length: number;
  /** Sequence number of row 0 among the rows for this receiver. */
  firstSeq: number;
}

export type ReturnedMessage = { type: "returned"; buffer: ArrayBuffer };

/** Symbol ids from `first` on. Comes before the first row that uses them. */
export type SymbolsMessage = { type: "symbols"; first: number; names: string[] };

// ---------------------------------------------------------------- consumer → gateway

/** What a strategy decided, as numbers; one way, nothing waited for. */
export interface Intent {
  runId: number;
  /** Ascending per run, given by the consumer. */
  seq: number;
  symbol: string;
  action: OrderAction;
  /** Shares or coins; null where notional is given. */
  qty: number | null;
  notional: number | null;
  limitPrice: number | null;
  triggerPrice: number | null;
  /** Protection of the position: null leaves what there is. */
  stopPrice: number | null;
  targetPrice: number | null;
  timeInForce: TimeInForce | null;
  extendedHours: boolean;
  indicators: Json;
  /** Why it cannot be an order (a price that is not a number > 0, …): denied as "invalid_order". */
  problem: string | null;
  /** Newest quote of the deciding moment (the side that the order would meet), or the last price without one. */
  referencePrice: number;
  decidedUs: number;
}

export type ConsumerToGateway =
  | { type: "intent"; intent: Intent }
  | { type: "cancel"; runId: number; symbol: string; reason: string }
  | { type: "keystore"; runId: number; key: string; context: string; value: string }
  /** Step `n` is done here, with all that was decided in it. */
  | {
    type: "stepDone";
    n: number;
    intents: Intent[];
    cancels: { runId: number; symbol: string; reason: string }[];
    keystore: { runId: number; key: string; context: string; value: string }[];
  };

// ---------------------------------------------------------------- gateway → consumer

/** A run's own position in a symbol. */
export interface PositionFigures {
  /** Signed: a short is negative. */
  qty: number;
  averagePrice: number;
  openedUs: number;
  stopPrice: number | null;
  targetPrice: number | null;
}

export type OpenOrderFigures = {
  action: OrderAction;
  qty: number;
  filledQty: number;
  sinceUs: number;
};

/**
 * What became of a run's order in a symbol. Orders that the run did not ask for (protection, liquidation)
 * are reported alike.
 */
export interface OrderReport {
  type: "report";
  runId: number;
  symbol: string;
  event: "accepted" | "fill" | "denied" | "canceled" | "expired" | "rejected" | "order_status";
  /**
   * Newest intent (its `seq`) of this run in this symbol that the gateway had taken in by then, −1: none. A report
   * that crossed a newer intent on its way must not make the strategy believe that nothing is open.
   */
  intentSeq: number;
  /** Set with event "fill". */
  fill: {
    side: Side;
    qty: number;
    price: number;
    fee: number;
    timeUs: number;
    partial: boolean;
  } | null;
  /** Set with events "denied" (by risk) and "rejected" (by the broker). */
  denial: { by: "risk" | "broker"; code: string; message: string } | null;
  /** After the event; null: flat. */
  position: PositionFigures | null;
  /** The run's intent in this symbol that is on its way or open; null: `run` may be called again. */
  openOrder: OpenOrderFigures | null;
}

export type GatewayToConsumer =
  | OrderReport
  | { type: "account"; account: AccountFigures }
  /** Fills due in step `n` have been reported; strategies run on this account. */
  | { type: "stepBegin"; n: number; timeUs: number; account: AccountFigures }
  /** Values that other consumers' strategies wrote. */
  | { type: "keystore"; strategy: string; key: string; context: string; value: string };

// ---------------------------------------------------------------- main → gateway

/** First message of the gateway's worker; the keys are in it and nowhere else. */
export interface GatewayStart {
  type: "start";
  broker: string;
  /** As the broker's file wants them. */
  brokerOptions: Record<string, string>;
  risk: RiskSettings;
  batchId: string;
  journalDir: string;
  /** PROD is refused for a paper account and the other way round. */
  realMoney: boolean;
  store: MessagePort;
  consumers: MessagePort[];
}

export type MainToGateway =
  | GatewayStart
  | { type: "runs"; runs: RunInfo[] }
  | SymbolsMessage
  | MarketMessage
  /** What can be traded; answered by "assets". */
  | { type: "assets"; id: number; assetClass: AssetClass }
  /** Regular session of a class; market orders outside of it are denied. */
  | { type: "session"; assetClass: AssetClass; openUs: number; closeUs: number }
  /**
   * Cancels open orders and closes positions of day trades (or of all runs) in these classes; no entries after it.
   * Answered by "liquidating" when the first requests have been taken in, so that main can acknowledge the step,
   * and by "liquidated" when flat, or when `deadlineUs` of market time has passed.
   */
  | {
    type: "liquidate";
    id: number;
    scope: "day_trades" | "all";
    assetClasses: AssetClass[];
    reason: string;
    deadlineUs: number;
  }
  /** Cancels what is open, writes all that is to be written, and answers "stopped". */
  | { type: "stop" };

// ---------------------------------------------------------------- gateway → main

/** A line on the terminal: one execution. */
export interface TradeLine {
  type: "trade";
  timeUs: number;
  runId: number;
  symbol: string;
  operation: Operation;
  qty: string;
  price: string;
  fee: string;
  partial: boolean;
  /** Realised by it, account currency; null where it opened or added. */
  gain: number | null;
  /** What made the order: the strategy's indicators.why, "stop", "target", "liquidation". */
  reason: string;
}

export type GatewayToMain =
  | {
    type: "ready";
    account: BrokerAccount;
    /** Market seconds in a second, 0: the exchange goes by steps. */
    clock: { timeUs: number; rate: number };
    /** What the account had before: not Liu's, left alone. */
    positions: Pick<BrokerPosition, "symbol" | "qty">[];
    openOrders: Pick<BrokerOrder, "symbol" | "side" | "qty" | "type" | "clientOrderId">[];
  }
  | { type: "assets"; id: number; assets: Asset[] }
  | TradeLine
  | {
    type: "denial";
    timeUs: number;
    runId: number;
    symbol: string;
    by: "risk" | "broker";
    code: string;
    message: string;
  }
  | { type: "status"; account: AccountFigures; positions: number; openOrders: number }
  /** Positions of these symbols are watched by the gateway: it wants their rows. */
  | { type: "watch"; symbols: string[] }
  /** All intents and replies of step `n` are settled. */
  | { type: "stepComplete"; n: number }
  /** The first cancels and closing orders have been taken in: a step can go on. Fills come with later steps. */
  | { type: "liquidating"; id: number }
  /** Flat, or the deadline has passed. In stepping mode it is sent before the "stepComplete" of its step. */
  | { type: "liquidated"; id: number; flat: boolean; open: { symbol: string; qty: string }[] }
  | { type: "stopped"; open: OpenPosition[] }
  | ReturnedMessage
  | LogMessage
  | FailedMessage;

// ---------------------------------------------------------------- main ⇄ consumer

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

/** timeUs = baseUs + (wallMs − wallBaseMs) × 1000 × rate; rate 0: set by steps. */
export interface ClockSetting {
  baseUs: number;
  wallBaseMs: number;
  rate: number;
}

export interface SessionWindow {
  assetClass: AssetClass;
  date: string;
  openUs: number;
  closeUs: number;
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
  /** History of a symbol whose stream was interrupted. */
  | { type: "refill"; symbol: string; history: BarColumns }
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
  | { type: "counts"; rows: number; runs: number; lagMsMax: number }
  | { type: "stopped" }
  | LogMessage
  | FailedMessage;

// ---------------------------------------------------------------- main ⇄ scanners

export interface ScannersStart {
  type: "start";
  main: MessagePort;
  scanners: PluginSource[];
  clock: ClockSetting;
  control: SharedArrayBuffer; // Int32: i: stop flag of scanner i
  hasNet: boolean; // as for consumers
}

export type MainToScanners =
  | ScannersStart
  | { type: "scan"; id: number; scanner: string; timeUs: number; window: SessionWindow }
  | { type: "snapshots"; id: number; snapshots: Snapshot[]; shortable: string[] }
  | { type: "bars"; id: number; bars: Map<string, BarColumns> }
  | { type: "symbols"; id: number; symbols: string[] }
  | { type: "error"; id: number; message: string }
  | { type: "stop" };

export type ScannersToMain =
  | { type: "ready"; scanners: { name: string; fromMarketOpen: number }[] }
  | { type: "picked"; id: number; symbols: string[] }
  | { type: "scanFailed"; id: number; message: string; stack: string }
  | { type: "wantSnapshots"; id: number; symbols: string[] | null; timeUs: number }
  | {
    type: "wantBars";
    id: number;
    symbols: string[];
    scale: BarScale;
    count: number;
    timeUs: number;
  }
  | { type: "wantSymbols"; id: number; assetClass: AssetClass | null }
  | { type: "stopped" }
  | LogMessage
  | FailedMessage;
