/** The broker has less than Liu's books, and nobody told of it. */
import assert from "node:assert/strict";
import type { OrderRequest } from "../../model/order.ts";
import { testIntent, type World } from "./test_world.ts";
import { alerts, answered, buy, liquidate, openLive as open, sent } from "./test_live.ts";

/** Run 1 has 72 A in the books, the broker 62, which refuses sales of more than it has free. */
async function short10(stopPrice?: number): Promise<{ world: World; sales: OrderRequest[] }> {
  const world = await open();
  const { broker } = world;
  await sent(world, { ...buy, qty: 72, stopPrice: stopPrice ?? null });
  broker.fill(broker.open("A")[0], "72", "100");
  await world.settled();
  const sales: OrderRequest[] = [];
  answered(world, (request) => {
    if (request.side === "buy") return null;
    sales.push(request);
    const free = broker.net("A").minus(broker.held("A", "sell"));
    // Of what it does not have it opens a short.
    if (free.isZero || free.gte(request.qty!)) return null;
    const message = `insufficient qty available for order (available: ${free})`;
    return { result: "refused", code: 40310000, message, cause: "qty_held" };
  });
  broker.shift("A", "-10");
  return { world, sales };
}

const sizes = (sales: OrderRequest[]) => sales.map(({ qty }) => String(qty));

Deno.test("fault 37: a stop that is refused for its quantity rests for what the broker has", async () => {
  const { world, sales } = await short10(95);
  const { broker } = world;
  for (const order of broker.open("A")) broker.confirmCancel(order);
  await world.settled();
  assert.deepEqual(sizes(sales), ["72", "62"]);
  assert.deepEqual(broker.open("A").map(({ type, qty }) => [type, qty]), [["stop", "62"]]);
  await world.pass(11_000);
  assert.equal(world.lastReport(1, "A")?.position?.qty, 62);
  assert.match(alerts(world).join("\n"), /position_difference/);
  await world.pass(300_000);
  assert.equal(sales.length, 2);
  assert.equal(broker.open("A").length, 1);
});

for (const kind of ["liquidation", "strategy"] as const) {
  Deno.test(`fault 6: an exit (${kind}) never sells more than the broker has`, async () => {
    const { world, sales } = await short10();
    const { broker } = world;
    const sell = testIntent({ action: "sell", symbol: "A", qty: 72, seq: 1 });
    if (kind === "liquidation") liquidate(world);
    else {
      await sent(world, sell);
      await sent(world, { ...sell, seq: 2 });
    }
    await world.settled();
    assert.deepEqual(sizes(sales), ["72", "62"]);
    broker.fill(broker.open("A")[0], "62", "100");
    await world.pass(300_000);
    assert.deepEqual(sizes(sales), ["72", "62"]);
    assert.equal(broker.net("A").toString(), "0");
    assert.equal(world.gateway.book.net("A").toString(), "0");
    assert.equal(world.lastReport(1, "A")?.openOrder, null);
  });
}

Deno.test("fault 6: an exit that was sold short of its run's books goes on where the books were right", async () => {
  const { world, sales } = await short10();
  const { broker } = world;
  liquidate(world);
  await world.settled();
  // It was the broker's list that was late.
  broker.shift("A", "10");
  broker.fill(broker.open("A")[0], "62", "100");
  await world.pass(70_000);
  assert.deepEqual(sizes(sales), ["72", "62", "10"]);
});

Deno.test("fault 37: what books and broker do not agree about at the end is told", async () => {
  const { world } = await short10();
  const stop = () => world.gateway.fromMain({ type: "stop", orders: "keep", withinMs: 3000 });
  stop();
  await world.pass(10_000);
  const [{ differences }] = world.ofMain("stopped");
  assert.deepEqual(differences, [{ symbol: "A", broker: "62", book: "72" }]);
  assert.equal(alerts(world).filter((line) => line.includes("position_difference")).length, 1);
});

Deno.test("fault 37: an execution that is on its way at the end is no difference", async () => {
  const world = await open();
  const { broker } = world;
  await sent(world, buy);
  const late: (() => void)[] = [];
  broker.deliver = (update, give) => late.push(() => give(update));
  broker.fill(broker.open("A")[0], "10", "100");
  world.gateway.fromMain({ type: "stop", orders: "keep", withinMs: 3000 });
  await world.pass(100);
  for (const give of late) give();
  await world.pass(10_000);
  assert.deepEqual(world.ofMain("stopped")[0].differences, []);
  assert.deepEqual(alerts(world), []);
});

Deno.test("fault 37: positions that cannot be read at the end hold up nobody, and are no difference", async () => {
  const { world } = await short10();
  world.broker.positions = () => new Promise(() => {});
  world.gateway.fromMain({ type: "stop", orders: "keep", withinMs: 3000 });
  await world.pass(10_000);
  assert.deepEqual(world.ofMain("stopped")[0].differences, []);
  assert.match(world.logs.join("\n"), /could not be compared before the end/);
});
