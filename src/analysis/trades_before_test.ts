import assert from "node:assert/strict";
import type { RunRow, TradeRow } from "../contracts/store.ts";
import { analyzeBatch } from "./batch_analysis.ts";
import { tradesBefore } from "./trades_before.ts";

function run(algoRunId: number, batchId: string, refAlgoRun: number | null): RunRow {
  return {
    algoRunId,
    batchId,
    refAlgoRun,
    algoName: "swing",
    environment: "PAPER",
    buildNumber: "",
    parameters: {},
    startUs: algoRunId,
    endUs: null,
    endReason: null,
  };
}

function row(
  algoRunId: number,
  operation: TradeRow["operation"],
  qty: string,
  price: string,
): TradeRow {
  const tradeUs = row.n++;
  return {
    algoRunId,
    symbol: "A",
    operation,
    qty,
    price,
    fee: "0",
    indicators: null,
    tradeUs,
    decidedUs: null,
    stopPrice: null,
    targetPrice: null,
    brokerOrderId: `b${tradeUs}`,
    clientOrderId: "",
    cumulativeQty: qty,
  };
}
row.n = 1;

const RUNS = [run(1, "monday", null), run(2, "tuesday", 1), run(3, "wednesday", 2)];
const TRADES: Record<string, TradeRow[]> = {
  monday: [
    row(1, "buy", "5", "90"),
    row(1, "sell", "5", "91"),
    row(1, "buy", "10", "100"),
  ],
  tuesday: [row(2, "buy", "10", "102")],
  wednesday: [row(3, "sell", "20", "110")],
};
const store = {
  liveRuns: () => Promise.resolve(RUNS),
  trades: (batchId: string) => Promise.resolve(TRADES[batchId]),
};

Deno.test("a position held over nights is one trade, of the batch that closes it", async () => {
  const runs = [RUNS[2]];
  const before = await tradesBefore(store, runs);
  assert.deepEqual(before.map(({ algoRunId, qty }) => [algoRunId, qty]), [[3, "10"], [3, "10"]]);
  const { analysis, results } = analyzeBatch(runs, TRADES.wednesday, before);
  assert.deepEqual(results.map(({ algoRunId, gainValue }) => [algoRunId, gainValue]), [[3, "180"]]);
  assert.equal(analysis.rows[0].openQty, "0");
  assert.deepEqual([analysis.totals.executions, analysis.totals.cashChange], [1, "2200"]);
});

Deno.test("what is still held at the end is told as open, not as a short", async () => {
  const runs = [RUNS[1]];
  const before = await tradesBefore(store, runs);
  const { analysis } = analyzeBatch(runs, TRADES.tuesday, before);
  assert.equal(analysis.rows[0].openQty, "20");
});
