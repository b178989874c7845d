/** What goes wrong with orders that the broker has, at the gateway's door. */
import assert from "node:assert/strict";
import { alerts, buy, limitBuy, openLive as open, sent } from "./test_live.ts";
import type { World } from "./test_world.ts";

const positionOf = (world: World) => world.lastReport(1, "A")?.position?.qty ?? 0;

Deno.test("fault 11: a fill before the POST's reply is kept, and applied once", async () => {
  const world = await open();
  world.broker.beforeReply = (order) => world.broker.fill(order, "10", "100", 2);
  await sent(world, buy);
  assert.equal(positionOf(world), 10);
  assert.equal(world.trades().length, 1);
});

Deno.test("fault 12: the same execution again is ignored, by either identity", async () => {
  const world = await open();
  await sent(world, buy);
  const [order] = world.broker.open("A");
  world.broker.fill(order, "4", "100", 3);
  const [execution] = world.broker.fills;
  const update = { event: "partial_fill", order: { ...order, legs: [] }, timeUs: 0 };
  world.broker.give({ ...update, execution: { ...execution, executionId: null } });
  world.broker.give({ ...update, execution: { ...execution, executionId: "other" } });
  assert.equal(positionOf(world), 4);
  assert.equal(world.trades().length, 1);
});

Deno.test("fault 13: several partial fills add up to what the order has filled", async () => {
  const world = await open();
  await sent(world, buy);
  const [order] = world.broker.open("A");
  for (const qty of ["1", "2.5", "0.25", "6.25"]) world.broker.fill(order, qty, "100");
  assert.equal(positionOf(world), Number(order.filledQty));
  assert.equal(world.trades().length, 4);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("fault 14: a partial fill, then a cancel: what filled stays, its stop has that size", async () => {
  const world = await open();
  await sent(world, { ...limitBuy, stopPrice: 90 });
  const [order] = world.broker.open("A");
  world.broker.fill(order, "4", "99");
  await sent(world, { cancel: "A", runId: 1 });
  assert.equal(order.status, "canceled");
  assert.equal(positionOf(world), 4);
  const stops = world.broker.open("A").map(({ side, type, qty }) => [side, type, qty]);
  assert.deepEqual(stops, [["sell", "stop", "4"]]);
});

Deno.test("fault 15: a cancel that races a fill loses", async () => {
  const world = await open();
  world.broker.confirmsCancels = false;
  await sent(world, limitBuy);
  const [order] = world.broker.open("A");
  await sent(world, { cancel: "A", runId: 1 });
  world.broker.update("pending_cancel", order, "pending_cancel");
  world.broker.fill(order, "10", "99");
  world.broker.confirmAsked();
  await world.pass(30_000);
  assert.equal(positionOf(world), 10);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.equal(world.lastReport(1, "A")?.event, "fill");
});

Deno.test("fault 16: an order replaced by hand that filled all the same counts once", async () => {
  const world = await open();
  await sent(world, limitBuy);
  const [order] = world.broker.open("A");
  world.broker.update("pending_replace", order, "pending_replace");
  const next = world.broker.replaceByHand(order, "10");
  world.broker.update("new", next, "new");
  world.broker.fill(order, "10", "99");
  assert.notEqual(world.lastReport(1, "A")?.openOrder, null);
  world.broker.update("rejected", next, "rejected");
  await world.pass(120_000);
  assert.equal(positionOf(world), 10);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.equal(world.broker.orders.length, 2);
});

Deno.test("fault 17: an order replaced by hand after a partial fill goes on with the rest", async () => {
  for (const isNewFirst of [true, false]) {
    const world = await open();
    await sent(world, limitBuy);
    const [order] = world.broker.open("A");
    world.broker.fill(order, "4", "99");
    const next = world.broker.replaceByHand(order, "6");
    if (isNewFirst) world.broker.update("new", next, "new");
    world.broker.update("replaced", order, "replaced");
    if (!isNewFirst) world.broker.update("new", next, "new");
    await world.pass(20_000);
    assert.notEqual(world.lastReport(1, "A")?.openOrder, null);
    world.broker.fill(next, "6", "98");
    await world.pass(20_000);
    assert.equal(positionOf(world), 10);
    assert.equal(world.lastReport(1, "A")?.openOrder, null);
    assert.equal(world.broker.orders.length, 2);
    assert.deepEqual(alerts(world), []);
  }
});

Deno.test("fault 17: a replacement for less ends the work with less", async () => {
  const world = await open();
  await sent(world, limitBuy);
  const [order] = world.broker.open("A");
  const next = world.broker.replaceByHand(order, "3");
  world.broker.update("replaced", order, "replaced");
  world.broker.update("new", next, "new");
  await sent(world, { cancel: "A", runId: 2 });
  world.broker.fill(next, "3", "98");
  await world.pass(20_000);
  assert.equal(positionOf(world), 3);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.equal(world.broker.orders.length, 2);
});

Deno.test("fault 19: an order that is rejected after it was accepted is told, and its capital is free", async () => {
  const world = await open();
  // Nearly all of the buying power.
  const all = { ...limitBuy, qty: 990, limitPrice: 100 };
  await sent(world, all);
  await world.pass(2_000);
  await sent(world, { ...all, symbol: "B", runId: 2 });
  assert.deepEqual(world.denials(), ["buying_power"]);
  const [order] = world.broker.open("A");
  world.broker.update("rejected", order, "rejected");
  await world.settled();
  const report = world.lastReport(1, "A")!;
  assert.deepEqual([report.event, report.denial?.code, report.openOrder], [
    "rejected",
    "rejected",
    null,
  ]);
  await world.pass(2_000);
  await sent(world, { ...all, symbol: "B", runId: 2, seq: 1 });
  assert.equal(world.broker.open("B").length, 1);
});

Deno.test("fault 20: an order done for the day stays open, an expired one is closed", async () => {
  const world = await open();
  await sent(world, { ...limitBuy, timeInForce: "gtc" });
  const [order] = world.broker.open("A");
  world.broker.fill(order, "4", "99");
  world.broker.update("done_for_day", order, "done_for_day");
  await world.pass(60_000);
  assert.equal(world.lastReport(1, "A")?.openOrder?.filledQty, 4);
  world.broker.update("new", order, "new");
  world.broker.fill(order, "2", "98");
  assert.equal(positionOf(world), 6);
  world.broker.update("expired", order, "expired");
  await world.settled();
  assert.equal(world.lastReport(1, "A")?.event, "expired");
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.equal(positionOf(world), 6);
});

Deno.test("fault 21: both legs of a bracket fill: the reversal is flattened at once, and told", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, { ...buy, stopPrice: 90, targetPrice: 110 });
  broker.fill(broker.open("A")[0], "10", "100");
  await world.settled();
  const [target, stop] = broker.open("A");
  broker.fill(target, "10", "110", 1, true);
  broker.fill(stop, "10", "90", 1, true);
  await world.settled();
  const [exit, ...more] = broker.open("A");
  assert.deepEqual([exit.side, exit.type, exit.qty], ["buy", "market", "10"]);
  assert.deepEqual(more, []);
  broker.fill(exit, "10", "91");
  await world.pass(120_000);
  assert.equal(world.lastReport(1, "A")?.position, null);
  assert.equal(broker.net("A").toFixed(), "0");
  assert.match(alerts(world).join("\n"), /reversal/);
});

Deno.test("fault 54: a thousand events between an intent and its acknowledgement: one order", async () => {
  const world = await open();
  const reply = Promise.withResolvers<void>();
  const submit = world.broker.submit.bind(world.broker);
  let posts = 0;
  world.broker.submit = async (request) => {
    posts++;
    await reply.promise;
    return await submit(request);
  };
  world.send(buy);
  for (let i = 1; i <= 1000; i++) {
    world.rows({ A: 100 + i % 3 });
    world.send({ ...buy, seq: i });
  }
  await world.settled();
  assert.equal(posts, 1);
  reply.resolve();
  await world.pass(10_000);
  assert.equal(world.broker.orders.length, 1);
  assert.ok(world.denials().every((code) => code === "order_open"));
});
