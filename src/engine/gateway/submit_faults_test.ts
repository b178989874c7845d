/** What goes wrong when orders are sent, at the gateway's door. */
import assert from "node:assert/strict";
import type { SubmitResult } from "../../contracts/broker.ts";
import { alerts, answered, buy, limitBuy, liquidate, openLive as open, sent } from "./test_live.ts";
import { limitOf } from "./test_orders.ts";

Deno.test("fault 1: a POST that timed out but was accepted is found and never sent twice", async () => {
  const world = await open();
  const ids = answered(world, (request) => {
    world.broker.take(request);
    return { result: "unknown", message: "time-out" };
  });
  await sent(world, limitBuy);
  await world.pass(120_000);
  assert.deepEqual(ids, ["liu-batch-1-1"]);
  assert.equal(world.broker.open("A").length, 1);
  assert.equal(world.lastReport(1, "A")?.event, "accepted");
});

Deno.test("fault 1: what is slow to be found is waited for, not sent again", async () => {
  const world = await open();
  const ids = answered(world, () => ({ result: "unknown", message: "time-out" }));
  await sent(world, limitBuy);
  // Within the grace, after the first look-up.
  await world.pass(300);
  world.broker.take({ ...limitOf("A", "buy", "10", "99"), clientOrderId: ids[0] });
  await world.pass(60_000);
  assert.deepEqual(ids, ["liu-batch-1-1"]);
  assert.equal(world.broker.open("A").length, 1);
});

Deno.test("fault 2: a POST that never arrived is sent again, under the same id", async () => {
  const world = await open();
  const ids = answered(
    world,
    (_request, attempt) => attempt === 1 ? { result: "unknown", message: "time-out" } : null,
  );
  await sent(world, limitBuy);
  await world.pass(10_000);
  assert.deepEqual(ids, ["liu-batch-1-1", "liu-batch-1-1"]);
  assert.equal(world.broker.open("A").length, 1);
});

Deno.test("fault 2: what was cancelled meanwhile is not sent again", async () => {
  const world = await open();
  const ids = answered(world, () => ({ result: "unknown", message: "time-out" }));
  await sent(world, limitBuy, { cancel: "A", runId: 1 });
  await world.pass(10_000);
  assert.deepEqual(ids, ["liu-batch-1-1"]);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
});

Deno.test("fault 3: a duplicate id is fetched, and no error", async () => {
  const world = await open();
  answered(world, (request) => {
    world.broker.take(request);
    return { result: "duplicate" };
  });
  await sent(world, limitBuy);
  assert.equal(world.lastReport(1, "A")?.event, "accepted");
  assert.deepEqual(alerts(world), []);
});

Deno.test("fault 4: an order waits for the rate limit, and a decision that is too old is dropped", async () => {
  const world = await open();
  const ids = answered(
    world,
    (request, attempt) =>
      attempt === 1 || request.symbol === "B"
        ? { result: "rate_limited", retryAfterMs: 20_000 }
        : null,
  );
  await sent(world, limitBuy, { ...limitBuy, symbol: "B", runId: 2 });
  await world.pass(19_000);
  assert.equal(ids.length, 2);
  await world.pass(2_000);
  assert.equal(world.broker.open("A").length, 1);
  await world.pass(60_000);
  assert.equal(world.lastReport(2, "B")?.denial?.code, "too_late");
});

Deno.test("fault 4: a cancel that met the rate limit is sent when it is over", async () => {
  const world = await open();
  const cancel = world.broker.cancel.bind(world.broker);
  let asked = 0;
  world.broker.cancel = (id) =>
    ++asked === 1 ? Promise.resolve({ result: "rate_limited", retryAfterMs: 3_000 }) : cancel(id);
  await sent(world, limitBuy, { cancel: "A", runId: 1 });
  await sent(world, { cancel: "A", runId: 1 });
  await world.pass(4_000);
  assert.deepEqual([asked, world.lastReport(1, "A")?.event], [2, "canceled"]);
});

