/** Faults of the trading socket: at the wire, and with a gateway behind it. */
import { strict as assert } from "node:assert";
import { createBroker } from "../../src/brokers/alpaca.ts";
import type { UpdatesState } from "../../src/contracts/broker.ts";
import { Queue, type ScriptedSocket } from "../alpaca_counterpart.ts";
import { asked, Bench, GOOD_BACK_OFF, LOOK_MS, NOW_US } from "../alpaca_stream_bench.ts";
import { FaultWorld } from "./world.ts";

Deno.test("fault 22: a trading socket that does not answer is opened anew", async () => {
  await using bench = new Bench();
  const states = new Queue<UpdatesState>();
  const broker = createBroker(
    { keyId: "KEY-OF-TEST", secretKey: "SECRET-OF-TEST", baseUrl: bench.counterpart.origin },
    { clock: { nowUs: () => NOW_US }, monotonic: bench.time, random: () => 0.5, log: bench.log },
  );
  const opening = broker.openUpdates({
    onUpdate: () => {},
    onStep: () => {},
    onState: (state) => states.put(state),
    signal: bench.aborter.signal,
  });
  const logIn = async (socket: ScriptedSocket) => {
    assert.equal((await socket.next()).action, "authenticate");
    socket.sendBinary({
      stream: "authorization",
      data: { status: "authorized", action: "authenticate" },
    });
    assert.equal((await socket.next()).action, "listen");
    socket.sendBinary({ stream: "listening", data: { streams: ["trade_updates"] } });
  };
  const socket = await bench.counterpart.socket();
  await logIn(socket);
  await opening;
  assert.equal((await states.take()).state, "connected");
  const listen = { action: "listen", data: { streams: ["trade_updates"] } };
  assert.deepEqual(await asked(bench, socket), listen);
  for (let i = 0; i < 2; i++) await bench.time.pass(LOOK_MS, LOOK_MS);
  assert.equal((await states.take()).state, "interrupted");
  await bench.time.pass(...GOOD_BACK_OFF);
  await logIn(await bench.counterpart.socket());
  assert.equal((await states.take()).state, "restored");
});

Deno.test("fault 22: while the trading socket is gone nothing is bought; then what was missed is in", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, limitPrice: 99 });
  await world.reports.until(({ event }) => event === "accepted");
  const cut = world.inject({ kind: "socket_cut", sockets: ["trading"] });
  await cut.injected();
  await world.logged(/Order updates are interrupted/);
  world.send({ action: "buy", qty: 5, runId: 2 });
  await world.settled();
  assert.equal(world.report(2)?.denial?.code, "no_connection");
  // It fills while nobody listens.
  const [order] = world.ownOrders();
  const filled = world.inject({ kind: "fills", order: order!.clientOrderId, price: 99 });
  await filled.injected();
  assert.equal(world.report()?.position ?? null, null);
  await world.networkMs(30_000);
  await world.position(10, { minutes: 1 });
  world.send({ action: "buy", qty: 5, runId: 2 });
  await world.position(5, { runId: 2, minutes: 3 });
  // The account is read anew.
  await world.networkMs(5000);
  await world.check({ orders: 2 });
});

Deno.test("fault 24: a trading socket that died holds its place: 406 is waited out, once", async () => {
  await using world = await FaultWorld.open();
  world.send({ action: "buy", qty: 10, limitPrice: 99 });
  await world.reports.until(({ event }) => event === "accepted");
  const dead = world.inject({ kind: "socket_half_open", sockets: ["trading"] });
  await dead.injected();
  const [order] = world.ownOrders();
  await world.inject({ kind: "fills", order: order!.clientOrderId, price: 99 }).injected();
  // Asked after 20 s, given up after 30; tried again at once, and refused.
  await world.networkMs(60_000);
  await world.logged(/Order updates are interrupted: silent for 30 s, and does not answer/);
  assert.equal(world.adversary.sockets.openOnes("trading"), 0);
  world.send({ action: "buy", qty: 5, runId: 2 });
  await world.settled();
  assert.equal(world.report(2)?.denial?.code, "no_connection");
  await world.networkMs(150_000);
  assert.equal(world.adversary.sockets.openOnes("trading"), 1);
  await world.position(10, { minutes: 1 });
  const states = world.main.heard.flatMap((one) => one.type === "state" ? one.restrictions : []);
  assert.deepEqual(states.filter(({ cause }) => cause === "other_trader"), []);
  await world.check({ orders: 1 });
});

Deno.test("fault 56: a trading socket whose place is taken for longer halts the trader", async () => {
  await using world = await FaultWorld.open();
  world.inject({ kind: "socket_refused", sockets: ["trading"], code: 406, every: 1 });
  await world.inject({ kind: "socket_cut", sockets: ["trading"] }).injected();
  await world.networkMs(60_000);
  assert.equal(world.main.heard.some(({ type }) => type === "state"), false, "not yet");
  await world.networkMs(120_000);
  await world.logged(/HALTED: another trader trades this account \(order updates: .*406/, "error");
  world.send({ action: "buy", qty: 5 });
  await world.settled();
  assert.equal(world.report()?.denial?.code, "trading_halted");
});
