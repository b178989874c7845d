import assert from "node:assert/strict";
import fc from "fast-check";
import { at, barsOf, execution, runRow, selectionOf } from "./fixture.ts";
import { PriceBook } from "./price_book.ts";
import { buildReport } from "./report.ts";
import { loadSelection } from "./selection.ts";
import { thinCurve } from "./thin_curve.ts";

const NO_PRICES = new PriceBook();

/** Of four trades: +30 (r 1.5), −10 (r −1), +20, −5, long and short. */
const FOUR = [
  execution(at("09:45"), "buy", "10", "100", { stopPrice: "98", targetPrice: "104", fee: "1" }),
  execution(at("10:15"), "sell", "10", "103.1"),
  execution(at("10:30"), "buy", "5", "100", { stopPrice: "98" }),
  execution(at("11:30"), "sell", "5", "98"),
  execution(at("12:00"), "sell_short", "10", "50", { symbol: "MSFT" }),
  execution(at("12:30"), "buy_short", "10", "48", { symbol: "MSFT" }),
  execution(at("12:31"), "buy", "5", "50", { symbol: "MSFT" }),
  execution(at("12:32"), "sell", "5", "49", { symbol: "MSFT" }),
];

Deno.test("figures of trades are those that are worked out by hand", () => {
  const { trades, account, returns, groups, best, worst, orders } = buildReport(
    selectionOf(FOUR),
    { prices: NO_PRICES },
  );
  assert.deepEqual([trades.count, trades.wins, trades.losses, trades.winRate], [4, 2, 2, 0.5]);
  assert.equal(trades.profitFactor, 50 / 15);
  assert.equal(trades.expectancy, 35 / 4);
  assert.deepEqual([trades.averageWin, trades.averageLoss], [25, -7.5]);
  // 3.1 of 2 risked, and −2 of 2.
  assert.deepEqual([trades.expectancyR, trades.withR], [(1.55 - 1) / 2, 2]);
  assert.equal(trades.medianMinutes, 30);
  assert.equal(account.gain, 35);
  assert.ok(Math.abs(returns.total! - 0.0035) < 1e-12);
  assert.deepEqual(returns.sharpe, null, "one day has no deviation");
  assert.deepEqual(groups.symbol.map(({ name, gain }) => [name, gain]), [["AAPL", 20], [
    "MSFT",
    15,
  ]]);
  assert.deepEqual(groups.side.map(({ name, gain }) => [name, gain]), [["long", 15], [
    "short",
    20,
  ]]);
  assert.deepEqual(groups.weekday.map(({ name }) => name), ["Monday"]);
  assert.deepEqual(groups.hour.map(({ name, trades }) => [name, trades]), [
    ["09:00", 1],
    ["10:00", 1],
    ["12:00", 2],
  ]);
  assert.deepEqual([best[0].gain, worst[0].gain], [30, -10]);
  assert.deepEqual([best[0].stopPrice, best[0].targetPrice], [98, 104]);
  assert.equal(orders.notional, 1000 + 1031 + 500 + 490 + 500 + 480 + 250 + 245);
  assert.equal(orders.fees, 1);
});

Deno.test("time in the market counts the session's hours alone", () => {
  const { orders } = buildReport(selectionOf(FOUR), { prices: NO_PRICES });
  // 30 + 60 + 30 + 1 of 390 minutes.
  assert.ok(Math.abs(orders.timeInMarket! - 121 / 390) < 1e-9, String(orders.timeInMarket));
});

Deno.test("slippage is a cost on both sides, and of decisions alone", () => {
  const rows = [
    execution(at("10:00"), "buy", "10", "100.05", { decisionPrice: "100" }),
    execution(at("11:00"), "sell", "10", "101.9", { decisionPrice: "102" }),
    execution(at("12:00"), "buy", "10", "99", { decisionPrice: null }),
  ];
  const { slippage } = buildReport(selectionOf(rows), { prices: NO_PRICES }).orders;
  assert.equal(slippage!.executions, 2);
  assert.ok(Math.abs(slippage!.amount - 1.5) < 1e-9);
  assert.ok(Math.abs(slippage!.bps - 10_000 * 1.5 / 2020) < 1e-9);
});

