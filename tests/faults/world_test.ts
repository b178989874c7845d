/** The harness itself: without faults all is in order, and its checks find what is not. */
import assert from "node:assert/strict";
import { FaultWorld, SYMBOL } from "./world.ts";

Deno.test("in a world without faults an order fills, its stop rests, and all checks hold", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, stopPrice: 90, targetPrice: 120 });
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
  assert.equal(world.exchangeQty(), 10);
  world.send({ action: "sell", qty: 10 });
  await world.position(0, { minutes: 3 });
  await world.check({ orders: 2 });
});

Deno.test("a trade that nobody was told of is found by the checks", async () => {
  await using world = await FaultWorld.open();
  world.inject({ kind: "manual_trade", symbols: [SYMBOL], side: "buy", qty: 5, told: false });
  await assert.rejects(world.check(), /book ≠ exchange/);
});

Deno.test("a fill that was not told of is found by the checks, where nobody looks again", async () => {
  await using world = await FaultWorld.open();
  const lost = world.inject({ kind: "update_lost", events: ["fill"] });
  world.send({ action: "buy", qty: 10 });
  await world.minutes(2);
  await lost.injected();
  await assert.rejects(world.check(), /book ≠ exchange[^]*|not stored/);
});

Deno.test("a position whose stop was taken away is found by the checks", async () => {
  await using world = await FaultWorld.open();
  world.inject({ kind: "update_lost", events: ["canceled"], every: 1 });
  world.send({ action: "buy", qty: 10, stopPrice: 90 });
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
  const stop = world.exchangeOrders().find(({ type }) => type === "stop")!;
  world.inject({ kind: "order_status", order: stop.clientOrderId, status: "canceled" });
  await assert.rejects(world.check(), /stops at the exchange cover 0 of 10/);
});

Deno.test("fault 1: an order whose answer was lost is found by its id, and not sent again", async () => {
  await using world = await FaultWorld.open();
  const lost = world.inject({ kind: "reply_lost", how: "silence" });
  world.send({ action: "buy", qty: 10 });
  await lost.injected();
  await world.network.pass(10_000, 10_000);
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
});
