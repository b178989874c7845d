import assert from "node:assert/strict";
import type { Environment, Operation, TradeRow } from "../contracts/store.ts";
import { analyzeBatch } from "./batch_analysis.ts";

let trades = 0;

function trade(operation: Operation, qty: string, price: string, fee: string): TradeRow {
  const id = String(++trades);
  return {
    algoRunId: 1,
    symbol: "AAPL",
    operation,
    qty,
    price,
    fee,
    indicators: null,
    tradeUs: trades,
    decidedUs: null,
    stopPrice: null,
    targetPrice: null,
    brokerOrderId: id,
    clientOrderId: id,
    cumulativeQty: qty,
  };
}

function analysis(environment: Environment, rows: TradeRow[]) {
  const run = { algoRunId: 1, algoName: "mine", refAlgoRun: null, environment };
  return analyzeBatch([run], rows).analysis;
}

Deno.test("gains before fees are those of the same executions without any", () => {
  const rows = [
    trade("buy", "10", "100", "1"),
    trade("sell", "10", "100.1", "1"), // gains 1 before fees, loses 1 after them
    trade("buy", "4", "100", "2"),
    trade("sell", "1", "103", "0.5"),
  ];
  const free = rows.map((row) => ({ ...row, fee: "0" }));
  const { totals } = analysis("BACKTEST", rows);
  // 1 − 2 of the first, 3 − 0.5 − a quarter of 2 of the second.
  assert.equal(totals.gainValue, "1");
  assert.equal(totals.wins, 0);
  assert.equal(totals.fees, "4.5");
  assert.deepEqual(totals.beforeFees, { wins: 1, gainValue: "4" });
  const without = analysis("BACKTEST", free).totals;
  assert.deepEqual(without.beforeFees, { wins: without.wins, gainValue: without.gainValue });
  assert.deepEqual(totals.beforeFees, without.beforeFees);
});

Deno.test("fees are known of a backtest, and of a session whose fills had some", () => {
  const free = [trade("buy", "1", "100", "0")];
  const paid = [...free, trade("sell", "1", "101", "0.01")];
  assert.equal(analysis("BACKTEST", free).hasFees, true);
  assert.equal(analysis("PAPER", free).hasFees, false);
  assert.equal(analysis("PROD", free).hasFees, false);
  assert.equal(analysis("PROD", paid).hasFees, true);
});
