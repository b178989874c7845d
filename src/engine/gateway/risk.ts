/**
 * The checks that every decision of a strategy passes before it becomes an order, and the rounding
 * of what passes. Invariant: no intent reaches the journal that was not checked here. The gateway's
 * own exits (stop, target, liquidation) are not checked: nothing may keep them from reducing a
 * position.
 */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import { type Asset, type AssetClass, tickSize } from "../../model/asset.ts";
import type { OrderType, TimeInForce } from "../../model/order.ts";
import type { RiskLimits } from "../../model/limit.ts";
import type { TradingState } from "../../model/trading_state.ts";
import type { Intent } from "../../protocol.ts";
import { Decimal, decimal, plain, roundToTick } from "../../util/decimal.ts";
import type { Position } from "./book.ts";
import { isEntry, type OrderTerms, sideOf } from "./work.ts";

/** Every code of a denial by risk, in the order in which they are looked for. (E): entries only. */
export const DENIALS = {
  invalid_order:
    "a quantity, notional or price that is no positive number, or both or none of the first two",
  not_tradable: "the broker does not trade the symbol",
  trading_halted: "the trader lets no order through (HALTED)",
  no_connection: "(E) the broker's order updates are interrupted, so that positions are not known",
  trading_blocked: "(E) the broker has blocked the account",
  reducing: "(E) the trader lets only orders through that shrink a position (REDUCING)",
  no_entries: "(E) the run is being liquidated, or its strategy has been stopped",
  halted: "(E) trading in the symbol is halted",
  symbol_locked: "(E) what became of an order in the symbol is not known yet",
  order_open: "the run has an order on its way or open in the symbol",
  no_position: "sell without a long position, cover without a short one",
  exceeds_position: "more than the run's own position",
  opposite_position:
    "(E) buy while the run is short, short while it is long: a run never goes through flat",
  opposite_order_open: "another run's order on the other side is open in the symbol",
  borrow_needed:
    "(E) short against another run's long in a symbol that is hard to borrow: the other could not leave",
  not_shortable: "(E) the symbol, the class or the account does not allow short sales",
  market_closed: "outside the regular session only a limit order for extended hours is taken",
  extended_hours:
    "extended hours take limit orders with time in force day or gtc, where the broker has them",
  qty_too_small:
    "nothing is left after rounding down to the symbol's increment, or less than its minimum",
  bad_protection:
    "(E) the stop is not on the losing side of the price, or the target not on the gaining side",
  price_collar:
    "limit worse than the reference price, or that off the market, by more than the collar",
  max_daily_loss: "(E) the account has lost as much since the start as the plan allows for a day",
  max_open_orders: "(E) as many orders are open as the plan allows",
  max_notional_per_order: "(E) worth more than the plan allows for an order",
  max_notional_per_symbol: "(E) with it the symbol is worth more than the plan allows",
  buying_power: "(E) the account's buying power, less what is on its way, does not cover it",
} as const;
export type DenialCode = keyof typeof DENIALS;

const ZERO = decimal(0);

const atTheMarket = (timeInForce: TimeInForce): OrderTerms =>
  Object.freeze({
    type: "market",
    limitPrice: null,
    triggerPrice: null,
    timeInForce,
    extendedHours: false,
  });
const DAY = atTheMarket("day");
const GOOD_TILL_CANCELED = atTheMarket("gtc");
/** A short sale at the market binds more than its price, as Alpaca reckons it. */
const SHORT_MARGIN = 1.03;

/** Quantities of an asset, as numbers. */
export interface QtyRules {
  increment: Decimal;
  /** Where no fractions are taken. */
  wholeIncrement: Decimal;
  minOrderQty: Decimal;
}

export function qtyRules({ qtyIncrement, minOrderQty }: Asset): QtyRules {
  const increment = decimal(qtyIncrement);
  const wholeIncrement = increment.lt(1) ? decimal(1) : increment;
  return { increment, wholeIncrement, minOrderQty: decimal(minOrderQty) };
}