Deno.test("equity follows prices where there are any, and a price is not known before its bar's end", () => {
  const prices = new PriceBook();
  prices.add("AAPL", "minute", barsOf(at("10:00"), [100, 110, 90]));
  const rows = [
    execution(at("10:00"), "buy", "10", "100"),
    execution(at("10:05"), "sell", "10", "95"),
  ];
  const { curve, trips, returns } = buildReport(selectionOf(rows), { prices });
  const valueAt = (time: string) => curve.equity[curve.timeUs.indexOf(at(time))];
  assert.equal(valueAt("10:01"), 10_000);
  assert.equal(valueAt("10:02"), 10_100);
  assert.equal(valueAt("10:03"), 9_900);
  assert.equal(curve.equity.at(-1), 9_950);
  // From 10,100 to 9,900; and the low and high of all bars that lay in the trade.
  assert.ok(Math.abs(returns.maxDrawdown!.share - 200 / 10_100) < 1e-12);
  assert.equal(returns.maxDrawdown!.recoveredUs, null);
  assert.deepEqual([trips[0].maePercent, trips[0].mfePercent], [10.5, 10.5]);
});

Deno.test("without prices what is held is worth its last execution, and that is said", () => {
  const rows = [
    execution(at("10:00"), "buy", "10", "100"),
    execution(at("10:05"), "buy", "1", "95"),
  ];
  const { account, notes, trips, charts } = buildReport(selectionOf(rows), { prices: NO_PRICES });
  assert.equal(account.endEquity, 10_000 - 50);
  assert.deepEqual(account.open, [{ symbol: "AAPL", strategy: "mine", qty: "11" }]);
  assert.deepEqual([trips.length, charts.length], [0, 0]);
  assert.ok(notes.some((note) => note.startsWith("No prices of AAPL while held")), notes.join());
});

Deno.test("what an account began with is not guessed: ratios are left out, amounts are not", () => {
  const selection = selectionOf(FOUR, {}, null);
  const { account, returns, notes, benchmark, trades } = buildReport(selection, {
    prices: NO_PRICES,
  });
  assert.deepEqual([account.startEquity, account.endEquity, account.gain], [null, null, 35]);
  assert.deepEqual(
    [returns.total, returns.sharpe, returns.maxDrawdown, benchmark],
    [null, null, null, null],
  );
  assert.equal(trades.count, 4);
  assert.ok(notes.some((note) => note.includes("--cash")), notes.join());
  const told = buildReport(selection, { prices: NO_PRICES, startEquity: 1000 });
  assert.ok(Math.abs(told.returns.total! - 0.035) < 1e-12);
});

Deno.test("an account that was ruined has no ratios", () => {
  const rows = [
    execution(at("10:00"), "buy", "300", "100"),
    execution(at("11:00"), "sell", "300", "60"),
    execution(at("12:00"), "buy", "1", "60"),
  ];
  const { returns } = buildReport(selectionOf(rows), { prices: NO_PRICES });
  assert.equal(returns.ruinedUs, at("11:00"));
  assert.deepEqual([returns.sharpe, returns.calmar, returns.cagr], [null, null, null]);
});

Deno.test("an empty batch, and one that runs still, have a report that says so", () => {
  const empty = buildReport(selectionOf([]), { prices: NO_PRICES });
  assert.equal(empty.trades.winRate, null);
  assert.ok(empty.notes.includes("There are no executions."));
  const running = selectionOf(FOUR.slice(0, 3), {
    runs: [runRow({ endUs: null, endReason: null })],
    figures: new Map(),
  });
  const report = buildReport(running, { prices: NO_PRICES, startEquity: 1000 });
  assert.equal(report.batches[0].endUs, null);
  assert.equal(report.trades.count, 1);
  assert.match(report.notes[0], /running still, or was cut short/);
});

