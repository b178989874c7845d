/** What risk counts over time: orders and shares a minute, trades that lost, day trades. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { addDays, exchangeUs } from "../../model/calendar.ts";
import type { RunInfo } from "../../protocol.ts";
import { decimal } from "../../util/decimal.ts";
import { DayTrades } from "./day_trades.ts";
import { LossStreaks } from "./loss_streaks.ts";
import { RateWindow } from "./rate_window.ts";
import { testIntent, World } from "./test_world.ts";

const SECOND_US = 1e6;
const RUNS: RunInfo[] = [
  { runId: 1, strategy: "alpha", consumer: 0, dayTrade: true },
  { runId: 2, strategy: "beta", consumer: 0, dayTrade: false },
];

Deno.test("whatever comes, no 60 seconds have more orders or shares than were allowed", () => {
  const asks = fc.array(fc.record({ gap: fc.nat(40), shares: fc.integer({ min: 1, max: 50 }) }));
  fc.assert(fc.property(
    asks,
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 120 }),
    (asked, orders, shares) => {
      const window = new RateWindow();
      const passed: { atUs: number; shares: number }[] = [];
      let nowUs = 0;
      for (const ask of asked) {
        nowUs += ask.gap * SECOND_US;
        if (window.orders(nowUs) >= orders || window.shares(nowUs) + ask.shares > shares) continue;
        window.add(nowUs, ask.shares);
        passed.push({ atUs: nowUs, shares: ask.shares });
      }
      for (const { atUs } of passed) {
        const within = passed.filter((one) => one.atUs <= atUs && one.atUs > atUs - 60e6);
        assert.ok(within.length <= orders);
        assert.ok(within.reduce((sum, one) => sum + one.shares, 0) <= shares);
      }
      // Nor is more kept back than must be: a minute later all is free again.
      assert.equal(window.orders(nowUs + 60e6), 0);
      assert.equal(window.shares(nowUs + 60e6), 0);
    },
  ));
});

Deno.test("a pause comes after so many losing trades in a row, of a strategy in a symbol", () => {
  const streaks = new LossStreaks({ trades: 2, minutes: 30 });
  const alpha = { runId: 1, strategy: "alpha" };
  const trade = (gain: number, atMinute: number, symbol = "A", run = alpha) =>
    streaks.note(run, symbol, decimal(gain), true, atMinute * 60e6);
  trade(-5, 1);
  trade(5, 2);
  trade(-5, 3);
  trade(-5, 4, "B");
  trade(-5, 5, "A", { runId: 2, strategy: "beta" });
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 0);
  // A trade is what it earns until it is flat: its parts are no trades.
  streaks.note(alpha, "A", decimal(8), false, 6 * 60e6);
  streaks.note(alpha, "A", decimal(-2), false, 7 * 60e6);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 0);
  streaks.note(alpha, "A", decimal(-6.01), true, 8 * 60e6);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 38 * 60e6);
  assert.equal(streaks.pausedUntilUs("beta", "A"), 0);
  assert.equal(streaks.pausedUntilUs("alpha", "B"), 0);
  // After it one loss is one again; another strategy's run is counted with its own.
  trade(-5, 40);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 38 * 60e6);
  trade(-5, 41, "A", { runId: 7, strategy: "alpha" });
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 71 * 60e6);
  // The same session after a restart, then the next.
  streaks.startSession("us_equity", 30 * 60e6);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 71 * 60e6);
  streaks.startSession("crypto", 60 * 60e6);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 71 * 60e6);
  streaks.startSession("us_equity", 60 * 60e6);
  assert.equal(streaks.pausedUntilUs("alpha", "A"), 0);
});

Deno.test("day trades are counted by the account's executions, over five sessions", () => {
  const trades = new DayTrades();
  const fill = (date: string, time: string, side: "buy" | "sell", qty = 10, symbol = "A") =>
    trades.note({ symbol, side, qty: decimal(qty), timeUs: exchangeUs(date, time) });
  const problem = (date: string, equity = 10_000) =>
    trades.problem(equity, exchangeUs(date, "15:00")) !== null;
  const [monday, tuesday, wednesday] = ["2022-01-03", "2022-01-04", "2022-01-05"];
  // In parts it is one trade.
  fill(monday, "10:00", "buy", 4);
  fill(monday, "10:01", "buy", 6);
  fill(monday, "11:00", "sell", 3);
  fill(monday, "11:01", "sell", 7);
  fill(monday, "12:00", "buy");
  // Held over the night: no day trade.
  fill(tuesday, "10:00", "sell");
  fill(tuesday, "11:00", "sell");
  fill(tuesday, "12:00", "buy");
  assert.equal(problem(tuesday), false);
  // What is open of today may become one.
  fill(wednesday, "10:00", "buy");
  assert.equal(problem(wednesday), true);
  assert.equal(problem(wednesday, 25_000), false);
  fill(wednesday, "11:00", "sell");
  assert.equal(problem(wednesday), true);
  // Monday's is no longer among the five sessions a week later.
  assert.equal(problem(addDays(monday, 4)), true);
  assert.equal(problem(addDays(monday, 7)), false);
});

Deno.test("what was traded before the start counts, with what is held now", () => {
  const trades = new DayTrades();
  const at = (time: string) => exchangeUs("2022-01-03", time);
  const fill = (symbol: string, side: "buy" | "sell", time: string) => ({
    symbol,
    side,
    qty: decimal(5),
    timeUs: at(time),
  });
  const fills = ["B", "C", "D"].flatMap((symbol) => [
    fill(symbol, "buy", "10:00"),
    fill(symbol, "sell", "11:00"),
  ]);
  // Held before, and sold: not opened on that day.
  fills.push(fill("A", "sell", "11:30"));
  trades.restore([{ symbol: "A", qty: "7" }], fills.slice(2));
  assert.equal(trades.problem(1000, at("12:00")), null);
  trades.restore([{ symbol: "A", qty: "7" }], fills);
  assert.match(trades.problem(1000, at("12:00"))!, /3 day trades in five days/);
});

Deno.test("orders a minute are counted where orders are made, exits too", async () => {
  const world = await World.open({ runs: RUNS, risk: { maxOrdersPerMinute: 2 } });
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  // The first was more than a minute ago when a minute has passed.
  await world.step([
    testIntent({ action: "sell", symbol: "A", seq: 1 }),
    testIntent({ action: "buy", symbol: "B", seq: 2 }),
    testIntent({ action: "buy", symbol: "C", seq: 3 }),
  ]);
  assert.deepEqual(world.denials(), ["max_orders_per_minute"]);
  assert.deepEqual(world.broker.orders.map(({ symbol }) => symbol), ["A", "A", "B"]);
  await world.step([testIntent({ action: "buy", symbol: "C", seq: 4 })]);
  assert.deepEqual(world.denials(), ["max_orders_per_minute"]);
});

Deno.test("a strategy's and the account's exposure are of all symbols, with what is on its way", async () => {
  const world = await World.open({
    runs: RUNS,
    risk: { maxNotionalPerStrategy: 2500, maxGrossExposure: 3500 },
  });
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  await world.step([
    testIntent({ action: "short", symbol: "B", seq: 1 }),
    testIntent({ action: "buy", symbol: "C", seq: 2 }),
    testIntent({ action: "buy", symbol: "C", seq: 1, runId: 2 }),
  ]);
  assert.deepEqual(world.denials(), ["max_notional_per_strategy"]);
  await world.step([testIntent({ action: "buy", symbol: "B", qty: 6, seq: 3, runId: 2 })]);
  assert.deepEqual(world.denials(), ["max_notional_per_strategy", "opposite_order_open"]);
  await world.step([testIntent({ action: "buy", symbol: "A", qty: 6, seq: 4, runId: 2 })]);
  assert.equal(world.denials().at(-1), "max_gross_exposure");
});

Deno.test("trades that lost pause the strategy in the symbol", async () => {
  const world = await World.open({
    runs: RUNS,
    risk: { lossStreak: { trades: 1, minutes: 5 } },
  });
  await world.step([testIntent({ action: "buy", symbol: "A" })]);
  world.broker.fill(world.broker.orders[0], "10", "100");
  await world.step([testIntent({ action: "sell", symbol: "A", seq: 1 })]);
  world.broker.fill(world.broker.orders[1], "10", "99");
  const again = () => world.step([testIntent({ action: "buy", symbol: "A", seq: world.n + 2 })]);
  await again();
  assert.deepEqual(world.denials(), ["loss_streak"]);
  // The fill was at minute 2.
  for (let i = 0; i < 3; i++) await world.step([]);
  await again();
  assert.deepEqual(world.denials(), ["loss_streak"]);
  assert.equal(world.broker.orders.length, 3);
});
