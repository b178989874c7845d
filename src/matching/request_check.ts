// What can be said of an order request without the account: its numbers, and which of them go
// together.
import { type Asset, tickSize } from "../model/asset.ts";
import type { Amount } from "../model/order.ts";
import { Decimal, decimal, plain, readDecimal } from "../util/decimal.ts";
import { type OrderTerms, SHARE_FRACTION } from "./order_state.ts";
import { badParameter, forbidden, unprocessable } from "./refusal.ts";
import type { ExchangeOrderRequest, OrderClass, Refusal } from "./types.ts";

export const CLIENT_ORDER_ID_LENGTH_MAX = 128;
const NOTIONAL_MIN = decimal(1);
/** Distance of a leg from the price that it must be beyond. */
const LEG_DISTANCE = decimal("0.01");

export function readRequest(
  request: ExchangeOrderRequest,
  asset: Asset,
): OrderTerms | { refusal: Refusal } {
  const { takeProfit, stopLoss } = request;
  const terms: OrderTerms = {
    asset,
    side: request.side,
    type: request.type,
    orderClass: request.orderClass ?? classOf(request),
    timeInForce: request.timeInForce,
    extendedHours: request.extendedHours,
    qty: amountOf(request.qty),
    notional: amountOf(request.notional),
    limitPrice: amountOf(request.limitPrice),
    triggerPrice: amountOf(request.triggerPrice),
    trailPrice: amountOf(request.trailPrice),
    trailPercent: amountOf(request.trailPercent),
    takeProfitPrice: takeProfit === null ? null : amountOf(takeProfit.limitPrice),
    stopLossPrice: stopLoss === null ? null : amountOf(stopLoss.triggerPrice),
    stopLossLimit: stopLoss === null ? null : amountOf(stopLoss.limitPrice),
  };
  const refusal = checkAmounts(request, terms);
  // An oco's own order is its take-profit.
  if (terms.orderClass === "oco") terms.limitPrice ??= terms.takeProfitPrice;
  return refusal === null ? terms : { refusal };
}

function amountOf(amount: Amount | null): Decimal | null {
  return typeof amount === "string" ? readDecimal(amount) : amount;
}

/** What is given must be a number, and above 0. */
function checkAmounts(request: ExchangeOrderRequest, terms: OrderTerms): Refusal | null {
  const { takeProfit, stopLoss } = request;
  return checkAmount("qty", request.qty, terms.qty) ??
    checkAmount("notional", request.notional, terms.notional) ??
    checkAmount("limit_price", request.limitPrice, terms.limitPrice) ??
    checkAmount("stop_price", request.triggerPrice, terms.triggerPrice) ??
    checkAmount("trail_price", request.trailPrice, terms.trailPrice) ??
    checkAmount("trail_percent", request.trailPercent, terms.trailPercent) ??
    checkAmount("take_profit.limit_price", takeProfit?.limitPrice, terms.takeProfitPrice) ??
    checkAmount("stop_loss.stop_price", stopLoss?.triggerPrice, terms.stopLossPrice) ??
    checkAmount("stop_loss.limit_price", stopLoss?.limitPrice, terms.stopLossLimit);
}

function checkAmount(
  name: string,
  given: Amount | null | undefined,
  read: Decimal | null,
): Refusal | null {
  if (given === null || given === undefined) return null;
  if (read === null) return badParameter(`${name} is not a number`);
  return read.isPositive ? null : badParameter(`${name} must be > 0`);
}

/** `marketPrice`: NaN where none is known. */
export function checkRequest(terms: OrderTerms, marketPrice: number): Refusal | null {
  const { asset } = terms;
  if (!asset.tradable) return unprocessable(`asset "${asset.symbol}" is not tradable`);
  return checkQuantity(terms) ?? checkPrices(terms) ?? checkTimeInForce(terms) ??
    checkClass(terms, marketPrice);
}

