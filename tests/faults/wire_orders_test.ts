/** Faults of orders and of what is told of them do at the wire what they say. */
import assert from "node:assert/strict";
import { barrier, BUY, eventsOf, RESTING, update, WireWorld } from "./wire.ts";

async function statusOf(world: WireWorld, clientOrderId = "one"): Promise<string> {
  const path = `/v2/orders:by_client_order_id?client_order_id=${clientOrderId}`;
  return (await world.truth(path)).body.status;
}

async function positionOf(world: WireWorld, symbol = "LIQ"): Promise<string> {
  return (await world.truth(`/v2/positions/${symbol}`)).body.qty ?? "0";
}

/** Posts it, and gives its id. */
async function post(world: WireWorld, order: object): Promise<string> {
  const { status, body } = await world.ask("POST", "/v2/orders", order);
  assert.equal(status, 200, JSON.stringify(body));
  return body.id;
}

for (const status of ["rejected", "expired", "canceled"] as const) {
  Deno.test(`an order that was taken in is then ${status}`, async () => {
    await using world = await WireWorld.open();
    const socket = await world.trading();
    await world.inject({ kind: "order_status", status });
    const { body } = await world.ask("POST", "/v2/orders", BUY);
    assert.equal(body.status, "new");
    await update(socket, status);
    assert.deepEqual(eventsOf(socket), ["new one", `${status} one`]);
    assert.equal(await statusOf(world), status);
  });
}

for (const status of ["suspended", "stopped", "calculated", "done_for_day"] as const) {
  Deno.test(`an order that is ${status} stays open, and does not fill`, async () => {
    await using world = await WireWorld.open();
    const socket = await world.trading();
    await world.inject({ kind: "order_status", status });
    await post(world, BUY);
    await update(socket, status);
    await world.minutes(3);
    assert.equal(await statusOf(world), status);
    assert.equal(await positionOf(world), "0");
    const open = (await world.truth("/v2/orders")).body;
    assert.deepEqual(open.map((order: { client_order_id: string }) => order.client_order_id), [
      "one",
    ]);
  });
}

Deno.test("an order by its client id is changed at once", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await post(world, RESTING);
  const id = await world.inject({ kind: "fills", order: "one", pieces: [4], price: 49 });
  assert.equal(await world.injected(id), 1);
  const fill = await update(socket, "partial_fill");
  assert.deepEqual([fill.qty, fill.price, fill.order.filled_qty], ["4", "49", "4"]);
  await world.inject({ kind: "order_status", order: "one", status: "expired" });
  await update(socket, "expired");
  assert.equal(await positionOf(world), "4");
});

Deno.test("an order fills in the given pieces before its POST is answered", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "fills", pieces: [3, 4, 3] });
  await world.inject({ kind: "reply_late", ms: 1000 });
  const posting = post(world, BUY);
  assert.equal((await update(socket, "fill")).order.filled_qty, "10");
  const pieces = socket.log.flatMap(({ data }) => (data as { qty?: string })?.qty ?? []);
  assert.deepEqual(pieces, ["3", "4", "3"]);
  await world.network.pass(1000, 1000);
  await posting;
});

Deno.test("an order fills in the given pieces, one a step", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "fills", pieces: [3, 4, 3], per: "step" });
  await post(world, BUY);
  const quantities: string[] = [];
  for (let i = 0; i < 4; i++) {
    quantities.push(await positionOf(world));
    await world.minutes(1);
  }
  assert.deepEqual(quantities, ["0", "3", "7", "10"]);
  await update(socket, "fill");
});

Deno.test("a cancel hangs in pending_cancel, and then comes", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "cancel_stuck", seconds: 300 });
  const id = await post(world, RESTING);
  assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, 204);
  await update(socket, "pending_cancel");
  assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, 204);
  await world.minutes(4);
  assert.equal(await statusOf(world), "pending_cancel");
  await world.minutes(1);
  await update(socket, "canceled");
  assert.equal(await statusOf(world), "canceled");
});

for (const reply of [204, 422] as const) {
  Deno.test(`a cancel is answered ${reply}, but the order has filled`, async () => {
    await using world = await WireWorld.open();
    const socket = await world.trading();
    await world.inject({ kind: "cancel_race", reply });
    const id = await post(world, RESTING);
    assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, reply);
    await update(socket, "fill");
    assert.deepEqual(eventsOf(socket), ["new one", "fill one"]);
    assert.equal(await positionOf(world), "10");
  });
}

Deno.test("part of an order fills before its cancel comes", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "cancel_race", pieces: [4] });
  const id = await post(world, RESTING);
  assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, 204);
  await update(socket, "canceled");
  assert.deepEqual(eventsOf(socket), ["new one", "partial_fill one", "canceled one"]);
  assert.equal(await positionOf(world), "4");
});

