/** Outside of steps: replies, updates and refusals come when they come. */
import assert from "node:assert/strict";
import type { SubmitResult } from "../../contracts/broker.ts";
import type { RunInfo } from "../../protocol.ts";
import { RetryableError } from "../../util/errors.ts";
import { testIntent, World } from "./test_world.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: false },
];
const live = () => World.open({ runs: RUNS, stepping: false });

Deno.test("an order is sent at once, and a confirmed cancel frees the run", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", limitPrice: 99 }));
  await world.settled();
  assert.equal(world.broker.open("A").length, 1);
  world.send({ cancel: "A", runId: 1 });
  await world.settled();
  assert.equal(world.lastReport(1, "A")?.event, "canceled");
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("symbols do not wait for one another, orders of one symbol do", async () => {
  const world = await live();
  const replies = new Map<string, () => void>();
  const { broker } = world;
  const submit = broker.submit.bind(broker);
  const sent: string[] = [];
  broker.submit = async (request): Promise<SubmitResult> => {
    sent.push(`${request.symbol}${request.qty}`);
    await new Promise<void>((resolve) => replies.set(request.symbol, resolve));
    return await submit(request);
  };
  world.send(testIntent({ action: "buy", symbol: "A", qty: 1 }));
  world.send(testIntent({ action: "buy", symbol: "A", qty: 2, runId: 2 }));
  world.send(testIntent({ action: "buy", symbol: "B", qty: 3, seq: 1 }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(sent, ["A1", "B3"]);
  replies.get("A")!();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(sent, ["A1", "B3", "A2"]);
  replies.get("A")!();
  replies.get("B")!();
  await world.settled();
  assert.equal(broker.open().length, 3);
});

Deno.test("a rate limit is waited out, and the order sent again", async () => {
  const world = await live();
  world.broker.answer = (_request, attempt) =>
    attempt < 3 ? { result: "rate_limited", retryAfterMs: 10 } : null;
  world.send(testIntent({ action: "buy", symbol: "A" }));
  await world.settled();
  assert.equal(world.broker.open("A").length, 1);
});

Deno.test("what was missed while updates were interrupted is made up for", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", qty: 10 }));
  await world.settled();
  const [order] = world.broker.open("A");
  world.broker.say({ state: "interrupted", reason: "socket" });
  world.broker.isMuted = true;
  world.broker.fill(order, "10", "100");
  world.broker.isMuted = false;
  world.send(testIntent({ action: "buy", symbol: "B", seq: 1 }));
  assert.deepEqual(world.denials(), ["no_connection"]);
  const executions = world.broker.executions.bind(world.broker);
  let asked = 0;
  world.broker.executions = () => {
    asked++;
    return asked < 3 ? Promise.reject(new RetryableError("503")) : executions();
  };
  world.broker.say({ state: "restored" });
  await world.settled();
  const report = world.lastReport(1, "A")!;
  assert.equal(report.position?.qty, 10);
  assert.equal(report.openOrder, null);
  assert.equal(world.trades().length, 1);
  world.send(testIntent({ action: "buy", symbol: "B", seq: 2 }));
  await world.settled();
  assert.equal(world.broker.open("B").length, 1);
});

Deno.test("an account that cannot be read for a while ends nothing", async () => {
  const world = await live();
  const account = world.broker.account.bind(world.broker);
  let asked = 0;
  world.broker.account = () => {
    asked++;
    return asked < 9 ? Promise.reject(new RetryableError("503")) : account();
  };
  world.send(testIntent({ action: "buy", symbol: "A", qty: 10 }));
  while (asked < 9) await world.settled();
  assert.equal(world.broker.open("A").length, 1);
  assert.deepEqual(world.ofMain("failed"), []);
});

Deno.test("a cancel that was refused is asked for again", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", limitPrice: 99 }));
  await world.settled();
  let asked = 0;
  const cancel = world.broker.cancel.bind(world.broker);
  world.broker.cancel = (id) => {
    asked++;
    return asked < 3 ? Promise.resolve({ result: "unknown", message: "time-out" }) : cancel(id);
  };
  world.send({ cancel: "A", runId: 1 });
  for (let i = 0; i < 5; i++) await world.settled();
  assert.equal(asked, 3);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("a watched stop sells at once, and only once", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", qty: 1.5, stopPrice: 95 }));
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "1.5", "100");
  assert.deepEqual(world.watched, ["A"]);
  world.rows({ A: 94 });
  world.rows({ A: 93 });
  await world.settled();
  const open = world.broker.open("A");
  assert.deepEqual(open.map(({ side, qty }) => [side, qty]), [["sell", "1.5"]]);
  world.broker.fill(open[0], "1.5", "93");
  await world.settled();
  assert.deepEqual(world.watched, []);
  assert.equal(world.ofMain("trade").at(-1)?.reason, "stop");
});

Deno.test("an exit that the broker keeps refusing is not sent for ever", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", qty: 1.5, stopPrice: 95 }));
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "1.5", "100");
  await world.settled();
  world.broker.answer = () => ({ result: "refused", code: 40310000, message: "no" });
  for (let i = 0; i < 10; i++) {
    world.rows({ A: 94 });
    await world.settled();
  }
  assert.equal(world.denials().length, 3);
});

