/** Main ⇄ gateway. */
import type { BrokerAccount, BrokerPosition, BrokerSession } from "../contracts/broker.ts";
import type { Operation } from "../contracts/store.ts";
import type { Asset, AssetClass } from "../model/asset.ts";
import type { RiskSettings } from "../model/limit.ts";
import type { OpenOrder } from "../model/open_order.ts";
import type { ReconcilePeriods } from "../model/reconcile_periods.ts";
import type { OpenPosition, PositionDifference } from "../model/open_position.ts";
import type { BrokerOrder } from "../model/order.ts";
import type { Restriction, RestrictionCause, TradingState } from "../model/trading_state.ts";
import type {
  AccountFigures,
  FailedMessage,
  LogMessage,
  MarketMessage,
  ReturnedMessage,
  RunInfo,
  SymbolsMessage,
} from "./shared.ts";

/** First message of the gateway's worker; the keys are in it and nowhere else. */
export interface GatewayStart {
  type: "start";
  broker: string;
  /** As the broker's file wants them. */
  brokerOptions: Record<string, string>;
  risk: RiskSettings;
  /** Not heeded where the exchange goes by steps. */
  reconcile: ReconcilePeriods;
  /** Of a new batch; one that is carried on keeps its own. */
  batchId: string;
  journalDir: string;
  /** Where the kill switch's file is, or is not. */
  killFolder: string;
  plan: PlanOfSession;
  /** PROD is refused for a paper account and the other way round. */
  realMoney: boolean;
  /** Clocks may be so far from the broker's. */
  clockSkewMsMax: number;
  store: MessagePort;
  consumers: MessagePort[];
}

/** What decides whether a batch that was cut short is carried on, and what becomes of positions. */
export interface PlanOfSession {
  /** Of the plan, its files, and what else makes runs what they are. */
  digest: string;
  assetClasses: AssetClass[];
  /** End of the crypto session, minutes since the exchange's midnight; null: when it is stopped. */
  cryptoEndMinutes: number | null;
  /** True: nothing is carried on, and what the account holds is EXTERNAL. */
  isNewBatch: boolean;
  /** What is done about positions that the account has and nobody knows of. */
  unknownPositions: "external" | "halt";
}

/** What was found of an earlier start. */
export interface Recovered {
  /** Of a batch that goes on under its id; else the one whose positions were taken over. */
  batchId: string;
  isSameBatch: boolean;
  /** Its runs: they are over. */
  runs: RunInfo[];
  /** What they hold, or have orders for. */
  held: { runId: number; symbol: string; qty: string }[];
}

export type MainToGateway =
  | GatewayStart
  /** `continued`: what earlier runs hold is these runs' from now on. */
  | { type: "runs"; runs: RunInfo[]; continued?: { from: number; to: number }[] }
  | SymbolsMessage
  | MarketMessage
  /** What can be traded; answered by "assets". */
  | { type: "assets"; id: number; assetClass: AssetClass }
  /** Regular session of a class; market orders outside of it are denied. */
  | { type: "session"; assetClass: AssetClass; openUs: number; closeUs: number }
  /** Trading in a symbol is halted, or goes on: entries are denied, and open ones cancelled. */
  | { type: "halted"; symbol: string; isHalted: boolean }
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
    /** Of these runs only. */
    runIds?: number[];
    reason: string;
    deadlineUs: number;
  }
  /** Not all orders are let through from now on; one restriction a cause. Answered by "state". */
  | { type: "restrict"; cause: RestrictionCause; state: Restriction["state"]; reason: string }
  | { type: "lift"; cause: RestrictionCause }
  /** Answered by "pong", by whoever comes to its work. */
  | { type: "ping" }
  /** A consumer is gone; what is told to its place waits in this port for the next. */
  | { type: "consumer"; consumer: number; port: MessagePort }
  /**
   * Runs go on under other numbers: positions, orders and protections go with them. Their consumer
   * is told what they have. Answered by "handedOver".
   */
  | { type: "handOver"; id: number; consumer: number; runs: { from: number; run: RunInfo }[] }
  /**
   * These runs' strategies are stopped: their entries are cancelled; what they hold is kept with its
   * protection, or closed. Answered by "abandoned".
   */
  | { type: "abandon"; id: number; runIds: number[]; flatten: boolean; reason: string }
  /** What there is now; answered by "inspected". */
  | { type: "inspect"; id: number }
  /**
   * Writes all that is to be written, and answers "stopped". Open orders and positions are dealt
   * with as `orders` says; what is not done at `withinMs` is told as open.
   */
  | { type: "stop"; orders: StopOrders; withinMs: number };

/**
 * What a trader that stops does with what it has. "keep": orders and positions stay; "cancel":
 * orders are cancelled, but for what protects positions; "flatten": positions are closed too.
 */
export type StopOrders = "keep" | "cancel" | "flatten";

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
    /** The one that was given, or that of the batch that is carried on. */
    batchId: string;
    recovered: Recovered | null;
    account: BrokerAccount;
    /** The account's cash when the batch began, decimal text; null: not known. */
    cashAtStart: string | null;
    /** Market seconds in a second, 0: the exchange goes by steps. */
    clock: { timeUs: number; rate: number };
    /** The next sessions by the broker's calendar; none: it has none. */
    sessions: BrokerSession[];
    /** What the account had before: not Liu's, left alone. */
    positions: Pick<BrokerPosition, "symbol" | "qty">[];
    openOrders: Pick<BrokerOrder, "symbol" | "side" | "qty" | "type" | "clientOrderId">[];
  }
  /** The journal has been read; what is told next is of these runs. */
  | { type: "carriesOn"; runs: RunInfo[] }
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
  | {
    type: "inspected";
    id: number;
    positions: OpenPosition[];
    openOrders: OpenOrder[];
    /** What the account holds that is not Liu's. */
    external: { symbol: string; qty: string }[];
  }
  /** What is let through has changed. */
  | { type: "state"; state: TradingState; restrictions: Restriction[] }
  /** Positions of these symbols are watched by the gateway: it wants their rows. */
  | { type: "watch"; symbols: string[] }
  /** All intents and replies of step `n` are settled. */
  | { type: "stepComplete"; n: number }
  /** The first cancels and closing orders have been taken in: a step can go on. Fills come with later steps. */
  | { type: "liquidating"; id: number }
  /** Flat, or the deadline has passed. In stepping mode it is sent before the "stepComplete" of its step. */
  | { type: "liquidated"; id: number; flat: boolean; open: { symbol: string; qty: string }[] }
  | { type: "pong" }
  | { type: "handedOver"; id: number }
  | { type: "abandoned"; id: number; open: OpenPosition[] }
  /**
   * `orders`: those that are still open, but for what protects positions. `differences`: from the
   * broker's positions, live; none is known of where these could not be read.
   */
  | {
    type: "stopped";
    open: OpenPosition[];
    orders: number;
    differences: PositionDifference[];
  }
  | ReturnedMessage
  | LogMessage
  | FailedMessage;
