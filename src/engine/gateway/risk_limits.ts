/** How much an entry may be: the plan's limits and the account's buying power. */
import type { Decimal } from "../../util/decimal.ts";
import { type Denied, denied } from "./denials.ts";
import type { RiskView } from "./risk_view.ts";

/** A short sale at the market binds more than its price, as Alpaca reckons it. */
const SHORT_MARGIN = 1.03;

/** Account currency that the entry may bind. What is not limited is not worked out. */
export function checkLimits(view: RiskView, qty: Decimal): number | Denied {
  const { intent, limits } = view;
  const price = Math.max(intent.limitPrice ?? 0, intent.triggerPrice ?? 0, intent.referencePrice);
  const bound = intent.action === "buy" && intent.limitPrice !== null ? intent.limitPrice : price;
  const size = qty.toNumber();
  const notional = size * bound;
  if (limits.isPatternDayTrader) {
    const problem = view.dayTradeProblem;
    if (problem !== null) return denied("day_trades", problem);
  }
  if (view.openOrders >= limits.maxOpenOrders) {
    return denied("max_open_orders", `${view.openOrders} orders are open`);
  }
  const many = checkShares(view, size);
  if (many !== null) return many;
  const much = checkNotional(view, notional);
  if (much !== null) return much;
  const reserve = intent.action === "short" ? notional * SHORT_MARGIN : notional;
  if (view.surelyAffords(reserve)) return reserve;
  const { buyingPower } = view;
  if (!(reserve > buyingPower)) return reserve;
  return denied("buying_power", `needs ${money(reserve)}, ${money(buyingPower)} is left`);
}

/** Shares are an equity's: coins are limited by what they are worth. */
function checkShares(view: RiskView, size: number): Denied | null {
  const { maxOrdersPerMinute, maxSharesPerOrder, maxSharesPerMinute } = view.limits;
  if (maxOrdersPerMinute < Infinity) {
    const { ordersLastMinute } = view;
    if (ordersLastMinute >= maxOrdersPerMinute) {
      return denied("max_orders_per_minute", `${ordersLastMinute} orders in the last minute`);
    }
  }
  if (view.asset!.assetClass === "crypto") return null;
  if (size > maxSharesPerOrder) {
    return denied("max_shares_per_order", `${size} is more than ${maxSharesPerOrder}`);
  }
  if (maxSharesPerMinute < Infinity) {
    const shares = view.sharesLastMinute + size;
    if (shares > maxSharesPerMinute) {
      const message = `${shares} in the last minute is more than ${maxSharesPerMinute}`;
      return denied("max_shares_per_minute", message);
    }
  }
  return null;
}

function checkNotional(view: RiskView, notional: number): Denied | null {
  const { limits } = view;
  if (notional > limits.maxNotionalPerOrder) {
    const message = `${money(notional)} is more than ${money(limits.maxNotionalPerOrder)}`;
    return denied("max_notional_per_order", message);
  }
  if (limits.maxNotionalPerSymbol < Infinity) {
    const sum = view.symbolNotional + notional;
    if (sum > limits.maxNotionalPerSymbol) {
      return tooMuch("max_notional_per_symbol", sum, limits.maxNotionalPerSymbol);
    }
  }
  if (limits.maxNotionalPerStrategy < Infinity) {
    const sum = view.strategyNotional + notional;
    if (sum > limits.maxNotionalPerStrategy) {
      return tooMuch("max_notional_per_strategy", sum, limits.maxNotionalPerStrategy);
    }
  }
  if (limits.maxGrossExposure < Infinity) {
    const sum = view.grossExposure + notional;
    if (sum > limits.maxGrossExposure) {
      return tooMuch("max_gross_exposure", sum, limits.maxGrossExposure);
    }
  }
  return null;
}

function tooMuch(
  code: "max_notional_per_symbol" | "max_notional_per_strategy" | "max_gross_exposure",
  sum: number,
  limit: number,
): Denied {
  return denied(code, `${money(sum)} > ${money(limit)}`);
}

export function money(amount: number): string {
  return amount.toFixed(2);
}
