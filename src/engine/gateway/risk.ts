/**
 * The checks that every decision of a strategy passes before it becomes an order, and the rounding
 * of what passes. Invariant: no intent reaches the journal that was not checked here. The gateway's
 * own exits (stop, target, liquidation) are not checked: nothing may keep them from reducing a
 * position. The codes are those of denials.ts.
 */
import type { Asset } from "../../model/asset.ts";
import { exchangeTime } from "../../model/calendar.ts";
import type { Intent } from "../../protocol.ts";
import { Decimal, decimal, plain } from "../../util/decimal.ts";
import { type Denied, denied } from "./denials.ts";
import { checkLimits, money } from "./risk_limits.ts";
import { checkSession } from "./risk_session.ts";
import { checkedQty, checkTicked, orderTerms, ticked } from "./risk_terms.ts";
import type { RiskResult, RiskView } from "./risk_view.ts";
import { isEntry, sideOf } from "./work.ts";

const ZERO = decimal(0);

export function checkRisk(view: RiskView): RiskResult {
  const { intent } = view;
  const wrong = checkShape(intent) ?? checkState(view);
  if (wrong !== null) return wrong;
  const asset = view.asset!;
  const terms = orderTerms(intent, asset);
  const closed = checkSession(view, terms);
  if (closed !== null) return closed;
  const qty = checkedQty(view, asset);
  if (!(qty instanceof Decimal)) return qty;
  const { stopPrice, targetPrice } = intent;
  const isLong = intent.action === "buy" || intent.action === "sell";
  const stop = stopPrice === null ? null : ticked(stopPrice, asset, isLong ? "up" : "down");
  const target = targetPrice === null ? null : ticked(targetPrice, asset, isLong ? "up" : "down");
  const off = checkTicked(intent.symbol, terms, stop, target) ??
    checkProtection(intent, stop, target) ?? checkCollar(view);
  if (off !== null) return off;
  const reserve = isEntry(intent.action) ? checkLimits(view, qty) : 0;
  if (typeof reserve === "object") return reserve;
  return { result: "passed", qty, terms, stopPrice: stop, targetPrice: target, reserve };
}

function checkShape(intent: Intent): Denied | null {
  const { problem, qty, notional, symbol, referencePrice } = intent;
  if (problem !== null) return denied("invalid_order", problem);
  if ((qty === null) === (notional === null)) {
    return denied("invalid_order", "exactly one of qty and notional is to be given");
  }
  // A strategy whose size came to nothing is told so by qty_too_small.
  if (!(qty === 0 || isPrice(qty))) return notAbove("qty", qty);
  if (!(notional === 0 || isPrice(notional))) return notAbove("notional", notional);
  if (!isPrice(intent.limitPrice)) return notAbove("limitPrice", intent.limitPrice);
  if (!isPrice(intent.triggerPrice)) return notAbove("triggerPrice", intent.triggerPrice);
  if (!isPrice(intent.stopPrice)) return notAbove("stopPrice", intent.stopPrice);
  if (!isPrice(intent.targetPrice)) return notAbove("targetPrice", intent.targetPrice);
  if (referencePrice > 0 && referencePrice < Infinity) return null;
  return denied("invalid_order", `no price of ${symbol} is known`);
}

function isPrice(value: number | null): boolean {
  return value === null || (value > 0 && value < Infinity);
}

function notAbove(name: string, value: number | null): Denied {
  return denied("invalid_order", `${name} is ${value}, not > 0`);
}

function checkState(view: RiskView): Denied | null {
  const { intent, asset } = view;
  const { symbol } = intent;
  if (asset === null) return denied("not_tradable", `the broker does not have ${symbol}`);
  const isAnEntry = isEntry(intent.action);
  if (isAnEntry && !asset.tradable) {
    return denied("not_tradable", `${symbol} cannot be traded: only exits are let through`);
  }
  if (view.isBlocked) return denied("trading_blocked", "the broker has blocked the account");
  if (view.tradingState === "halted") return denied("trading_halted", view.restriction);
  const bound = isAnEntry ? checkEntry(view) : null;
  if (bound !== null) return bound;
  if (view.hasOpenOrder) return denied("order_open", `an order in ${symbol} is open`);
  const wrong = checkPosition(view);
  if (wrong !== null) return wrong;
  if (view.isOppositeOpen) {
    const message = `another strategy's order on the other side of ${symbol} is open`;
    return denied("opposite_order_open", message);
  }
  return isAnEntry ? checkPlace(view, asset) : null;
}

