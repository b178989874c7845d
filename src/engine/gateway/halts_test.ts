import assert from "node:assert/strict";
import { testIntent, World } from "./test_world.ts";

const RUNS = [{ runId: 1, strategy: "s", consumer: 0, dayTrade: true }];

Deno.test("fault 42: a halt denies entries, cancels open ones and lets exits pass", async () => {
  const world = await World.open({ runs: RUNS, stepping: false });
  world.send(testIntent({ action: "buy", symbol: "A", limitPrice: 99 }));
  world.send(testIntent({ action: "buy", symbol: "B", limitPrice: 99, seq: 1 }));
  await world.settled();
  world.gateway.fromMain({ type: "halted", symbol: "A", isHalted: true });
  world.gateway.fromMain({ type: "halted", symbol: "C", isHalted: true });
  await world.settled();
  assert.equal(world.lastReport(1, "A")!.event, "canceled");
  assert.equal(world.lastReport(1, "B")!.event, "accepted");
  world.send(testIntent({ action: "buy", symbol: "A", seq: 2 }));
  world.send(testIntent({ action: "buy", symbol: "C", seq: 3 }));
  await world.settled();
  assert.deepEqual(world.denials(), ["halted", "halted"]);

  world.gateway.fromMain({ type: "halted", symbol: "A", isHalted: false });
  world.send(testIntent({ action: "buy", symbol: "A", seq: 4 }));
  await world.settled();
  assert.equal(world.denials().length, 2);
});
