/**
 * Orders at Alpaca, or at a simulated exchange.
 * Invariant: an answer that is not certain is "unknown", never "refused".
 * @see AlpacaSettings for what it is started with
 */
import { z } from "zod";
import type {
  Broker,
  BrokerCapabilities,
  CancelResult,
  RefusalCause,
  SubmitResult,
  UpdateStream,
} from "../contracts/broker.ts";
import type { OrderRequest } from "../model/order.ts";
import { exchangeUs } from "../model/calendar.ts";
import { decimal, plain } from "../util/decimal.ts";
import { decimalText } from "../wire/amount_text.ts";
import { readAssets, symbolOf } from "../wire/alpaca_assets.ts";
import {
  readExecutions,
  readOpenOrders,
  readOrder,
  readOrderByClientId,
} from "../wire/alpaca_order_book.ts";
import { orderSchema, toBrokerOrder, toOrderBody } from "../wire/alpaca_orders.ts";
import { type AlpacaReply, AlpacaRest } from "../wire/alpaca_rest.ts";
import { parseAlpacaSettings } from "../wire/alpaca_settings.ts";
import { readSplits } from "../wire/alpaca_splits.ts";
import { AlpacaTradingStream } from "../wire/alpaca_trading_stream.ts";
import {
  AlpacaErrorCode,
  type AlpacaReplaceRequest,
  CLOCK_RATE_HEADER,
} from "../wire/alpaca_types.ts";
import type { ClientContext } from "../wire/client_context.ts";
import { createOutbound } from "../wire/outbound.ts";
import { parseRfc3339Us } from "../wire/rfc3339.ts";
import { UnknownWords } from "../wire/wire_log.ts";

const CAPABILITIES: BrokerCapabilities = {
  brackets: ["us_equity"],
  fractional: ["us_equity", "crypto"],
  short: ["us_equity"],
  notional: ["us_equity", "crypto"],
  extendedHours: true,
  requestsPerMinute: 200,
  requestsReservedForCancels: 20,
  tellsOnce: false,
};

const accountSchema = z.object({
  id: z.string(),
  currency: z.string(),
  cash: decimalText,
  equity: decimalText,
  buying_power: decimalText,
  trading_blocked: z.boolean(),
  account_blocked: z.boolean().nullish(),
  trade_suspended_by_user: z.boolean().nullish(),
  shorting_enabled: z.boolean(),
});

const positionSchema = z.object({
  symbol: z.string().min(1),
  asset_class: z.string(),
  // A position on a guessed side would be doubled where it is closed.
  side: z.enum(["long", "short"]),
  qty: decimalText,
  qty_available: decimalText.nullish(),
  avg_entry_price: decimalText,
  current_price: decimalText.nullish(),
});

const clockSchema = z.object({
  timestamp: z.string().transform(parseRfc3339Us)
    .refine((timeUs) => Number.isFinite(timeUs), "is no time"),
  is_open: z.boolean(),
});

const calendarSchema = z.object({ date: z.string(), open: z.string(), close: z.string() });

export function createBroker(settings: Record<string, string>, context: ClientContext): Broker {
  const { keys, urls, acksSteps } = parseAlpacaSettings(settings);
  const outbound = createOutbound(urls.hosts);
  const unknown = new UnknownWords(context.log);
  const rest = new AlpacaRest({
    ...context,
    keys,
    outbound,
    origin: urls.trading,
    requestsPerMinute: CAPABILITIES.requestsPerMinute,
    requestsReservedForCancels: CAPABILITIES.requestsReservedForCancels,
  });
  // Corporate actions are market data.
  const data = urls.data === urls.trading
    ? rest
    : new AlpacaRest({ ...context, keys, outbound, origin: urls.data });
  return {
    name: "alpaca",
    hosts: urls.hosts,
    capabilities: CAPABILITIES,
    isRealMoney: urls.isRealMoney,

    async account(signal) {
      const { body } = await rest.get(accountSchema, { path: "/v2/account" }, signal);
      return {
        accountId: body.id,
        currency: body.currency,
        cash: body.cash,
        equity: body.equity,
        buyingPower: body.buying_power,
        tradingBlocked: body.trading_blocked || body.account_blocked === true ||
          body.trade_suspended_by_user === true,
        shortingEnabled: body.shorting_enabled,
      };
    },

    async positions(signal) {
      const { body } = await rest.get(z.array(positionSchema), { path: "/v2/positions" }, signal);
      return body.map((position) => {
        const size = decimal(position.qty).abs();
        return {
          symbol: symbolOf(position.symbol, position.asset_class),
          qty: plain(position.side === "short" ? size.neg() : size),
          qtyAvailable: plain(decimal(position.qty_available ?? position.qty).abs()),
          averagePrice: position.avg_entry_price,
          marketPrice: position.current_price ?? position.avg_entry_price,
        };
      });
    },

    assets: (assetClass, signal) => readAssets(rest, assetClass, signal),
    openOrders: (signal) => readOpenOrders(rest, unknown, signal),
    orderByClientId: (id, signal) => readOrderByClientId(rest, id, unknown, signal),
    orderById: (id, signal) => readOrder(rest, id, unknown, signal),
    executions: (sinceUs, signal) => readExecutions(rest, sinceUs, unknown, signal),

    async submit(order, signal) {
      const body = toOrderBody(order);
      const reply = await rest.send({ method: "POST", path: "/v2/orders", body }, signal);
      return submitResult(reply, unknown);
    },

    async cancel(brokerOrderId, signal) {
      const path = orderPath(brokerOrderId);
      return cancelResult(await rest.send({ method: "DELETE", path, isCancel: true }, signal));
    },

    async replace(brokerOrderId, change, signal) {
      const path = orderPath(brokerOrderId);
      const body = toReplaceBody(change);
      return submitResult(await rest.send({ method: "PATCH", path, body }, signal), unknown);
    },

    async clock(signal) {
      const { body, headers } = await rest.get(clockSchema, { path: "/v2/clock" }, signal);
      const announced = headers.get(CLOCK_RATE_HEADER);
      const rate = Number(announced ?? "1");
      return {
        timeUs: body.timestamp,
        rate: Number.isFinite(rate) && rate >= 0 ? rate : 1,
        isOpen: body.is_open,
        isReal: announced === null,
      };
    },

    async calendar(start, end, signal) {
      const request = { path: "/v2/calendar", query: { start, end } };
      const { body } = await rest.get(z.array(calendarSchema), request, signal);
      return body.map(({ date, open, close }) => ({
        date,
        openUs: exchangeUs(date, open),
        closeUs: exchangeUs(date, close),
      }));
    },

    splits: (symbols, from, to, signal) => readSplits(data, { symbols, from, to }, signal),

    async openUpdates({ signal, ...handlers }): Promise<UpdateStream> {
      const stream = new AlpacaTradingStream({
        ...context,
        ...handlers,
        url: `${urls.tradingStream}/stream`,
        keys,
        outbound,
        unknown,
        acksSteps,
      });
      await stream.open(signal);
      return stream;
    },
  };
}

