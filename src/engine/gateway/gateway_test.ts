import assert from "node:assert/strict";
import type { RunInfo } from "../../protocol.ts";
import { testIntent, World } from "./test_world.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: true },
];

Deno.test("an order goes from intent to trade; the last fill frees the run", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10 })]);
  const [order] = world.broker.open("A");
  assert.equal(order.clientOrderId, "liu-batch-1-1");
  assert.equal(world.lastReport(1, "A")?.event, "accepted");
  assert.equal(world.lastReport(1, "A")?.openOrder?.qty, 10);

  world.broker.fill(order, "4", "100");
  assert.equal(world.lastReport(1, "A")?.openOrder?.filledQty, 4);
  world.broker.fill(order, "6", "101");
  const report = world.lastReport(1, "A")!;
  assert.deepEqual(report.openOrder, null);
  assert.equal(report.position?.qty, 10);
  assert.equal(report.position?.averagePrice, 100.6);
  assert.equal(report.fill?.partial, false);

  await world.step([testIntent({ action: "sell", symbol: "A", qty: 10, seq: 1 })]);
  world.broker.fill(world.broker.open("A")[0], "10", "102");
  assert.equal(world.lastReport(1, "A")?.position, null);
  const gains = world.ofMain("trade").map(({ operation, gain }) => [operation, gain]);
  // 1020 − 1006 − three fees of 0.01.
  assert.deepEqual(gains, [["buy", null], ["buy", null], ["sell", 13.97]]);
});

Deno.test("a step is acknowledged after its orders, and once where it has none", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step();
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  assert.deepEqual(world.broker.acks, [1, 2]);
  assert.deepEqual(world.ofMain("stepComplete").map(({ n }) => n), [1, 2]);
});

Deno.test("no order reaches the broker before the journal has it", async () => {
  const world = await World.open({ runs: RUNS });
  const seen: boolean[] = [];
  world.broker.answer = (request) => {
    seen.push(
      world.journal.records.some((record) =>
        record.type === "order" && record.request.clientOrderId === request.clientOrderId
      ),
    );
    return null;
  };
  await world.step([
    testIntent({ action: "buy", symbol: "A" }),
    testIntent({ action: "short", symbol: "B", seq: 1 }),
  ]);
  assert.deepEqual(seen, [true, true]);
});

Deno.test("a bracket rests at the broker, and its legs' fills are the run's", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([
    testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95.001, targetPrice: 110.004 }),
  ]);
  const [entry, target, stop] = world.broker.orders;
  assert.deepEqual(entry.request?.takeProfit, { limitPrice: "110.01" });
  assert.deepEqual(entry.request?.stopLoss, { triggerPrice: "95.01", limitPrice: null });
  world.broker.fill(entry, "10", "100");
  await world.step();
  assert.deepEqual(world.watched, []);
  world.broker.fill(target, "3", "110.01");
  world.broker.fill(target, "7", "110.01");
  assert.equal(stop.status, "canceled");
  const report = world.lastReport(1, "A")!;
  assert.equal(report.position, null);
  assert.equal(report.openOrder, null);
  assert.deepEqual(world.ofMain("trade").map(({ reason }) => reason), ["test", "target", "target"]);
  assert.deepEqual(world.trades().map(({ stopPrice }) => stopPrice), ["95.01", null, null]);
});

Deno.test("a scale-out cancels the legs first; what is left has its own at once", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([
    testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95, targetPrice: 110 }),
  ]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  await world.step([testIntent({ action: "sell", symbol: "A", qty: 4, seq: 1 })]);
  const sale = world.broker.open("A");
  assert.deepEqual(sale.map(({ qty, type }) => [qty, type]), [["4", "market"]]);
  world.broker.fill(sale[0], "4", "105");
  await world.step();
  const [target, stop] = world.broker.open("A");
  assert.deepEqual([target.type, target.qty, target.limitPrice], ["limit", "6", "110"]);
  assert.deepEqual([stop.type, stop.qty, stop.triggerPrice], ["stop", "6", "95"]);
  assert.equal(target.timeInForce, "gtc");
  assert.deepEqual(world.watched, []);
  world.broker.fill(stop, "6", "94.8");
  assert.equal(target.status, "canceled");
  assert.equal(world.lastReport(1, "A")?.position, null);
  assert.equal(world.ofMain("trade").at(-1)?.reason, "stop");
  assert.deepEqual(world.broker.refusals, []);
});

