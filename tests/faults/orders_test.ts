/** Faults of orders that the exchange has, and of what it tells of them, over real sockets. */
import assert from "node:assert/strict";
import { FaultWorld, type FaultWorldOptions, type Log, SYMBOL } from "./world.ts";

const RECONCILE = { inFlightMs: 5000, openOrdersMs: 30_000, positionsMs: 60_000 };
const DELETE = ["DELETE /v2/orders/*"];

const open = (more: FaultWorldOptions = {}) =>
  FaultWorld.open({ gateway: { reconcile: RECONCILE }, ...more });

function alerts(world: FaultWorld, alert?: string): Log[] {
  return world.logs.heard.filter(({ level, properties }) =>
    level === "error" && (alert === undefined || properties?.alert === alert)
  );
}

async function long(world: FaultWorld, more: { stopPrice?: number } = {}): Promise<void> {
  world.send({ action: "buy", qty: 10, ...more });
  await world.position(10, { minutes: 3 });
}

/** At a price that the market does not have. */
const RESTING = { action: "buy", qty: 10, limitPrice: 90 } as const;

/** It is at the exchange, and known to be there. */
async function rest(world: FaultWorld): Promise<void> {
  world.send(RESTING);
  await world.reports.until(({ event }) => event === "accepted");
}

Deno.test("fault 11: the fill arrives before the POST's reply: kept, and applied once", async () => {
  await using world = await open();
  const filled = world.inject({ kind: "fills", pieces: [4, 6], price: 100 });
  world.send({ action: "buy", qty: 10 });
  await filled.injected();
  await world.settled();
  await world.position(10);
  assert.equal(world.trades().length, 2);
  await world.check({ orders: 1 });
});

Deno.test("fault 12: the same execution again is ignored", async () => {
  await using world = await open();
  world.inject({ kind: "update_twice", events: ["fill", "partial_fill"], copies: 3, every: 1 });
  world.inject({ kind: "fills", pieces: [4, 6], price: 100 });
  await long(world);
  assert.equal(world.trades().length, 2);
  await world.check({ orders: 1 });
});

Deno.test("fault 13: after several partial fills the position is what the order has filled", async () => {
  await using world = await open();
  world.inject({ kind: "fills", pieces: [1, 2, 3, 1, 3], price: 100, per: "step" });
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 10 });
  assert.equal(world.trades().length, 5);
  await world.check({ orders: 1 });
});

Deno.test("fault 14: a partial fill, then a cancel: what filled stays, its stop has that size", async () => {
  await using world = await open();
  const filled = world.inject({ kind: "fills", pieces: [4], price: 90 });
  world.send({ ...RESTING, stopPrice: 80 });
  await filled.injected();
  await world.settled();
  await world.position(4, { isOpen: true });
  world.cancel();
  await world.position(4, { minutes: 2 });
  await world.minutes(2);
  const stops = world.exchangeOrders().filter(({ status, triggerPrice }) =>
    status === "new" && triggerPrice !== null
  );
  assert.deepEqual(stops.map(({ qty, side }) => [Number(qty), side]), [[4, "sell"]]);
  await world.check();
});

for (const reply of [204, 422] as const) {
  Deno.test(`fault 15: a cancel that races a fill loses (${reply})`, async () => {
    await using world = await open();
    await rest(world);
    const race = world.inject({ kind: "cancel_race", reply });
    world.cancel();
    await race.injected();
    await world.settled();
    await world.networkMs(20_000);
    await world.position(10);
    await world.check({ orders: 1 });
  });
}

Deno.test("fault 15: a cancel that races a part of a fill: that part stays", async () => {
  await using world = await open();
  await rest(world);
  const race = world.inject({ kind: "cancel_race", pieces: [3] });
  world.cancel();
  await race.injected();
  await world.settled();
  await world.position(3);
  await world.check({ orders: 1 });
});

/** Somebody changes the trader's order by hand, with the same keys. */
async function replaceByHand(world: FaultWorld, change: { qty?: string; limitPrice?: string }) {
  const [order] = world.ownOrders();
  const { signal } = new AbortController();
  const answer = await world.makeBroker().replace(order.id, change, signal);
  await world.settled();
  return answer;
}

Deno.test("fault 16: PATCH says 200, but the original filled: no double position", async () => {
  await using world = await open();
  await rest(world);
  const race = world.inject({ kind: "replace_race" });
  await replaceByHand(world, { limitPrice: "91" });
  await race.injected();
  await world.settled();
  await world.networkMs(90_000);
  await world.position(10, { minutes: 3 });
  assert.equal(world.exchangeQty(), 10);
  await world.check();
});

