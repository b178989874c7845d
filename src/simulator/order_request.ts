/** Bodies and queries of the order routes, read into the exchange core's words. */
import { z } from "zod";
import type { ExchangeOrderRequest, OrderChange, OrderFilter } from "../matching/types.ts";
import { plain } from "../util/decimal.ts";
import { AlpacaErrorCode } from "../wire/alpaca_types.ts";
import type { Assets } from "./assets.ts";
import { parseTimeUs } from "../recorded/csv_time.ts";
import { RequestError } from "./request_error.ts";

/** Alpaca takes numbers where it wants texts. What is no number is refused by the exchange core. */
const amount = z.union([z.string(), z.number().transform((value) => plain(value))]).nullish()
  .transform((value) => value === "" ? null : value ?? null);
const timeInForce = z.enum(["day", "gtc", "opg", "cls", "ioc", "fok"]);
const clientOrderId = z.string().max(128).nullish()
  .transform((value) => value === "" ? null : value ?? null);

const orderSchema = z.object({
  symbol: z.string().min(1),
  qty: amount,
  notional: amount,
  side: z.enum(["buy", "sell"]),
  type: z.enum(["market", "limit", "stop", "stop_limit", "trailing_stop"]),
  time_in_force: timeInForce,
  limit_price: amount,
  stop_price: amount,
  trail_price: amount,
  trail_percent: amount,
  extended_hours: z.boolean().nullish().transform((value) => value ?? false),
  client_order_id: clientOrderId,
  order_class: z.enum(["simple", "bracket", "oco", "oto", ""]).nullish()
    .transform((value) => value === "" ? null : value ?? null),
  take_profit: z.object({ limit_price: amount }).nullish(),
  stop_loss: z.object({ stop_price: amount, limit_price: amount }).nullish(),
  position_intent: z.enum(["buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close"])
    .nullish().transform((value) => value ?? null),
});

const changeSchema = z.object({
  qty: amount,
  time_in_force: timeInForce.nullish(),
  limit_price: amount,
  stop_price: amount,
  trail: amount,
  client_order_id: clientOrderId,
});

const number = z.string().regex(/^\d+$/).transform(Number);
/** As Alpaca's server reads it: Python's clients say "True". */
const flag = z.string().transform((text) => text.toLowerCase())
  .pipe(z.enum(["true", "false", "1", "0", "t", "f"]))
  .transform(isTrue);

/** A flag of a query that was checked, or that is none where it is not one. */
export function isTrue(text: string | undefined): boolean {
  return ["true", "1", "t"].includes(text?.toLowerCase() ?? "");
}
const time = z.string().transform((text, ctx) => {
  const us = parseTimeUs(text);
  if (us !== null) return us;
  ctx.addIssue({ code: "custom", message: "must be a time in RFC 3339" });
  return z.NEVER;
});
const filterSchema = z.object({
  status: z.enum(["open", "closed", "all"]).optional(),
  limit: number.pipe(z.number().min(1).max(500)).optional(),
  after: time.optional(),
  until: time.optional(),
  direction: z.enum(["asc", "desc"]).optional(),
  nested: flag.optional(),
  symbols: z.string().optional(),
  side: z.enum(["buy", "sell"]).optional(),
});

export function parseOrderRequest(body: unknown, assets: Assets): ExchangeOrderRequest {
  const order = parse(orderSchema, body);
  const { take_profit, stop_loss } = order;
  if (take_profit && take_profit.limit_price === null) {
    throw unreadable("take_profit.limit_price is required");
  }
  if (stop_loss && stop_loss.stop_price === null) {
    throw unreadable("stop_loss.stop_price is required");
  }
  return {
    clientOrderId: order.client_order_id,
    symbol: assets.resolve(order.symbol),
    side: order.side,
    qty: order.qty,
    notional: order.notional,
    type: order.type,
    timeInForce: order.time_in_force,
    limitPrice: order.limit_price,
    triggerPrice: order.stop_price,
    trailPrice: order.trail_price,
    trailPercent: order.trail_percent,
    extendedHours: order.extended_hours,
    takeProfit: take_profit ? { limitPrice: take_profit.limit_price! } : null,
    stopLoss: stop_loss
      ? { triggerPrice: stop_loss.stop_price!, limitPrice: stop_loss.limit_price }
      : null,
    orderClass: order.order_class,
    positionIntent: order.position_intent,
  };
}

export function parseOrderChange(body: unknown): OrderChange {
  const change = parse(changeSchema, body);
  return {
    ...(change.qty === null ? {} : { qty: change.qty }),
    ...(change.time_in_force ? { timeInForce: change.time_in_force } : {}),
    ...(change.limit_price === null ? {} : { limitPrice: change.limit_price }),
    ...(change.stop_price === null ? {} : { triggerPrice: change.stop_price }),
    ...(change.trail === null ? {} : { trail: change.trail }),
    ...(change.client_order_id === null ? {} : { clientOrderId: change.client_order_id }),
  };
}

export function parseOrderFilter(query: Record<string, string>, assets: Assets): OrderFilter {
  const filter = parse(filterSchema, query);
  return {
    status: filter.status ?? "open",
    limit: filter.limit ?? 50,
    direction: filter.direction ?? "desc",
    nested: filter.nested ?? false,
    ...(filter.after === undefined ? {} : { afterUs: filter.after }),
    ...(filter.until === undefined ? {} : { untilUs: filter.until }),
    ...(filter.side === undefined ? {} : { side: filter.side }),
    ...(filter.symbols ? { symbols: filter.symbols.split(",").map((s) => assets.resolve(s)) } : {}),
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw unreadable(path.length === 0 ? message : `${path.join(".")}: ${message}`);
}

function unreadable(message: string): RequestError {
  return new RequestError(422, message, AlpacaErrorCode.parameters);
}
