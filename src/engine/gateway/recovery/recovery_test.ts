/** A gateway that dies at any moment, and another that goes on from its journal and the broker. */
import assert from "node:assert/strict";
import type { RunInfo } from "../../../protocol.ts";
import { RetryableError } from "../../../util/errors.ts";
import { type JournalRecord, MemoryJournal } from "../journal.ts";
import { knownRecords, openRecords } from "./open_records.ts";
import { outsideRequest } from "../test_orders.ts";
import { testIntent, World, type WorldOptions } from "../test_world.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: false },
];
const NEXT_RUNS: RunInfo[] = RUNS.map((run) => ({ ...run, runId: run.runId + 10 }));
const RECOVERY = { fromBatchId: "batch", unknownPositions: "external", damage: null } as const;

/** The gateway of before is simply not called any more: as if its process had been killed. */
function restarted(after: World, options: Partial<WorldOptions> = {}): Promise<World> {
  after.broker.say({ state: "connected" });
  return World.open({ runs: NEXT_RUNS, stepping: false, after, recovery: RECOVERY, ...options });
}

const live = () => World.open({ runs: RUNS, stepping: false });
const netOf = (world: World, symbol: string) => world.gateway.book.net(symbol).toFixed();

Deno.test("a position and its resting exits are the next run's of the same strategy", async () => {
  const first = await live();
  first.send(testIntent({ action: "buy", symbol: "A", stopPrice: 95, targetPrice: 110 }));
  await first.settled();
  first.broker.fill(first.broker.open("A")[0], "10", "100");
  await first.settled();
  const rows = first.trades();

  const second = await restarted(first);
  const { recovered } = second.ofMain("ready")[0];
  assert.deepEqual(recovered?.held, [{ runId: 1, symbol: "A", qty: "10" }]);
  const report = second.lastReport(11, "A");
  assert.equal(report?.position?.qty, 10);
  assert.equal(report?.position?.stopPrice, 95);
  // The row is written again, under its identity.
  assert.deepEqual(second.trades(), rows);
  assert.equal(second.ofMain("trade").length, 0);
  // The exits are left as they rest, and fill for the new run.
  assert.equal(second.broker.open("A").length, 2);
  const stop = second.broker.open("A").find(({ type }) => type === "stop")!;
  second.broker.fill(stop, "10", "95");
  await second.settled();
  assert.equal(second.lastReport(11, "A")?.position, null);
  assert.deepEqual(second.trades().map(({ algoRunId, operation }) => `${algoRunId} ${operation}`), [
    "1 buy",
    "11 sell",
  ]);
});

Deno.test("fault 32: an order that was journalled and not sent is never sent", async () => {
  const first = await live();
  const { broker } = first;
  // The process ends between the journal and the request.
  broker.submit = () => new Promise(() => {});
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  delete (broker as Partial<typeof broker>).submit;
  assert.equal(first.journal.records.filter(({ type }) => type === "order").length, 1);

  const second = await restarted(first);
  assert.deepEqual(broker.orders, []);
  assert.equal(second.gateway.book.isFlat, true);
  // The strategy decides anew, under an id that was never given.
  second.send(testIntent({ action: "buy", symbol: "A", runId: 11 }));
  await second.settled();
  assert.deepEqual(broker.orders.map(({ clientOrderId }) => clientOrderId), ["liu-batch-11-2"]);
});

Deno.test("fault 33: an order that was sent and not answered is found, once, with its legs", async () => {
  const first = await live();
  const { broker } = first;
  broker.submit = (request) => {
    broker.take(request);
    return new Promise(() => {});
  };
  first.send(testIntent({ action: "buy", symbol: "A", stopPrice: 95, targetPrice: 110 }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  delete (broker as Partial<typeof broker>).submit;
  const second = await restarted(first);
  assert.equal(broker.orders.length, 3);
  assert.equal(second.lastReport(11, "A")?.openOrder?.qty, 10);
  broker.fill(broker.open("A")[0], "10", "100");
  await second.settled();
  assert.equal(second.lastReport(11, "A")?.position?.qty, 10);
  broker.fill(broker.open("A").find(({ type }) => type === "limit")!, "10", "110");
  await second.settled();
  assert.equal(second.gateway.book.isFlat, true);
  assert.deepEqual(second.trades().map(({ operation }) => operation), ["buy", "sell"]);
});

Deno.test("fault 52: fills of the time between are booked from activities, and not again", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await first.settled();
  const [order] = broker.open("A");
  broker.fill(order, "4", "100");
  await first.settled();
  broker.isMuted = true;
  broker.fill(order, "6", "101");
  broker.isMuted = false;

  const second = await restarted(first);
  assert.equal(netOf(second, "A"), "10");
  assert.deepEqual(second.trades().map(({ qty, algoRunId }) => [qty, algoRunId]), [
    ["4", 1],
    ["6", 1],
  ]);
  // The stream tells it late.
  broker.update("fill", order, "filled", broker.fills[1]);
  await second.settled();
  assert.equal(netOf(second, "A"), "10");
  assert.equal(second.trades().length, 2);
  assert.equal(second.lastReport(11, "A")?.openOrder, null);
});

Deno.test("fault 35: what the broker does not have any more is closed once in the books", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await first.settled();
  broker.fill(broker.open("A")[0], "10", "100");
  await first.settled();
  broker.positions = () => Promise.resolve([]);
  const second = await restarted(first);
  assert.equal(second.gateway.book.isFlat, true);
  assert.match(second.logs.join("\n"), /error .*that Liu held is not at the broker/);
  const third = await restarted(second, { runs: RUNS });
  assert.equal(third.gateway.book.isFlat, true);
  assert.deepEqual(third.trades(), second.trades());
  assert.deepEqual(third.trades().map(({ operation, price }) => `${operation} ${price}`), [
    "buy 100",
    "sell 100",
  ]);
});

