/** Where two of the gateway's parts meet: what one knows of an order must not be lost on the other. */
import assert from "node:assert/strict";
import type { RunInfo, StopOrders } from "../../protocol.ts";
import { OperationError, RetryableError } from "../../util/errors.ts";
import { limitOf } from "./test_orders.ts";
import { alerts, answered, buy, limitBuy, openLive as open, sent } from "./test_live.ts";
import { testIntent, World } from "./test_world.ts";

const RUNS: RunInfo[] = [{ runId: 1, strategy: "alpha", consumer: 0, dayTrade: true }];

async function stopped(world: World, orders: StopOrders): Promise<void> {
  world.gateway.fromMain({ type: "stop", orders, withinMs: 3000 });
  await world.pass(10_000);
  assert.equal(world.ofMain("stopped").length, 1);
}

async function again(before: World): Promise<World> {
  const recovery = { fromBatchId: "batch", unknownPositions: "external", damage: null } as const;
  const world = await World.open({ ...before.options, after: before, recovery });
  await world.pass(2000);
  return world;
}

/** Orders reach the broker, and its answers nobody, until the gateway gives up. */
function answersNever(world: World): void {
  const { broker } = world;
  broker.submit = (request, signal) => {
    broker.take(request);
    return new Promise((_resolve, reject) =>
      signal!.addEventListener("abort", () => reject(new RetryableError("given up")))
    );
  };
}

for (const orders of ["keep", "cancel", "flatten"] as const) {
  Deno.test(`an order without an answer when the trader stops (${orders}) is still in question for the next`, async () => {
    const world = await open();
    const { broker } = world;
    const taken = broker.submit.bind(broker);
    const asked = broker.orderByClientId.bind(broker);
    answersNever(world);
    broker.isMuted = true;
    await sent(world, { ...buy, stopPrice: 95 });
    broker.orderByClientId = (_id, signal) =>
      new Promise((_resolve, reject) => {
        if (signal!.aborted) reject(new RetryableError("given up"));
        signal!.addEventListener("abort", () => reject(new RetryableError("given up")));
      });
    await stopped(world, orders);
    const said = world.journal.records.filter(({ type }) => type === "refused");
    assert.deepEqual(said, []);
    // It was filled, and its position is the run's, with its stop.
    broker.orderByClientId = asked;
    broker.fill(broker.orders[0], "10", "100");
    broker.submit = taken;
    broker.isMuted = false;
    const next = await again(world);
    assert.equal(next.lastReport(1, "A")?.position?.qty, 10);
    assert.ok(broker.open("A").some(({ type, side }) => type === "stop" && side === "sell"));
  });
}

