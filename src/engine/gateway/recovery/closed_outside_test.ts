/** What somebody else has closed, before and after a restart, and a person who has looked. */
import assert from "node:assert/strict";
import type { RunInfo } from "../../../protocol.ts";
import { testIntent, World } from "../test_world.ts";

const RUNS: RunInfo[] = [{ runId: 1, strategy: "alpha", consumer: 0, dayTrade: true }];
const RECOVERY = { fromBatchId: "batch", unknownPositions: "external", damage: null } as const;

function restarted(after: World): Promise<World> {
  after.broker.say({ state: "connected" });
  return World.open({ runs: RUNS, stepping: false, after, recovery: RECOVERY });
}

/** The account has been liquidated under A and B. */
async function liquidated(): Promise<World> {
  const world = await World.open({ runs: RUNS, stepping: false });
  for (const [seq, symbol] of ["A", "B"].entries()) {
    world.send(testIntent({ action: "buy", symbol, seq }));
    await world.settled();
    world.broker.fill(world.broker.open(symbol)[0], "10", "100");
  }
  await world.settled();
  for (const symbol of ["A", "B"]) world.broker.tradeOutside(symbol, "sell", "10", "99");
  await world.settled();
  return world;
}

const causes = (world: World) =>
  world.ofMain("state").at(-1)?.restrictions.map(({ cause }) => cause) ?? [];

async function denialOf(world: World, symbol: string, seq: number): Promise<string | undefined> {
  const before = world.denials().length;
  world.send(testIntent({ action: "buy", symbol, seq, limitPrice: 90 }));
  await world.settled();
  return world.denials()[before];
}

Deno.test("fault 37: a liquidated account is REDUCING after a restart, too", async () => {
  const second = await restarted(await liquidated());
  assert.deepEqual(causes(second), ["liquidated"]);
  assert.equal(await denialOf(second, "C", 10), "reducing");
});

Deno.test("fault 37: what a person has lifted stays lifted, in each of its symbols", async () => {
  const first = await liquidated();
  first.gateway.fromMain({ type: "lift", cause: "liquidated" });
  assert.deepEqual(causes(first), []);
  assert.equal(await denialOf(first, "A", 10), undefined);
  const second = await restarted(first);
  assert.deepEqual(causes(second), []);
  assert.equal(await denialOf(second, "B", 11), undefined);
});

Deno.test("fault 37: one symbol that somebody else closed is free again when a person says so", async () => {
  const world = await World.open({ runs: RUNS, stepping: false });
  world.send(testIntent({ action: "buy", symbol: "A", seq: 0 }));
  await world.settled();
  world.broker.fill(world.broker.open("A")[0], "10", "100");
  world.broker.tradeOutside("A", "sell", "10", "99");
  await world.settled();
  assert.equal(await denialOf(world, "A", 1), "closed_outside");
  world.gateway.fromMain({ type: "lift", cause: "liquidated" });
  assert.equal(await denialOf(world, "A", 2), undefined);
});