/** The prices that the order's type wants, and on the tick. */
export function checkPrices(terms: OrderTerms): Refusal | null {
  const { type, limitPrice, triggerPrice, trailPrice, trailPercent } = terms;
  switch (type) {
    case "market":
      if (limitPrice !== null || triggerPrice !== null) {
        return badParameter("market orders require no stop or limit price");
      }
      break;
    case "limit":
      if (limitPrice === null) return badParameter("limit orders require a limit price");
      if (triggerPrice !== null) return badParameter("limit orders require no stop price");
      break;
    case "stop":
      if (triggerPrice === null) return badParameter("stop orders require a stop price");
      if (limitPrice !== null) return badParameter("stop orders require no limit price");
      break;
    case "stop_limit":
      if (limitPrice === null || triggerPrice === null) {
        return badParameter("stop limit orders require both stop and limit price");
      }
      break;
    case "trailing_stop":
      if ((trailPrice === null) === (trailPercent === null)) {
        return badParameter(
          "trailing stop orders must specify one of trail_price or trail_percent",
        );
      }
      if (trailPercent?.gte(100)) return badParameter("trail_percent must be < 100");
      break;
    default:
      return type satisfies never;
  }
  if (type !== "trailing_stop" && (trailPrice !== null || trailPercent !== null)) {
    return badParameter("trail_price and trail_percent are for trailing stop orders only");
  }
  return checkTick(terms.asset, "limit_price", limitPrice) ??
    checkTick(terms.asset, "stop_price", triggerPrice) ??
    checkTick(terms.asset, "take_profit.limit_price", terms.takeProfitPrice) ??
    checkTick(terms.asset, "stop_loss.stop_price", terms.stopLossPrice) ??
    checkTick(terms.asset, "stop_loss.limit_price", terms.stopLossLimit);
}

export function checkQuantity(terms: OrderTerms): Refusal | null {
  const { asset, qty, notional } = terms;
  if (qty === null && notional === null) return badParameter("qty or notional is required");
  if (qty !== null && notional !== null) {
    return badParameter("only one of qty or notional is accepted");
  }
  if (notional !== null) {
    if (!notional.round(2, Decimal.roundDown).eq(notional)) {
      return unprocessable("notional value must be limited to 2 decimal places");
    }
    if (notional.lt(NOTIONAL_MIN)) {
      return forbidden(`cost basis must be >= minimal amount of order ${NOTIONAL_MIN}`);
    }
    if (terms.type !== "market" && terms.type !== "limit") {
      return unprocessable("notional orders must be market or limit orders");
    }
  }
  if (asset.assetClass === "crypto") return checkCryptoQty(asset, qty);
  if (qty !== null && qty.isWhole) return null;
  if (!asset.fractionable) return unprocessable(`asset "${asset.symbol}" is not fractionable`);
  if (qty !== null && !isMultiple(qty, SHARE_FRACTION)) {
    return badParameter("qty must be limited to 9 decimal places");
  }
  if (terms.type === "trailing_stop") {
    return unprocessable("fractional orders must not be trailing stop orders");
  }
  if (terms.timeInForce !== "day") return unprocessable("fractional orders must be DAY orders");
  if (terms.orderClass !== "simple") {
    return unprocessable("fractional orders must be simple orders");
  }
  return null;
}

function checkCryptoQty(asset: Asset, qty: Decimal | null): Refusal | null {
  if (qty === null) return null;
  if (qty.lt(asset.minOrderQty)) return unprocessable(`qty must be >= ${asset.minOrderQty}`);
  return isMultiple(qty, asset.qtyIncrement)
    ? null
    : unprocessable(`qty must be a multiple of ${asset.qtyIncrement}`);
}

export function checkTimeInForce(terms: OrderTerms): Refusal | null {
  const { timeInForce, type } = terms;
  if (terms.asset.assetClass === "crypto") {
    if (terms.extendedHours) return unprocessable("crypto orders have no extended hours");
    if (type === "stop" || type === "trailing_stop") {
      return unprocessable("invalid order type for crypto order");
    }
    return timeInForce === "gtc" || timeInForce === "ioc"
      ? null
      : unprocessable("invalid crypto time_in_force");
  }
  const isDayOrGtc = timeInForce === "day" || timeInForce === "gtc";
  if (terms.extendedHours && !(type === "limit" && isDayOrGtc)) {
    return unprocessable("extended hours order must be DAY or GTC limit orders");
  }
  if (!isDayOrGtc && type !== "market" && type !== "limit") {
    return unprocessable(`${type} orders must be DAY or GTC orders`);
  }
  return null;
}

