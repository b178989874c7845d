/** Properties of the books over batches: nothing is lost, and nothing is counted twice. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { RunRow, TradeRow } from "../contracts/store.ts";
import { Decimal, decimal } from "../util/decimal.ts";
import { analyzeBatch } from "./batch_analysis.ts";
import { differences } from "./stored_gains.ts";
import { tradesBefore } from "./trades_before.ts";

const STRATEGIES = ["swing", "trend"];
const SYMBOLS = ["A", "B", "C"];

const amount = (max: number, decimals: number) =>
  fc.integer({ min: 1, max }).map((n) => decimal(n).div(10 ** decimals).toFixed());
const fill = fc.record({
  strategy: fc.nat(1),
  symbol: fc.nat(2),
  isBuy: fc.boolean(),
  qty: fc.oneof(amount(20, 0), amount(1e9, 8)),
  price: amount(1_000_000, 4),
  fee: fc.oneof(fc.constant("0"), amount(500, 3)),
  /** Of the same moment as the one before it. */
  isAtOnce: fc.boolean(),
});
/** Each batch has its own number of consumers; a worker of one may be replaced in the middle. */
const batch = fc.record({
  consumers: fc.integer({ min: 1, max: 3 }),
  fills: fc.array(fill, { maxLength: 15 }),
  replacedAt: fc.option(fc.nat(15)),
});
const batches = fc.array(batch, { minLength: 1, maxLength: 5 });

type Given = typeof batches extends fc.Arbitrary<infer T> ? T : never;

/** As the trader stores it: a symbol is one consumer's, and runs refer to those that they carry on. */
function stored(given: Given): { runs: RunRow[]; trades: Map<string, TradeRow[]> } {
  const runs: RunRow[] = [];
  const trades = new Map<string, TradeRow[]>();
  let timeUs = 0;
  let before: RunRow[] = [];
  for (const [i, { consumers, fills, replacedAt }] of given.entries()) {
    const batchId = `batch-${i}`;
    const made: RunRow[] = [];
    const start = (algoName: string, ref: RunRow | undefined) => {
      const run = runRow(runs.length + 1, algoName, batchId, ref, timeUs);
      runs.push(run);
      made.push(run);
      return run;
    };
    const now = STRATEGIES.map((name) => {
      const ofName = before.filter(({ algoName }) => algoName === name);
      return Array.from({ length: consumers }, (_, c) => start(name, ofName[c] ?? ofName[0]));
    });
    const rows: TradeRow[] = [];
    for (const [j, one] of fills.entries()) {
      const { strategy, symbol } = one;
      const consumer = (symbol + i) % consumers;
      if (j === replacedAt) {
        now[strategy][consumer] = start(STRATEGIES[strategy], now[strategy][consumer]);
      }
      if (!one.isAtOnce) timeUs += 1_000_000;
      rows.push(tradeRow(now[strategy][consumer].algoRunId, one, timeUs, `${i}-${j}`));
    }
    timeUs += 1_000_000;
    trades.set(batchId, rows);
    before = now.flat();
  }
  return { runs, trades };
}

function runRow(
  algoRunId: number,
  algoName: string,
  batchId: string,
  ref: RunRow | undefined,
  startUs: number,
): RunRow {
  return {
    algoRunId,
    algoName,
    batchId,
    environment: "PAPER",
    buildNumber: "",
    parameters: {},
    startUs,
    endUs: null,
    endReason: null,
    refAlgoRun: ref?.algoRunId ?? null,
  };
}

function tradeRow(
  algoRunId: number,
  { symbol, isBuy, qty, price, fee }: Given[number]["fills"][number],
  tradeUs: number,
  id: string,
): TradeRow {
  return {
    algoRunId,
    symbol: SYMBOLS[symbol],
    operation: isBuy ? "buy" : "sell",
    qty,
    price,
    fee,
    indicators: null,
    tradeUs,
    decidedUs: null,
    stopPrice: null,
    targetPrice: null,
    brokerOrderId: id,
    clientOrderId: id,
    cumulativeQty: qty,
  };
}

type Analyzed = ReturnType<typeof analyzeBatch>;

async function analyzed(
  given: Given,
): Promise<{ all: Analyzed[]; together: Analyzed; trades: TradeRow[] }> {
  const { runs, trades } = stored(given);
  const store = {
    liveRuns: (_fromUs: number, toUs: number) =>
      Promise.resolve(runs.filter(({ startUs }) => startUs <= toUs)),
    trades: (batchId: string) => Promise.resolve(trades.get(batchId)!),
  };
  const all: Analyzed[] = [];
  for (const [batchId, rows] of trades) {
    const own = runs.filter((run) => run.batchId === batchId);
    all.push(analyzeBatch(own, rows, await tradesBefore(store, own)));
  }
  const rows = [...trades.values()].flat();
  return { all, together: analyzeBatch(runs, rows), trades: rows };
}

