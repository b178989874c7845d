/**
 * Orders from Alpaca's words to Liu's and back.
 * Invariant: one closed table per kind of word. A word that is in none is counted and told, and
 * becomes what ends nothing: an order that is not known to be over is still open.
 */
import { z } from "zod";
import type {
  BrokerOrder,
  Execution,
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../model/order.ts";
import { decimal, plain } from "../util/decimal.ts";
import { decimalText, notNegative, positive } from "./amount_text.ts";
import { symbolOf } from "./alpaca_assets.ts";
import type { AlpacaOrderRequest, AlpacaOrderStatus } from "./alpaca_types.ts";
import { parseRfc3339Us } from "./rfc3339.ts";
import type { UnknownWords } from "./wire_log.ts";

/** Of which side an order is must be known: a guess would be a wrong position. */
const side = z.string().regex(/^(buy|sell)/, "must be buy or sell");

const time = z.string().transform((text, context) => {
  const us = parseRfc3339Us(text);
  if (Number.isNaN(us)) context.addIssue({ code: "custom", message: `"${text}" is no time` });
  return us;
});

const fields = {
  id: z.string().min(1),
  client_order_id: z.string(),
  symbol: z.string().min(1),
  asset_class: z.string().optional(),
  side,
  type: z.string(),
  time_in_force: z.string(),
  order_class: z.string().nullish(),
  qty: decimalText.nullish(),
  notional: decimalText.nullish(),
  limit_price: decimalText.nullish(),
  stop_price: decimalText.nullish(),
  status: z.string(),
  filled_qty: notNegative.nullish(),
  filled_avg_price: decimalText.nullish(),
  replaced_by: z.string().nullish(),
  replaces: z.string().nullish(),
  created_at: time.nullish(),
  submitted_at: time.nullish(),
  updated_at: time.nullish(),
  filled_at: z.string().nullish(),
  canceled_at: z.string().nullish(),
  expired_at: z.string().nullish(),
  failed_at: z.string().nullish(),
  replaced_at: z.string().nullish(),
};

export const orderSchema = z.object({
  ...fields,
  legs: z.array(z.object(fields)).nullish(),
});
export type ParsedOrder = z.output<typeof orderSchema>;

export const tradeUpdateSchema = z.object({
  event: z.string(),
  execution_id: z.string().nullish(),
  order: orderSchema,
  timestamp: time.nullish(),
  price: positive.nullish(),
  qty: positive.nullish(),
}).refine(({ event, qty, order }) => {
  // Its identity is the order's filled quantity after it.
  return !EXECUTION_EVENTS.has(event) || qty == null || decimal(order.filled_qty ?? 0).gte(qty);
}, { path: ["order", "filled_qty"], message: "must be at least the execution's quantity" });
export type ParsedTradeUpdate = z.output<typeof tradeUpdateSchema>;

export const fillActivitySchema = z.object({
  id: z.string(),
  order_id: z.string().min(1),
  symbol: z.string().min(1),
  side,
  qty: decimalText.refine((text) => !decimal(text).isZero, "must not be 0"),
  cum_qty: positive,
  price: positive,
  transaction_time: time,
});
export type ParsedFillActivity = z.output<typeof fillActivitySchema>;

const STATUSES: Readonly<Record<AlpacaOrderStatus, OrderStatus>> = {
  new: "new",
  partially_filled: "partially_filled",
  filled: "filled",
  done_for_day: "done_for_day",
  canceled: "canceled",
  expired: "expired",
  replaced: "replaced",
  pending_cancel: "pending_cancel",
  pending_replace: "pending_replace",
  accepted: "accepted",
  pending_new: "accepted",
  accepted_for_bidding: "accepted",
  stopped: "stopped",
  rejected: "rejected",
  suspended: "suspended",
  calculated: "calculated",
  held: "held",
};

const SIDES: Readonly<Record<string, Side>> = {
  buy: "buy",
  buy_minus: "buy",
  sell: "sell",
  sell_plus: "sell",
  sell_short: "sell",
  sell_short_exempt: "sell",
};

const TYPES: Readonly<Record<OrderType, OrderType>> = {
  market: "market",
  limit: "limit",
  stop: "stop",
  stop_limit: "stop_limit",
  trailing_stop: "trailing_stop",
};

const TIMES_IN_FORCE: Readonly<Record<TimeInForce, TimeInForce>> = {
  day: "day",
  gtc: "gtc",
  opg: "opg",
  cls: "cls",
  ioc: "ioc",
  fok: "fok",
};

const EXECUTION_EVENTS: ReadonlySet<string> = new Set(["fill", "partial_fill"]);

/** All that a trade update is known to say of an order. */
const EVENTS: ReadonlySet<string> = new Set([
  ...EXECUTION_EVENTS,
  "new",
  "canceled",
  "expired",
  "done_for_day",
  "replaced",
  "rejected",
  "pending_new",
  "pending_cancel",
  "pending_replace",
  "stopped",
  "calculated",
  "suspended",
  "restated",
  "accepted",
  "held",
  "order_replace_rejected",
  "order_cancel_rejected",
]);

export function toBrokerOrder(order: ParsedOrder, unknown: UnknownWords): BrokerOrder {
  const submittedUs = order.submitted_at ?? order.created_at ?? 0;
  const filledQty = order.filled_qty ?? "0";
  return {
    brokerOrderId: order.id,
    clientOrderId: order.client_order_id,
    symbol: symbolOf(order.symbol, order.asset_class),
    side: toSide(order.side, unknown),
    type: word("order type", TYPES, order.type, "market", unknown),
    timeInForce: word("time in force", TIMES_IN_FORCE, order.time_in_force, "day", unknown),
    qty: order.qty ?? null,
    notional: order.notional ?? null,
    limitPrice: order.limit_price ?? null,
    triggerPrice: order.stop_price ?? null,
    status: word("order status", STATUSES, order.status, guessStatus(order), unknown),
    filledQty,
    filledAveragePrice: decimal(filledQty).eq(0) ? null : order.filled_avg_price ?? null,
    legs: (order.legs ?? []).map((leg) => toBrokerOrder(leg, unknown)),
    replacedBy: order.replaced_by ?? null,
    replaces: order.replaces ?? null,
    submittedUs,
    updatedUs: order.updated_at ?? submittedUs,
  };
}

/** The execution that a trade update tells of, or null. */
export function toExecution(
  update: ParsedTradeUpdate,
  order: BrokerOrder,
  unknown: UnknownWords,
): Execution | null {
  if (!EVENTS.has(update.event)) unknown.add("trade update", update.event);
  if (!EXECUTION_EVENTS.has(update.event)) return null;
  if (update.qty == null || update.price == null) {
    unknown.add("trade update", `${update.event} without qty and price`);
    return null;
  }
  return {
    brokerOrderId: order.brokerOrderId,
    clientOrderId: order.clientOrderId,
    symbol: order.symbol,
    side: order.side,
    qty: decimal(update.qty),
    price: decimal(update.price),
    cumulativeQty: decimal(order.filledQty),
    executionId: update.execution_id ?? null,
    timeUs: update.timestamp ?? order.updatedUs,
    fee: decimal(0),
  };
}

/** An activity lacks its order's client order id; its own id is not the execution's. */
export function activityToExecution(
  activity: ParsedFillActivity,
  order: { clientOrderId: string; symbol: string },
  unknown: UnknownWords,
): Execution {
  return {
    brokerOrderId: activity.order_id,
    clientOrderId: order.clientOrderId,
    symbol: order.symbol,
    side: toSide(activity.side, unknown),
    qty: decimal(activity.qty).abs(),
    price: decimal(activity.price),
    cumulativeQty: decimal(activity.cum_qty),
    executionId: null,
    timeUs: activity.transaction_time,
    fee: decimal(0),
  };
}

/**
 * The body of POST /v2/orders. With both legs it is a bracket; but a limit order whose own price is
 * the take-profit's (or null) is an OCO: two exits, without an entry. With one leg it is an OTO.
 */
export function toOrderBody(order: OrderRequest): AlpacaOrderRequest {
  const { takeProfit, stopLoss } = order;
  const isOco = order.type === "limit" && takeProfit !== null && stopLoss !== null &&
    (order.limitPrice === null || decimal(order.limitPrice).eq(takeProfit.limitPrice));
  const orderClass = isOco
    ? "oco"
    : takeProfit && stopLoss
    ? "bracket"
    : takeProfit || stopLoss
    ? "oto"
    : "simple";
  const body: AlpacaOrderRequest = {
    client_order_id: order.clientOrderId,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    time_in_force: order.timeInForce,
    order_class: orderClass,
  };
  if (order.qty !== null) body.qty = plain(order.qty);
  if (order.notional !== null) body.notional = plain(order.notional);
  if (order.limitPrice !== null && !isOco) body.limit_price = plain(order.limitPrice);
  if (order.triggerPrice !== null) body.stop_price = plain(order.triggerPrice);
  if (order.trailPrice !== null) body.trail_price = plain(order.trailPrice);
  if (order.trailPercent !== null) body.trail_percent = plain(order.trailPercent);
  if (order.extendedHours) body.extended_hours = true;
  if (order.closesOnly) {
    body.position_intent = order.side === "sell" ? "sell_to_close" : "buy_to_close";
  }
  if (takeProfit) body.take_profit = { limit_price: plain(takeProfit.limitPrice) };
  if (stopLoss) {
    body.stop_loss = { stop_price: plain(stopLoss.triggerPrice) };
    if (stopLoss.limitPrice !== null) body.stop_loss.limit_price = plain(stopLoss.limitPrice);
  }
  return body;
}

function toSide(side: string, unknown: UnknownWords): Side {
  return word("side", SIDES, side, side.startsWith("sell") ? "sell" : "buy", unknown);
}

function word<T>(
  kind: string,
  table: Readonly<Record<string, T>>,
  text: string,
  otherwise: T,
  unknown: UnknownWords,
): T {
  if (Object.hasOwn(table, text)) return table[text]!;
  unknown.add(kind, text);
  return otherwise;
}

/** What the order's times say of a status that is not known. */
function guessStatus(order: ParsedOrder): OrderStatus {
  if (order.filled_at) return "filled";
  if (order.canceled_at) return "canceled";
  if (order.expired_at) return "expired";
  if (order.failed_at) return "rejected";
  if (order.replaced_at) return "replaced";
  return "accepted";
}