/** `marketPrice`: NaN where none is known, then nothing is said about it. */
export function checkClass(terms: OrderTerms, marketPrice: number): Refusal | null {
  const { orderClass, takeProfitPrice, stopLossPrice } = terms;
  if (orderClass === "simple") {
    return takeProfitPrice === null && stopLossPrice === null
      ? null
      : unprocessable("simple orders have no take_profit or stop_loss");
  }
  if (terms.asset.assetClass === "crypto") {
    return unprocessable("crypto orders not allowed for advanced order_class: " + orderClass);
  }
  if (terms.extendedHours) return unprocessable("complex orders must not be extended hours orders");
  if (terms.timeInForce !== "day" && terms.timeInForce !== "gtc") {
    return unprocessable("complex orders must be DAY or GTC orders");
  }
  if (terms.type === "trailing_stop") {
    return unprocessable("trailing stop orders must be simple orders");
  }
  if (orderClass === "oto") {
    if ((takeProfitPrice === null) === (stopLossPrice === null)) {
      return badParameter("oto orders require either take_profit or stop_loss");
    }
  } else if (takeProfitPrice === null) {
    return badParameter(`${orderClass} orders require take_profit.limit_price`);
  } else if (stopLossPrice === null) {
    return badParameter(`${orderClass} orders require stop_loss.stop_price`);
  }
  if (orderClass === "oco" && terms.type !== "limit") {
    return unprocessable("oco orders must be limit orders");
  }
  return checkLegPrices(terms, marketPrice);
}

/**
 * A stop must be a cent beyond the entry's limit, the take-profit and the market; else it would
 * trigger at once.
 */
function checkLegPrices(terms: OrderTerms, marketPrice: number): Refusal | null {
  const { orderClass, takeProfitPrice, stopLossPrice } = terms;
  // The legs' side; "below" as a seller sees it.
  const isSell = (terms.side === "sell") === (orderClass === "oco");
  const isBelow = (a: Decimal, b: Decimal) =>
    isSell ? a.lte(b.minus(LEG_DISTANCE)) : a.gte(b.plus(LEG_DISTANCE));
  const [below, above] = isSell ? ["<=", ">="] : [">=", "<="];
  const [minus, plus] = isSell ? ["-", "+"] : ["+", "-"];
  if (takeProfitPrice !== null && stopLossPrice !== null) {
    if (!isBelow(stopLossPrice, takeProfitPrice)) {
      return unprocessable(
        `take_profit.limit_price must be ${above} stop_loss.stop_price ${plus} ${LEG_DISTANCE}`,
      );
    }
  }
  const market = Number.isNaN(marketPrice) ? null : decimal(marketPrice);
  const entryLimit = orderClass === "oco" || terms.type !== "limit" ? null : terms.limitPrice;
  for (const base of [entryLimit, market]) {
    if (base === null || stopLossPrice === null || isBelow(stopLossPrice, base)) continue;
    return unprocessable(
      `stop_loss.stop_price must be ${below} base_price ${minus} ${LEG_DISTANCE}`,
      {
        base_price: plain(base),
      },
    );
  }
  const targetBase = orderClass === "oco" ? null : entryLimit ?? market;
  if (takeProfitPrice === null || targetBase === null || isBelow(targetBase, takeProfitPrice)) {
    return null;
  }
  return unprocessable(
    `take_profit.limit_price must be ${above} base_price ${plus} ${LEG_DISTANCE}`,
    { base_price: plain(targetBase) },
  );
}

function classOf(request: ExchangeOrderRequest): OrderClass {
  if (request.takeProfit !== null && request.stopLoss !== null) return "bracket";
  return request.takeProfit !== null || request.stopLoss !== null ? "oto" : "simple";
}

function checkTick(asset: Asset, name: string, price: Decimal | null): Refusal | null {
  if (price === null || isMultiple(price, tickSize(asset, price.toNumber()))) return null;
  return unprocessable(
    `invalid ${name} ${
      plain(price)
    }. sub-penny increment does not fulfill minimum pricing criteria`,
  );
}

function isMultiple(value: Decimal, step: string | Decimal): boolean {
  return value.roundTo(step, Decimal.roundDown).eq(value);
}
