/** What holds at the end of every test of a fault, whatever the fault was. */
import assert from "node:assert/strict";
import { decimal } from "../../src/util/decimal.ts";
import { lostFills } from "./fills.ts";
import { ACCOUNT_ID, type FaultWorld } from "./world.ts";

export interface CheckOptions {
  /** How many orders the trader has sent in all; not given: not counted, only that none is double. */
  orders?: number;
  /** Symbols that hold a position without a stop on purpose. */
  unprotected?: string[];
  /** Orders are still open: what is promised of the buying power is not looked at. */
  isOpen?: boolean;
}

/** What is wrong, in words; with nothing in any list all is well. */
export interface Problems {
  /** Orders that were sent twice. */
  duplicates: string[];
  /** Executions of the trader's orders that are stored and not at the exchange, or the reverse. */
  lostFills: string[];
  /** Symbols in which the book, or what strategies were told, differs from the exchange. */
  mismatches: string[];
  /** Positions that were given a stop, and have none at the exchange. */
  unprotected: string[];
  /** Buying power that is promised while nothing is open, and what failed. */
  others: string[];
}

/**
 * Book = the exchange's positions, EXTERNAL included; Σ executions = positions; each order once; no
 * position whose entry had a stop without one at the exchange; nothing reserved when nothing is open.
 */
export async function checkWorld(world: FaultWorld, options: CheckOptions): Promise<void> {
  await world.settled();
  await world.gateway.idle();
  const none = { duplicates: [], lostFills: [], mismatches: [], unprotected: [], others: [] };
  assert.deepEqual(problemsOf(world, options), none);
  if (options.orders === undefined) return;
  const shown = world.ownOrders().map(({ clientOrderId, side, qty, status }) =>
    `${clientOrderId} ${side} ${qty} ${status}`
  );
  assert.equal(shown.length, options.orders, `the exchange has ${shown.join(", ") || "none"}`);
}

/** As checkWorld, for who counts what is wrong. */
export function problemsOf(world: FaultWorld, options: CheckOptions = {}): Problems {
  const symbols = [
    ...new Set([
      ...world.exchangeOrders().map(({ symbol }) => symbol),
      ...world.trades().map(({ symbol }) => symbol),
      ...world.simulator.exchange.positions(ACCOUNT_ID).map(({ symbol }) => symbol),
    ]),
  ];
  const ids = world.ownOrders().map(({ clientOrderId }) => clientOrderId);
  const open = world.exchangeOrders().filter(({ status }) => OPEN.includes(status));
  const { reserved } = world.gateway;
  return {
    duplicates: ids.filter((id, i) => ids.indexOf(id) !== i),
    lostFills: lostFillsOf(world),
    mismatches: symbols.flatMap((symbol) => mismatchOf(world, symbol)),
    unprotected: symbols.filter((symbol) => !options.unprotected?.includes(symbol))
      .flatMap((symbol) => unprotectedIn(world, symbol)),
    others: [
      ...open.length === 0 && !options.isOpen && reserved !== 0
        ? [`${reserved} of the buying power is promised, but nothing is open`]
        : [],
      ...world.main.heard.flatMap((one) => one.type === "failed" ? [one.message] : []),
    ],
  };
}

const OPEN = ["new", "partially_filled", "accepted", "held", "pending_cancel", "done_for_day"];

function mismatchOf(world: FaultWorld, symbol: string): string[] {
  const { book } = world.gateway;
  const there = decimal(world.simulator.exchange.position(ACCOUNT_ID, symbol)?.qty ?? "0");
  const net = book.net(symbol);
  if (!net.eq(there)) {
    return [`${symbol}: book ≠ exchange: ${net.toFixed()}, ${there.toFixed()}`];
  }
  const own = new Map<number, number>();
  for (const { runId, symbol: of, position } of world.reports.heard) {
    if (of === symbol) own.set(runId, position?.qty ?? 0);
  }
  const runs = [...own.values()].reduce((sum, qty) => sum.plus(qty), decimal(0));
  if (runs.plus(book.external(symbol)).eq(there)) return [];
  return [
    `${symbol}: strategies were told ${runs.toFixed()}, EXTERNAL is ` +
    `${book.external(symbol).toFixed()}, the exchange has ${there.toFixed()}`,
  ];
}

function lostFillsOf(world: FaultWorld): string[] {
  const there = world.simulator.exchange.executions(ACCOUNT_ID).map((execution) => ({
    orderId: execution.brokerOrderId,
    cumulativeQty: execution.cumulativeQty.toFixed(),
    qty: execution.qty.toFixed(),
    price: execution.price.toFixed(),
  }));
  const stored = world.trades().map((row) => ({ ...row, orderId: row.brokerOrderId }));
  return lostFills(there, stored, world.adversary.book.othersOrders);
}

/**
 * A run that was told of a stop has stop orders at the exchange for all that it holds. But while its
 * entry is filled in part: the exchange holds an entry's legs back until all of it has filled, and
 * the gateway watches the prices.
 */
function unprotectedIn(world: FaultWorld, symbol: string): string[] {
  const wanted = new Map<number, number>();
  for (const { runId, symbol: of, position, openOrder } of world.reports.heard) {
    if (of !== symbol) continue;
    const isFilling = openOrder?.action === "buy" || openOrder?.action === "short";
    wanted.set(runId, position?.stopPrice != null && !isFilling ? position.qty : 0);
  }
  const net = [...wanted.values()].reduce((sum, qty) => sum + qty, 0);
  if (net === 0) return [];
  const side = net > 0 ? "sell" : "buy";
  const covered = world.exchangeOrders()
    .filter((order) =>
      order.symbol === symbol && order.side === side && order.triggerPrice !== null &&
      ["new", "partially_filled", "accepted"].includes(order.status)
    )
    .reduce((sum, { qty, filledQty }) => sum.plus(qty ?? 0).minus(filledQty), decimal(0));
  if (covered.gte(decimal(Math.abs(net)))) return [];
  return [`${symbol}: stops at the exchange cover ${covered.toFixed()} of ${net}`];
}
