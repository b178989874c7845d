/**
 * The gateway against the simulated exchange, over real sockets: what it has booked is what the
 * exchange has. The bars are written so that each way of an order comes once.
 */
import assert from "node:assert/strict";
import type { RunInfo } from "../src/protocol.ts";
import { type Bars, cashOf, type Plan, playSession, type SessionTold } from "./gateway_session.ts";

const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 1, dayTrade: true },
];

const BARS: Bars = {
  // Deep: an order fills at once. It rises late, through beta's stop.
  LIQ: { path: (minute: number) => minute < 20 ? 100 : 102, volume: 100_000 },
  // A tenth of a bar's volume can be had: 10 shares a minute. It rises to alpha's target.
  THIN: { path: (minute: number) => minute < 7 ? 50 : 53.5, volume: 100 },
};

const PLAN: Plan = {
  1: [
    { runId: 1, action: "buy", symbol: "LIQ", qty: 100, stopPrice: 95, targetPrice: 120 },
    {
      runId: 1,
      action: "buy",
      symbol: "THIN",
      qty: 25,
      stopPrice: 48,
      targetPrice: 53,
      referencePrice: 50,
    },
  ],
  4: [{ runId: 1, action: "sell", symbol: "LIQ", qty: 40 }],
  6: [{ runId: 2, action: "short", symbol: "LIQ", qty: 90, stopPrice: 105 }],
  9: [
    { runId: 2, action: "buy", symbol: "LIQ", qty: 1 },
    { runId: 1, action: "buy", symbol: "LIQ", qty: 300 },
  ],
  10: [{ runId: 2, action: "cover", symbol: "LIQ", qty: 90 }],
  14: [{ runId: 2, action: "buy", symbol: "LIQ", qty: 0.5, timeInForce: "gtc" }],
  16: [{ runId: 2, action: "short", symbol: "LIQ", qty: 10, stopPrice: 101 }],
};

const SESSION = { bars: BARS, plan: PLAN, runs: RUNS, liquidateAt: 30 };

Deno.test("brackets, splits, stops and a liquidation add up to the cent", async () => {
  const told = await playSession(SESSION);
  const { trades, messages, requests } = told;
  assert.deepEqual(requests, [
    "LIQ buy 100 market",
    "THIN buy 25 market",
    "LIQ sell 40 market",
    // The legs gave way to the sale: what is left has an OCO.
    "LIQ sell 60 limit",
    // Through flat: first what alpha holds, then the rest.
    "LIQ sell 60 market",
    "LIQ sell 30 market",
    // Of beta's short of 90 the account has 30.
    "LIQ buy 30 stop",
    "LIQ buy 30 market",
    "LIQ buy 60 market",
    "LIQ sell 60 limit",
    "LIQ buy 0.5 market",
    "LIQ sell 10 market",
    "LIQ sell 50 limit",
    // Beta's stop, watched by the gateway; then alpha's rest.
    "LIQ buy 10 market",
    "LIQ sell 10 limit",
    "LIQ sell 60 market",
  ]);
  const denials = messages.flatMap((one) => one.type === "denial" ? [`${one.by} ${one.code}`] : []);
  assert.deepEqual(denials, [
    "risk max_notional_per_order",
    "risk opposite_position",
    "broker 42210000",
  ]);
  const thin = trades.filter(({ symbol }) => symbol === "THIN");
  assert.deepEqual(thin.map(({ operation, qty }) => `${operation} ${qty}`), [
    "buy 10",
    "buy 10",
    "buy 5",
    "sell 10",
    "sell 10",
    "sell 5",
  ]);
  const lines = messages.filter((message) => message.type === "trade");
  const reasons = new Set(lines.map(({ reason }) => reason));
  assert.deepEqual([...reasons].sort(), ["liquidation", "plan", "stop", "target"]);
  assert.equal(told.positions, 0);
  assert.equal(cashOf(trades).toFixed(2), told.cash.toFixed(2));
  const gains = lines.reduce((sum, { gain }) => sum + (gain ?? 0), 0);
  assert.equal((100_000 + gains).toFixed(2), told.cash.toFixed(2));
  for (const runId of [1, 2]) {
    const last = told.reports.findLast((report) => report.runId === runId)!;
    assert.equal(last.position, null);
    assert.equal(last.openOrder, null);
  }
  assert.equal(told.journal.filter((type) => type === "order").length, requests.length);
  assert.equal(told.journal.filter((type) => type === "execution").length, trades.length);
});

Deno.test("the same session twice gives the same trades", async () => {
  const [first, second] = [await playSession(SESSION), await playSession(SESSION)];
  const plainRows = (told: SessionTold) => told.trades.map(({ brokerOrderId: _id, ...row }) => row);
  assert.deepEqual(plainRows(second), plainRows(first));
  assert.deepEqual(second.requests, first.requests);
});

Deno.test("one consumer or two: the same orders and trades", async () => {
  const one = RUNS.map((run) => ({ ...run, consumer: 0 }));
  const [two, single] = [await playSession(SESSION), await playSession({ ...SESSION, runs: one })];
  assert.deepEqual(single.requests, two.requests);
  assert.equal(single.cash, two.cash);
});
