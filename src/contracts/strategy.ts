/**
 * What a strategy is and sees. Strategies run in a consumer's worker, synchronously, and may touch nothing but
 * what is given to them here.
 */
import type { IndicatorSet } from "../fincalcs/indicators.ts";
import type { BarSeries } from "../model/bar_series.ts";
import type { AssetClass } from "../model/asset.ts";
import type { Decision } from "./decision.ts";
import type { TargetPortfolio } from "../model/target_portfolio.ts";
import type { ParamTable } from "./params.ts";

/** Day trades are liquidated before the close, swing positions are kept over it. */
export type StrategyType = "day_trade" | "swing";

/** Minutes from the open in which a strategy buys. */
export interface ScheduleWindow {
  start: number;
  duration: number;
}

/**
 * A log that reaches the terminal and the log file of the trader, under the strategy's name. The
 * message is shown as it is, braces too; `properties` follow it.
 */
export interface StrategyLog {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warning(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

/** A strategy's global variables: kept over batches and restarts, the last value wins. */
export interface Keystore {
  get(key: string, context?: string): string | null;
  set(key: string, value: string, context?: string): void;
}

/** What the engine gives a strategy before anything else of it is called. */
export interface StrategyContext {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly schedule: readonly ScheduleWindow[];
  readonly log: StrategyLog;
  readonly keystore: Keystore;
  readonly targetPortfolio: TargetPortfolio | null;
}

/** Made once per symbol and strategy; the indicators it makes are fed with each completed minute bar. */
export interface SymbolSetup extends IndicatorSet {
  readonly symbol: string;
  readonly assetClass: AssetClass;
}

/** The event's time, in the terms of the symbol's session. */
export interface MarketTime {
  /** Microseconds since the epoch. */
  readonly us: number;
  /** The exchange's date, "YYYY-MM-DD". */
  readonly date: string;
  /** Minutes since the session's open, negative before it; crypto's session opens at the exchange's midnight. */
  readonly minutesSinceOpen: number;
  /** Minutes until the session's close, negative after it. */
  readonly minutesUntilClose: number;
}

export interface Today {
  /** NaN before the day's first bar or trade. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  readonly volume: number;
  readonly vwap: number;
  /** Close of the session before, NaN where unknown. */
  readonly previousClose: number;
  /** Per cent from the close before to today's open. */
  readonly gapPercent: number;
}

/** The newest complete second, built from trades; NaN where none has been. */
export interface SecondView {
  readonly timeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly vwap: number;
}

/** The newest quote, NaN where none has come. Sizes in shares or coins. */
export interface QuoteView {
  readonly bidPrice: number;
  readonly bidSize: number;
  readonly askPrice: number;
  readonly askSize: number;
}

/** Volume-order imbalance of the quotes. */
export interface VoiView {
  /** The exponential average, NaN before the second quote. */
  readonly value: number;
  /** The last 10 averages, oldest first (a copy). */
  last(): Float64Array;
}

/** This strategy's own position in this symbol. */
export interface PositionView {
  readonly side: "long" | "short";
  /** > 0 on both sides. */
  readonly qty: number;
  readonly averagePrice: number;
  readonly openedUs: number;
  /** Gain at the last price, in quote currency, without fees. */
  readonly unrealised: number;
  /** null where the position is not protected. */
  readonly stopPrice: number | null;
  readonly targetPrice: number | null;
}

/** What is on its way or open of this strategy in this symbol. */
export interface OpenOrderView {
  readonly action: "buy" | "sell" | "short" | "cover";
  readonly qty: number;
  readonly filledQty: number;
  readonly sinceUs: number;
}

/** The account as it stood when the event's step began. Account currency. */
export interface PortfolioView {
  /** The plan's portfolio_value, or the account's equity where the plan has none. */
  readonly value: number;
  readonly cash: number;
  readonly buyingPower: number;
}

/** Quantities for an order, at the last price; whole unless the symbol can be traded in fractions. Never below 0. */
export interface SizeView {
  /** So many that reaching `stopPrice` loses `risk` (account currency); bounded by the buying power. */
  byRisk(risk: number, stopPrice: number): number;
  /** So many that cost at most `amount`; bounded by the buying power. */
  byNotional(amount: number): number;
  /** A share (0–1) of the portfolio's value; bounded by the buying power. */
  byShareOfPortfolio(share: number): number;
}

export type TickEvent = "second" | "minute" | "trade" | "quote" | "session";

/** An event of a followed symbol, and all that may be known at its time. Reused for each event: keep no reference. */
export interface Tick<S extends Strategy = Strategy> {
  readonly symbol: string;
  readonly event: TickEvent;
  readonly bars: BarSeries;
  readonly today: Today;
  readonly second: SecondView;
  readonly quote: QuoteView;
  readonly voi: VoiView;
  /** null when flat. */
  readonly position: PositionView | null;
  readonly openOrder: OpenOrderView | null;
  readonly portfolio: PortfolioView;
  readonly shortable: boolean;
  readonly time: MarketTime;
  readonly keystore: Keystore;
  readonly log: StrategyLog;
  readonly state: ReturnType<S["setup"]>;
  readonly size: SizeView;
}

/** All symbols of a strategy, for runAll. */
export interface Collection<S extends Strategy = Strategy> extends Iterable<Tick<S>> {
  readonly symbols: readonly string[];
  readonly time: MarketTime;
  readonly portfolio: PortfolioView;
  /** undefined for a symbol that is not followed. */
  get(symbol: string): Tick<S> | undefined;
}

/** One execution of this strategy's order. */
export interface FillView {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly qty: number;
  readonly price: number;
  readonly fee: number;
  readonly timeUs: number;
  /** More of the same order may follow. */
  readonly partial: boolean;
  /** Signed position after it; a short is negative. */
  readonly positionQty: number;
}

export interface DenialView {
  readonly symbol: string;
  readonly by: "risk" | "broker";
  readonly code: string;
  readonly message: string;
}

/**
 * Base of all strategies. The least that must be written is `run`.
 *
 * While an order of the strategy in a symbol is on its way or open, `run` is not called for that symbol, unless
 * `static whileOpen = true`.
 */
export abstract class Strategy {
  static params: ParamTable = {};
  static type: StrategyType = "day_trade";
  static whileOpen = false;
  /** Minutes between two calls of runAll. */
  static runAllMinutes = 5;

  // deno-lint-ignore no-explicit-any -- typed by `declare readonly params: ParamValues<typeof X.params>`
  readonly params: Readonly<Record<string, any>>;
  /** As the plan calls it. */
  readonly name: string;
  readonly log: StrategyLog;
  readonly keystore: Keystore;
  readonly schedule: readonly ScheduleWindow[];
  /**
   * What its section's target_portfolio names, as it stood when the session began; its symbols are
   * followed. null: the section names none, or none has been computed.
   */
  readonly targetPortfolio: TargetPortfolio | null;

  /** Called by the engine; a strategy that has a constructor of its own hands the context on. */
  constructor(context: StrategyContext) {
    this.params = context.params;
    this.name = context.name;
    this.log = context.log;
    this.keystore = context.keystore;
    this.schedule = context.schedule;
    this.targetPortfolio = context.targetPortfolio;
  }

  /** False: the strategy is not run in this session. */
  create(): boolean {
    return true;
  }

  /** Once per symbol, before its first event: indicators, and the state that belongs to the symbol. */
  // deno-lint-ignore no-explicit-any -- each strategy has its own state
  setup(_symbol: SymbolSetup): any {
    return {};
  }

  /** Each event of a followed symbol. Nothing returned: nothing done. */
  abstract run(tick: Tick<this>): Decision | void;

  /** True: the strategy works on all its symbols together; runAll is called too. */
  shouldRunAll(): boolean {
    return false;
  }

  /** All symbols together: decisions by symbol. */
  runAll(_collection: Collection<this>): Iterable<[symbol: string, decision: Decision]> {
    return [];
  }

  onFill(_fill: FillView, _tick: Tick<this>): void {}

  onDenied(_denial: DenialView, _tick: Tick<this>): void {}

  /** The stream was interrupted: bars since then were refilled from history. */
  onGap(_tick: Tick<this>): void {}

  /** The session's end, once. */
  close(): void {}

  /** Inside the plan's schedule windows; always, where it has none. */
  isBuyTime(time: MarketTime): boolean {
    if (this.schedule.length === 0) return time.minutesUntilClose > 0;
    return this.schedule.some((window) =>
      time.minutesSinceOpen >= window.start &&
      time.minutesSinceOpen < window.start + window.duration
    );
  }

  /** From 15 minutes after the open on. */
  isSellTime(time: MarketTime): boolean {
    return time.minutesSinceOpen >= 15;
  }
}
