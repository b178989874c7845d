/** What a trader finds when it starts: at the exchange, on its disk, and beside it. */
import assert from "node:assert/strict";
import { decimal } from "../../src/util/decimal.ts";
import type { FaultWorldOptions } from "./world.ts";
import { FaultWorld, SYMBOL } from "./world.ts";
import { openSegment, type SessionHead } from "../../src/engine/gateway/recovery/segments.ts";
import { continuedRuns } from "../../src/engine/gateway/recovery/carry_runs.ts";
import { segmentPath } from "../../src/engine/gateway/file_journal.ts";
import { OPEN_US } from "../gateway_session.ts";
import type { GatewayToMain } from "../../src/protocol.ts";

type Ready = Extract<GatewayToMain, { type: "ready" }>;

const RUNS = ["alpha", "beta"].map((strategy, i) => (
  { runId: i + 11, strategy, consumer: 0, dayTrade: i === 0 }
));

function headOf(world: FaultWorld, batchId: string): SessionHead {
  return {
    batchId,
    accountId: "account",
    host: "exchange",
    planDigest: "plan",
    dates: { us_equity: "2022-01-03" },
    endsUs: OPEN_US + 390 * 60e6,
    timeUs: world.nowUs(),
  };
}

/** A world whose first trader has bought 10 with a stop, and has ended in order. */
async function bought(options: FaultWorldOptions = {}): Promise<FaultWorld> {
  const world = await FaultWorld.open(options);
  await world.stop();
  await start(world, "first", { runs: RUNS.map((run) => ({ ...run, runId: run.runId - 10 })) });
  world.send({ action: "buy", qty: 10, stopPrice: 90 });
  await world.position(10, { minutes: 3 });
  await world.stop();
  return world;
}

/** A trader of the same plan starts, at another batch if that before has ended. */
async function start(
  world: FaultWorld,
  batchId: string,
  { runs = RUNS, unknownPositions = "external" as const }: {
    runs?: typeof RUNS;
    unknownPositions?: "external" | "halt";
  } = {},
): Promise<Ready> {
  const segment = await openSegment(world.folder, headOf(world, batchId), false);
  for (const text of segment.told) {
    world.logs.hear({ level: "warning", message: text, properties: {} });
  }
  world.reports.heard.length = 0;
  world.broker = world.makeBroker();
  world.gateway = await world.makeGateway({
    journal: segment.journal,
    batchId: segment.batchId,
    recovery: { ...segment, unknownPositions },
  });
  const told = world.main.next(({ type }) => type === "ready");
  let isStarted = false;
  const started = world.gateway.start().finally(() => isStarted = true);
  // It waits for requests, sockets and its disk, and now and then for time to pass.
  while (!isStarted) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await world.networkMs(1000);
  }
  await started;
  const ready = await told as Ready;
  forgetRepeated(world);
  const continued = continuedRuns(ready.recovered?.runs ?? [], runs);
  world.gateway.fromMain({ type: "runs", runs, continued });
  const hours = { openUs: OPEN_US, closeUs: OPEN_US + 390 * 60e6 };
  world.gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  const assets = world.main.next(({ type }) => type === "assets");
  world.gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
  await assets;
  await world.settled();
  return ready;
}

/** As the database does: a row that is there is left as it is. */
function forgetRepeated({ records }: FaultWorld): void {
  const known = new Set<string>();
  const fresh = records.filter((one) => {
    if (one.table !== "new_trades") return true;
    const { algoRunId, brokerOrderId, cumulativeQty } = one.row;
    const key = `${algoRunId} ${brokerOrderId} ${cumulativeQty}`;
    return !known.has(key) && known.add(key);
  });
  records.splice(0, records.length, ...fresh);
}

Deno.test("a position goes over to the next batch of the plan, with its stop", async () => {
  await using world = await bought();
  const { recovered, batchId } = await start(world, "second");
  assert.deepEqual([recovered?.batchId, recovered?.isSameBatch, batchId], [
    "first",
    false,
    "second",
  ]);
  assert.equal(world.report(11)?.position?.stopPrice, 90);
  await world.check();
  world.send({ action: "sell", qty: 10, runId: 11 });
  await world.position(0, { minutes: 3, runId: 11 });
  await world.check();
});

for (const unknownPositions of ["external", "halt"] as const) {
  Deno.test(`fault 34: a position that nobody knows, when the plan says ${unknownPositions}`, async () => {
    await using world = await bought();
    world.inject({ kind: "manual_trade", symbols: [SYMBOL], side: "buy", qty: 5, told: false });
    await start(world, "second", { unknownPositions });
    assert.equal(world.gateway.book.external(SYMBOL).toFixed(), "5");
    assert.equal(world.report(11)?.position?.qty, 10);
    const isHalted = world.main.heard.some((one) => one.type === "state" && one.state === "halted");
    assert.equal(isHalted, unknownPositions === "halt");
    await world.check();
  });
}

