/** Faults of sending orders, over real sockets. */
import assert from "node:assert/strict";
import { FaultWorld, type Log, SYMBOL } from "./world.ts";

const POST = ["POST /v2/orders"];
const TIMEOUT_MS = 10_000;
const RECONCILE = { inFlightMs: 5000, openOrdersMs: 30_000, positionsMs: 60_000 };

const open = (more: Parameters<typeof FaultWorld.open>[0] = {}) =>
  FaultWorld.open({ gateway: { reconcile: RECONCILE }, ...more });

const alerts = (world: FaultWorld): Log[] =>
  world.logs.heard.filter(({ level }) => level === "error");

const posts = (world: FaultWorld) => world.ownOrders().length;

Deno.test("fault 1: a POST that timed out but was accepted is adopted, and never sent twice", async () => {
  await using world = await open();
  const lost = world.inject({ kind: "reply_lost", how: "silence", requests: POST });
  world.send({ action: "buy", qty: 10 });
  await lost.injected();
  await world.settled();
  await world.networkMs(TIMEOUT_MS);
  await world.position(10, { minutes: 3 });
  await world.networkMs(60_000);
  await world.check({ orders: 1 });
});

Deno.test("fault 2: a POST that never arrived is sent again, once, under the same id", async () => {
  await using world = await open();
  const lost = world.inject({ kind: "request_lost", how: "cut", requests: POST });
  world.send({ action: "buy", qty: 10 });
  await lost.injected();
  await world.settled();
  await world.networkMs(5_000);
  await world.position(10, { minutes: 3 });
  assert.deepEqual(world.ownOrders().map(({ clientOrderId }) => clientOrderId), [
    "liu-batch-1-1",
  ]);
  await world.check({ orders: 1 });
});

Deno.test("fault 3: a duplicate id is fetched, and is no error", async () => {
  await using world = await open();
  const refused = world.inject({
    kind: "refusal",
    reason: "duplicate_client_order_id",
    accepted: true,
    requests: POST,
  });
  world.send({ action: "buy", qty: 10 });
  await refused.injected();
  await world.settled();
  await world.position(10, { minutes: 3 });
  assert.deepEqual(alerts(world), []);
  await world.check({ orders: 1 });
});

Deno.test("fault 4: 429 is waited out until the reset, then the order is sent once", async () => {
  await using world = await open();
  const limited = world.inject({ kind: "http_error", status: 429, wait: 20, requests: POST });
  world.send({ action: "buy", qty: 10 });
  await limited.injected();
  await world.settled();
  await world.networkMs(19_000);
  assert.equal(posts(world), 0);
  await world.networkMs(2_000);
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
});

for (const status of [500, 504]) {
  for (const accepted of [true, false]) {
    const how = accepted ? "done all the same" : "not done";
    Deno.test(`fault 5: ${status} on a POST, ${how}: one order`, async () => {
      await using world = await open();
      const failed = world.inject({ kind: "http_error", status, accepted, requests: POST });
      world.send({ action: "buy", qty: 10 });
      await failed.injected();
      await world.settled();
      await world.networkMs(5_000);
      await world.position(10, { minutes: 3 });
      await world.check({ orders: 1 });
    });
  }
}

Deno.test("fault 6: an exit that is refused for its quantity is not sent again and again", async () => {
  await using world = await open();
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  const refused = world.inject({
    kind: "refusal",
    reason: "insufficient_qty",
    requests: POST,
    every: 1,
  });
  world.gateway.fromMain({
    type: "liquidate",
    id: 1,
    scope: "all",
    assetClasses: ["us_equity"],
    reason: "test",
    deadlineUs: Infinity,
  });
  await refused.injected();
  await world.settled();
  await world.networkMs(30_000);
  assert.equal(refused.fault.injected, 1);
  assert.ok(alerts(world).some(({ properties }) => properties.alert === "qty_held"));
  refused.remove();
  await world.networkMs(70_000);
  await world.position(0, { minutes: 3 });
  await world.check({ orders: 2 });
});

Deno.test("fault 7: an entry refused as a wash trade is dropped, and a person is told", async () => {
  await using world = await open();
  const refused = world.inject({ kind: "refusal", reason: "wash_trade", requests: POST, every: 1 });
  world.send({ action: "buy", qty: 10 });
  await refused.injected();
  await world.settled();
  await world.networkMs(60_000);
  assert.equal(refused.fault.injected, 1);
  const report = world.report()!;
  assert.deepEqual([report.event, report.openOrder], ["rejected", null]);
  assert.ok(alerts(world).some(({ properties }) => properties.alert === "wash_trade"));
  refused.remove();
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  await world.networkMs(2_000);
  await world.check({ orders: 1 });
});

Deno.test("fault 54: a thousand events between an intent and its acknowledgement: one order", async () => {
  await using world = await open();
  const late = world.inject({ kind: "reply_late", ms: 5_000, requests: POST });
  const first = world.send({ action: "buy", qty: 10 });
  for (let i = 1; i <= 1000; i++) world.send({ action: "buy", qty: 10, seq: first + i });
  await late.injected();
  await world.settled();
  await world.networkMs(6_000);
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
  const codes = new Set(
    world.main.heard.flatMap((told) => told.type === "denial" ? [told.code] : []),
  );
  assert.deepEqual([...codes], ["order_open"]);
});

Deno.test("fault 54: nor do bars in between send another one", async () => {
  await using world = await open({ bars: { [SYMBOL]: (minute) => 100 + minute % 5 } });
  const late = world.inject({ kind: "reply_late", ms: 5_000, requests: POST });
  world.send({ action: "buy", qty: 10, stopPrice: 80 });
  await late.injected();
  await world.settled();
  await world.minutes(60);
  await world.networkMs(6_000);
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
});

Deno.test("fault 6: what somebody else has sold, told by nobody, is not sold once more", async () => {
  await using world = await open();
  world.send({ action: "buy", qty: 72 });
  await world.position(72, { minutes: 3 });
  const byHand = world.inject({
    kind: "manual_trade",
    symbols: [SYMBOL],
    told: false,
    side: "sell",
    qty: 10,
  });
  await world.minutes(2);
  await byHand.injected();
  await world.settled();
  assert.equal(world.exchangeQty(), 62);
  world.gateway.fromMain({
    type: "liquidate",
    id: 1,
    scope: "all",
    assetClasses: ["us_equity"],
    reason: "test",
    deadlineUs: Infinity,
  });
  await world.settled();
  await world.minutes(2);
  await world.networkMs(30_000);
  await world.position(0, { minutes: 3 });
  await world.networkMs(70_000);
  assert.equal(world.exchangeQty(), 0);
  assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "0");
  const sizes = world.ownOrders().map(({ side, qty }) => `${side} ${qty}`);
  assert.deepEqual(sizes.filter((text) => text.startsWith("sell")), ["sell 62"]);
});