Deno.test("fault 35: sold by somebody else, it is closed at that price", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await first.settled();
  broker.fill(broker.open("A")[0], "10", "100");
  await first.settled();
  broker.isMuted = true;
  const request = testRequest("manual", "A", "sell", "4");
  const answer = broker.take(request);
  assert.equal(answer.result, "accepted");
  broker.fill(broker.orders.at(-1)!, "4", "104");
  broker.isMuted = false;
  const second = await restarted(first);
  assert.equal(netOf(second, "A"), "6");
  assert.equal(second.lastReport(11, "A")?.position?.qty, 6);
  assert.equal(second.gateway.book.external("A").toFixed(), "0");
  assert.equal(second.trades().at(-1)?.price, "104");
  // Nothing is bought again today, nor by the next trader.
  const refused = async (world: World, runId: number) => {
    world.send(testIntent({ action: "buy", symbol: "A", runId, seq: 9 }));
    await world.settled();
    assert.deepEqual(world.denials(), ["closed_outside"]);
  };
  await refused(second, 11);
  await refused(await restarted(second, { runs: RUNS }), 1);
});

for (const unknownPositions of ["external", "halt"] as const) {
  Deno.test(`fault 34: an unknown position, ${unknownPositions}`, async () => {
    const first = await live();
    const { broker } = first;
    broker.isMuted = true;
    broker.take(testRequest("manual", "B", "buy", "7"));
    broker.fill(broker.orders.at(-1)!, "7", "100");
    broker.isMuted = false;
    const recovery = { ...RECOVERY, unknownPositions };
    const second = await restarted(first, { recovery });
    assert.equal(second.gateway.book.external("B").toFixed(), "7");
    second.send(testIntent({ action: "buy", symbol: "A", runId: 11 }));
    await second.settled();
    assert.deepEqual(second.denials(), unknownPositions === "halt" ? ["trading_halted"] : []);
    // It is known from now on, and not told again; what halts does so until it is gone.
    const third = await restarted(second, { recovery, runs: RUNS });
    assert.equal(third.ofMain("state").length, unknownPositions === "halt" ? 1 : 0);
    assert.doesNotMatch(third.logs.join("\n"), /that Liu did not know/);
  });
}

Deno.test("fault 36: positions that cannot be read are asked for again, nothing trades", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await first.settled();
  broker.fill(broker.open("A")[0], "10", "100");
  await first.settled();
  const positions = broker.positions.bind(broker);
  let asked = 0;
  broker.positions = () => ++asked < 4 ? Promise.reject(new RetryableError("503")) : positions();
  const second = await restarted(first);
  assert.ok(asked >= 4);
  assert.equal(netOf(second, "A"), "10");
  assert.equal(second.lastReport(11, "A")?.position?.qty, 10);
});

Deno.test("an order that fills while positions are asked for counts once, told before or after", async () => {
  for (const isToldFirst of [true, false]) {
    const first = await live();
    const { broker } = first;
    first.send(testIntent({ action: "buy", symbol: "A" }));
    await first.settled();
    broker.fill(broker.open("A")[0], "10", "100");
    await first.settled();
    first.send(testIntent({ action: "sell", symbol: "A", seq: 1 }));
    await first.settled();
    const [exit] = broker.open("A");
    const positions = broker.positions.bind(broker);
    broker.positions = async () => {
      delete (broker as Partial<typeof broker>).positions;
      if (isToldFirst) broker.fill(exit, "4", "101");
      const told = await positions();
      if (!isToldFirst) broker.fill(exit, "4", "101");
      return told;
    };
    const second = await restarted(first);
    assert.equal(netOf(second, "A"), "6");
    assert.equal(second.gateway.book.external("A").toFixed(), "0");
    assert.equal(second.lastReport(11, "A")?.position?.qty, 6);
    assert.equal(second.trades().length, 2);
  }
});

