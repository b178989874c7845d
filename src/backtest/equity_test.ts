import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { barsOf, emptySymbol, mergeMarketData } from "../recorded/market_data.ts";
import { dailyReturns, dailyValues, ruinedAt, sharpeRatio } from "../fincalcs/performance.ts";
import { dataEndUs } from "./equity.ts";

const curve = (points: [date: string, time: string, value: number][]) => ({
  timeUs: points.map(([date, time]) => exchangeUs(date, time)),
  equity: points.map(([, , value]) => value),
});
const days = (from: string, to: string, isRoundTheClock = false) => ({
  fromUs: exchangeUs(from, "00:00"),
  endUs: exchangeUs(to, "24:00"),
  isRoundTheClock,
});

Deno.test("a day on which nothing was held is a day without a return", () => {
  // Tuesday and Thursday; 2022-01-10 is a Monday.
  const points = curve([
    ["2022-01-10", "00:00", 100],
    ["2022-01-11", "10:00", 101],
    ["2022-01-11", "24:00", 102],
    ["2022-01-13", "15:00", 99],
  ]);
  const values = dailyValues(points, days("2022-01-10", "2022-01-14"));
  assert.deepEqual(values, [100, 100, 102, 102, 99, 99]);
});

Deno.test("weekends are days where the market never closes", () => {
  const points = curve([["2022-01-07", "00:00", 100], ["2022-01-08", "12:00", 101]]);
  assert.deepEqual(dailyValues(points, days("2022-01-07", "2022-01-10")), [100, 100, 101]);
  assert.deepEqual(
    dailyValues(points, days("2022-01-07", "2022-01-10", true)),
    [100, 100, 101, 101, 101],
  );
});

Deno.test("the Sharpe ratio is of a year's days", () => {
  // Returns 1 % and -1 %, and 3 %: mean 1 %, deviation 2 %.
  const values = [100, 101, 101 * 0.99, 101 * 0.99 * 1.03];
  assert.ok(Math.abs(sharpeRatio(values, false)! - 0.5 * Math.sqrt(252)) < 1e-12);
  assert.ok(Math.abs(sharpeRatio(values, true)! - 0.5 * Math.sqrt(365)) < 1e-12);
  assert.equal(sharpeRatio([100, 100, 100], false), null);
});

Deno.test("days behind the data's end do not count", () => {
  const rows = ["2022-01-10", "2022-01-12", "2022-01-20"].map((date) => [
    exchangeUs(date, "10:00"),
    ...[1, 1, 1, 1, 1, 1, 1],
  ]);
  const data = mergeMarketData([
    { ...emptySymbol("AAA"), minuteBars: barsOf(rows.slice(0, 1)) },
    { ...emptySymbol("BBB"), minuteBars: barsOf(rows) },
  ]);
  const end = (to: string) => dataEndUs(data, exchangeUs(to, "24:00"));
  assert.equal(end("2022-01-14"), exchangeUs("2022-01-12", "24:00"));
  assert.equal(end("2022-01-12"), exchangeUs("2022-01-12", "24:00"));
  assert.equal(end("2022-01-31"), exchangeUs("2022-01-20", "24:00"));
  // In the day itself it ends where the backtest ends.
  assert.equal(
    dataEndUs(data, exchangeUs("2022-01-12", "16:00")),
    exchangeUs("2022-01-12", "16:00"),
  );
  assert.equal(dataEndUs(new Map(), 5), 5);
  const points = curve([["2022-01-10", "00:00", 100], ["2022-01-14", "16:00", 101]]);
  const whole = days("2022-01-10", "2022-01-14");
  assert.equal(dailyValues(points, whole).length, 6);
  assert.equal(dailyValues(points, { ...whole, endUs: end("2022-01-14") }).length, 4);
});

Deno.test("an account without value has no Sharpe ratio, whatever it does afterwards", () => {
  // -100 to -200 is no gain of 100 %.
  assert.equal(sharpeRatio([100, 110, -100, -200, -300], false), null);
  assert.equal(sharpeRatio([100, 50, 0, 0], false), null);
  assert.deepEqual(dailyReturns([100, 110, -100, -200, 50]).map((one) => Math.round(100 * one)), [
    10,
    -100,
    0,
    0,
  ]);
  assert.equal(ruinedAt({ timeUs: [1, 2, 3], equity: [100, 0, 5] }), 2);
  assert.equal(ruinedAt({ timeUs: [1, 2], equity: [100, 0.01] }), null);
});