Deno.test("a cancel is refused after it was taken in", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "cancel_rejected" });
  const id = await post(world, RESTING);
  assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, 204);
  await update(socket, "order_cancel_rejected");
  assert.equal(await statusOf(world), "new");
});

const RACES = [[undefined, "10", "filled"], [[4], "4", "partially_filled"]] as const;

for (const [pieces, filled, left] of RACES) {
  Deno.test(`a replacement is answered, but ${filled} of the first order fill`, async () => {
    await using world = await WireWorld.open();
    const socket = await world.trading();
    await world.inject({ kind: "replace_race", ...(pieces ? { pieces: [...pieces] } : {}) });
    const id = await post(world, RESTING);
    const change = { limit_price: "51", client_order_id: "two" };
    const { status, body } = await world.ask("PATCH", `/v2/orders/${id}`, change);
    assert.deepEqual([status, body.client_order_id, body.replaces], [200, "two", id]);
    await update(socket, "rejected", "two");
    assert.deepEqual(eventsOf(socket), [
      "new one",
      pieces ? "partial_fill one" : "fill one",
      "order_replace_rejected one",
      "rejected two",
    ]);
    assert.deepEqual([await statusOf(world), await statusOf(world, "two")], [left, "rejected"]);
    assert.equal(await positionOf(world), filled);
    // The account is whole: what is left can be canceled, and nothing else is open.
    const open = (await world.truth("/v2/orders")).body.length;
    assert.equal(open, pieces ? 1 : 0);
    if (pieces) assert.equal((await world.ask("DELETE", `/v2/orders/${id}`)).status, 204);
  });
}

Deno.test("a replacement is answered, but the first order stays", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "replace_rejected" });
  const id = await post(world, RESTING);
  const change = { limit_price: "51", client_order_id: "two" };
  assert.equal((await world.ask("PATCH", `/v2/orders/${id}`, change)).status, 200);
  await update(socket, "rejected", "two");
  assert.equal(await statusOf(world), "new");
});

Deno.test("both legs of a bracket fill: the position is turned round", async () => {
  await using world = await WireWorld.open([], { bars: { LIQ: (minute) => 100 + minute } });
  const socket = await world.trading();
  await world.inject({ kind: "legs_both_fill", price: 89 });
  await post(world, {
    ...BUY,
    order_class: "bracket",
    take_profit: { limit_price: "105" },
    stop_loss: { stop_price: "90" },
  });
  await world.minutes(10);
  await update(socket, "fill");
  assert.equal(await positionOf(world), "-10");
  const activities = (await world.truth("/v2/account/activities")).body;
  assert.deepEqual(
    activities.map(({ side, price }: Record<string, string>) => `${side} ${price}`)
      .sort(),
    ["buy 100", "sell 105", "sell_short 89"],
  );
});

Deno.test("updates are lost, told twice, told late, told in another order", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  const executions = () =>
    socket.log.filter(({ data }) => (data as { event?: string })?.event === "fill")
      .map(({ data }) => (data as { execution_id: string }).execution_id);
  await world.inject({ kind: "update_lost", events: ["fill"] });
  await world.inject({ kind: "fills", every: 1 });
  await post(world, BUY);
  await barrier(socket);
  assert.deepEqual(eventsOf(socket), ["new one"]);
  assert.equal(await positionOf(world), "10");

  await world.inject({ kind: "update_twice", events: ["fill"], copies: 2 });
  await post(world, { ...BUY, client_order_id: "two" });
  await barrier(socket);
  assert.deepEqual(eventsOf(socket).slice(1), ["new two", "fill two", "fill two", "fill two"]);
  assert.equal(new Set(executions()).size, 1);

  await world.inject({ kind: "update_late", events: ["fill"], ms: 120_000 });
  await post(world, { ...BUY, client_order_id: "three" });
  await world.minutes(1);
  await barrier(socket);
  assert.equal(eventsOf(socket).at(-1), "new three");
  await world.minutes(1);
  await update(socket, "fill", "three");

  await world.inject({ kind: "update_swapped", events: ["new"] });
  await post(world, { ...BUY, client_order_id: "four" });
  await update(socket, "fill", "four");
  await update(socket, "new", "four");
  assert.deepEqual(eventsOf(socket).slice(-2), ["fill four", "new four"]);

  await world.inject({ kind: "update_swapped", events: ["fill"] });
  await post(world, { ...BUY, client_order_id: "five" });
  await barrier(socket);
  assert.equal(eventsOf(socket).at(-1), "new five");
  await world.minutes(1);
  // With nothing to change places with, it is told at the step's end.
  await update(socket, "fill", "five");
});