Deno.test("an exit that the broker does not hold is watched", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95 })]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  world.broker.answer = ({ type }) =>
    type === "stop" ? { result: "refused", code: 42210000, message: "no" } : null;
  await world.step([testIntent({ action: "sell", symbol: "A", qty: 4, seq: 1 })]);
  world.broker.fill(world.broker.open("A")[0], "4", "105");
  for (let i = 0; i < 5; i++) await world.step();
  assert.equal(world.logs.filter((line) => line.includes("does not hold")).length, 3);
  assert.deepEqual(world.watched, ["A"]);
  await world.step([], { A: 96 });
  assert.deepEqual(world.broker.open("A"), []);
  await world.step([], { A: 94.9 });
  const [exit] = world.broker.open("A");
  assert.deepEqual([exit.qty, exit.side, exit.type], ["6", "sell", "market"]);
  world.broker.fill(exit, "6", "94.8");
  await world.step();
  assert.deepEqual(world.watched, []);
});

Deno.test("a second run and an addition on the same side leave resting legs alone", async () => {
  const world = await World.open({ runs: RUNS });
  const { broker } = world;
  const prices = { stopPrice: 95, targetPrice: 110 };
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10, ...prices })]);
  broker.fill(broker.orders[0], "10", "100");
  await world.step([
    testIntent({ action: "buy", symbol: "A", qty: 5, runId: 2, stopPrice: 96 }),
    testIntent({ action: "buy", symbol: "A", qty: 3, seq: 1 }),
  ]);
  for (const order of broker.open("A").filter(({ side }) => side === "buy")) {
    broker.fill(order, order.qty!, "101");
  }
  await world.step();
  const stops = broker.open("A").filter(({ type }) => type === "stop");
  assert.deepEqual(stops.map(({ qty, triggerPrice }) => [qty, triggerPrice]), [
    ["10", "95"],
    ["3", "95"],
    ["5", "96"],
  ]);
  assert.equal(broker.orders.filter(({ status }) => status === "canceled").length, 0);
  assert.deepEqual(world.watched, []);
  assert.deepEqual(broker.refusals, []);
  // The second run leaves: its own legs go, the first's stay.
  await world.step([testIntent({ action: "sell", symbol: "A", qty: 5, runId: 2, seq: 1 })]);
  broker.fill(broker.open("A").find(({ type }) => type === "market")!, "5", "102");
  assert.equal(world.lastReport(2, "A")?.position, null);
  assert.equal(broker.held("A", "sell").toFixed(), "13");
});

Deno.test("new prices move the resting exits once the order that brings them is done", async () => {
  const world = await World.open({ runs: RUNS });
  const { broker } = world;
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95 })]);
  broker.fill(broker.orders[0], "10", "100");
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 2, stopPrice: 98, seq: 1 })]);
  assert.equal(broker.held("A", "sell").toFixed(), "10");
  broker.fill(broker.open("A").find(({ type }) => type === "market")!, "2", "102");
  await world.step();
  const stops = broker.open("A").map(({ qty, triggerPrice }) => [qty, triggerPrice]);
  assert.deepEqual(stops, [["2", "98"], ["10", "98"]]);
});

Deno.test("the whole shares of a fractional position rest, the fraction is watched", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 2.5, stopPrice: 95 })]);
  world.broker.fill(world.broker.orders[0], "2.5", "100");
  await world.step();
  const [stop] = world.broker.open("A");
  assert.deepEqual([stop.type, stop.qty], ["stop", "2"]);
  assert.deepEqual(world.watched, ["A"]);
  world.broker.fill(stop, "2", "95");
  await world.step([], { A: 94 });
  const [exit] = world.broker.open("A");
  assert.deepEqual([exit.type, exit.qty], ["market", "0.5"]);
});

Deno.test("a short beyond another run's fractional long opens whole shares only", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 2.5 })]);
  world.broker.fill(world.broker.orders[0], "2.5", "100");
  await world.step([testIntent({ action: "short", symbol: "A", qty: 4.9, runId: 2 })]);
  world.broker.fill(world.broker.open("A")[0], "2.5", "100");
  await world.step();
  assert.deepEqual(world.broker.open("A").map(({ qty }) => qty), ["1"]);
  world.broker.fill(world.broker.open("A")[0], "1", "100");
  await world.step();
  assert.equal(world.lastReport(2, "A")?.openOrder, null);
  assert.equal(world.lastReport(2, "A")?.position?.qty, -3.5);
  assert.deepEqual(world.broker.refusals, []);
});