Deno.test("liquidation closes day trades and leaves swing positions alone", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", qty: 10 }));
  world.send(testIntent({ action: "buy", symbol: "B", qty: 10, runId: 2 }));
  await world.settled();
  for (const order of world.broker.open()) world.broker.fill(order, "10", "100");
  world.gateway.fromMain({
    type: "liquidate",
    id: 3,
    scope: "day_trades",
    assetClasses: ["us_equity"],
    reason: "close",
    deadlineUs: Infinity,
  });
  await world.settled();
  assert.deepEqual(world.broker.open().map(({ symbol, side }) => [symbol, side]), [["A", "sell"]]);
  world.broker.fill(world.broker.open("A")[0], "10", "101");
  await world.settled();
  assert.deepEqual(world.ofMain("liquidated").map(({ id, flat }) => [id, flat]), [[3, true]]);
  assert.equal(world.broker.net("B").toFixed(), "10");
});

Deno.test("stopping cancels what is open, and leaves resting legs where they are", async () => {
  const world = await live();
  world.send(testIntent({ action: "buy", symbol: "A", qty: 10, stopPrice: 90, runId: 2 }));
  world.send(testIntent({ action: "buy", symbol: "B", limitPrice: 90 }));
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  world.gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
  await world.settled();
  assert.deepEqual(world.broker.open().map(({ symbol, type }) => [symbol, type]), [["A", "stop"]]);
  assert.deepEqual(world.ofMain("stopped").map(({ open }) => open), [[
    { symbol: "A", strategy: "beta", qty: "10", averagePrice: "100", protection: "rests" },
  ]]);
});

Deno.test("before it has stopped, all that can rest rests, and what remains is told", async () => {
  const world = await live();
  const { broker } = world;
  const buy = (symbol: string, qty: number, prices: { stopPrice?: number } = {}) => {
    world.send(testIntent({ action: "buy", symbol, qty, limitPrice: 100, seq: seq++, ...prices }));
  };
  let seq = 0;
  buy("A", 10, { stopPrice: 90 });
  buy("B", 0.5, { stopPrice: 90 });
  buy("C", 3);
  await world.settled();
  for (const order of broker.open()) broker.fill(order, order.qty!, "100");
  // A target of the strategy's own is open, and in the way of the stop.
  world.send(testIntent({ action: "sell", symbol: "A", qty: 10, limitPrice: 120, seq: seq++ }));
  await world.settled();
  assert.deepEqual(broker.open("A").map(({ type }) => type), ["limit"]);
  broker.confirmsCancels = false;
  world.gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
  await world.settled();
  assert.deepEqual(world.ofMain("stopped"), []);
  broker.confirmAsked();
  while (world.ofMain("stopped").length === 0) await world.settled();
  const rest = broker.open().map((order) => [order.type, order.qty, order.timeInForce]);
  assert.deepEqual(rest, [["stop", "10", "gtc"]]);
  const told = world.ofMain("stopped")[0].open;
  assert.deepEqual(told.map(({ symbol, qty, protection }) => [symbol, qty, protection]), [
    ["A", "10", "rests"],
    ["B", "0.5", "watched only"],
    ["C", "3", "none"],
  ]);
  assert.deepEqual(world.logs.filter((line) => line.includes("cannot be read")), []);
});

Deno.test("legs that end with the day are put to rest until cancelled when it stops", async () => {
  const world = await live();
  world.send(
    testIntent({
      action: "buy",
      symbol: "A",
      qty: 10,
      stopPrice: 90,
      limitPrice: 100,
      timeInForce: "day",
    }),
  );
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  await world.settled();
  world.gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
  while (world.ofMain("stopped").length === 0) await world.settled();
  const rest = world.broker.open().map((order) => [order.type, order.qty, order.timeInForce]);
  assert.deepEqual(rest, [["stop", "10", "gtc"]]);
});