function orderPath(brokerOrderId: string): string {
  return `/v2/orders/${encodeURIComponent(brokerOrderId)}`;
}

function submitResult(reply: AlpacaReply, unknown: UnknownWords): SubmitResult {
  switch (reply.kind) {
    case "ok": {
      const order = orderSchema.safeParse(reply.body);
      if (order.success) return { result: "accepted", order: toBrokerOrder(order.data, unknown) };
      const [issue] = order.error.issues;
      const where = issue?.path.join(".") || "the reply";
      // It was taken in, but what became of it must be looked up.
      return { result: "unknown", message: `unreadable answer: ${where}: ${issue?.message}` };
    }
    case "refused":
      if (isDuplicate(reply.message)) return { result: "duplicate" };
      return { result: "refused", code: reply.code, message: reply.message, ...causeOf(reply) };
    case "rate_limited":
      return { result: "rate_limited", retryAfterMs: reply.retryAfterMs };
    case "unknown":
      return { result: "unknown", message: reply.message };
    default:
      return reply satisfies never;
  }
}

/** Alpaca has one code for all that is unprocessable; only the words tell. */
function isDuplicate(message: string): boolean {
  return /client_order_id/i.test(message) && /unique|duplicate|already exists/i.test(message);
}

/** Of one code, 40310000, too. */
function causeOf({ code, message }: { code: number; message: string }): { cause?: RefusalCause } {
  // It was to close what the account does not hold (any more).
  if (/position intent mismatch/i.test(message)) return { cause: "qty_held" };
  if (code !== AlpacaErrorCode.forbidden) return {};
  if (/wash trade/i.test(message)) return { cause: "wash_trade" };
  return /insufficient qty/i.test(message) ? { cause: "qty_held" } : {};
}

function cancelResult(reply: AlpacaReply): CancelResult {
  switch (reply.kind) {
    case "ok":
      return { result: "requested" };
    case "refused":
      if (reply.status === 404) return { result: "not_found" };
      if (reply.status === 422) return { result: "not_cancelable", message: reply.message };
      return { result: "unknown", message: `${reply.message} (${reply.status}, ${reply.code})` };
    case "rate_limited":
      return { result: "rate_limited", retryAfterMs: reply.retryAfterMs };
    case "unknown":
      return { result: "unknown", message: reply.message };
    default:
      return reply satisfies never;
  }
}

type Change = Partial<
  Pick<
    OrderRequest,
    "clientOrderId" | "qty" | "limitPrice" | "triggerPrice" | "trailPrice" | "timeInForce"
  >
>;

function toReplaceBody(change: Change): AlpacaReplaceRequest {
  const body: AlpacaReplaceRequest = {};
  if (change.clientOrderId !== undefined) body.client_order_id = change.clientOrderId;
  if (change.timeInForce !== undefined) body.time_in_force = change.timeInForce;
  if (change.qty != null) body.qty = plain(change.qty);
  if (change.limitPrice != null) body.limit_price = plain(change.limitPrice);
  if (change.triggerPrice != null) body.stop_price = plain(change.triggerPrice);
  if (change.trailPrice != null) body.trail = plain(change.trailPrice);
  return body;
}
