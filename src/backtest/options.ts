import type { Environment, Store } from "../contracts/store.ts";
import type { ConsumerOptions } from "../engine/consumer/options.ts";
import type { PluginRegistry } from "../engine/load_plugin.ts";
import type { ScannerSetup, SessionEvent } from "../engine/session_options.ts";
import type { AssetClass } from "../model/asset.ts";
import type { RiskSettings } from "../model/limit.ts";
import type {
  FeeSchedule,
  FillModelName,
  NightRates,
  SlippageSettings,
} from "../model/trading_costs.ts";
import type { SessionWindow, StrategySource } from "../protocol.ts";
import type { MarketData } from "../recorded/market_data.ts";
import type { LogSink } from "../util/log.ts";

export type BacktestScale = "day" | "minute" | "second" | "trade";

export interface BacktestOptions {
  batchId: string;
  buildNumber: string;
  environment?: Environment;
  /** Recorded data by symbol. What ends before `fromUs` is history. */
  data: MarketData;
  /**
   * day: strategies see daily bars only, one event a day at its close. second: second bars, given or
   * made of trades, each at its end; by them orders fill where bars fill them. minute, trade: minute
   * bars, and the trades and quotes that there are; trade wants some. Default minute.
   */
  scale?: BacktestScale;
  /** The clock begins here, and ends here at the latest; µs. */
  fromUs: number;
  toUs: number;
  strategies: StrategySource[];
  scanners: ScannerSetup[];
  /** Liu's own plug-ins by name. */
  registries: { strategies: PluginRegistry; scanners: PluginRegistry };
  assets: AssetClass[];
  symbolsMax: number;
  events: ("second" | "minute" | "trade" | "quote")[];
  /** 0: the account's equity. */
  portfolioValue: number;
  risk: RiskSettings;
  /** Day trades are closed this long before the close. */
  liquidationMinutes: number;
  /** End of the crypto session, minutes since the exchange's midnight; null: it has none. */
  cryptoEndMinutes: number | null;
  /** Account currency, a decimal text. */
  cash: string;
  fees?: Partial<FeeSchedule>;
  /** Default next_open. */
  fillModel?: FillModelName;
  /**
   * Of an event's size that orders may take, (0, 1]. Default null: by bars all they want, by quotes
   * and trades what these show.
   */
  volumeShare?: number | null;
  /** Keeps a record of what is decided, and where, in the result; it takes its time. */
  isRecorded?: boolean;
  /** Default: none of these. */
  slippage?: Partial<SlippageSettings>;
  nightRates?: Partial<NightRates>;
  latencyUs?: number;
  /** In the place of scanners: what is picked when, in the order of time. */
  picks?: RecordedPick[];
  /** By strategy: the run that this one is to be compared with, stored as its ref_algo_run. */
  refRuns?: Readonly<Record<string, number>>;
  /** `takesTrades` false: executions are in the result, and no row is made of them. */
  store: Pick<Store, "startRun" | "write"> & { takesTrades?: false };
  onEvent?(event: SessionEvent): void;
  log?: LogSink;
  /** What user code threw, with the author's lines. */
  describeThrown?(error: unknown): { message: string; stack: string };
  /** A word per strategy that stops it, as in a consumer's control block. */
  control?: SharedArrayBuffer;
  /** Hears of what is decided; for checks. */
  observer?: BacktestObserver;
  /** Called once, before user code is loaded: the worker's doors are closed here. */
  beforeUserCode?(nowUs: () => number): void;
}

export interface RecordedPick {
  timeUs: number;
  scanner: string;
  symbols: string[];
  /** Strategies that follow them. */
  targets: string[];
}

export interface BacktestObserver {
  onDecision: NonNullable<ConsumerOptions["onDecision"]>;
  /** Sessions begin, and with them what this says of the account. */
  onSession(windows: readonly SessionWindow[], account: AccountAtOpen): void;
}

export interface AccountAtOpen {
  /** Nothing is held, no order is open. */
  isFlat: boolean;
  /** Decimal text. */
  equity: string;
}

/** What of it crosses a port. */
export type BacktestSettings = Omit<
  BacktestOptions,
  | "registries"
  | "store"
  | "onEvent"
  | "log"
  | "describeThrown"
  | "control"
  | "observer"
  | "beforeUserCode"
>;

/** What code threw that is not a user's. */
export function describePlainly(error: unknown): { message: string; stack: string } {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  return { message, stack };
}
