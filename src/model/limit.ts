/** A share of the portfolio's value or an amount in account currency. */
export type Limit = { percent: number } | { money: number };

/** The limit in account currency; none: Infinity. */
export function limitMoney(limit: Limit | null, portfolioValue: number): number {
  if (limit === null) return Infinity;
  return "money" in limit ? limit.money : portfolioValue * limit.percent / 100;
}
