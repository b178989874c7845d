/** Faults of sockets do at the wire what they say. */
import assert from "node:assert/strict";
import type { TestSocket } from "../../src/simulator/test_client.ts";
import { BUY, eventsOf, update, WireWorld } from "./wire.ts";

const BARS = { bars: ["LIQ"] };

function barsOf(socket: TestSocket): number {
  return socket.log.filter(({ T }) => T === "b").length;
}

async function logIn(world: WireWorld): Promise<TestSocket> {
  const socket = world.socket("/v2/sip");
  await socket.next(({ msg }) => msg === "connected");
  socket.send({ action: "auth", key: "key", secret: "secret" });
  return socket;
}

Deno.test("a mute data socket is open and silent, and speaks again when its time is over", async () => {
  await using world = await WireWorld.open();
  const socket = await world.data(BARS);
  const trading = await world.trading();
  await world.minutes(1);
  await socket.next(({ T }) => T === "b");
  const id = await world.inject({ kind: "socket_mute", sockets: ["stocks"], seconds: 30 });
  assert.equal(await world.injected(id), 1);
  await world.ask("POST", "/v2/orders", BUY);
  await world.minutes(3);
  await update(trading, "fill");
  assert.equal(barsOf(socket), 1);
  await world.network.pass(30_000, 30_000);
  await world.minutes(1);
  await socket.next(({ T }) => T === "b");
  // What was missed is not sent again.
  assert.equal(barsOf(socket), 2);
});

Deno.test("a half-open socket says nothing, and holds its place for 90 s", async () => {
  await using world = await WireWorld.open();
  const socket = await world.data(BARS);
  await world.inject({ kind: "socket_half_open", sockets: ["stocks"] });
  await world.minutes(2);
  assert.equal(barsOf(socket), 0);
  socket.abandon();
  const second = await logIn(world);
  assert.equal((await second.next(({ T }) => T === "error")).code, 406);
  await second.closed;
  await world.network.pass(90_000, 90_000);
  await socket.closed;
  const third = await logIn(world);
  await third.next(({ msg }) => msg === "authenticated");
});

Deno.test("a half-open trading socket holds its place too", async () => {
  await using world = await WireWorld.open();
  const socket = await world.trading();
  await world.inject({ kind: "socket_half_open", sockets: ["trading"] });
  await world.ask("POST", "/v2/orders", BUY);
  await world.settled();
  assert.deepEqual(eventsOf(socket), []);
  const second = world.socket("/stream");
  await second.opened;
  second.send({ action: "authenticate", data: { key_id: "key", secret_key: "secret" } });
  assert.equal((await second.next(({ T }) => T === "error")).code, 406);
  await second.closed;
  await world.network.pass(90_000, 90_000);
  await world.trading();
});

for (const kind of ["socket_cut", "socket_closed"] as const) {
  Deno.test(`${kind}: the client is told, with or without a close frame`, async () => {
    await using world = await WireWorld.open();
    const [data, trading] = [await world.data(BARS), await world.trading()];
    await world.inject({ kind });
    const [a, b] = [await data.closed, await trading.closed];
    const isOrderly = kind === "socket_closed";
    assert.deepEqual([a.wasClean, b.wasClean], [isOrderly, isOrderly]);
    // Its place is free at once.
    await world.data(BARS);
    await world.trading();
  });
}

Deno.test("an error frame ends a socket: 407, slow client", async () => {
  await using world = await WireWorld.open();
  const [data, trading] = [await world.data(BARS), await world.trading()];
  await world.inject({ kind: "socket_error", sockets: ["stocks"] });
  assert.deepEqual(await data.next(({ T }) => T === "error"), {
    T: "error",
    code: 407,
    msg: "slow client",
  });
  await data.closed;
  await world.inject({ kind: "socket_error", sockets: ["trading"], code: 500 });
  assert.equal((await trading.next(({ T }) => T === "error")).code, 500);
  await trading.closed;
});

for (const code of [402, 404, 406, 407, 409]) {
  Deno.test(`a log-in is answered by ${code}, as often as it is to be`, async () => {
    await using world = await WireWorld.open();
    await world.inject({ kind: "socket_refused", sockets: ["stocks"], code, times: 2, every: 1 });
    for (let i = 0; i < 2; i++) {
      const socket = await logIn(world);
      assert.equal((await socket.next(({ T }) => T === "error")).code, code);
      await socket.closed;
    }
    await (await logIn(world)).next(({ msg }) => msg === "authenticated");
    await world.trading();
  });
}

Deno.test("a subscription is refused: 405", async () => {
  await using world = await WireWorld.open();
  await world.inject({ kind: "subscription_refused" });
  const socket = await logIn(world);
  await socket.next(({ msg }) => msg === "authenticated");
  socket.send({ action: "subscribe", ...BARS });
  assert.equal((await socket.next(({ T }) => T === "error")).code, 405);
  socket.send({ action: "subscribe", ...BARS });
  assert.deepEqual((await socket.next(({ T }) => T === "subscription")).bars, ["LIQ"]);
});

Deno.test("an acknowledgement lacks symbols, and these are not sent", async () => {
  await using world = await WireWorld.open([], { bars: { LIQ: () => 100, MIS: () => 50 } });
  await world.inject({ kind: "subscription_short", symbols: ["MIS"] });
  const socket = await world.data({ bars: ["LIQ", "MIS"] });
  const told = socket.log.find(({ T }) => T === "subscription")!;
  assert.deepEqual(told.bars, ["LIQ"]);
  await world.minutes(2);
  await socket.next(({ S }) => S === "LIQ");
  assert.ok(!socket.log.some(({ S }) => S === "MIS"));
  socket.send({ action: "subscribe", bars: ["MIS"] });
  assert.deepEqual((await socket.next(({ T }) => T === "subscription")).bars, ["LIQ", "MIS"]);
  await world.minutes(1);
  await socket.next(({ S }) => S === "MIS");
});

Deno.test("the nth frame of a socket is its last", async () => {
  await using world = await WireWorld.open();
  const socket = await world.data(BARS);
  const { frames } = world.simulator.faults!.book.counts;
  const after = { frames: frames + 3 };
  await world.inject({ kind: "socket_closed", sockets: ["stocks"], after });
  await world.minutes(5);
  await socket.closed;
  assert.equal(barsOf(socket), 3);
});
