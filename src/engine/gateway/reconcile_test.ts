/** The gateway compares what it knows with what the broker says, and mends what differs. */
import assert from "node:assert/strict";
import type { OrderUpdate } from "../../contracts/broker.ts";
import { decimal } from "../../util/decimal.ts";
import { alerts, openLive as open, PERIODS, sent } from "./test_live.ts";
import { testIntent, World } from "./test_world.ts";

/** Run 1 is long 10 A at 100. */
async function long(more: { stopPrice?: number } = {}): Promise<World> {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, ...more }));
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.settled();
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  return world;
}

/** A flow of updates in which those are lost that `isLost` names. */
function lose(world: World, isLost: (update: OrderUpdate) => boolean): void {
  world.broker.deliver = (update, give) => {
    if (!isLost(update)) give(update);
  };
}

Deno.test("fault 29: a fill that is lost on a healthy stream is found by a poll", async () => {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10 }));
  lose(world, ({ event }) => event === "fill");
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.pass(9_000);
  assert.equal(world.lastReport(1, "A")?.position, null);
  await world.pass(2_000);
  const report = world.lastReport(1, "A")!;
  assert.equal(report.event, "fill");
  assert.equal(report.position?.qty, 10);
  assert.equal(report.openOrder, null);
  assert.equal(world.trades().length, 1);
});

Deno.test("fault 29: a lost fill of a limit order is found among the open orders", async () => {
  const world = await open({ ...PERIODS, positionsMs: 0 });
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 100 }));
  lose(world, ({ event }) => event === "fill");
  world.broker.fill(world.broker.open("A")[0], "10", "99.5");
  await world.pass(70_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.equal(world.trades()[0].price, "99.5");
  assert.deepEqual(alerts(world), []);
});

Deno.test("fault 52: what a poll has repaired comes on the stream afterwards, and counts once", async () => {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10 }));
  const late: (() => void)[] = [];
  world.broker.deliver = (update, give) => late.push(() => give(update));
  world.broker.fill(world.broker.open("A")[0], "4", "100");
  world.broker.fill(world.broker.open("A")[0], "6", "101");
  await world.pass(12_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  for (const give of late) give();
  await world.settled();
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.equal(world.trades().length, 2);
});

Deno.test("executions that the broker does not list are applied as the order's sum, once", async () => {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10 }));
  world.broker.fill(world.broker.open("A")[0], "4", "100");
  const late: (() => void)[] = [];
  world.broker.deliver = (update, give) => late.push(() => give(update));
  world.broker.listsNothing = true;
  world.broker.fill(world.broker.open("A")[0], "1", "102");
  const order = world.broker.open("A")[0];
  world.broker.fill(order, "5", "102");
  order.filledAveragePrice = "101.2";
  await world.pass(40_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  const rows = world.trades().map(({ qty, price }) => [qty, price]);
  assert.deepEqual(rows, [["4", "100"], ["6", "102"]]);
  assert.match(alerts(world).join("\n"), /execution_not_listed/);
  world.broker.listsNothing = false;
  for (const give of late) give();
  await world.pass(120_000);
  assert.equal(world.trades().length, 2);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
});

Deno.test("an order that ended at the broker ends here, and frees its run", async () => {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 90 }));
  lose(world, () => true);
  world.broker.confirmCancel(world.broker.open("A")[0]);
  await world.pass(70_000);
  assert.equal(world.lastReport(1, "A")?.event, "canceled");
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.equal(world.ofMain("status").at(-1)?.openOrders, 0);
});

Deno.test("an order that the broker no longer knows has ended when it has said so twice", async () => {
  const world = await open();
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 90 }));
  world.broker.orders.length = 0;
  await world.pass(65_000);
  assert.notEqual(world.lastReport(1, "A")?.openOrder, null);
  await world.pass(60_000);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.match(alerts(world).join("\n"), /order_vanished/);
});