Deno.test("a leg that fills while it is being cancelled makes the sale smaller", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([
    testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95, targetPrice: 110 }),
  ]);
  const [entry, target] = world.broker.orders;
  world.broker.fill(entry, "10", "100");
  world.broker.confirmsCancels = false;
  await world.step([testIntent({ action: "sell", symbol: "A", qty: 8, seq: 1 })]);
  assert.equal(world.broker.open("A").length, 2);
  world.broker.fill(target, "7", "110");
  world.broker.confirmCancel(target);
  await world.step();
  const sale = world.broker.open("A");
  assert.deepEqual(sale.map(({ qty }) => qty), ["3"]);
  world.broker.fill(sale[0], "3", "109");
  assert.equal(world.lastReport(1, "A")?.position, null);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("an order through flat is split, the rest sent after the fill", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10 })]);
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.step([testIntent({ action: "short", symbol: "A", qty: 15, runId: 2 })]);
  assert.deepEqual(world.broker.open("A").map(({ qty }) => qty), ["10"]);
  world.broker.fill(world.broker.open("A")[0], "10", "101");
  assert.notEqual(world.lastReport(2, "A")?.openOrder, null);
  await world.step();
  assert.deepEqual(world.broker.open("A").map(({ qty }) => qty), ["5"]);
  world.broker.fill(world.broker.open("A")[0], "5", "101");
  assert.equal(world.lastReport(2, "A")?.openOrder, null);
  assert.equal(world.lastReport(2, "A")?.position?.qty, -15);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.deepEqual(world.broker.refusals, []);
});

Deno.test("legs give way to another run's order; what the account still holds rests", async () => {
  const world = await World.open({ runs: RUNS });
  const open = () => world.broker.open("A").map(({ side, qty, type }) => `${side} ${qty} ${type}`);
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 95 })]);
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.step([
    testIntent({ action: "short", symbol: "A", qty: 4, runId: 2, stopPrice: 105 }),
  ]);
  // The account will have 6: more of the first run's 10 cannot rest.
  assert.deepEqual(open(), ["sell 4 market", "sell 6 stop"]);
  world.broker.fill(world.broker.open("A")[0], "4", "100");
  await world.step();
  assert.deepEqual(world.watched, ["A"]);
  await world.step([], { A: 106 });
  assert.deepEqual(open(), ["buy 4 market"]);
  world.broker.fill(world.broker.open("A")[0], "4", "106");
  await world.step();
  assert.equal(world.lastReport(2, "A")?.position, null);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.deepEqual(open(), ["sell 10 stop"]);
  assert.deepEqual(world.broker.refusals, []);
});

Deno.test("orders on both sides of a symbol are never open together", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([
    testIntent({ action: "buy", symbol: "A", limitPrice: 99 }),
    testIntent({ action: "short", symbol: "A", runId: 2 }),
  ]);
  assert.deepEqual(world.denials(), ["opposite_order_open"]);
  assert.equal(world.lastReport(2, "A")?.event, "denied");
});

Deno.test("a stop goes before another run's opposite order", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 1.5, stopPrice: 95 })]);
  world.broker.fill(world.broker.open("A")[0], "1.5", "100");
  await world.step([testIntent({ action: "buy", symbol: "A", runId: 2, qty: 2, limitPrice: 90 })]);
  await world.step([], { A: 94 });
  const open = world.broker.open("A");
  assert.deepEqual(open.map(({ side, qty }) => [side, qty]), [["sell", "1.5"]]);
  assert.equal(world.lastReport(2, "A")?.event, "canceled");
  assert.equal(world.lastReport(2, "A")?.openOrder, null);
});

Deno.test("a refused order frees the run and is told to strategy, main and store", async () => {
  const world = await World.open({ runs: RUNS });
  world.broker.answer = () => ({ result: "refused", code: 40310000, message: "insufficient" });
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  const report = world.lastReport(1, "A")!;
  assert.equal(report.event, "rejected");
  assert.equal(report.openOrder, null);
  assert.deepEqual(report.denial, { by: "broker", code: "40310000", message: "insufficient" });
  assert.deepEqual(world.denials(), ["40310000"]);
  assert.equal(world.records.filter(({ table }) => table === "order_denial").length, 1);
});