Deno.test("an entry that was given up, and was filled all the same, has its stop", async () => {
  const world = await open();
  const { broker } = world;
  const ids = answered(world, () => ({ result: "unknown", message: "time-out" }));
  await sent(world, { ...buy, stopPrice: 95 });
  await world.pass(70_000);
  assert.equal(world.lastReport(1, "A")?.denial?.code, "too_late");
  broker.answer = () => null;
  broker.isMuted = true;
  broker.take({ ...limitOf("A", "buy", "10", "100"), clientOrderId: ids[0] });
  broker.isMuted = false;
  broker.fill(broker.orders[0], "10", "100");
  await world.pass(2000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
  assert.deepEqual(broker.open("A").map(({ side, type, qty }) => [side, type, qty]), [[
    "sell",
    "stop",
    "10",
  ]]);
});

for (const orders of ["cancel", "flatten"] as const) {
  Deno.test(`an exit that is at the broker when the trader stops (${orders}) stays there`, async () => {
    const world = await open();
    const { broker } = world;
    broker.capabilities.brackets = [];
    await sent(world, { ...buy, stopPrice: 95 });
    broker.fill(broker.open("A")[0], "10", "100");
    await world.settled();
    world.rows({ A: 94 });
    await world.settled();
    const [exit] = broker.open("A");
    assert.deepEqual([exit.side, exit.type], ["sell", "market"]);
    await stopped(world, orders);
    assert.deepEqual(broker.open("A").map(({ brokerOrderId }) => brokerOrderId), [
      exit.brokerOrderId,
    ]);
  });
}

Deno.test("what somebody else trades is one execution to the rule of day trades", async () => {
  const world = await World.open({
    runs: RUNS,
    stepping: false,
    isTimed: true,
    risk: { isPatternDayTrader: true },
    before: (broker) => broker.equity = "20000",
  });
  const { broker } = world;
  for (const symbol of ["A", "B"]) {
    await sent(world, { ...buy, symbol });
    broker.fill(broker.open(symbol)[0], "10", "100");
  }
  broker.tradeOutside("A", "sell", "10", "100");
  await sent(world, testIntent({ action: "sell", symbol: "B", seq: 1 }));
  broker.fill(broker.open("B")[0], "10", "100");
  await sent(world, { ...buy, symbol: "C" });
  assert.deepEqual(world.denials(), []);
  broker.fill(broker.open("C")[0], "10", "100");
  await sent(world, { ...buy, symbol: "B", seq: 2 });
  assert.deepEqual(world.denials(), ["day_trades"]);
});

Deno.test("a strategy that is stopped while its run goes over to another stays stopped", async () => {
  const world = await open();
  const { broker, gateway } = world;
  await sent(world, buy);
  broker.fill(broker.open("A")[0], "10", "100");
  await sent(world, { ...limitBuy, symbol: "B", seq: 1 });
  gateway.fromMain({ type: "abandon", id: 1, runIds: [1], flatten: true, reason: "stopped" });
  const [run] = world.options.runs;
  gateway.fromMain({
    type: "handOver",
    id: 2,
    consumer: 0,
    runs: [{ from: 1, run: { ...run, runId: 11 } }],
  });
  await world.settled();
  // Its exit is cancelled by hand: it is sent again.
  broker.confirmCancel(broker.open("A")[0]);
  await world.pass(2000);
  assert.deepEqual(broker.open().map(({ symbol, side }) => [symbol, side]), [["A", "sell"]]);
  await sent(world, { ...buy, runId: 11, symbol: "C", seq: 2 });
  assert.deepEqual(world.denials(), ["no_entries"]);
});

Deno.test("an older order of Liu's that is told of while the books are compared is no other trader", async () => {
  const world = await World.open({
    runs: RUNS,
    stepping: false,
    isTimed: true,
    before: (broker) => {
      const executions = broker.executions.bind(broker);
      broker.executions = (sinceUs) => {
        broker.executions = executions;
        const old = { ...limitOf("A", "sell", "5", "140"), clientOrderId: "liu-before-1-1" };
        broker.takeOutside(old);
        broker.confirmCancel(broker.orders[0]);
        return executions(sinceUs);
      };
    },
  });
  await sent(world, buy);
  assert.deepEqual([world.denials(), alerts(world)], [[], []]);
});

Deno.test("a journal that cannot be closed keeps nobody from hearing what is left open", async () => {
  const world = await open();
  const { broker, journal } = world;
  await sent(world, buy);
  broker.fill(broker.open("A")[0], "10", "100");
  journal.close = () => Promise.reject(new Error("no space left on device"));
  await stopped(world, "keep");
  assert.deepEqual(world.ofMain("stopped")[0].open.map(({ qty }) => qty), ["10"]);
  assert.match(alerts(world).join(), /no space left/);
});

for (const onLoss of ["reduce", "flatten"] as const) {
  Deno.test(`a day's loss that is reached (${onLoss}) takes back entries that wait at the broker`, async () => {
    const risk = { maxDailyLoss: 500, onLoss };
    const world = await World.open({ runs: RUNS, stepping: false, isTimed: true, risk });
    const { broker } = world;
    await sent(world, limitBuy);
    broker.equity = "99000";
    await world.pass(65_000);
    assert.deepEqual([broker.open(), broker.orders[0].status], [[], "canceled"]);
  });
}

Deno.test("cancels that the broker has not heard of are asked for again, however many these are", async () => {
  const world = await open();
  const { broker, gateway } = world;
  for (const symbol of ["A", "B", "C"]) {
    await sent(world, { ...limitBuy, symbol }, { ...limitBuy, symbol, runId: 2 });
  }
  assert.equal(broker.open().length, 6);
  const cancel = broker.cancel.bind(broker);
  broker.cancel = () => Promise.resolve({ result: "requested" });
  gateway.fromMain({ type: "restrict", cause: "kill", state: "halted", reason: "killed" });
  await world.settled();
  broker.cancel = cancel;
  await world.pass(60_000);
  assert.equal(broker.open().length, 0);
});

Deno.test("an order that cannot be looked up holds up no other", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, buy, { ...buy, symbol: "B" });
  broker.isMuted = true;
  for (const order of broker.open()) broker.fill(order, "10", "100");
  broker.isMuted = false;
  const asked = broker.orderByClientId.bind(broker);
  broker.orderByClientId = (id) =>
    id === broker.orders[0].clientOrderId
      ? Promise.reject(new OperationError("its answer cannot be read"))
      : asked(id);
  await world.pass(30_000);
  assert.equal(world.lastReport(1, "B")?.position?.qty, 10);
});