Deno.test("days, symbols and strategies are selected; what was held before them is not a new trade", async () => {
  const second = "2022-01-04";
  const rows = [
    execution(at("10:00"), "buy", "10", "100"),
    execution(at("10:00", second), "sell", "10", "101"),
    execution(at("11:00", second), "buy", "1", "5", { symbol: "X" }),
    execution(at("12:00", second), "sell", "1", "6", { symbol: "X", algoRunId: 2 }),
  ];
  const store = {
    runs: (id: string) =>
      Promise.resolve(
        id === "b1" ? [runRow(), runRow({ algoRunId: 2, algoName: "other" })] : [],
      ),
    trades: () => Promise.resolve(rows),
    denials: () => Promise.resolve([]),
    liveRuns: () => Promise.resolve([]),
    batchFigures: () => Promise.resolve(null),
  };
  const load = (filters: Parameters<typeof loadSelection>[2]) =>
    loadSelection(store, ["b1"], filters);
  const day = await load({ fromUs: at("00:00", second) });
  assert.deepEqual([day.trades.length, day.before.length, day.isPart], [3, 1, true]);
  const { trips, trades } = buildReport(day, { prices: NO_PRICES, startEquity: 1000 });
  assert.deepEqual([trades.count, trips[0].gain, trips[0].symbol], [1, 10, "AAPL"]);
  const symbol = await load({ symbols: ["X"] });
  assert.deepEqual(symbol.trades.map(({ symbol }) => symbol), ["X", "X"]);
  const strategy = await load({ strategies: ["other"] });
  assert.deepEqual(strategy.trades.map(({ algoRunId }) => algoRunId), [2]);
  await assert.rejects(loadSelection(store, ["none"]), /There is no batch "none"/);
});

Deno.test("a benchmark is the same money in it, from the first price that was known", () => {
  const prices = new PriceBook();
  prices.add("SPY", "minute", barsOf(at("09:30"), [100, 101, 102]));
  prices.add("AAPL", "minute", barsOf(at("09:30"), [10, 20, 40]));
  const wanted = buildReport(selectionOf(FOUR), { prices, benchmark: "SPY" }).benchmark!;
  assert.deepEqual([wanted.label, wanted.isTraded, wanted.equity.at(-1)], ["SPY", false, 10_200]);
  const traded = buildReport(selectionOf(FOUR), { prices }).benchmark!;
  assert.deepEqual([traded.label, traded.equity.at(-1)], ["AAPL bought and held", 40_000]);
  const { notes } = buildReport(selectionOf(FOUR), { prices, benchmark: "QQQ" });
  assert.ok(notes.some((note) => note.startsWith("There are no prices of QQQ")), notes.join());
});

Deno.test("a curve that is thinned out keeps its ends, its extremes and each day's last value", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 2, max: 50 }),
      fc.integer({ min: 1, max: 60 }),
      (equity, pointsMax, days) => {
        const timeUs = equity.map((_, i) => i * 10);
        const keptUs = Array.from({ length: days }, (_, i) => i * 45);
        const thin = thinCurve({ timeUs, equity }, { pointsMax, keptUs });
        const lastAt = (curve: { timeUs: number[]; equity: number[] }, us: number) =>
          curve.equity[curve.timeUs.findLastIndex((one) => one <= us)];
        assert.ok(thin.timeUs.length <= pointsMax + days + 4);
        assert.equal(thin.equity[0], equity[0]);
        assert.equal(thin.equity.at(-1), equity.at(-1));
        assert.equal(Math.max(...thin.equity), Math.max(...equity));
        assert.equal(Math.min(...thin.equity), Math.min(...equity));
        for (const us of keptUs) assert.equal(lastAt(thin, us), lastAt({ timeUs, equity }, us));
      },
    ),
  );
});
