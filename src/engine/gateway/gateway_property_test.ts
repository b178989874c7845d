/** Random sessions: whatever strategies want and the broker does, the gateway's promises hold. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunInfo } from "../../protocol.ts";
import { type Decimal, decimal } from "../../util/decimal.ts";
import { type TestOrder } from "./test_broker.ts";
import { testIntent, type Wish, World } from "./test_world.ts";

const STRATEGIES = ["alpha", "beta", "gamma"];
const SYMBOLS = ["A", "B", "C"];

interface Want {
  strategy: number;
  symbol: number;
  action: "buy" | "sell" | "short" | "cover";
  qty: number;
  limit: boolean;
  stop: boolean;
  target: boolean;
  cancel: boolean;
}

/** What the exchange does with an open order in a step: 0 nothing, 1 some of it, 2 all. */
type Fate = 0 | 1 | 2;

interface Script {
  steps: { wants: Want[]; fates: Fate[]; repeats: number; prices: number[] }[];
  confirmsCancels: boolean;
  early: number;
  refuse: number;
}

const script: fc.Arbitrary<Script> = fc.record({
  steps: fc.array(
    fc.record({
      wants: fc.array(
        fc.record({
          strategy: fc.nat(2),
          symbol: fc.nat(2),
          action: fc.constantFrom("buy", "sell", "short", "cover" as const),
          /** Halves too: what is short is whole. */
          qty: fc.integer({ min: 2, max: 24 }).map((halves) => halves / 2),
          limit: fc.boolean(),
          stop: fc.boolean(),
          target: fc.boolean(),
          cancel: fc.boolean(),
        }),
        { maxLength: 5 },
      ),
      fates: fc.array(fc.constantFrom<Fate>(0, 1, 2, 2), { minLength: 4, maxLength: 4 }),
      repeats: fc.integer({ min: 1, max: 2 }),
      prices: fc.array(fc.integer({ min: 88, max: 112 }), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: 4, maxLength: 14 },
  ),
  confirmsCancels: fc.boolean(),
  /** Each so-many-th order fills before its reply, is refused; 0: none. */
  early: fc.constantFrom(0, 0, 3),
  refuse: fc.constantFrom(0, 0, 5),
});

/** One symbol's strategies are spread over consumers; a strategy on a symbol is one run. */
function runsOf(
  consumers: number,
): { runs: RunInfo[]; runOf(want: Want): number; consumerOf(want: Want): number } {
  const runs: RunInfo[] = [];
  STRATEGIES.forEach((strategy, s) => {
    for (let consumer = 0; consumer < consumers; consumer++) {
      runs.push({ runId: 1 + s * consumers + consumer, strategy, consumer, dayTrade: true });
    }
  });
  const consumerOf = (want: Want) => (want.strategy + want.symbol) % consumers;
  return { runs, consumerOf, runOf: (want) => 1 + want.strategy * consumers + consumerOf(want) };
}

async function play(script: Script, consumers: number, isHere = false): Promise<World> {
  const { runs, runOf, consumerOf } = runsOf(consumers);
  const world = await World.open({ runs, consumers, isHere });
  const { broker } = world;
  broker.confirmsCancels = script.confirmsCancels;
  let sent = 0;
  broker.answer = () => {
    sent++;
    return script.refuse > 0 && sent % script.refuse === 0
      ? { result: "refused", code: 1, message: "by chance" }
      : null;
  };
  broker.beforeReply = (order) => {
    if (script.early > 0 && sent % script.early === 0) {
      broker.fill(order, order.qty!, "100", isHere ? 1 : 2);
    }
  };
  // Each consumer numbers its own.
  const seqs = new Map<number, number>();
  for (const { wants, fates, repeats, prices } of script.steps) {
    trade(world, fates, isHere ? 1 : repeats, prices);
    const wishes = wants.map((want): Wish => {
      const runId = runOf(want);
      const symbol = SYMBOLS[want.symbol];
      if (want.cancel) return { cancel: symbol, runId };
      const seq = (seqs.get(consumerOf(want)) ?? 0) + 1;
      seqs.set(consumerOf(want), seq);
      const isLong = want.action === "buy" || want.action === "sell";
      const isEntry = want.action === "buy" || want.action === "short";
      return testIntent({
        runId,
        symbol,
        seq,
        action: want.action,
        qty: want.qty,
        limitPrice: want.limit ? 100 : null,
        stopPrice: want.stop && isEntry ? (isLong ? 90 : 110) : null,
        targetPrice: want.target && isEntry ? (isLong ? 110 : 90) : null,
      });
    });
    await world.step(wishes, Object.fromEntries(SYMBOLS.map((name, i) => [name, prices[i]])));
    checkHeld(world);
  }
  return world;
}

/** Exits at the broker never sum up to more than its position. */
function checkHeld({ broker }: World): void {
  for (const symbol of SYMBOLS) {
    const resting = broker.open(symbol).filter((order) => isLeg(order) || order.type === "stop");
    if (resting.length === 0) continue;
    const side = broker.net(symbol).gt(0) ? "sell" : "buy";
    assert.ok(resting.every((order) => order.side === side), `${symbol}: exits on both sides`);
    assert.ok(broker.held(symbol, side).lte(broker.net(symbol).abs()), `${symbol}: too much held`);
  }
}

/**
 * The exchange's part of a step: cancels that wait are confirmed, orders fill, some only in part.
 */
function trade(world: World, fates: Fate[], repeats: number, prices: number[]): void {
  const { broker } = world;
  broker.open().forEach((order, i) => {
    // A fill of one order may have ended another.
    if (!broker.open().includes(order)) return;
    const fate = fates[i % fates.length];
    const rest = decimal(order.qty!).minus(order.filledQty);
    if (
      (isLeg(order) || order.type === "stop") &&
      !touches(order, prices[SYMBOLS.indexOf(order.symbol)])
    ) return;
    const price = String(prices[SYMBOLS.indexOf(order.symbol)]);
    if (fate === 2) broker.fill(order, rest.toFixed(), price, repeats);
    else if (fate === 1 && rest.gt(1)) broker.fill(order, "1", price, repeats);
  });
  broker.confirmAsked();
}

function isLeg(order: TestOrder): boolean {
  return order.parent !== null;
}

function touches(order: TestOrder, price: number): boolean {
  const level = Number(order.limitPrice ?? order.triggerPrice ?? 100);
  const isStop = order.type === "stop";
  return (order.side === "sell") === isStop ? price <= level : price >= level;
}

/** All that is open is closed: each work must end, each run be flat. */
async function finish(world: World): Promise<void> {
  world.broker.answer = () => null;
  world.broker.beforeReply = () => {};
  world.gateway.fromMain({
    type: "liquidate",
    id: 1,
    scope: "all",
    assetClasses: ["us_equity"],
    reason: "end",
    deadlineUs: Infinity,
  });
  await world.settled();
  for (let i = 0; i < 40 && world.ofMain("liquidated").length === 0; i++) {
    trade(world, [2], 1, [100, 100, 100]);
    await world.step();
  }
}

function checkPromises(world: World): void {
  const { broker } = world;
  // Rules of the broker that the gateway must not run into: refusals by chance are not among these.
  assert.deepEqual(broker.refusals, []);
  assert.deepEqual(world.logs.filter((line) => line.startsWith("error")), []);
  // Each execution is stored once, and all of them are.
  const key = (row: { brokerOrderId: string; cumulativeQty: string | Decimal }) =>
    `${row.brokerOrderId} ${row.cumulativeQty}`;
  assert.deepEqual(world.trades().map(key).sort(), broker.fills.map(key).sort());
  for (const report of world.reports) {
    if (report.event !== "fill") assert.equal(report.fill, null);
  }
}

function checkFlat(world: World): void {
  assert.deepEqual(world.ofMain("liquidated").map(({ flat }) => flat), [true]);
  for (const symbol of SYMBOLS) assert.equal(world.broker.net(symbol).toFixed(), "0");
  const last = new Map(world.reports.map((report) => [`${report.runId} ${report.symbol}`, report]));
  for (const report of last.values()) {
    assert.equal(report.openOrder, null, "the last report frees the run");
    assert.equal(report.position, null);
  }
  const gains = world.ofMain("trade").reduce((sum, { gain }) => sum + (gain ?? 0), 0);
  assert.ok(Math.abs(gains - Number(world.broker.cash.minus(100_000))) < 1e-6);
}

/** Orders and trades without what numbers a run. */
function story(world: World): unknown[] {
  const strategyOf = (runId: number) =>
    world.options.runs.find((run) => run.runId === runId)!.strategy;
  const runIdOf = (order: TestOrder) => Number(order.clientOrderId.split("-")[2]);
  return [
    world.broker.orders.map((order) => [
      order.parent === null ? strategyOf(runIdOf(order)) : "leg",
      order.symbol,
      order.side,
      order.qty,
      order.type,
      order.limitPrice,
      order.status,
      order.filledQty,
    ]),
    world.trades().map((row) => [strategyOf(row.algoRunId), row.symbol, row.operation, row.qty]),
    world.ofMain("denial").map(({ runId, symbol, code }) => [strategyOf(runId), symbol, code]),
    world.broker.acks,
    world.ofMain("watch").map(({ symbols }) => symbols),
  ];
}

Deno.test("every order ends, all executions count once, all ends flat", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const world = await play(script, 1);
      await finish(world);
      checkPromises(world);
      checkFlat(world);
    }),
    { numRuns: 150 },
  );
});

Deno.test("one, two and three consumers give the same orders in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const stories = [];
      for (const consumers of [1, 2, 3]) stories.push(story(await play(script, consumers)));
      assert.deepEqual(stories[1], stories[0]);
      assert.deepEqual(stories[2], stories[0]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a broker whose answers are there at once gives the same orders", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const here = await play(script, 2, true);
      assert.deepEqual(story(here), story(await play(script, 2)));
      await finish(here);
      checkPromises(here);
      checkFlat(here);
    }),
    { numRuns: 100 },
  );
});
