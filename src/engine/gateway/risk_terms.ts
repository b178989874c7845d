/** Quantities and prices of a decision, rounded to what the symbol allows. */
import { type Asset, type AssetClass, tickSize } from "../../model/asset.ts";
import type { OrderType, TimeInForce } from "../../model/order.ts";
import type { Intent } from "../../protocol.ts";
import { Decimal, decimal, plain, roundToTick } from "../../util/decimal.ts";
import { type Denied, denied } from "./denials.ts";
import type { QtyRules, RiskView } from "./risk_view.ts";
import { isEntry, type OrderTerms, sideOf } from "./work.ts";

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

export function qtyRules({ qtyIncrement, minOrderQty }: Asset): QtyRules {
  const increment = decimal(qtyIncrement);
  const wholeIncrement = increment.lt(1) ? decimal(1) : increment;
  return { increment, wholeIncrement, minOrderQty: decimal(minOrderQty) };
}

/**
 * Prices are rounded to the tick in the safe direction: limits never become worse (buy down, sell
 * up), entries by stop trigger later (buy up, sell down), a position's stop triggers sooner.
 */
export function orderTerms(intent: Intent, asset: Asset): OrderTerms {
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

export function ticked(price: number, asset: Asset, mode: "up" | "down"): string {
  return plain(roundToTick(price, tickSize(asset, price), mode));
}

/** What was rounded to nothing is no price that could be sent. */
export function checkTicked(
  symbol: string,
  { limitPrice, triggerPrice }: OrderTerms,
  stop: string | null,
  target: string | null,
): Denied | null {
  if (limitPrice !== "0" && triggerPrice !== "0" && stop !== "0" && target !== "0") return null;
  return denied("below_tick", `a price of ${symbol} is less than its tick`);
}

/**
 * Quantities are rounded down to what the symbol allows; a notional is turned into one at the
 * reference price.
 */
export function checkedQty(view: RiskView, asset: Asset): Decimal | Denied {
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