Deno.test("liquidation cancels, closes both sides of a symbol, and ends flat", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([
    testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 90, targetPrice: 120 }),
    testIntent({ action: "buy", symbol: "B", qty: 3, limitPrice: 50, seq: 1 }),
  ]);
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.step([testIntent({ action: "short", symbol: "A", qty: 4, runId: 2 })]);
  world.broker.fill(world.broker.open("A")[0], "4", "100");
  await world.step();
  world.gateway.fromMain({
    type: "liquidate",
    id: 7,
    scope: "day_trades",
    assetClasses: ["us_equity"],
    reason: "close",
    deadlineUs: Infinity,
  });
  await world.settled();
  assert.equal(world.ofMain("liquidating").length, 1);
  assert.equal(world.ofMain("liquidated").length, 0);
  assert.deepEqual(world.broker.open("B"), []);
  for (let i = 0; i < 6; i++) {
    for (const order of world.broker.open()) world.broker.fill(order, order.qty!, "100");
    await world.step([testIntent({ action: "buy", symbol: "C", seq: 10 + i })]);
  }
  assert.deepEqual(world.ofMain("liquidated").map(({ flat, open }) => [flat, open]), [[true, []]]);
  assert.equal(world.broker.net("A").toFixed(), "0");
  assert.deepEqual(world.broker.refusals, []);
  assert.ok(world.denials().every((code) => code === "no_entries"));
});

Deno.test("a fill before the reply and a repeated fill count once", async () => {
  const world = await World.open({ runs: RUNS });
  world.broker.beforeReply = (order) => world.broker.fill(order, order.qty!, "100", 2);
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 90 })]);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.equal(world.trades().length, 1);
  assert.equal(world.reports[0].event, "accepted");
  // The leg, made live by the fill, is known too.
  const stop = world.broker.open("A")[0];
  world.broker.fill(stop, "10", "89");
  assert.equal(world.lastReport(1, "A")?.position, null);
});

Deno.test("an unknown answer is looked up, and sent again only after a no", async () => {
  const world = await World.open({ runs: RUNS });
  const ids: string[] = [];
  world.broker.answer = (request, attempt) => {
    ids.push(request.clientOrderId);
    if (request.symbol === "A" && attempt === 1) {
      world.broker.take(request);
      return { result: "unknown", message: "time-out" };
    }
    if (request.symbol === "B" && attempt === 1) return { result: "unknown", message: "503" };
    return null;
  };
  await world.step([
    testIntent({ action: "buy", symbol: "A" }),
    testIntent({ action: "buy", symbol: "B", seq: 1 }),
  ]);
  assert.deepEqual(ids, ["liu-batch-1-1", "liu-batch-1-2", "liu-batch-1-2"]);
  assert.equal(world.broker.open().length, 2);
});

Deno.test("a duplicate is adopted only where it is the same order", async () => {
  const world = await World.open({ runs: RUNS });
  world.broker.answer = (request) => {
    world.broker.take(request.symbol === "A" ? request : { ...request, qty: "11" });
    return { result: "duplicate" };
  };
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  assert.equal(world.lastReport(1, "A")?.event, "accepted");
  await world.step([testIntent({ action: "buy", symbol: "B", seq: 1 })]);
  assert.equal(world.lastReport(1, "B")?.denial?.code, "duplicate_mismatch");
  await world.step([testIntent({ action: "buy", symbol: "C", seq: 2 })]);
  assert.equal(world.denials().at(-1), "trading_halted");
});

Deno.test("the sequence goes on where the journal ends", async () => {
  const first = await World.open({ runs: RUNS });
  await first.step([testIntent({ action: "buy", symbol: "A" })]);
  const { MemoryJournal } = await import("./journal.ts");
  const second = await World.open({
    runs: RUNS,
    journal: new MemoryJournal(first.journal.records),
  });
  await second.step([testIntent({ action: "buy", symbol: "A" })]);
  assert.equal(second.broker.orders[0].clientOrderId, "liu-batch-1-2");
});

Deno.test("what a bracket has filled in part is kept for its own legs", async () => {
  const world = await World.open({ runs: [...RUNS, { ...RUNS[0], runId: 3 }] });
  const { broker } = world;
  const short = { action: "short", symbol: "A", stopPrice: 110 } as const;
  const market = () => broker.open("A").find(({ type }) => type === "market")!;
  await world.step([testIntent({ ...short, qty: 5 })]);
  broker.fill(market(), "5", "100");
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 5, runId: 2 })]);
  broker.fill(market(), "5", "100");
  await world.step([testIntent({ ...short, qty: 4, targetPrice: 90, runId: 3 })]);
  broker.fill(market(), "1", "100");
  await world.step();
  assert.equal(broker.held("A", "buy").toFixed(), "0");
});
