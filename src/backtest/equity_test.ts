import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { dailyReturns, dailyValues, ruinedAt, sharpeRatio } from "./equity.ts";

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
