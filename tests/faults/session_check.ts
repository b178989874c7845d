/** What holds at the end of every session with faults, by the exchange's and the database's word. */
import assert from "node:assert/strict";
import type { AlpacaOrder } from "../../src/wire/alpaca_types.ts";
import { type Decimal, decimal } from "../../src/util/decimal.ts";
import { difference } from "./check.ts";
import type { Played } from "../session_world.ts";

/** What is wrong, by kind; 0 of each is right. */
export interface SessionFaults {
  /** Client order ids that are there twice, and orders that are not of the trader's making. */
  duplicates: string[];
  /** Executions of the trader's orders at the exchange that are not in the database, or the reverse. */
  lostFills: string[];
  /** Symbols in which the trader's book and the exchange differ. */
  mismatches: string[];
  /** Positions that were left without a stop at the exchange. */
  unprotected: string[];
}

export interface SessionCheckOptions {
  /** Symbols that others than the trader traded; what they did is EXTERNAL. */
  external?: string[];
}

export function faultsOf(
  played: Played,
  { external = [] }: SessionCheckOptions = {},
): SessionFaults {
  const { orders, fills, positions } = played.truth;
  const own = new Set(ownOrders(orders).map(({ id }) => id));
  const clientIds = ownOrders(orders).map(({ client_order_id }) => client_order_id)
    .filter((id) => id.startsWith("liu-"));
  const there = fills.filter(({ order_id }) => own.has(order_id))
    .map(({ order_id, cum_qty, price }) => keyOf(order_id, cum_qty, price));
  const stored = played.stored.trades.map((row) =>
    keyOf(row.brokerOrderId, row.cumulativeQty, row.price)
  );
  const book = new Map<string, Decimal>();
  for (const { symbol, operation, qty } of played.stored.trades) {
    const isBuy = operation === "buy" || operation === "buy_short";
    const before = book.get(symbol) ?? decimal(0);
    book.set(symbol, isBuy ? before.plus(qty) : before.minus(qty));
  }
  const atExchange = new Map(positions.map(({ symbol, qty }) => [symbol, decimal(qty)]));
  const symbols = new Set([...book.keys(), ...atExchange.keys()]);
  return {
    duplicates: clientIds.filter((id, i) => clientIds.indexOf(id) !== i),
    lostFills: [...difference(there, stored), ...difference(stored, there)],
    mismatches: [...symbols].filter((symbol) =>
      !external.includes(symbol) &&
      !(book.get(symbol) ?? decimal(0)).eq(atExchange.get(symbol) ?? decimal(0))
    ),
    unprotected: played.session.open.filter(({ protection }) => protection === "none")
      .map(({ symbol, qty }) => `${symbol} ${qty}`),
  };
}

export function checkSession(played: Played, options: SessionCheckOptions = {}): void {
  const none = { duplicates: [], lostFills: [], mismatches: [], unprotected: [] };
  assert.deepEqual(faultsOf(played, options), none);
}

/** Those with the trader's ids, their legs and what replaced them. */
function ownOrders(orders: AlpacaOrder[]): AlpacaOrder[] {
  const own = orders.filter(({ client_order_id }) => client_order_id.startsWith("liu-"));
  const ids = new Set(own.flatMap(({ id, legs }) => [id, ...(legs ?? []).map((leg) => leg.id)]));
  for (const { id, replaces } of orders) if (replaces !== null && ids.has(replaces)) ids.add(id);
  return orders.filter(({ id }) => ids.has(id));
}

function keyOf(orderId: string, cumulativeQty: string, price: string): string {
  return `${orderId} ${decimal(cumulativeQty).toFixed()} at ${decimal(price).toFixed()}`;
}