Deno.test("fault 16: PATCH says 200, but the original stays", async () => {
  await using world = await open();
  await rest(world);
  const rejected = world.inject({ kind: "replace_rejected" });
  await replaceByHand(world, { limitPrice: "91" });
  await rejected.injected();
  await world.settled();
  await world.networkMs(90_000);
  assert.notEqual(world.report()?.openOrder, null);
  world.cancel();
  await world.position(0, { minutes: 3 });
  await world.check();
});

Deno.test("fault 17: PATCH after a partial fill: the remaining quantity only", async () => {
  await using world = await open();
  const filled = world.inject({ kind: "fills", pieces: [4], price: 90 });
  world.send(RESTING);
  await filled.injected();
  await world.settled();
  await world.position(4, { isOpen: true });
  await replaceByHand(world, { limitPrice: "101" });
  await world.position(10, { minutes: 5 });
  await world.networkMs(90_000);
  assert.equal(world.exchangeQty(), 10);
  await world.check();
});

Deno.test("fault 18: stuck in pending_cancel: polled, the symbol locked, told once", async () => {
  await using world = await open();
  await rest(world);
  const stuck = world.inject({ kind: "cancel_stuck", seconds: 1800 });
  world.cancel();
  await stuck.injected();
  await world.settled();
  await world.networkMs(60_000);
  assert.equal(alerts(world, "cancel_stuck").length, 1);
  world.send({ action: "buy", qty: 1, runId: 2 });
  await world.settled();
  const denied = world.main.heard.findLast(({ type }) => type === "denial");
  assert.equal(denied?.type === "denial" && denied.code, "symbol_locked");
  await world.minutes(31);
  await world.networkMs(60_000);
  assert.equal(world.report()?.openOrder, null);
  world.send({ action: "buy", qty: 1, runId: 2 });
  await world.position(1, { runId: 2, minutes: 3 });
  await world.networkMs(2_000);
  await world.check({ orders: 2 });
});

Deno.test("fault 18: a cancel that the exchange takes back is asked for again", async () => {
  await using world = await open();
  await rest(world);
  const rejected = world.inject({ kind: "cancel_rejected" });
  world.cancel();
  await rejected.injected();
  await world.settled();
  await world.networkMs(30_000);
  await world.position(0);
  assert.equal(world.ownOrders()[0].status, "canceled");
  await world.check({ orders: 1 });
});

Deno.test("fault 18: a DELETE whose reply is lost is asked for again, and ends once", async () => {
  await using world = await open();
  await rest(world);
  const lost = world.inject({ kind: "request_lost", how: "silence", requests: DELETE });
  world.cancel();
  await lost.injected();
  await world.settled();
  await world.networkMs(30_000);
  await world.position(0);
  await world.check({ orders: 1 });
});

Deno.test("fault 19: rejected after it was accepted: the strategy is told, the capital is free", async () => {
  await using world = await open();
  const rejected = world.inject({ kind: "order_status", status: "rejected" });
  world.send({ action: "buy", qty: 10 });
  await rejected.injected();
  await world.settled();
  const report = world.report()!;
  assert.deepEqual([report.event, report.denial?.by, report.openOrder], [
    "rejected",
    "broker",
    null,
  ]);
  await world.networkMs(5_000);
  await world.check({ orders: 1 });
});

Deno.test("fault 20: an expired order is closed", async () => {
  await using world = await open();
  const expired = world.inject({ kind: "order_status", status: "expired" });
  world.send(RESTING);
  await expired.injected();
  await world.settled();
  const report = world.report()!;
  assert.deepEqual([report.event, report.openOrder], ["expired", null]);
  await world.networkMs(5_000);
  await world.check({ orders: 1 });
});

Deno.test("fault 20: an order done for the day is kept, and can be cancelled", async () => {
  await using world = await open();
  const done = world.inject({ kind: "order_status", status: "done_for_day" });
  world.send({ ...RESTING, timeInForce: "gtc" });
  await done.injected();
  await world.settled();
  await world.networkMs(90_000);
  assert.notEqual(world.report()?.openOrder, null);
  world.cancel();
  await world.position(0, { minutes: 2 });
  await world.check({ orders: 1 });
});

Deno.test("fault 21: both legs of a bracket fill: the reversal is flattened at once, and told", async () => {
  await using world = await open({ bars: { [SYMBOL]: (minute) => minute < 5 ? 100 : 120 } });
  world.send({ action: "buy", qty: 10, stopPrice: 90, targetPrice: 110 });
  await world.position(10, { minutes: 3 });
  const both = world.inject({ kind: "legs_both_fill", price: 110 });
  await world.minutes(6);
  await world.position(0, { minutes: 5 });
  assert.equal(both.fault.injected, 1);
  assert.equal(world.exchangeQty(), 0);
  assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "0");
  assert.equal(alerts(world, "reversal").length, 1);
  await world.networkMs(5_000);
  assert.equal(world.gateway.reserved, 0);
});

