/** What holds at the end of every session with faults, by the exchange's and the database's word. */
import assert from "node:assert/strict";
import { type Decimal, decimal } from "../../src/util/decimal.ts";
import { lostFills } from "./fills.ts";
import type { Played } from "../session_world.ts";

/** What is wrong, by kind; 0 of each is right. */
export interface SessionFaults {
  /** Client order ids that are there twice. */
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
  const { orders, fills, positions, othersOrders } = played.truth;
  const clientIds = orders.map(({ client_order_id }) => client_order_id)
    .filter((id) => id.startsWith("liu-"));
  const there = fills.map(({ order_id, cum_qty, qty, price }) => (
    { orderId: order_id, cumulativeQty: cum_qty, qty, price }
  ));
  const stored = played.stored.trades.map((row) => ({ ...row, orderId: row.brokerOrderId }));
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
    lostFills: lostFills(there, stored, new Set(othersOrders)),
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
