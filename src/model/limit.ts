/** A share of the portfolio's value or an amount in account currency. */
export type Limit = { percent: number } | { money: number };

/** The limit in account currency; none: Infinity. */
export function limitMoney(limit: Limit | null, portfolioValue: number): number {
  if (limit === null) return Infinity;
  return "money" in limit ? limit.money : portfolioValue * limit.percent / 100;
}

/** What the gateway holds orders to. */
export interface RiskLimits {
  /** Account currency; Infinity: no limit. */
  maxNotionalPerOrder: number;
  maxNotionalPerSymbol: number;
  /** Of the account's equity since the session's start; beyond it entries are denied until the session ends. */
  maxDailyLoss: number;
  maxOpenOrders: number;
  /** Per cent that a limit price may be worse than the reference price, and a reference older than the market. */
  priceCollarPercent: number;
}

/** RiskLimits as the plan gives them: shares of the portfolio's value are worked out with the account. */
export interface RiskSettings {
  /** null: the account's equity at the start. */
  portfolioValue: number | null;
  /** null: no limit. */
  maxNotionalPerOrder: Limit | null;
  maxNotionalPerSymbol: Limit | null;
  maxDailyLoss: Limit | null;
  maxOpenOrders: number;
  priceCollarPercent: number | null;
}

/** The limits in account currency, with the account's equity at the start. */
export function riskLimits(settings: RiskSettings, equity: number): RiskLimits {
  const value = settings.portfolioValue ?? equity;
  return {
    maxNotionalPerOrder: limitMoney(settings.maxNotionalPerOrder, value),
    maxNotionalPerSymbol: limitMoney(settings.maxNotionalPerSymbol, value),
    maxDailyLoss: limitMoney(settings.maxDailyLoss, value),
    maxOpenOrders: settings.maxOpenOrders,
    priceCollarPercent: settings.priceCollarPercent ?? Infinity,
  };
}