Deno.test("fault 29: one fill dropped on a healthy stream: a poll repairs it", async () => {
  await using world = await open();
  const lost = world.inject({ kind: "update_lost", events: ["fill"] });
  world.send({ action: "buy", qty: 10 });
  await world.minutes(3);
  await lost.injected();
  await world.settled();
  assert.equal(world.report()?.position, null);
  await world.networkMs(15_000);
  await world.position(10);
  await world.check({ orders: 1 });
});

Deno.test("fault 29: a dropped partial fill is repaired, though later ones are told", async () => {
  await using world = await open();
  const lost = world.inject({ kind: "update_lost", events: ["partial_fill"] });
  world.inject({ kind: "fills", pieces: [2, 3, 5], price: 100, per: "step" });
  world.send({ action: "buy", qty: 10 });
  await world.minutes(6);
  await lost.injected();
  await world.settled();
  await world.networkMs(15_000);
  await world.position(10);
  assert.equal(world.trades().length, 3);
  await world.check({ orders: 1 });
});

Deno.test("fault 29: a dropped end of an order is found, and frees its run", async () => {
  await using world = await open();
  world.inject({ kind: "update_lost", events: ["expired"] });
  const expired = world.inject({ kind: "order_status", status: "expired" });
  world.send(RESTING);
  await expired.injected();
  await world.settled();
  await world.networkMs(70_000);
  await world.position(0);
  await world.check({ orders: 1 });
});

Deno.test("fault 29: a dropped fill of a stop at the exchange is found", async () => {
  await using world = await open({ bars: { [SYMBOL]: (minute) => minute < 6 ? 100 : 80 } });
  await long(world, { stopPrice: 90 });
  const lost = world.inject({ kind: "update_lost", events: ["fill"] });
  await world.minutes(6);
  await lost.injected();
  await world.settled();
  await world.networkMs(70_000);
  await world.position(0);
  await world.check({ orders: 1 });
});

Deno.test("fault 52: a fill that comes after a poll has repaired it counts once", async () => {
  await using world = await open();
  const late = world.inject({ kind: "update_late", events: ["fill"], ms: 600_000 });
  world.send({ action: "buy", qty: 10 });
  await world.minutes(3);
  await late.injected();
  await world.settled();
  await world.networkMs(15_000);
  await world.position(10);
  await world.minutes(12);
  assert.equal(world.trades().length, 1);
  await world.check({ orders: 1 });
});

Deno.test("fault 36: a positions request that fails is never taken for flat", async () => {
  await using world = await open();
  await long(world);
  const failed = world.inject({
    kind: "http_error",
    status: 500,
    requests: ["GET /v2/positions", "GET /v2/account/activities*"],
    every: 1,
  });
  await world.networkMs(200_000);
  assert.ok(failed.fault.injected > 0);
  assert.equal(world.report()?.position?.qty, 10);
  failed.remove();
  await world.networkMs(120_000);
  await world.check({ orders: 1 });
});

Deno.test("fault 37: a manual trade is absorbed, the runs' positions stay", async () => {
  await using world = await open();
  await long(world);
  const byHand = world.inject({ kind: "manual_trade", symbols: [SYMBOL], side: "buy", qty: 5 });
  await world.minutes(2);
  await byHand.injected();
  await world.settled();
  await world.networkMs(130_000);
  assert.equal(world.gateway.book.external(SYMBOL).toFixed(), "5");
  assert.equal(world.report()?.position?.qty, 10);
  await world.check({ orders: 1 });
});

Deno.test("fault 37: a manual trade that nobody tells of is found by comparing positions", async () => {
  await using world = await open();
  await long(world);
  world.inject({ kind: "manual_trade", symbols: [SYMBOL], told: false, side: "buy", qty: 5 });
  await world.minutes(2);
  await world.networkMs(130_000);
  assert.equal(world.gateway.book.external(SYMBOL).toFixed(), "5");
  await world.check({ orders: 1 });
});

for (const told of [true, false]) {
  const how = told ? "told" : "told by nobody";
  Deno.test(`fault 37: a forced liquidation, ${how}, closes the run's position in the books once`, async () => {
    await using world = await open();
    await long(world, { stopPrice: 90 });
    const forced = world.inject({ kind: "forced_liquidation", told });
    await world.minutes(2);
    await forced.injected();
    await world.settled();
    await world.networkMs(200_000);
    await world.position(0, { minutes: 2 });
    assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "0");
    assert.equal(world.exchangeQty(), 0);
    assert.ok(alerts(world, "position_closed_outside").length > 0);
    // Nothing is bought where the broker has just sold.
    world.send({ action: "buy", qty: 3 });
    await world.settled();
    const denied = world.main.heard.findLast(({ type }) => type === "denial");
    assert.equal(denied?.type === "denial" && denied.code, "closed_outside");
    await world.minutes(2);
    assert.equal(world.exchangeQty(), 0);
  });
}
