/** What the account's figures restrict. Here its equity is its cash: what is bought is lost. */
import assert from "node:assert/strict";
import type { RunInfo } from "../../protocol.ts";
import { testIntent, World } from "./test_world.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: false },
];

async function bought(risk: Parameters<typeof World.open>[0]["risk"]): Promise<World> {
  const world = await World.open({ runs: RUNS, risk });
  await world.step([testIntent({ action: "buy", symbol: "A", stopPrice: 90 })]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  await world.step([]);
  return world;
}

const states = (world: World) =>
  world.ofMain("state").map(({ state, restrictions }) =>
    [state, ...restrictions.map(({ cause }) => cause)].join(" ")
  );

Deno.test("a day's loss lets only exits through until the next session", async () => {
  const world = await bought({ maxDailyLoss: 500 });
  assert.deepEqual(states(world), ["reducing loss"]);
  assert.match(world.logs.join("\n"), /error .*1000\.01 lost today, 500\.00 is allowed/);
  await world.step([
    testIntent({ action: "buy", symbol: "B", seq: 1 }),
    testIntent({ action: "sell", symbol: "A", qty: 4, seq: 2 }),
  ]);
  assert.deepEqual(world.denials(), ["max_daily_loss"]);
  assert.equal(world.broker.orders.at(-1)?.side, "sell");
  const session = { openUs: 0, closeUs: Infinity };
  world.gateway.fromMain({ type: "session", assetClass: "us_equity", ...session });
  assert.deepEqual(states(world), ["reducing loss", "active"]);
  await world.step([testIntent({ action: "buy", symbol: "B", seq: 3 })]);
  assert.deepEqual(world.denials(), ["max_daily_loss"]);
});

Deno.test("a drawdown is measured from the day's highest", async () => {
  const world = await World.open({ runs: RUNS, risk: { maxDrawdown: 500 } });
  world.broker.cash = world.broker.cash.plus(2000);
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 1 })]);
  world.broker.fill(world.broker.orders[0], "1", "100");
  await world.step([]);
  world.broker.cash = world.broker.cash.minus(500);
  await world.step([testIntent({ action: "buy", symbol: "B", qty: 1, seq: 1 })]);
  assert.deepEqual(states(world), ["reducing loss"]);
  await world.step([testIntent({ action: "buy", symbol: "C", qty: 1, seq: 2 })]);
  assert.equal(world.denials().at(-1), "max_drawdown");
});

Deno.test("where the plan says flatten, a loss closes all positions, swings too", async () => {
  const world = await bought({ maxDailyLoss: 500, onLoss: "flatten" });
  await world.step([]);
  world.broker.confirmAsked();
  await world.step([]);
  const closing = world.broker.open("A");
  assert.deepEqual(closing.map(({ side, type, qty }) => [side, type, qty]), [[
    "sell",
    "market",
    "10",
  ]]);
  world.broker.fill(closing[0], "10", "99");
  await world.step([]);
  assert.ok(world.ofMain("liquidated").every(({ flat }) => flat));
  await world.step([testIntent({ action: "buy", symbol: "B", seq: 1 })]);
  assert.deepEqual(world.denials(), ["max_daily_loss"]);
});

Deno.test("fault 48: an account that the broker has blocked is HALTED until it lifts that", async () => {
  const world = await World.open({ runs: RUNS });
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  world.broker.isBlocked = true;
  world.broker.fill(world.broker.orders[0], "10", "100");
  await world.step([]);
  assert.deepEqual(states(world), ["halted blocked"]);
  await world.step([
    testIntent({ action: "buy", symbol: "B", seq: 1 }),
    testIntent({ action: "sell", symbol: "A", seq: 2 }),
  ]);
  assert.deepEqual(world.denials(), ["trading_blocked", "trading_blocked"]);
  assert.equal(world.broker.orders.length, 1);
  world.broker.isBlocked = false;
  // Read again at the next whole minute, as something is held.
  await world.step([]);
  await world.step([testIntent({ action: "sell", symbol: "A", seq: 3 })]);
  assert.deepEqual(states(world), ["halted blocked", "active"]);
  assert.equal(world.broker.orders.length, 2);
});

Deno.test("fault 50: where the day's loss cannot be worked out nothing is sent, until it can", async () => {
  const world = await World.open({ runs: RUNS, risk: { maxDailyLoss: 500 } });
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 1 })]);
  world.broker.fill(world.broker.orders[0], "1", "100");
  world.broker.equity = "not a number";
  await world.step([]);
  assert.deepEqual(states(world), ["halted loss"]);
  assert.match(world.logs.join("\n"), /error .*cannot be worked out .*not a number/);
  await world.step([testIntent({ action: "buy", symbol: "B", seq: 1 })]);
  assert.deepEqual(world.denials(), ["trading_halted"]);
  world.broker.equity = null;
  await world.step([]);
  await world.step([testIntent({ action: "sell", symbol: "A", qty: 1, seq: 2 })]);
  assert.deepEqual(states(world), ["halted loss", "active"]);
  assert.equal(world.broker.orders.at(-1)?.side, "sell");
});

Deno.test("a trader that is started again on the day knows what was lost before", async () => {
  const world = await bought({ maxDailyLoss: 500 });
  assert.deepEqual(states(world), ["reducing loss"]);
  // What was lost has come back, but a day's limit is a day's.
  world.broker.cash = world.broker.cash.plus(5000);
  const again = await World.open({ runs: RUNS, risk: { maxDailyLoss: 500 }, after: world });
  assert.deepEqual(states(again), ["reducing loss"]);
  await again.step([testIntent({ action: "buy", symbol: "B", seq: 9 })]);
  assert.equal(again.denials().at(-1), "reducing");
});

Deno.test("a drawdown goes on from the highest that was reached before a restart", async () => {
  const risk = { maxDrawdown: 1000 };
  const world = await World.open({ runs: RUNS, risk });
  world.broker.cash = world.broker.cash.plus(2000);
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 1 })]);
  world.broker.fill(world.broker.orders[0], "1", "100");
  await world.step([]);
  world.broker.cash = world.broker.cash.minus(900);
  const again = await World.open({ runs: RUNS, risk, after: world });
  assert.deepEqual(states(again), []);
  again.broker.cash = again.broker.cash.minus(200);
  await again.step([testIntent({ action: "buy", symbol: "B", qty: 1, seq: 9 })]);
  await again.step([]);
  assert.equal(states(again).at(-1), "reducing loss");
});

Deno.test("one wrong reading of the equity restricts nothing, a second one like it does", async () => {
  const risk = { maxDailyLoss: 500, maxDrawdown: 2000 };
  const world = await World.open({ runs: RUNS, stepping: false, isTimed: true, risk });
  const reads = async (...equities: (string | null)[]) => {
    for (const equity of equities) {
      world.broker.equity = equity;
      await world.pass(60_000);
    }
  };
  const account = world.broker.account.bind(world.broker);
  let wrong: string | null = null;
  world.broker.account = async () => {
    const read = await account();
    const equity = wrong ?? read.equity;
    wrong = null;
    return { ...read, equity };
  };
  await reads(null);
  for (const equity of ["0", "99000", "500000"]) {
    wrong = equity;
    await reads(null, null);
  }
  assert.deepEqual(states(world), []);
  assert.match(world.logs.join("\n"), /warning Equity .*beyond a limit.*"0\.00"/);
  world.broker.equity = "99000";
  // Read again a second later, not at the next minute.
  await world.pass(62_000);
  assert.deepEqual(states(world), ["reducing loss"]);
  assert.match(world.logs.join("\n"), /error .*1000\.00 lost today/);
});