function checkEntry(view: RiskView): Denied | null {
  const { intent: { symbol }, limits } = view;
  if (!view.isConnected) return denied("no_connection", "order updates are interrupted");
  const lost = checkLoss(view);
  if (lost !== null) return lost;
  if (view.tradingState === "reducing") return denied("reducing", view.restriction);
  if (view.isNoEntries) {
    return denied("no_entries", "its positions are being closed, or its strategy has been stopped");
  }
  const { reduceOnly } = limits;
  if (reduceOnly.length > 0 && (reduceOnly === "all" || reduceOnly.includes(symbol))) {
    return denied("reduce_only", `the plan lets only exits through in ${symbol}`);
  }
  if (view.isHalted) return denied("halted", `trading in ${symbol} is halted`);
  const { closedOutside } = view;
  if (closedOutside !== null) return denied("closed_outside", closedOutside);
  return view.lock !== null ? denied("symbol_locked", view.lock) : null;
}

function checkLoss(view: RiskView): Denied | null {
  const { maxDailyLoss, maxDrawdown } = view.limits;
  if (maxDailyLoss < Infinity && view.dailyLoss >= maxDailyLoss) {
    const message = `${money(view.dailyLoss)} lost, ${money(maxDailyLoss)} is allowed`;
    return denied("max_daily_loss", message);
  }
  if (maxDrawdown < Infinity && view.drawdown >= maxDrawdown) {
    const message = `${money(view.drawdown)} below the day's highest, ${
      money(maxDrawdown)
    } is allowed`;
    return denied("max_drawdown", message);
  }
  return null;
}

/** Whether the strategy may enter in this symbol. */
function checkPlace(view: RiskView, asset: Asset): Denied | null {
  const { intent: { action, symbol }, limits } = view;
  if (action === "short") {
    if (!isShortable(view)) return denied("not_shortable", `${symbol} cannot be sold short`);
    if (!asset.easyToBorrow) {
      return denied("hard_to_borrow", `${symbol} is hard to borrow: no shares have been located`);
    }
  }
  if (limits.lossStreak === null) return null;
  const { pausedUntilUs } = view;
  if (!(pausedUntilUs > view.nowUs)) return null;
  const message =
    `${limits.lossStreak.trades} trades in ${symbol} lost in a row, entries again at ${
      exchangeTime(pausedUntilUs)
    }`;
  return denied("loss_streak", message);
}

function checkPosition(view: RiskView): Denied | null {
  const { intent: { action, symbol }, position } = view;
  const held = position?.qty ?? ZERO;
  const isLong = held.s > 0 && !held.isZero;
  const isShort = held.s < 0;
  switch (action) {
    case "buy":
      return isShort ? denied("opposite_position", `buy while short ${plain(held.abs())}`) : null;
    case "short":
      return isLong ? denied("opposite_position", `short while long ${plain(held)}`) : null;
    case "sell":
      return isLong ? null : denied("no_position", `no long position in ${symbol}`);
    case "cover":
      return isShort ? null : denied("no_position", `no short position in ${symbol}`);
    default:
      return action satisfies never;
  }
}

function isShortable({ asset, capabilities, isShortingEnabled }: RiskView): boolean {
  return isShortingEnabled && asset!.shortable && capabilities.short.includes(asset!.assetClass);
}

function checkProtection(
  intent: Intent,
  stop: string | null,
  target: string | null,
): Denied | null {
  if ((stop === null && target === null) || !isEntry(intent.action)) return null;
  const isLong = intent.action === "buy";
  const price = decimal(intent.limitPrice ?? intent.triggerPrice ?? intent.referencePrice);
  const isStopWrong = stop !== null && (isLong ? price.lte(stop) : price.gte(stop));
  const isTargetWrong = target !== null && (isLong ? price.gte(target) : price.lte(target));
  if (!isStopWrong && !isTargetWrong) return null;
  const prices = `stop ${stop ?? "none"} and target ${target ?? "none"}`;
  return denied("bad_protection", `${prices} around ${plain(price)}`);
}

function checkCollar({ intent, limits, lastPrice }: RiskView): Denied | null {
  const { action, limitPrice, triggerPrice, referencePrice } = intent;
  const share = limits.priceCollarPercent / 100;
  if (isEntry(action) && Math.abs(referencePrice - lastPrice) > share * lastPrice) {
    const message = `decided at ${referencePrice}, the market is at ${lastPrice}`;
    return denied("price_collar", message);
  }
  if (limitPrice === null) return null;
  // The limit of an order by stop is measured where the order begins.
  const reference = triggerPrice ?? referencePrice;
  const isBuy = sideOf(action) === "buy";
  const worse = (isBuy ? limitPrice - reference : reference - limitPrice) / reference;
  if (!(worse > share)) return null;
  const message = `limit ${limitPrice} is ${(worse * 100).toFixed(2)} % worse than ${reference}`;
  return denied("price_collar", message);
}
