/** What Alpaca's trading REST knows of orders and executions, page by page. */
import { z } from "zod";
import type { BrokerOrder, Execution } from "../model/order.ts";
import { OperationError } from "../util/errors.ts";
import {
  activityToExecution,
  fillActivitySchema,
  orderSchema,
  type ParsedFillActivity,
  toBrokerOrder,
} from "./alpaca_orders.ts";
import type { AlpacaRest } from "./alpaca_rest.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import type { UnknownWords } from "./wire_log.ts";

const ORDERS_PER_PAGE = 500;
const ACTIVITIES_PER_PAGE = 100;
const PAGES_MAX = 1000;
const DAY_US = 86_400e6;
/** Above it, orders are listed rather than asked for one by one. */
const LOOK_UPS_MAX = 3;

/** All orders that can still change, the oldest first; legs within their parents. */
export function readOpenOrders(
  rest: AlpacaRest,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<BrokerOrder[]> {
  return readOrders(rest, { status: "open" }, -Infinity, unknown, signal);
}

/** null: Alpaca does not know it. */
export async function readOrderByClientId(
  rest: AlpacaRest,
  clientOrderId: string,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<BrokerOrder | null> {
  const path = "/v2/orders:by_client_order_id";
  const query = { client_order_id: clientOrderId };
  const found = await rest.find(orderSchema, { path, query }, signal);
  if (!found) return null;
  const order = found.body;
  const hasLegs = !["", "simple"].includes(order.order_class ?? "");
  if (!hasLegs || order.legs?.length) return toBrokerOrder(order, unknown);
  // Legs come only where nested orders are asked for, which this look-up cannot do.
  return await readOrder(rest, order.id, unknown, signal) ?? toBrokerOrder(order, unknown);
}

/** Executions after `sinceUs`, oldest first; clientOrderId "" where the order is not known. */
export async function readExecutions(
  rest: AlpacaRest,
  sinceUs: number,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<Execution[]> {
  const fills = (await readFills(rest, sinceUs, signal))
    .filter((fill) => fill.transaction_time > sinceUs);
  const orders = await readOrdersOf(rest, fills, sinceUs, unknown, signal);
  const executions = fills.map((fill) => {
    const order = orders.get(fill.order_id);
    if (!order) unknown.add("order of an execution", fill.order_id);
    // An order that Alpaca no longer knows is none of ours: its execution still moves the position.
    const whose = order ?? { clientOrderId: "", symbol: fill.symbol };
    return activityToExecution(fill, whose, unknown);
  });
  return executions.sort((a, b) => a.timeUs - b.timeUs);
}

/** By Alpaca's id; null: Alpaca does not know it. */
export async function readOrder(
  rest: AlpacaRest,
  id: string,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<BrokerOrder | null> {
  const request = { path: `/v2/orders/${encodeURIComponent(id)}`, query: { nested: true } };
  const found = await rest.find(orderSchema, request, signal);
  return found && toBrokerOrder(found.body, unknown);
}

/**
 * Pages go by the time of submission, which many orders can share: so each page begins a
 * microsecond before the last one's end, and what was seen before is passed over.
 */
async function readOrders(
  rest: AlpacaRest,
  filter: { status: "open" | "all" },
  afterUs: number,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<BrokerOrder[]> {
  const orders = new Map<string, BrokerOrder>();
  let fromUs = afterUs;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query: Record<string, string | number | boolean> = {
      ...filter,
      limit: ORDERS_PER_PAGE,
      direction: "asc",
      nested: true,
    };
    if (fromUs > -Infinity) query.after = formatRfc3339(fromUs);
    const request = { path: "/v2/orders", query };
    const { body } = await rest.get(z.array(orderSchema), request, signal);
    const before = orders.size;
    let rows = 0;
    let lastUs = fromUs;
    for (const parsed of body) {
      const order = toBrokerOrder(parsed, unknown);
      orders.set(order.brokerOrderId, order);
      rows += 1 + order.legs.length;
      lastUs = Math.max(lastUs, order.submittedUs);
    }
    if (rows < ORDERS_PER_PAGE) return [...orders.values()];
    if (orders.size === before) break;
    fromUs = lastUs - 1;
  }
  throw new OperationError(
    `Cannot list the account's ${filter.status} orders: more than ${ORDERS_PER_PAGE} of them ` +
      `were submitted at the same time, or there is no end of them`,
  );
}

async function readFills(
  rest: AlpacaRest,
  sinceUs: number,
  signal: AbortSignal,
): Promise<ParsedFillActivity[]> {
  const fills: ParsedFillActivity[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const query: Record<string, string | number> = {
      activity_types: "FILL",
      // One microsecond earlier: whether Alpaca counts the moment itself is not written.
      after: formatRfc3339(Math.max(0, sinceUs - 1)),
      direction: "asc",
      page_size: ACTIVITIES_PER_PAGE,
    };
    const last = fills.at(-1);
    if (last) query.page_token = last.id;
    const request = { path: "/v2/account/activities", query };
    const { body } = await rest.get(z.array(fillActivitySchema), request, signal);
    fills.push(...body);
    if (body.length < ACTIVITIES_PER_PAGE) return fills;
    if (fills.at(-1)?.id === last?.id) break;
  }
  throw new OperationError("Cannot read the account's fills: there is no end of them");
}

/** The orders of fills, by id, legs too. */
async function readOrdersOf(
  rest: AlpacaRest,
  fills: ParsedFillActivity[],
  sinceUs: number,
  unknown: UnknownWords,
  signal: AbortSignal,
): Promise<Map<string, BrokerOrder>> {
  const known = new Map<string, BrokerOrder>();
  const lacking = () => new Set(fills.map((fill) => fill.order_id)).difference(known);
  if (lacking().size > LOOK_UPS_MAX) {
    // An order is most often younger than a day when it fills.
    const afterUs = Math.max(0, sinceUs - DAY_US);
    const orders = await readOrders(rest, { status: "all" }, afterUs, unknown, signal);
    for (const order of orders) {
      known.set(order.brokerOrderId, order);
      for (const leg of order.legs) known.set(leg.brokerOrderId, leg);
    }
  }
  for (const id of lacking()) {
    const order = await readOrder(rest, id, unknown, signal);
    if (order) known.set(id, order);
  }
  return known;
}