Deno.test("a position whose strategy is gone stays protected, with its old run", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A", stopPrice: 95 }));
  await first.settled();
  broker.fill(broker.open("A")[0], "10", "100");
  await first.settled();
  const second = await restarted(first, { runs: NEXT_RUNS.slice(1) });
  assert.equal(second.broker.open("A").length, 1);
  broker.fill(broker.open("A")[0], "10", "95");
  await second.settled();
  assert.equal(second.gateway.book.isFlat, true);
  assert.equal(second.trades().at(-1)?.algoRunId, 1);
});

Deno.test("fault 53: no client order id is used twice, whatever record the journal ends with", async () => {
  const first = await live();
  const { broker } = first;
  first.send(testIntent({ action: "buy", symbol: "A", stopPrice: 95, targetPrice: 110 }));
  first.send(testIntent({ action: "buy", symbol: "B", runId: 2, qty: 3 }));
  await first.settled();
  broker.fill(broker.open("A")[0], "10", "100");
  broker.fill(broker.open("B")[0], "3", "100");
  await first.settled();
  first.send(testIntent({ action: "sell", symbol: "A", qty: 5, seq: 1 }));
  await first.settled();
  const { records } = first.journal;
  for (let end = 1; end <= records.length; end++) {
    const cut: JournalRecord[] = records.slice(0, end);
    const given = cut.flatMap((record) => record.type === "order" ? [record.sequence] : []);
    const journal = new MemoryJournal(cut);
    const second = await restarted(first, { journal });
    // Whatever is missing, the books are the broker's.
    for (const symbol of ["A", "B"]) {
      assert.equal(netOf(second, symbol), broker.net(symbol).toFixed());
    }
    second.send(testIntent({ action: "buy", symbol: "C", runId: 11, qty: 1 }));
    await second.settled();
    const ids = second.journal.records.flatMap((record) =>
      record.type === "order" ? [record.sequence] : []
    );
    assert.ok(ids.every((id) => !given.includes(id)), `${ids} after ${given}`);
    for (const order of broker.open("C")) broker.confirmCancel(order);
  }
});

function testRequest(clientOrderId: string, symbol: string, side: "buy" | "sell", qty: string) {
  return { ...outsideRequest(symbol, side, qty), clientOrderId };
}

Deno.test("a batch that begins with what was open knows what was executed before", async () => {
  const first = await live();
  const { broker } = first;
  const round = async (symbol: string, seq: number) => {
    first.send(testIntent({ action: "buy", symbol, seq }));
    await first.settled();
    broker.fill(broker.open(symbol)[0], "10", "100");
    await first.settled();
  };
  await round("A", 0);
  await round("B", 1);
  first.send(testIntent({ action: "sell", symbol: "B", seq: 2 }));
  await first.settled();
  broker.fill(broker.open("B")[0], "10", "101");
  await first.settled();

  // What segments.ts begins the next one with.
  const { all } = first.journal;
  const open = openRecords(all);
  const known = knownRecords(all, open);
  assert.deepEqual(known.map((one) => one.type === "known" && one.execution.symbol), ["B", "B"]);
  const second = await restarted(first, { journal: new MemoryJournal([...known, ...open]) });
  assert.deepEqual(second.logs.filter((line) => line.includes("EXTERNAL")), []);
  assert.equal(second.gateway.book.external("B").toFixed(), "0");
  assert.equal(netOf(second, "A"), "10");
  assert.equal(netOf(second, "B"), "0");
  // And what its own next one begins with, too.
  const again = openRecords(second.journal.all);
  assert.equal(knownRecords(second.journal.all, again).length, 2);
});

Deno.test("what others traded in a symbol that is flat now leaves nothing in the books", async () => {
  const first = await live();
  first.send(testIntent({ action: "buy", symbol: "A" }));
  await first.settled();
  first.broker.fill(first.broker.open("A")[0], "10", "100");
  await first.settled();
  // Bought and sold by hand while no trader was there; of the purchase the broker tells nothing.
  const { broker } = first;
  const told = broker.executions.bind(broker);
  broker.executions = async (sinceUs) => [...await told(sinceUs), {
    ...(await told(0))[0],
    brokerOrderId: "by-hand",
    clientOrderId: "by-hand",
    symbol: "C",
    side: "sell",
    executionId: "by-hand",
    timeUs: broker.nowUs,
  }];
  const second = await restarted(first);
  assert.equal(second.gateway.book.external("C").toFixed(), "0");
  assert.equal(netOf(second, "C"), "0");
  assert.equal(netOf(second, "A"), "10");
});
