/** What holds at the end of every test of a fault, whatever the fault was. */
import assert from "node:assert/strict";
import { Decimal, decimal } from "../../src/util/decimal.ts";
import { ACCOUNT_ID, type FaultWorld } from "./world.ts";

export interface CheckOptions {
  /** How many orders the trader has sent in all; not given: not counted, only that none is double. */
  orders?: number;
  /** Symbols that hold a position without a stop on purpose. */
  unprotected?: string[];
  /** Orders are still open: what is promised of the buying power is not looked at. */
  isOpen?: boolean;
}

/**
 * Book = the exchange's positions, EXTERNAL included; Σ executions = positions; each order once; no
 * position whose entry had a stop without one at the exchange; nothing reserved when nothing is open.
 */
export async function checkWorld(world: FaultWorld, options: CheckOptions): Promise<void> {
  await world.settled();
  await world.gateway.idle();
  const symbols = new Set([
    ...world.exchangeOrders().map(({ symbol }) => symbol),
    ...world.trades().map(({ symbol }) => symbol),
    ...world.simulator.exchange.positions(ACCOUNT_ID).map(({ symbol }) => symbol),
  ]);
  for (const symbol of symbols) {
    checkPosition(world, symbol);
    if (!options.unprotected?.includes(symbol)) checkProtection(world, symbol);
  }
  checkOrders(world, options.orders);
  checkExecutions(world);
  const open = world.exchangeOrders().filter(({ status }) => OPEN.includes(status));
  if (open.length === 0 && !options.isOpen) {
    assert.equal(world.gateway.reserved, 0, "buying power is promised, but nothing is open");
  }
  const failed = world.main.heard.filter(({ type }) => type === "failed");
  assert.deepEqual(failed, []);
}

const OPEN = ["new", "partially_filled", "accepted", "held", "pending_cancel", "done_for_day"];

function checkPosition(world: FaultWorld, symbol: string): void {
  const { book } = world.gateway;
  const at = world.simulator.exchange.position(ACCOUNT_ID, symbol)?.qty ?? "0";
  assert.equal(book.net(symbol).toFixed(), decimal(at).toFixed(), `${symbol}: book ≠ exchange`);
  const own = new Map<number, number>();
  for (const { runId, symbol: of, position } of world.reports.heard) {
    if (of === symbol) own.set(runId, position?.qty ?? 0);
  }
  const runs = [...own.values()].reduce((sum, qty) => sum.plus(qty), decimal(0));
  assert.equal(
    runs.plus(book.external(symbol)).toFixed(),
    decimal(at).toFixed(),
    `${symbol}: what strategies were told, and EXTERNAL, ≠ exchange`,
  );
}

/** Executions that were stored, each once, and those of the exchange for the trader's own orders. */
function checkExecutions(world: FaultWorld): void {
  const own = new Set(
    world.ownOrders().flatMap(({ id }) => {
      const order = world.simulator.exchange.order(ACCOUNT_ID, id);
      return [id, ...(order?.legs ?? []).map((leg) => leg.id)];
    }),
  );
  const keyOf = (symbol: string, isBuy: boolean, qty: Decimal, price: Decimal) =>
    `${symbol} ${isBuy ? "buy" : "sell"} ${qty.toFixed()} at ${price.toFixed()}`;
  const there = world.simulator.exchange.executions(ACCOUNT_ID)
    .filter(({ brokerOrderId }) => own.has(brokerOrderId))
    .map(({ symbol, side, qty, price }) => keyOf(symbol, side === "buy", qty, price));
  const stored = world.trades().map(({ symbol, operation, qty, price }) =>
    keyOf(symbol, operation === "buy" || operation === "buy_short", decimal(qty), decimal(price))
  );
  assert.deepEqual(stored.sort(), there.sort(), "stored executions ≠ the exchange's");
}

function checkOrders(world: FaultWorld, count: number | undefined): void {
  const ids = world.ownOrders().map(({ clientOrderId }) => clientOrderId);
  assert.equal(new Set(ids).size, ids.length, "an order was sent twice");
  if (count !== undefined) {
    const shown = world.ownOrders().map(({ clientOrderId, side, qty, status }) =>
      `${clientOrderId} ${side} ${qty} ${status}`
    );
    assert.equal(ids.length, count, `the exchange has ${shown.join(", ") || "none"}`);
  }
}

/** A run that was told of a stop has stop orders at the exchange for all that it holds. */
function checkProtection(world: FaultWorld, symbol: string): void {
  const wanted = new Map<number, number>();
  for (const { runId, symbol: of, position } of world.reports.heard) {
    if (of === symbol) wanted.set(runId, position?.stopPrice != null ? position.qty : 0);
  }
  const net = [...wanted.values()].reduce((sum, qty) => sum + qty, 0);
  if (net === 0) return;
  const side = net > 0 ? "sell" : "buy";
  const covered = world.exchangeOrders()
    .filter((order) =>
      order.symbol === symbol && order.side === side && order.triggerPrice !== null &&
      ["new", "partially_filled", "accepted"].includes(order.status)
    )
    .reduce((sum, { qty, filledQty }) => sum.plus(qty ?? 0).minus(filledQty), decimal(0));
  assert.ok(
    covered.gte(decimal(Math.abs(net))),
    `${symbol}: stops at the exchange cover ${covered.toFixed()} of ${net}`,
  );
}