function sum(values: Iterable<string | Decimal>): Decimal {
  let total = decimal(0);
  for (const value of values) total = total.plus(value);
  return total;
}

function isZero(value: Decimal): boolean {
  return value.abs().lt("0.000000001");
}

/** What positions took out of the cash: cost and fees, a short's proceeds given back. */
function atCost({ results }: Analyzed): Decimal {
  return sum(
    results.flatMap(({ open }) =>
      open === null
        ? []
        : [decimal(open.fees).plus(open.side === "long" ? open.cost : `-${open.cost}`)]
    ),
  );
}

function tripGains({ results }: Analyzed): Decimal {
  return sum(results.flatMap(({ trips }) => trips.map(({ gainValue }) => gainValue)));
}

function openGains({ results }: Analyzed): Decimal {
  return sum(results.flatMap(({ open }) => open === null ? [] : [open.realisedValue]));
}

Deno.test("gains of all batches are the change of the cash less what is open, at cost", async () => {
  await fc.assert(fc.asyncProperty(batches, async (given) => {
    const { all, trades } = await analyzed(given);
    const gains = sum(all.flatMap(({ results }) => results.map(({ gainValue }) => gainValue)));
    const cash = sum(all.map(({ analysis }) => analysis.totals.cashChange));
    assert.ok(isZero(cash.plus(atCost(all.at(-1)!)).minus(gains)), `${cash} ${gains}`);
    // Trades are told once, by the batch that ends them; what is open has realised a part.
    const told = sum(all.map(tripGains)).plus(openGains(all.at(-1)!));
    assert.ok(isZero(told.minus(gains)), `${told} ${gains}`);
    const fees = sum(all.map(({ analysis }) => analysis.totals.fees));
    assert.ok(fees.eq(sum(trades.map(({ fee }) => fee))));
  }));
});

Deno.test("each batch's gain is its own change of the cash and of what is open", async () => {
  await fc.assert(fc.asyncProperty(batches, async (given) => {
    const { all } = await analyzed(given);
    let before = decimal(0);
    for (const batch of all) {
      const now = atCost(batch);
      const gain = decimal(batch.analysis.totals.cashChange).plus(now).minus(before);
      assert.ok(isZero(gain.minus(batch.analysis.totals.gainValue)));
      before = now;
    }
  }));
});

Deno.test("what is open at the end is what was bought less what was sold, by strategy", async () => {
  await fc.assert(fc.asyncProperty(batches, async (given) => {
    const { all } = await analyzed(given);
    const flat = new Map<string, Decimal>();
    for (const [i, { fills }] of given.entries()) {
      for (const { strategy, symbol, isBuy, qty } of fills) {
        const key = `${STRATEGIES[strategy]} ${SYMBOLS[symbol]}`;
        const held = flat.get(key) ?? decimal(0);
        flat.set(key, isBuy ? held.plus(qty) : held.minus(qty));
      }
      const open = new Map(
        all[i].analysis.rows.map(({ strategy, symbol, openQty }) => [
          `${strategy} ${symbol}`,
          openQty,
        ]),
      );
      for (const [key, held] of flat) assert.ok(held.eq(open.get(key) ?? "0"), key);
    }
  }));
});

Deno.test("batches that are looked at together earned what they did one by one", async () => {
  await fc.assert(fc.asyncProperty(batches, async (given) => {
    const { all, together } = await analyzed(given);
    const gains = sum(all.map(({ analysis }) => analysis.totals.gainValue));
    assert.ok(isZero(gains.minus(together.analysis.totals.gainValue)));
    assert.ok(isZero(tripGains(together).minus(sum(all.map(tripGains)))));
    assert.equal(
      together.analysis.totals.trades,
      all.reduce((count, { analysis }) => count + analysis.totals.trades, 0),
    );
    assert.ok(isZero(atCost(together).minus(atCost(all.at(-1)!))));
  }));
});

Deno.test("what was stored once is not written again, and what is gone is removed", async () => {
  await fc.assert(fc.asyncProperty(batches, fc.nat(), async (given, at) => {
    const { all } = await analyzed(given);
    for (const { results } of all) {
      const first = differences(results, { gains: [], trips: [] }, 1);
      const gains = first.records.flatMap((r) => r.table === "gain_loss" ? [r.row] : []);
      const trips = first.records.flatMap((r) => r.table === "trade_analysis" ? [r.row] : []);
      assert.deepEqual(differences(results, { gains, trips }, 2).records, []);
      if (trips.length === 0) continue;
      const odd = { ...trips[at % trips.length], startUs: -7 };
      assert.deepEqual(differences(results, { gains, trips: [...trips, odd] }, 2).records, [{
        table: "stale_gain",
        row: { algoRunId: odd.algoRunId, symbol: odd.symbol, startUs: -7 },
      }]);
    }
  }));
});
