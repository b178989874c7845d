/**
 * The checks that every decision of a strategy passes before it becomes an order, and the rounding
 * of what passes. Invariant: no intent reaches the journal that was not checked here. The gateway's
 * own exits (stop, target, liquidation) are not checked: nothing may keep them from reducing a
 * position.
 */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import { type Asset, type AssetClass, assetClassOf, tickSize } from "../../model/asset.ts";
import type { OrderType } from "../../model/order.ts";
import type { RiskLimits } from "../../model/limit.ts";
import type { Intent } from "../../protocol.ts";
import { type Decimal, decimal, plain, roundToTick } from "../../util/decimal.ts";
import type { Position } from "./book.ts";
import { isEntry, type OrderTerms, sideOf } from "./work.ts";

/** Every code of a denial by risk, in the order in which they are looked for. (E): entries only. */
export const DENIALS = {
  invalid_order:
    "a quantity, notional or price that is no positive number, or both or none of the first two",
  not_tradable: "the broker does not trade the symbol",
  no_connection: "(E) the broker's order updates are interrupted, so that positions are not known",
  trading_blocked: "(E) the broker has blocked the account",
  no_entries: "(E) the run is being liquidated, or the gateway stops",
  halted: "(E) trading in the symbol is halted",
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

/** A short sale at the market binds more than its price, as Alpaca reckons it. */
const SHORT_MARGIN = 1.03;

/** What the checks look at: the intent, and the world at its moment. */
export interface RiskView {
  intent: Intent;
  /** null: the broker does not have it. */
  asset: Asset | null;
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
  qty: Decimal;
  terms: OrderTerms;
  stopPrice: string | null;
  targetPrice: string | null;
  /** Account currency that it may bind; 0 for exits. */
  reserve: number;
}

export type RiskResult =
  | { result: "passed"; order: CheckedOrder }
  | { result: "denied"; code: DenialCode; message: string };

class Denied {
  constructor(readonly code: DenialCode, readonly message: string) {}
}

export function checkRisk(view: RiskView): RiskResult {
  try {
    checkShape(view.intent);
    checkState(view);
    const asset = view.asset!;
    const terms = orderTerms(view.intent, asset);
    checkSession(view, terms);
    const qty = checkedQty(view, asset);
    const protection = checkedProtection(view.intent, asset);
    checkCollar(view);
    const reserve = isEntry(view.intent.action) ? checkLimits(view, qty) : 0;
    return { result: "passed", order: { qty, terms, ...protection, reserve } };
  } catch (error) {
    if (error instanceof Denied) return { result: "denied", ...error };
    throw error;
  }
}

function deny(when: boolean, code: DenialCode, message: () => string): void {
  if (when) throw new Denied(code, message());
}

function checkShape(intent: Intent): void {
  deny(intent.problem !== null, "invalid_order", () => intent.problem!);
  const isPrice = (value: number | null) => value === null || (value > 0 && value < Infinity);
  // A strategy whose size came to nothing is told so by qty_too_small.
  const isAmount = (value: number | null) => value === 0 || isPrice(value);
  deny(
    (intent.qty === null) === (intent.notional === null),
    "invalid_order",
    () => "exactly one of qty and notional is to be given",
  );
  for (const name of ["qty", "notional"] as const) {
    deny(!isAmount(intent[name]), "invalid_order", () => `${name} is ${intent[name]}, not > 0`);
  }
  for (const name of ["limitPrice", "triggerPrice", "stopPrice", "targetPrice"] as const) {
    deny(!isPrice(intent[name]), "invalid_order", () => `${name} is ${intent[name]}, not > 0`);
  }
  deny(
    !(intent.referencePrice > 0 && intent.referencePrice < Infinity),
    "invalid_order",
    () => `no price of ${intent.symbol} is known`,
  );
}

function checkState(view: RiskView): void {
  const { intent, position } = view;
  const entry = isEntry(intent.action);
  deny(!view.asset?.tradable, "not_tradable", () => `${intent.symbol} cannot be traded`);
  deny(entry && !view.isConnected, "no_connection", () => "order updates are interrupted");
  deny(entry && view.isBlocked, "trading_blocked", () => "the broker has blocked the account");
  deny(entry && view.isNoEntries, "no_entries", () => "positions are being closed");
  deny(entry && view.isHalted, "halted", () => `trading in ${intent.symbol} is halted`);
  deny(view.hasOpenOrder, "order_open", () => `an order in ${intent.symbol} is open`);
  const held = position?.qty ?? decimal(0);
  switch (intent.action) {
    case "buy":
      deny(held.lt(0), "opposite_position", () => `buy while short ${plain(held.abs())}`);
      break;
    case "short":
      deny(held.gt(0), "opposite_position", () => `short while long ${plain(held)}`);
      deny(
        view.isOtherLong && !view.asset!.easyToBorrow,
        "borrow_needed",
        () => `another strategy is long in ${intent.symbol}, which is hard to borrow`,
      );
      deny(!isShortable(view), "not_shortable", () => `${intent.symbol} cannot be sold short`);
      break;
    case "sell":
      deny(held.lte(0), "no_position", () => `no long position in ${intent.symbol}`);
      break;
    case "cover":
      deny(held.gte(0), "no_position", () => `no short position in ${intent.symbol}`);
      break;
    default:
      return intent.action satisfies never;
  }
  deny(
    view.isOppositeOpen,
    "opposite_order_open",
    () => `another strategy's order on the other side of ${intent.symbol} is open`,
  );
}

function isShortable({ asset, capabilities, isShortingEnabled }: RiskView): boolean {
  return isShortingEnabled && asset!.shortable && capabilities.short.includes(asset!.assetClass);
}

function checkSession(view: RiskView, terms: OrderTerms): void {
  const { intent } = view;
  deny(
    intent.extendedHours &&
      !(view.capabilities.extendedHours && terms.type === "limit" &&
        (terms.timeInForce === "day" || terms.timeInForce === "gtc")),
    "extended_hours",
    () => `a ${terms.type} order, ${terms.timeInForce}, is not taken in extended hours`,
  );
  deny(
    !view.isRegularSession && !intent.extendedHours,
    "market_closed",
    () => `${intent.symbol} is not in its regular session`,
  );
}

/**
 * Quantities are rounded down to what the symbol allows; a notional is turned into one at the
 * reference price.
 */
function checkedQty(view: RiskView, asset: Asset): Decimal {
  const { intent, position } = view;
  const wanted = intent.qty !== null
    ? decimal(intent.qty)
    : decimal(intent.notional!).div(decimal(intent.limitPrice ?? intent.referencePrice));
  const held = position?.qty.abs() ?? decimal(0);
  const isExit = !isEntry(intent.action);
  if (isExit && intent.qty !== null) {
    deny(
      wanted.gt(held),
      "exceeds_position",
      () => `${plain(wanted)} of ${plain(held)} ${intent.symbol}`,
    );
    // All that is held goes, even where it is no multiple of the increment.
    if (wanted.eq(held)) return wanted;
  }
  // Fractions cannot be sold short, and are not left of a short.
  const isShort = intent.action === "short" || intent.action === "cover";
  const isWhole = !asset.fractionable || isShort ||
    !view.capabilities.fractional.includes(asset.assetClass);
  const increment = isWhole && decimal(asset.qtyIncrement).lt(1) ? "1" : asset.qtyIncrement;
  const rounded = roundToTick(isExit && wanted.gt(held) ? held : wanted, increment, "down");
  deny(
    rounded.lte(0) || (!isExit && rounded.lt(asset.minOrderQty)),
    "qty_too_small",
    () => `${plain(wanted)} ${intent.symbol} is less than can be ordered`,
  );
  return rounded;
}

/**
 * Prices are rounded to the tick in the safe direction: limits never become worse (buy down, sell
 * up), entries by stop trigger later (buy up, sell down), a position's stop triggers sooner.
 */
function orderTerms(intent: Intent, asset: Asset): OrderTerms {
  const isBuy = sideOf(intent.action) === "buy";
  return {
    type: orderType(intent),
    limitPrice: ticked(intent.limitPrice, asset, isBuy ? "down" : "up"),
    triggerPrice: ticked(intent.triggerPrice, asset, isBuy ? "up" : "down"),
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

function ticked(price: number | null, asset: Asset, mode: "up" | "down"): string | null {
  return price === null ? null : plain(roundToTick(price, tickSize(asset, price), mode));
}

function checkedProtection(
  intent: Intent,
  asset: Asset,
): { stopPrice: string | null; targetPrice: string | null } {
  const isLong = intent.action === "buy" || intent.action === "sell";
  const price = intent.limitPrice ?? intent.triggerPrice ?? intent.referencePrice;
  const stopPrice = ticked(intent.stopPrice, asset, isLong ? "up" : "down");
  const targetPrice = ticked(intent.targetPrice, asset, isLong ? "up" : "down");
  if (isEntry(intent.action)) {
    const isWrong = (a: string | null, b: string | number | null) =>
      a !== null && b !== null && (isLong ? decimal(a).gte(b) : decimal(a).lte(b));
    deny(
      isWrong(stopPrice, price) || (targetPrice !== null && isWrong(String(price), targetPrice)),
      "bad_protection",
      () => `stop ${stopPrice ?? "none"} and target ${targetPrice ?? "none"} around ${price}`,
    );
  }
  return { stopPrice, targetPrice };
}

function checkCollar({ intent, limits, lastPrice }: RiskView): void {
  const share = limits.priceCollarPercent / 100;
  const isBuy = sideOf(intent.action) === "buy";
  const isOff = Math.abs(intent.referencePrice - lastPrice) > share * lastPrice;
  deny(
    isEntry(intent.action) && isOff,
    "price_collar",
    () => `decided at ${intent.referencePrice}, the market is at ${lastPrice}`,
  );
  if (intent.limitPrice === null) return;
  // The limit of an order by stop is measured where the order begins.
  const reference = intent.triggerPrice ?? intent.referencePrice;
  const worse = (isBuy ? intent.limitPrice - reference : reference - intent.limitPrice) / reference;
  deny(
    worse > share,
    "price_collar",
    () => `limit ${intent.limitPrice} is ${(worse * 100).toFixed(2)} % worse than ${reference}`,
  );
}

function checkLimits(view: RiskView, qty: Decimal): number {
  const { intent, limits } = view;
  const price = Math.max(intent.limitPrice ?? 0, intent.triggerPrice ?? 0, intent.referencePrice);
  const bound = intent.action === "buy" && intent.limitPrice !== null ? intent.limitPrice : price;
  const notional = Number(qty) * bound;
  const money = (amount: number) => amount.toFixed(2);
  deny(
    view.dailyLoss >= limits.maxDailyLoss,
    "max_daily_loss",
    () => `${money(view.dailyLoss)} lost, ${money(limits.maxDailyLoss)} is allowed`,
  );
  deny(
    view.openOrders >= limits.maxOpenOrders,
    "max_open_orders",
    () => `${view.openOrders} orders are open`,
  );
  deny(
    notional > limits.maxNotionalPerOrder,
    "max_notional_per_order",
    () => `${money(notional)} is more than ${money(limits.maxNotionalPerOrder)}`,
  );
  deny(
    view.symbolNotional + notional > limits.maxNotionalPerSymbol,
    "max_notional_per_symbol",
    () => `${money(view.symbolNotional + notional)} > ${money(limits.maxNotionalPerSymbol)}`,
  );
  const reserve = intent.action === "short" ? notional * SHORT_MARGIN : notional;
  deny(
    reserve > view.buyingPower,
    "buying_power",
    () => `needs ${money(reserve)}, ${money(view.buyingPower)} is left`,
  );
  return reserve;
}

/** A regular session is on: always, for crypto; where the hours are not known, never. */
export function isRegularSession(
  symbol: string,
  session: { openUs: number; closeUs: number } | undefined,
  nowUs: number,
): boolean {
  if (assetClassOf(symbol) === "crypto") return true;
  return session !== undefined && nowUs >= session.openUs && nowUs < session.closeUs;
}
