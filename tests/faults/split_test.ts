/** A night with a split, between two traders of one plan. */
import assert from "node:assert/strict";
import { continuedRuns } from "../../src/engine/gateway/recovery/carry_runs.ts";
import { openSegment } from "../../src/engine/gateway/recovery/segments.ts";
import type { GatewayToMain } from "../../src/protocol.ts";
import { FaultWorld, SYMBOL } from "./world.ts";

/** From the open to the next date. */
const TO_MIDNIGHT = 14 * 60 + 30;

/** A trader of the same plan, of this day after the first. */
async function start(world: FaultWorld, day: number): Promise<void> {
  const openUs = world.nowUs();
  const hours = { openUs, closeUs: openUs + 390 * 60e6 };
  const segment = await openSegment(world.folder, {
    batchId: `day ${day}`,
    accountId: "account",
    host: "exchange",
    planDigest: "plan",
    dates: { us_equity: `2022-01-0${3 + day}` },
    endsUs: hours.closeUs,
    timeUs: world.nowUs(),
  }, false);
  const runs = [{ runId: day + 1, strategy: "alpha", consumer: 0, dayTrade: false }];
  world.broker = world.makeBroker();
  world.gateway = await world.makeGateway({
    journal: segment.journal,
    batchId: segment.batchId,
    recovery: { ...segment, unknownPositions: "external" },
  });
  const ready = world.main.next(({ type }) => type === "ready");
  let isStarted = false;
  const started = world.gateway.start().finally(() => isStarted = true);
  // What waits for the network may come to that at any of its turns.
  while (!isStarted) await world.networkMs(1000);
  await started;
  const { recovered } = await ready as Extract<GatewayToMain, { type: "ready" }>;
  const continued = continuedRuns(recovered?.runs ?? [], runs);
  world.gateway.fromMain({ type: "runs", runs, continued });
  world.gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  const assets = world.main.next(({ type }) => type === "assets");
  world.gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
  await assets;
  await world.settled();
}

Deno.test("fault 45: a split at the exchange overnight: quantity, stop and target are rescaled", async () => {
  await using world = await FaultWorld.open({ minutes: TO_MIDNIGHT + 60 });
  await world.stop();
  await start(world, 0);
  world.send({ action: "buy", qty: 10, stopPrice: 90, targetPrice: 120 });
  await world.position(10, { minutes: 3 });
  await world.stop();
  await world.minutes(TO_MIDNIGHT);
  await world.inject({ kind: "split", symbols: [SYMBOL], ratio: 4 }).injected();
  await world.minutes(2);
  assert.equal(world.exchangeQty(), 40);

  await start(world, 1);
  await world.logged(/LIQ: 4 shares for 1 from 2022-01-04 on; position, stop and target/);
  const { position } = world.report(2)!;
  assert.deepEqual([position?.qty, position?.averagePrice], [40, 25]);
  assert.deepEqual([position?.stopPrice, position?.targetPrice], [22.5, 30]);
  const isOver = (status: string) => ["filled", "canceled"].includes(status);
  const resting = world.ownOrders().filter(({ status }) => !isOver(status));
  assert.deepEqual(resting.map(({ qty }) => Number(qty)), [40]);
  const { book } = world.gateway;
  assert.deepEqual([book.net(SYMBOL), book.external(SYMBOL)].map(String), ["40", "0"]);
});