Deno.test("fault 5: 500 and 504 are unknown answers: looked up, as a time-out", async () => {
  const world = await open();
  const ids = answered(world, (request, attempt) => {
    if (request.symbol === "A") world.broker.take(request);
    const message = `POST /v2/orders: status ${attempt === 1 ? 500 : 504}`;
    return request.symbol === "A" || attempt < 3 ? { result: "unknown", message } : null;
  });
  await sent(world, limitBuy, { ...limitBuy, symbol: "B", runId: 2 });
  await world.pass(30_000);
  assert.equal(world.broker.open("A").length, 1);
  assert.equal(world.broker.open("B").length, 1);
  assert.equal(ids.filter((id) => id === "liu-batch-1-1").length, 1);
});

Deno.test("fault 6: an exit whose quantity is held takes what is free, and does not loop", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, { ...buy, stopPrice: 95, qty: 10.5 });
  broker.fill(broker.open("A")[0], "10.5", "100");
  await world.settled();
  // Somebody sells 4 by hand, at a price that is far.
  for (const order of broker.open("A")) broker.confirmCancel(order);
  broker.takeOutside(limitOf("A", "sell", "4", "140"));
  const ids = answered(world, (request) => {
    const isTooMuch = request.side === "sell" && Number(request.qty) > 6.5;
    return isTooMuch
      ? {
        result: "refused",
        code: 40310000,
        message: "insufficient qty available",
        cause: "qty_held",
      }
      : null;
  });
  liquidate(world);
  await world.pass(5_000);
  assert.ok(ids.length <= 3, `${ids.length} orders`);
  const exit = broker.open("A").find(({ clientOrderId }) => clientOrderId.startsWith("liu"))!;
  assert.deepEqual([exit.side, exit.qty, exit.type], ["sell", "6.5", "market"]);
  assert.match(alerts(world).join("\n"), /qty_held/);
});

Deno.test("fault 6: where nothing is free the exit waits, a try a minute at most", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, buy);
  broker.fill(broker.open("A")[0], "10", "100");
  await world.settled();
  broker.takeOutside(limitOf("A", "sell", "10", "140"));
  const ids = answered(world, () => ({
    result: "refused",
    code: 40310000,
    message: "insufficient qty available for order",
    cause: "qty_held",
  }));
  liquidate(world);
  await world.pass(300_000);
  assert.equal(ids.length, 1);
  broker.answer = () => null;
  broker.confirmCancel(broker.open("A")[0]);
  await world.pass(65_000);
  assert.deepEqual(broker.open("A").map(({ side, qty }) => [side, qty]), [["sell", "10"]]);
});

Deno.test("fault 7: an entry refused as a wash trade is dropped, and told", async () => {
  const world = await open();
  const ids = answered(world, () => ({
    result: "refused",
    code: 40310000,
    message: "potential wash trade detected. use complex orders",
    cause: "wash_trade",
  }));
  world.broker.takeOutside(limitOf("A", "sell", "5", "140"));
  await sent(world, limitBuy);
  await world.pass(120_000);
  assert.equal(ids.length, 1);
  assert.deepEqual(world.denials(), ["40310000"]);
  assert.equal(world.lastReport(1, "A")?.openOrder, null);
  assert.match(alerts(world).join("\n"), /wash_trade/);
  assert.match(alerts(world).join("\n"), /sell 5 hand/);
});

Deno.test("fault 7: an exit refused as a wash trade makes Liu's opposite order give way", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, buy);
  broker.fill(broker.open("A")[0], "10", "100");
  await sent(world, { ...limitBuy, runId: 2, seq: 1 });
  const answer: SubmitResult = {
    result: "refused",
    code: 40310000,
    message: "potential wash trade detected",
    cause: "wash_trade",
  };
  // As if the gateway had not known of the other.
  const [other] = broker.open("A");
  broker.confirmsCancels = false;
  let refused = 0;
  answered(world, (request) => request.side === "sell" && refused++ === 0 ? answer : null);
  liquidate(world);
  await world.pass(1_000);
  broker.confirmAsked();
  await world.pass(130_000);
  assert.equal(other.status, "canceled");
  assert.deepEqual(broker.open("A").map(({ side, qty }) => [side, qty]), [["sell", "10"]]);
});