/** What the checks look at: the intent, and the world at its moment. */
export interface RiskView {
  intent: Intent;
  /** null: the broker does not have it. */
  asset: Asset | null;
  /** Worked out once. */
  qtyRules(asset: Asset): QtyRules;
  capabilities: BrokerCapabilities;
  limits: RiskLimits;
  /** The run's own. */
  position: Position | null;
  hasOpenOrder: boolean;
  /** Another run has a non-protective order open on the other side. */
  isOppositeOpen: boolean;
  /** Other runs hold, or are buying, a long position in the symbol. */
  isOtherLong: boolean;
  isRegularSession: boolean;
  isConnected: boolean;
  isBlocked: boolean;
  isShortingEnabled: boolean;
  isNoEntries: boolean;
  isHalted: boolean;
  /** Why nothing is entered in the symbol; null: nothing speaks against it. */
  lock: string | null;
  tradingState: TradingState;
  /** Why not all orders are let through. */
  restriction: string;
  /** True: so much is sure to be within the buying power, which need not be asked for then. */
  surelyAffords(cost: number): boolean;
  /** Account currency, less what is reserved for orders on their way. */
  buyingPower: number;
  /** Of all runs' positions and entries on their way in this symbol. */
  symbolNotional: number;
  /** Account currency since the session's start; what was gained is negative. */
  dailyLoss: number;
  openOrders: number;
  /** The last price that the gateway saw; NaN where it does not watch the symbol. */
  lastPrice: number;
}

export interface CheckedOrder {
  result: "passed";
  qty: Decimal;
  terms: OrderTerms;
  stopPrice: string | null;
  targetPrice: string | null;
  /** Account currency that it may bind; 0 for exits. */
  reserve: number;
}

export type RiskResult = CheckedOrder | { result: "denied"; code: DenialCode; message: string };

type Denied = { result: "denied"; code: DenialCode; message: string };

function denied(code: DenialCode, message: string): Denied {
  return { result: "denied", code, message };
}

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
  const off = checkProtection(intent, stop, target) ?? checkCollar(view);
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
  if (!asset?.tradable) return denied("not_tradable", `${symbol} cannot be traded`);
  if (view.tradingState === "halted") return denied("trading_halted", view.restriction);
  const bound = isEntry(intent.action) ? checkEntry(view) : null;
  if (bound !== null) return bound;
  if (view.hasOpenOrder) return denied("order_open", `an order in ${symbol} is open`);
  const wrong = checkPosition(view, asset);
  if (wrong !== null) return wrong;
  if (!view.isOppositeOpen) return null;
  const message = `another strategy's order on the other side of ${symbol} is open`;
  return denied("opposite_order_open", message);
}

function checkEntry(view: RiskView): Denied | null {
  const { symbol } = view.intent;
  if (!view.isConnected) return denied("no_connection", "order updates are interrupted");
  if (view.isBlocked) return denied("trading_blocked", "the broker has blocked the account");
  if (view.tradingState === "reducing") return denied("reducing", view.restriction);
  if (view.isNoEntries) {
    return denied("no_entries", "its positions are being closed, or its strategy has been stopped");
  }
  if (view.isHalted) return denied("halted", `trading in ${symbol} is halted`);
  return view.lock !== null ? denied("symbol_locked", view.lock) : null;
}

