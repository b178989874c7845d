/** A share of the portfolio's value or an amount in account currency. */
export type Limit = { percent: number } | { money: number };

/** The limit in account currency; none: Infinity. */
export function limitMoney(limit: Limit | null | undefined, portfolioValue: number): number {
  if (limit === null || limit === undefined) return Infinity;
  return "money" in limit ? limit.money : portfolioValue * limit.percent / 100;
}

/** So many trades lost in a row are followed by so many minutes without entries. */
export interface LossStreak {
  trades: number;
  minutes: number;
}

/** What the gateway holds orders to. */
export interface RiskLimits {
  /** Account currency; Infinity: no limit. */
  maxNotionalPerOrder: number;
  maxNotionalPerSymbol: number;
  /** Of all runs of a strategy. */
  maxNotionalPerStrategy: number;
  /** Longs and shorts of all strategies added up. */
  maxGrossExposure: number;
  /** Of an equity order. */
  maxSharesPerOrder: number;
  /** In any 60 seconds of market time; exits count, but are not held back. */
  maxOrdersPerMinute: number;
  maxSharesPerMinute: number;
  /** Of the account's equity since the session's start; beyond it entries are denied until the session ends. */
  maxDailyLoss: number;
  /** Of the account's equity, from its highest of the session. */
  maxDrawdown: number;
  /** What follows when a loss limit is reached: no entries, or none and all positions closed. */
  onLoss: "reduce" | "flatten";
  maxOpenOrders: number;
  /** Per cent that a limit price may be worse than the reference price, and a reference older than the market. */
  priceCollarPercent: number;
  /** Of a strategy in a symbol; null: no limit. */
  lossStreak: LossStreak | null;
  /** The rule for accounts below 25,000: no entry that could become the fourth day trade in five days. */
  isPatternDayTrader: boolean;
  /** Symbols in which only exits are let through. */
  reduceOnly: "all" | readonly string[];
}

/** RiskLimits as the plan gives them: shares of the portfolio's value are worked out with the account. */
export interface RiskSettings {
  /** null: the account's equity at the start. */
  portfolioValue: number | null;
  /** null, or missing: no limit. */
  maxNotionalPerOrder: Limit | null;
  maxNotionalPerSymbol: Limit | null;
  maxNotionalPerStrategy?: Limit | null;
  maxGrossExposure?: Limit | null;
  maxSharesPerOrder?: number | null;
  maxOrdersPerMinute?: number | null;
  maxSharesPerMinute?: number | null;
  maxDailyLoss: Limit | null;
  maxDrawdown?: Limit | null;
  onLoss?: "reduce" | "flatten";
  maxOpenOrders: number;
  priceCollarPercent: number | null;
  lossStreak?: LossStreak | null;
  isPatternDayTrader?: boolean;
  reduceOnly?: "all" | readonly string[];
}

/** The limits in account currency, with the account's equity at the start. */
export function riskLimits(settings: RiskSettings, equity: number): RiskLimits {
  const value = settings.portfolioValue ?? equity;
  return {
    maxNotionalPerOrder: limitMoney(settings.maxNotionalPerOrder, value),
    maxNotionalPerSymbol: limitMoney(settings.maxNotionalPerSymbol, value),
    maxNotionalPerStrategy: limitMoney(settings.maxNotionalPerStrategy, value),
    maxGrossExposure: limitMoney(settings.maxGrossExposure, value),
    maxSharesPerOrder: settings.maxSharesPerOrder ?? Infinity,
    maxOrdersPerMinute: settings.maxOrdersPerMinute ?? Infinity,
    maxSharesPerMinute: settings.maxSharesPerMinute ?? Infinity,
    maxDailyLoss: limitMoney(settings.maxDailyLoss, value),
    maxDrawdown: limitMoney(settings.maxDrawdown, value),
    onLoss: settings.onLoss ?? "reduce",
    maxOpenOrders: settings.maxOpenOrders,
    priceCollarPercent: settings.priceCollarPercent ?? Infinity,
    lossStreak: settings.lossStreak ?? null,
    isPatternDayTrader: settings.isPatternDayTrader ?? false,
    reduceOnly: settings.reduceOnly ?? [],
  };
}

/** Nothing is limited. */
export const NO_LIMITS: RiskLimits = Object.freeze(
  riskLimits({
    portfolioValue: null,
    maxNotionalPerOrder: null,
    maxNotionalPerSymbol: null,
    maxDailyLoss: null,
    maxOpenOrders: Infinity,
    priceCollarPercent: null,
  }, 0),
);