Deno.test("fault 36: a request that fails is never taken for flat", async () => {
  const world = await long();
  world.broker.isDown = true;
  await world.pass(600_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.match(alerts(world).join("\n"), /not_reconciled/);
  world.broker.isDown = false;
  await world.pass(120_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.equal(world.trades().length, 1);
});

Deno.test("fault 37: somebody else's trades are EXTERNAL, and leave the runs' alone", async () => {
  const world = await long();
  world.broker.tradeOutside("A", "buy", "5", "101");
  world.broker.tradeOutside("A", "sell", "5", "102");
  world.broker.tradeOutside("B", "sell", "7", "50");
  await world.pass(200_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.equal(world.trades().length, 1);
  assert.deepEqual(alerts(world), []);
  assert.equal(world.logs.filter((line) => line.includes("external_trade")).length, 3);
});

Deno.test("fault 37: a position that is closed by hand is closed in the books, once", async () => {
  const world = await long();
  world.broker.tradeOutside("A", "sell", "4", "99");
  await world.settled();
  assert.equal(world.lastReport(1, "A")?.position?.qty, 6);
  world.broker.tradeOutside("A", "sell", "6", "98");
  await world.pass(200_000);
  assert.equal(world.lastReport(1, "A")?.position, null);
  const rows = world.trades().map(({ operation, qty, price }) => [operation, qty, price]);
  assert.deepEqual(rows, [["buy", "10", "100"], ["sell", "4", "99"], ["sell", "6", "98"]]);
  // No order of Liu's follows from it.
  assert.equal(world.broker.orders.length, 3);
});

Deno.test("fault 35: broker flat, we think long: closed once in our books", async () => {
  const world = await long({ stopPrice: 90 });
  // Forced: the stop is taken away with the position, and nothing of it is told or listed.
  lose(world, () => true);
  for (const order of world.broker.open("A")) world.broker.confirmCancel(order);
  world.broker.shift("A", "-10");
  await world.pass(200_000);
  assert.equal(world.lastReport(1, "A")?.position, null);
  assert.deepEqual(world.trades().map(({ operation, qty }) => [operation, qty]), [
    ["buy", "10"],
    ["sell", "10"],
  ]);
  assert.match(alerts(world).join("\n"), /position_difference/);
  assert.match(alerts(world).join("\n"), /position_closed_outside/);
  assert.deepEqual(world.broker.open("A"), []);
  // The execution is listed late: it was taken in already.
  world.broker.deliver = (update, give) => give(update);
  world.broker.shift("A", "10");
  const before = world.broker.nowUs;
  world.broker.nowUs -= 130e6;
  world.broker.tradeOutside("A", "sell", "10", "97");
  world.broker.nowUs = before;
  await world.pass(200_000);
  assert.equal(world.trades().length, 2);
  assert.equal(world.lastReport(1, "A")?.position, null);
});

Deno.test("a position that is closed outside takes its resting stop along", async () => {
  const world = await long({ stopPrice: 90 });
  assert.equal(world.broker.open("A").length, 1);
  world.broker.shift("A", "-10");
  await world.pass(200_000);
  assert.equal(world.lastReport(1, "A")?.position, null);
  assert.deepEqual(world.broker.open("A"), []);
});

Deno.test("a difference that a second look does not show is none", async () => {
  const world = await long();
  world.broker.shift("A", "3");
  await world.pass(57_000);
  await world.pass(4_000);
  world.broker.shift("A", "-3");
  await world.pass(200_000);
  assert.deepEqual(world.logs.filter((line) => line.includes("external_trade")), []);
});

Deno.test("fault 18: a cancel that hangs is polled, told once, and locks the symbol", async () => {
  const world = await open();
  const { broker } = world;
  broker.confirmsCancels = false;
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 90 }));
  await sent(world, { cancel: "A", runId: 1 });
  const order = broker.open("A")[0];
  broker.update("pending_cancel", order, "pending_cancel");
  await world.pass(60_000);
  assert.equal(alerts(world).filter((line) => line.includes("cancel_stuck")).length, 1);
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 1, runId: 2, seq: 1 }));
  assert.deepEqual(world.denials(), ["symbol_locked"]);
  await sent(world, testIntent({ action: "buy", symbol: "B", qty: 1, runId: 2, seq: 2 }));
  assert.equal(broker.open("B").length, 1);
  broker.confirmAsked();
  await world.pass(60_000);
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 1, runId: 2, seq: 3 }));
  assert.equal(broker.open("A").length, 1);
  assert.deepEqual(world.denials(), ["symbol_locked"]);
});

Deno.test("a cancel that the broker has not heard of is asked for again", async () => {
  const world = await open();
  const cancel = world.broker.cancel.bind(world.broker);
  let asked = 0;
  world.broker.cancel = (id) =>
    ++asked === 1 ? Promise.resolve({ result: "requested" }) : cancel(id);
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 90 }));
  await sent(world, { cancel: "A", runId: 1 });
  await world.pass(20_000);
  assert.equal(asked, 2);
  assert.equal(world.lastReport(1, "A")?.event, "canceled");
});

Deno.test("a report that cannot be true is kept out of the book, and the broker asked", async () => {
  const world = await long();
  const [order] = world.broker.orders;
  const looked: string[] = [];
  const byId = world.broker.orderByClientId.bind(world.broker);
  world.broker.orderByClientId = (id) => {
    looked.push(id);
    return byId(id);
  };
  for (let i = 0; i < 3; i++) world.broker.update("canceled", order, "canceled");
  order.status = "filled";
  await world.settled();
  assert.ok(looked.includes(order.clientOrderId));
  assert.equal(alerts(world).filter((line) => line.includes("order_report")).length, 1);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
});

Deno.test("more than was ordered counts only when the broker says it again", async () => {
  const world = await open({ ...PERIODS, positionsMs: 0 });
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10 }));
  const [order] = world.broker.open("A");
  world.broker.fill(order, "10", "100");
  const wrong = { ...order, filledQty: "30", legs: [] };
  const execution = {
    ...world.broker.fills[0],
    qty: decimal(20),
    cumulativeQty: decimal(30),
    executionId: "y",
  };
  world.broker.deliver(
    { event: "fill", order: wrong, execution, timeUs: world.broker.nowUs },
    world.broker.give,
  );
  await world.pass(30_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.match(alerts(world).join("\n"), /order_report/);
});