Deno.test("an answer that cannot be read after an interruption ends nobody: it is asked for again", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, buy);
  broker.say({ state: "interrupted", reason: "test" });
  broker.isMuted = true;
  broker.fill(broker.orders[0], "10", "100");
  broker.isMuted = false;
  const asked = broker.orderByClientId.bind(broker);
  broker.orderByClientId = () => Promise.reject(new OperationError("cannot be read"));
  broker.say({ state: "restored" });
  await world.pass(3000);
  broker.orderByClientId = asked;
  await world.pass(10_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 10);
});

Deno.test("updates that are interrupted again while what was missed is read are not there", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, limitBuy);
  broker.say({ state: "interrupted", reason: "test" });
  broker.isDown = true;
  broker.say({ state: "restored" });
  await world.pass(500);
  broker.say({ state: "interrupted", reason: "test" });
  broker.isDown = false;
  await world.pass(10_000);
  await sent(world, { ...buy, symbol: "B", seq: 1 });
  assert.deepEqual(world.denials(), ["no_connection"]);
  broker.say({ state: "restored" });
  await world.pass(10_000);
  await sent(world, { ...buy, symbol: "B", seq: 2 });
  assert.deepEqual([world.denials().length, broker.open("B").length], [1, 1]);
});

Deno.test("orders that the broker never lists keep none of the others from being looked up", async () => {
  const world = await open();
  const { broker } = world;
  for (const symbol of ["A", "B", "C"]) {
    await sent(world, { ...limitBuy, symbol }, { ...limitBuy, symbol, runId: 2 });
  }
  broker.openOrders = () => Promise.resolve([]);
  broker.isMuted = true;
  broker.confirmCancel(broker.open("C")[1]);
  broker.isMuted = false;
  await world.pass(180_000);
  assert.equal(world.lastReport(2, "C")?.openOrder, null);
});

Deno.test("a stop whose cancel is on its way when the trader stops is not told as resting", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, { ...buy, stopPrice: 95 });
  broker.fill(broker.open("A")[0], "10", "100");
  await world.settled();
  broker.confirmsCancels = false;
  await sent(world, testIntent({ action: "sell", symbol: "A", seq: 1 }));
  await stopped(world, "keep");
  assert.deepEqual(world.ofMain("stopped")[0].open.map(({ protection }) => protection), [
    "watched only",
  ]);
});

Deno.test("an order of which nobody says what became is told, once", async () => {
  const world = await open();
  const { broker } = world;
  answered(world, () => ({ result: "unknown", message: "time-out" }));
  broker.isDown = true;
  await sent(world, buy);
  await world.pass(300_000);
  assert.equal(world.logs.filter((line) => line.includes("order_unanswered")).length, 1);
});

Deno.test("a symbol that is always being traded hides no other's difference", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, { ...buy, symbol: "B" });
  broker.fill(broker.open("B")[0], "10", "100");
  await world.settled();
  const positions = broker.positions.bind(broker);
  broker.positions = () => {
    broker.shift("A", "1");
    return positions();
  };
  broker.shift("B", "-10");
  await world.pass(180_000);
  assert.equal(world.lastReport(1, "B")?.position, null);
});
