/** What must not be sent is not sent: the exchange never sees it, the strategy hears of it, it is stored. */
import assert from "node:assert/strict";
import { FaultWorld, SYMBOL } from "./world.ts";

/** Codes of denials, as the strategy was told and as they are stored. */
function denials(world: FaultWorld): string[] {
  const told = world.reports.heard.flatMap(({ denial }) => denial ? [denial.code] : []);
  const stored = world.records.flatMap((one) => one.table === "order_denial" ? [one.row.code] : []);
  assert.deepEqual(stored, told);
  return told;
}

const states = (world: FaultWorld) =>
  world.main.heard.flatMap((message) => message.type === "state" ? [message.state] : []);

Deno.test("fault 8: prices are on the tick before they are sent, or denied", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, limitPrice: 100.999, stopPrice: 90.0049 });
  await world.position(10, { minutes: 3 });
  world.send({ action: "buy", qty: 1, limitPrice: 0.00001, runId: 2 });
  assert.deepEqual(denials(world), ["below_tick"]);
  const [entry] = world.ownOrders();
  assert.equal(String(entry.limitPrice), "100.99");
  const stops = world.exchangeOrders().filter(({ type }) => type === "stop");
  assert.deepEqual(stops.map(({ triggerPrice }) => String(triggerPrice)), ["90.01"]);
  await world.check({ orders: 1 });
});

Deno.test("fault 9: a market order in extended hours is denied, a limit order is sent", async () => {
  await using world = await FaultWorld.open();
  const hours = { openUs: world.nowUs() + 3600e6, closeUs: world.nowUs() + 7200e6 };
  world.gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  world.send({ action: "buy", qty: 10 });
  world.send({ action: "buy", qty: 10, extendedHours: true });
  world.send({ action: "buy", qty: 10, extendedHours: true, triggerPrice: 101 });
  assert.deepEqual(denials(world), ["market_closed", "extended_hours", "extended_hours"]);
  world.send({ action: "buy", qty: 10, extendedHours: true, limitPrice: 100.5 });
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
});

Deno.test("fault 10: opg after 9:28 and cls after 15:50 are denied, cls before is sent", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, timeInForce: "opg" });
  assert.deepEqual(denials(world), ["auction_closed"]);
  await world.minutes(375);
  world.send({ action: "buy", qty: 10, timeInForce: "cls" });
  await world.settled();
  await world.minutes(5);
  world.send({ action: "buy", qty: 10, timeInForce: "cls", runId: 2 });
  assert.deepEqual(denials(world), ["auction_closed", "auction_closed"]);
  assert.deepEqual(world.ownOrders().map(({ timeInForce }) => timeInForce), ["cls"]);
  await world.check({ orders: 1, isOpen: true });
});

Deno.test("fault 46: in a symbol that is not tradable any more only exits are let through", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  const halt = world.inject({ kind: "asset", symbols: [SYMBOL], tradable: false });
  const assets = world.main.next(({ type }) => type === "assets");
  world.gateway.fromMain({ type: "assets", id: 2, assetClass: "us_equity" });
  await assets;
  world.send({ action: "buy", qty: 10 });
  world.send({ action: "short", qty: 10, runId: 2 });
  assert.deepEqual(denials(world), ["not_tradable", "not_tradable"]);
  halt.remove();
  world.send({ action: "sell", qty: 10 });
  await world.position(0, { minutes: 3 });
  await world.check({ orders: 2 });
});

Deno.test("fault 47: a short of what is hard to borrow is denied", async () => {
  await using world = await FaultWorld.open({
    faults: [{ kind: "asset", symbols: [SYMBOL], borrow: "hard_to_borrow" }],
  });
  world.send({ action: "short", qty: 10 });
  assert.deepEqual(denials(world), ["hard_to_borrow"]);
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  await world.check({ orders: 1 });
});

Deno.test("fault 48: an account that is blocked is HALTED, its stop rests, and it goes on when unblocked", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, stopPrice: 90 });
  await world.position(10, { minutes: 3 });
  for (const field of ["trading_blocked", "account_blocked", "trade_suspended_by_user"] as const) {
    const before = denials(world).length;
    const blocked = world.inject({ kind: "account_blocked", field });
    await world.networkMs(61_000);
    assert.equal(states(world).at(-1), "halted", field);
    await world.logged(/HALTED: the broker has blocked the account/, "error");
    world.send({ action: "buy", qty: 10, runId: 2 });
    world.send({ action: "sell", qty: 10 });
    assert.deepEqual(denials(world).slice(before), ["trading_blocked", "trading_blocked"]);
    blocked.remove();
    await world.networkMs(61_000);
    assert.equal(states(world).at(-1), "active", field);
  }
  await world.check({ orders: 1 });
  world.send({ action: "sell", qty: 10 });
  await world.position(0, { minutes: 3 });
  await world.check({ orders: 2 });
});

Deno.test("a kill cancels what is on its way to be sent, and leaves the stop", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, stopPrice: 90 });
  await world.position(10, { minutes: 3 });
  // Its POST is refused for now, and would be sent again.
  const limited = world.inject({ kind: "http_error", status: 429, times: 1 });
  world.send({ action: "buy", qty: 5, limitPrice: 80, runId: 2 });
  await limited.injected();
  world.gateway.fromMain({ type: "restrict", cause: "kill", state: "halted", reason: "killed" });
  await world.networkMs(61_000);
  assert.equal(world.ownOrders().length, 1);
  assert.equal(world.report(2)?.openOrder ?? null, null);
  world.send({ action: "sell", qty: 10 });
  assert.deepEqual(denials(world), ["trading_halted"]);
  await world.check({ orders: 1 });
  world.gateway.fromMain({ type: "lift", cause: "kill" });
  world.send({ action: "sell", qty: 10 });
  await world.position(0, { minutes: 3 });
  await world.check({ orders: 2 });
});
