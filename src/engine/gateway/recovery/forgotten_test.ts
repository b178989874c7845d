/** A restart of a busy day: more orders than are kept in mind. */
import assert from "node:assert/strict";
import { type Decimal, decimal } from "../../../util/decimal.ts";
import type { Execution, OrderRequest, Side } from "../../../model/order.ts";
import { type JournalRecord, MemoryJournal } from "../journal.ts";
import { limitOf } from "../test_orders.ts";
import { OPEN_US, World } from "../test_world.ts";

const ORDERS = 5500;
const RUN = { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true };
const TERMS = {
  type: "limit",
  limitPrice: "99",
  triggerPrice: null,
  timeInForce: "day",
  extendedHours: false,
} as const;

function orderRecord(sequence: number, request: OrderRequest): JournalRecord {
  return {
    type: "order",
    sequence,
    runId: 1,
    kind: request.side === "buy" ? "entry" : "exit",
    intent: null,
    request,
    work: {
      id: sequence,
      strategy: "alpha",
      action: request.side,
      qty: String(request.qty),
      terms: TERMS,
      stopPrice: null,
      targetPrice: null,
      referencePrice: 99,
      reason: "test",
      sinceUs: OPEN_US + sequence,
    },
    timeUs: OPEN_US + sequence,
  };
}

function executionOf(n: number, side: Side, price: Decimal): Execution {
  return {
    brokerOrderId: `x${n}`,
    clientOrderId: `liu-batch-1-${n}`,
    symbol: "A",
    side,
    qty: decimal(10),
    price,
    cumulativeQty: decimal(10),
    executionId: `e${n}`,
    timeUs: OPEN_US + n,
    fee: decimal(0),
  };
}

Deno.test("executions of orders that are forgotten are not booked again at a restart", async () => {
  const records: JournalRecord[] = [{ type: "runs", runs: [RUN], continued: [] }];
  const fills: Execution[] = [];
  const resting = { ...limitOf("B", "buy", "1", "90"), clientOrderId: "liu-batch-1-1" };
  // It is open all the time: all that was executed since is read.
  records.push(orderRecord(1, resting));
  records.push({ type: "accepted", clientOrderId: "liu-batch-1-1", brokerOrderId: "b1", legs: [] });
  for (let n = 2; n <= ORDERS; n++) {
    const side = n % 2 === 0 ? "buy" : "sell";
    const request = { ...limitOf("A", side, "10", "99"), clientOrderId: `liu-batch-1-${n}` };
    const execution = executionOf(n, side, decimal(n === ORDERS ? 100 : 50));
    const { clientOrderId, brokerOrderId } = execution;
    records.push(
      orderRecord(n, request),
      { type: "accepted", clientOrderId, brokerOrderId, legs: [] },
      { type: "execution", runId: 1, execution },
      { type: "final", brokerOrderId, clientOrderId, status: "filled" },
    );
    fills.push(execution);
  }
  const world = await World.open({
    runs: [{ ...RUN, runId: 2 }],
    stepping: false,
    isTimed: true,
    journal: new MemoryJournal(records),
    recovery: { fromBatchId: "batch", unknownPositions: "external", damage: null },
    before: (broker) => {
      broker.takeOutside(resting);
      broker.fills.push(...fills);
    },
  });
  const held = world.lastReport(2, "A")?.position;
  assert.deepEqual([held?.qty, held?.averagePrice], [10, 100]);
  assert.equal(world.ofMain("trade").length, 0);
  assert.deepEqual(world.logs.filter((line) => line.startsWith("error")), []);
});