function checkPosition(view: RiskView, asset: Asset): Denied | null {
  const { intent: { action, symbol }, position } = view;
  const held = position?.qty ?? ZERO;
  const isLong = held.s > 0 && !held.isZero;
  const isShort = held.s < 0;
  switch (action) {
    case "buy":
      return isShort ? denied("opposite_position", `buy while short ${plain(held.abs())}`) : null;
    case "short":
      if (isLong) return denied("opposite_position", `short while long ${plain(held)}`);
      if (!asset.easyToBorrow && view.isOtherLong) {
        const message = `another strategy is long in ${symbol}, which is hard to borrow`;
        return denied("borrow_needed", message);
      }
      return isShortable(view) ? null : denied("not_shortable", `${symbol} cannot be sold short`);
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

function checkSession(view: RiskView, terms: OrderTerms): Denied | null {
  const { intent: { extendedHours, symbol } } = view;
  if (!extendedHours) {
    if (view.isRegularSession) return null;
    return denied("market_closed", `${symbol} is not in its regular session`);
  }
  const { type, timeInForce } = terms;
  const isTaken = view.capabilities.extendedHours && type === "limit" &&
    (timeInForce === "day" || timeInForce === "gtc");
  if (isTaken) return null;
  const message = `a ${type} order, ${timeInForce}, is not taken in extended hours`;
  return denied("extended_hours", message);
}

/**
 * Quantities are rounded down to what the symbol allows; a notional is turned into one at the
 * reference price.
 */
function checkedQty(view: RiskView, asset: Asset): Decimal | Denied {
  const { intent: { action, symbol, qty, notional, limitPrice, referencePrice }, position } = view;
  const wanted = qty !== null
    ? decimal(qty)
    : decimal(notional!).div(decimal(limitPrice ?? referencePrice));
  const held = position?.qty.abs() ?? ZERO;
  const isExit = !isEntry(action);
  if (isExit && qty !== null) {
    const beyond = wanted.cmp(held);
    if (beyond > 0) {
      return denied("exceeds_position", `${plain(wanted)} of ${plain(held)} ${symbol}`);
    }
    // All that is held goes, even where it is no multiple of the increment.
    if (beyond === 0) return wanted;
  }
  // Fractions cannot be sold short, and are not left of a short.
  const isShort = action === "short" || action === "cover";
  const isWhole = !asset.fractionable || isShort ||
    !view.capabilities.fractional.includes(asset.assetClass);
  const { increment, wholeIncrement, minOrderQty } = view.qtyRules(asset);
  const asked = isExit && wanted.gt(held) ? held : wanted;
  const rounded = roundToTick(asked, isWhole ? wholeIncrement : increment, "down");
  if (rounded.isZero || rounded.s < 0 || (!isExit && rounded.lt(minOrderQty))) {
    return denied("qty_too_small", `${plain(wanted)} ${symbol} is less than can be ordered`);
  }
  return rounded;
}

/**
 * Prices are rounded to the tick in the safe direction: limits never become worse (buy down, sell
 * up), entries by stop trigger later (buy up, sell down), a position's stop triggers sooner.
 */
function orderTerms(intent: Intent, asset: Asset): OrderTerms {
  const { limitPrice, triggerPrice } = intent;
  if (limitPrice === null && triggerPrice === null && !intent.extendedHours) {
    const timeInForce = intent.timeInForce ?? defaultTimeInForce(asset.assetClass);
    if (timeInForce === "day") return DAY;
    return timeInForce === "gtc" ? GOOD_TILL_CANCELED : atTheMarket(timeInForce);
  }
  const isBuy = sideOf(intent.action) === "buy";
  return {
    type: orderType(intent),
    limitPrice: limitPrice === null ? null : ticked(limitPrice, asset, isBuy ? "down" : "up"),
    triggerPrice: triggerPrice === null ? null : ticked(triggerPrice, asset, isBuy ? "up" : "down"),
    timeInForce: intent.timeInForce ?? defaultTimeInForce(asset.assetClass),
    extendedHours: intent.extendedHours,
  };
}

export function defaultTimeInForce(assetClass: AssetClass): "day" | "gtc" {
  return assetClass === "crypto" ? "gtc" : "day";
}

function orderType(intent: Intent): OrderType {
  if (intent.triggerPrice !== null) return intent.limitPrice !== null ? "stop_limit" : "stop";
  return intent.limitPrice !== null ? "limit" : "market";
}

function ticked(price: number, asset: Asset, mode: "up" | "down"): string {
  return plain(roundToTick(price, tickSize(asset, price), mode));
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

/** Account currency that the entry may bind. */
function checkLimits(view: RiskView, qty: Decimal): number | Denied {
  const { intent, limits } = view;
  const price = Math.max(intent.limitPrice ?? 0, intent.triggerPrice ?? 0, intent.referencePrice);
  const bound = intent.action === "buy" && intent.limitPrice !== null ? intent.limitPrice : price;
  const notional = qty.toNumber() * bound;
  if (limits.maxDailyLoss < Infinity && view.dailyLoss >= limits.maxDailyLoss) {
    const message = `${money(view.dailyLoss)} lost, ${money(limits.maxDailyLoss)} is allowed`;
    return denied("max_daily_loss", message);
  }
  if (view.openOrders >= limits.maxOpenOrders) {
    return denied("max_open_orders", `${view.openOrders} orders are open`);
  }
  if (notional > limits.maxNotionalPerOrder) {
    const message = `${money(notional)} is more than ${money(limits.maxNotionalPerOrder)}`;
    return denied("max_notional_per_order", message);
  }
  const { maxNotionalPerSymbol } = limits;
  if (maxNotionalPerSymbol < Infinity) {
    const { symbolNotional } = view;
    if (symbolNotional + notional > maxNotionalPerSymbol) {
      const message = `${money(symbolNotional + notional)} > ${money(maxNotionalPerSymbol)}`;
      return denied("max_notional_per_symbol", message);
    }
  }
  const reserve = intent.action === "short" ? notional * SHORT_MARGIN : notional;
  if (view.surelyAffords(reserve)) return reserve;
  const { buyingPower } = view;
  if (!(reserve > buyingPower)) return reserve;
  return denied("buying_power", `needs ${money(reserve)}, ${money(buyingPower)} is left`);
}

function money(amount: number): string {
  return amount.toFixed(2);
}

/** A regular session is on: always, for crypto; where the hours are not known, never. */
export function isRegularSession(
  assetClass: AssetClass,
  session: { openUs: number; closeUs: number } | undefined,
  nowUs: number,
): boolean {
  if (assetClass === "crypto") return true;
  return session !== undefined && nowUs >= session.openUs && nowUs < session.closeUs;
}