Deno.test("an order that was given up and turns up is cancelled, and what it filled counts", async () => {
  const world = await open();
  const { broker } = world;
  let order: ReturnType<typeof broker.open>[number] | null = null;
  const byId = broker.orderByClientId.bind(broker);
  broker.answer = () => ({ result: "unknown", message: "time-out" });
  // It is only in the exchange's own books, and nobody finds it.
  await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10, limitPrice: 90 }));
  await world.pass(120_000);
  assert.equal(world.lastReport(1, "A")?.denial?.code, "too_late");
  broker.answer = () => null;
  broker.orderByClientId = byId;
  broker.take({
    clientOrderId: "liu-batch-1-1",
    symbol: "A",
    side: "buy",
    qty: "10",
    notional: null,
    type: "limit",
    timeInForce: "day",
    limitPrice: "90",
    triggerPrice: null,
    trailPrice: null,
    trailPercent: null,
    extendedHours: false,
    takeProfit: null,
    stopLoss: null,
  });
  order = broker.open("A")[0];
  await world.settled();
  assert.equal(order.status, "canceled");
  assert.match(alerts(world).join("\n"), /order_turned_up/);
  await world.pass(120_000);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("nothing is asked where no periods are given, or each is 0", async () => {
  for (const periods of [undefined, { inFlightMs: 0, openOrdersMs: 0, positionsMs: 0 }]) {
    const world = await World.open({
      runs: [{ runId: 1, strategy: "alpha", consumer: 0, dayTrade: true }],
      stepping: false,
      isTimed: true,
      reconcile: periods,
    });
    let asked = 0;
    world.broker.positions = () => {
      asked++;
      return Promise.resolve([]);
    };
    await sent(world, testIntent({ action: "buy", symbol: "A", qty: 10 }));
    await world.pass(600_000);
    assert.equal(asked, 0);
  }
});

Deno.test("order updates that stay away with a position open are told once, and their end", async () => {
  const world = await long();
  const told = () => world.logs.filter((line) => line.includes("order_updates_"));
  world.broker.say({ state: "interrupted", reason: "cut" });
  await world.pass(9_000);
  assert.deepEqual(told(), []);
  world.broker.say({ state: "interrupted", reason: "refused" });
  await world.pass(60_000);
  assert.equal(told().length, 1);
  assert.match(told()[0], /^error .*refused.*order_updates_lost/);
  world.broker.say({ state: "restored" });
  await world.settled();
  assert.equal(told().length, 2);
  assert.match(told()[1], /order_updates_back/);
});

Deno.test("where somebody else closed a position nothing is entered again, elsewhere as before", async () => {
  const world = await long();
  await sent(world, testIntent({ action: "buy", symbol: "A", runId: 2, seq: 1, limitPrice: 90 }));
  world.broker.tradeOutside("A", "sell", "10", "99");
  await world.settled();
  assert.deepEqual(world.broker.open("A"), [], "the open entry is cancelled");
  await sent(world, testIntent({ action: "buy", symbol: "A", seq: 2 }));
  assert.deepEqual(world.denials(), ["closed_outside"]);
  await sent(world, testIntent({ action: "buy", symbol: "B", seq: 3 }));
  assert.equal(world.broker.open("B").length, 1);
  // The next day is another.
  world.broker.nowUs += 24 * 3600e6;
  await sent(world, testIntent({ action: "buy", symbol: "A", seq: 4 }));
  assert.deepEqual(world.denials(), ["closed_outside", "market_closed"]);
});

Deno.test("an account that somebody else closes at once is REDUCING until a person has looked", async () => {
  const world = await long();
  await sent(world, testIntent({ action: "buy", symbol: "B", seq: 1 }));
  world.broker.fill(world.broker.open("B")[0], "10", "100");
  await sent(world, testIntent({ action: "buy", symbol: "C", seq: 2, limitPrice: 90 }));
  world.broker.tradeOutside("A", "sell", "10", "99");
  await world.settled();
  assert.equal(world.ofMain("state").at(-1)?.state ?? "active", "active");
  world.broker.tradeOutside("B", "sell", "10", "99");
  await world.settled();
  const { state, restrictions } = world.ofMain("state").at(-1)!;
  assert.deepEqual([state, restrictions.map(({ cause }) => cause)], ["reducing", ["liquidated"]]);
  assert.match(restrictions[0].reason, /positions in A, B were closed by somebody else/);
  assert.deepEqual(world.broker.open("C"), []);
  await sent(world, testIntent({ action: "buy", symbol: "C", seq: 3 }));
  assert.deepEqual(world.denials(), ["reducing"]);
  world.gateway.fromMain({ type: "lift", cause: "liquidated" });
  await sent(world, testIntent({ action: "buy", symbol: "C", seq: 4 }));
  assert.equal(world.broker.open("C").length, 1);
});
