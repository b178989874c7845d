import assert from "node:assert/strict";
import { decimal } from "../../util/decimal.ts";
import type { Execution } from "../../model/order.ts";
import { KnownOrders } from "./known_orders.ts";
import { MemoryJournal } from "./journal.ts";
import { GatewayState } from "./state.ts";
import { TestBroker } from "./test_broker.ts";
import { NO_LIMITS } from "./test_world.ts";
import type { ChildOrder } from "./work.ts";

/** More than are kept in mind. */
const ORDERS = 5500;

Deno.test("orders that are over are forgotten after five thousand others, one that is open never", () => {
  const state = new GatewayState({
    broker: new TestBroker(),
    journal: new MemoryJournal(),
    store: { write() {} },
    clock: { nowUs: () => 0 },
    wait: () => Promise.resolve(),
    risk: NO_LIMITS,
    batchId: "batch",
    stepping: true,
    consumers: 1,
    toConsumer() {},
    toMain() {},
    log() {},
  });
  const known = new KnownOrders(state);
  const open = order(state, 0, "new");
  const orders = [open];
  known.answered(sent(known, open));
  known.named(open, "b0");
  for (let n = 1; n <= ORDERS; n++) {
    const child = order(state, n, "filled");
    orders.push(child);
    state.book.apply(1, execution(n));
    known.answered(sent(known, child));
    known.named(child, `b${n}`);
  }
  const find = (n: number) => known.of(execution(n));
  assert.equal(find(0), open);
  assert.equal(find(ORDERS), orders[ORDERS]);
  assert.equal(find(1), undefined);
  assert.equal(state.book.isForgotten(execution(1)), true);
  assert.equal(state.book.isForgotten(execution(ORDERS)), false);
  assert.equal(state.book.isForgotten({ ...execution(ORDERS + 1) }), false);
  assert.ok(known.all().size <= 5001, `${known.all().size} are kept`);
});

function sent(known: KnownOrders, child: ChildOrder): ChildOrder {
  known.sending(child);
  return child;
}

function order(state: GatewayState, n: number, status: ChildOrder["status"]): ChildOrder {
  const qty = decimal(1);
  const filledQty = status === "filled" ? qty : decimal(0);
  return {
    work: null,
    desk: state.desk("Z"),
    runId: 1,
    symbol: "Z",
    side: n % 2 === 1 ? "buy" : "sell",
    kind: "entry",
    qty,
    request: null,
    clientOrderId: `liu-batch-1-${n + 100}`,
    sentUs: n,
    brokerOrderId: `b${n}`,
    status,
    filledQty,
    reportedQty: filledQty,
    isSending: false,
    held: null,
    cancel: "none",
  } as ChildOrder;
}

function execution(n: number): Execution {
  return {
    brokerOrderId: `b${n}`,
    clientOrderId: `liu-batch-1-${n + 100}`,
    symbol: "Z",
    side: n % 2 === 1 ? "buy" : "sell",
    qty: decimal(1),
    price: decimal(10),
    cumulativeQty: decimal(1),
    executionId: `x${n}`,
    timeUs: n,
    fee: decimal(0),
  };
}
