import type { Clock } from "../contracts/clock.ts";
import type { DataProvider } from "../contracts/provider.ts";
import type { Environment, Store } from "../contracts/store.ts";
import type { AssetClass } from "../model/asset.ts";
import type { OpenPosition } from "../model/open_position.ts";
import type { RiskSettings } from "../model/limit.ts";
import type { ReconcilePeriods } from "../model/reconcile_periods.ts";
import type {
  AccountFigures,
  GatewayToMain,
  LogMessage,
  PlanOfSession,
  PluginSource,
  RunInfo,
  SessionWindow,
  StopOrders,
  StrategySource,
  TradeLine,
} from "../protocol.ts";
import type { Marks } from "./marks.ts";
import type { LogSink } from "../util/log.ts";

/** A session's own log: under its category, with plain data for the names in the text. */
export type SessionLog = (
  level: LogMessage["level"],
  text: string,
  properties?: Record<string, unknown>,
) => void;

/** A scanner of the plan. */
export interface ScannerSetup {
  source: PluginSource;
  /** null: it runs once. */
  recurrenceMinutes: number | null;
  /** Strategies that follow what it picks. */
  targets: string[];
  assetClass: AssetClass;
  /** Hosts that its code may reach. */
  netHosts: string[];
}

/** A strategy of the plan. */
export interface StrategySetup {
  source: StrategySource;
  /** Hosts that its code may reach; equal grants share consumers. */
  netHosts: string[];
  /** What becomes of its positions when it is stopped for what it did; null: as the session's. */
  onFailure?: OnFailure | null;
}

export type OnFailure = "keep" | "flatten";

/** How a session takes what goes wrong, and how it ends when it is stopped. */
export interface SupervisionOptions {
  /** What becomes of orders and positions when the trader is stopped. */
  onStop: StopOrders;
  onFailure: OnFailure;
  /** The heap that the strategies of a consumer may fill together. */
  memoryMb: number;
  /** Seconds without the database after which nothing is opened any more. */
  databaseSeconds: number;
}

/** What a session tells the outside, as it happens. */
export type SessionEvent =
  | { type: "phase"; timeUs: number; text: string }
  | { type: "scan"; timeUs: number; scanner: string; picked: string[]; added: string[] }
  | { type: "trade"; strategy: string; line: TradeLine }
  | { type: "denial"; strategy: string; denial: Extract<GatewayToMain, { type: "denial" }> }
  | { type: "reject"; timeUs: number; strategy: string; symbol: string; reason: string }
  | { type: "strategyFailed"; strategy: string; message: string; stack: string }
  | { type: "lost"; symbol: string; lagSeconds: number; rowsLost: number }
  | {
    type: "status";
    timeUs: number;
    account: AccountFigures;
    positions: number;
    openOrders: number;
    symbols: number;
    rows: number;
    dropped: number;
  };

export interface SessionOptions {
  batchId: string;
  buildNumber: string;
  environment: Environment;
  /** Makes the provider, which runs on the session's clock. */
  provider: (clock: Clock) => DataProvider;
  store: Store;
  /** Hears whether records are taken: by the database, or at least by the spool. null: they are. */
  watchStore(listener: (trouble: { database: string | null; spool: string | null }) => void): void;
  /** A port of the store's for the gateway. */
  storePort: MessagePort;
  gateway: {
    broker: string;
    brokerOptions: Record<string, string>;
    /** "host:port" of the broker. */
    hosts: string[];
    journalFolder: string;
    /** Where the kill switch's file is, or is not. */
    killFolder: string;
    risk: RiskSettings;
    reconcile: ReconcilePeriods;
    /** Clocks may be so far from the broker's. */
    clockSkewMsMax: number;
  };
  supervision: SupervisionOptions;
  /** Where it is noted who is left out when the trader starts again. */
  marks: Pick<Marks, "leaveOut" | "running">;
  /** See PlanOfSession: whether a batch is carried on. */
  recovery: Pick<PlanOfSession, "digest" | "isNewBatch" | "unknownPositions">;
  scanners: ScannerSetup[];
  strategies: StrategySetup[];
  assets: AssetClass[];
  /** Consumers for strategies without grants of their own. */
  consumers: number;
  symbolsMax: number;
  /** 0: the account's equity. */
  portfolioValue: number;
  events: ("second" | "minute" | "trade" | "quote")[];
  /** Day trades are closed this long before the close. */
  liquidationMinutes: number;
  /** End of the crypto session, minutes since the exchange's midnight; null: when it is stopped. */
  cryptoEndMinutes: number | null;
  /** Scanners run, nothing is followed. */
  testScanners: boolean;
  /** All has begun: from here on it trades. `isAlive`: gateway and consumers come to their work. */
  onReady?(isAlive: () => boolean): void;
  onEvent(event: SessionEvent): void;
  log: LogSink;
  /** Aborted: the session ends in order. */
  signal: AbortSignal;
}

export interface SessionResult {
  /** The one given, or that of the batch that was carried on. */
  batchId: string;
  endReason: string;
  /** Market time of the end. */
  endUs: number;
  windows: SessionWindow[];
  runs: RunInfo[];
  /** Strategies that ran over a collection. */
  collections: string[];
  rows: number;
  dropped: number;
  /** The greatest age of market data that a consumer told of. */
  lagSecondsMax: number;
  /** The account's cash when the batch began (null: not known), and now, in its currency. */
  cash: { before: number | null; after: number };
  /** Positions that the session left, and what protects them now. */
  open: OpenPosition[];
  /** What could not be done in time at its end, each as a sentence. */
  notDone: string[];
}