Deno.test("fault 35: the broker is flat, and what Liu thinks it holds is closed once", async () => {
  await using world = await bought();
  const own = world.ownOrders();
  world.inject({ kind: "forced_liquidation", symbols: [SYMBOL], told: false });
  await start(world, "second");
  assert.equal(world.exchangeQty(), 0);
  assert.equal(world.gateway.book.isFlat, true);
  await world.logged(/10 that Liu held is not at the broker/, "error");
  assert.equal(world.trades().length, 2);
  await world.stop();
  // Neither told nor booked again.
  const logs = world.logs.heard.length;
  await start(world, "third");
  assert.equal(world.gateway.book.isFlat, true);
  assert.deepEqual(world.logs.heard.slice(logs).filter(({ level }) => level === "error"), []);
  assert.equal(new Set(world.trades().map(({ brokerOrderId }) => brokerOrderId)).size, 2);
  assert.equal(world.ownOrders().length, own.length, "nothing was sent");
});

Deno.test("fault 36: positions that cannot be read are not taken for none", async () => {
  await using world = await bought();
  const failing = world.inject({
    kind: "http_error",
    requests: ["GET /v2/positions*"],
    status: 500,
    times: 4,
  });
  await start(world, "second");
  await failing.injected(1);
  assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "10");
  await world.check();
});

Deno.test("fault 55: a torn last record is cut off, an earlier one damaged is told", async () => {
  await using world = await bought();
  const path = segmentPath(world.folder, "first");
  const whole = await Deno.readTextFile(path);
  // What the session's end says is lost, as by a kill: the batch goes on.
  const lines = whole.trimEnd().split("\n").slice(0, -1);
  await Deno.writeTextFile(path, lines.join("\n") + "\n" + lines[1].slice(0, 30));
  const { recovered } = await start(world, "second");
  assert.equal(recovered?.isSameBatch, true);
  await world.logged(/torn: it is cut off/);
  await world.check();
  await world.stop();

  const text = (await Deno.readTextFile(path)).trimEnd().split("\n").slice(0, -1).join("\n") + "\n";
  // The order that bought is lost.
  const at = text.indexOf('"type":"order"') + 10;
  await Deno.writeTextFile(path, text.slice(0, at) + "x" + text.slice(at + 1));
  const told = world.main.heard.length;
  await start(world, "third");
  await world.logged(/was damaged in line \d+.*kept as .*damaged-1/, "error");
  const states = world.main.heard.slice(told).flatMap((one) =>
    one.type === "state" ? one.state : []
  );
  assert.deepEqual(states, ["reducing", "active"]);
  assert.equal(world.gateway.book.net(SYMBOL).toFixed(), "10");
  assert.equal(world.exchangeQty(), 10);
  assert.equal((await Deno.readTextFile(`${path}.damaged-1`)).length, text.length);
  // Its numbers are not given again, whatever was lost.
  const before = new Set(world.ownOrders().map(({ clientOrderId }) => clientOrderId));
  world.send({ action: "buy", qty: 1, runId: 12 });
  await world.position(1, { minutes: 3, runId: 12 });
  const [fresh] = world.ownOrders().filter(({ clientOrderId }) => !before.has(clientOrderId))
    .filter(({ side }) => side === "buy");
  assert.ok(Number(fresh.clientOrderId.split("-").at(-1)) > 10_000, fresh.clientOrderId);
});

Deno.test("fault 56: an order of a trader elsewhere is noticed, and nothing is sent any more", async () => {
  await using world = await FaultWorld.open();
  await world.minutes(1);
  const other = world.makeBroker();
  const result = await other.submit({
    clientOrderId: "liu-another-batch-1-1",
    symbol: SYMBOL,
    side: "buy",
    qty: decimal(3),
    notional: null,
    type: "market",
    timeInForce: "day",
    limitPrice: null,
    triggerPrice: null,
    trailPrice: null,
    trailPercent: null,
    extendedHours: false,
    takeProfit: null,
    stopLoss: null,
  }, new AbortController().signal);
  assert.equal(result.result, "accepted");
  await world.logged(/HALTED: another trader trades this account/, "error");
  world.send({ action: "buy", qty: 10 });
  await world.minutes(2);
  assert.equal(
    world.ownOrders().filter(({ clientOrderId }) => !clientOrderId.includes("another")).length,
    0,
  );
});
