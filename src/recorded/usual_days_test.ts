import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { barsOf, emptySymbol, mergeMarketData } from "./market_data.ts";
import { UsualDays } from "./usual_days.ts";

/** Days of 2022 with high, low and volume. */
function data(days: readonly [date: string, high: number, low: number, volume: number][]) {
  const rows = days.map(([date, high, low, volume]) => [
    exchangeUs(date, "00:00"),
    low,
    high,
    low,
    high,
    volume,
    high,
    1,
  ]);
  return mergeMarketData([{ ...emptySymbol("AAPL"), dailyBars: barsOf(rows) }]);
}

const DAYS = data([
  ["2022-01-03", 110, 100, 1000],
  ["2022-01-04", 105, 100, 3000],
  ["2022-01-05", 200, 100, 9000],
]);

Deno.test("a usual day is the mean of those before the present one, which does not count", () => {
  let nowUs = exchangeUs("2022-01-05", "15:59");
  const days = new UsualDays(DAYS, () => nowUs);
  const { volume, volatility } = days.of("AAPL")!;
  assert.equal(volume, 2000);
  // (ln 1.1)² = 0.009084, (ln 1.05)² = 0.002380; their mean 0.005732 over 4 ln 2 = 2.772589 is
  // 0.0020675, its root 0.04547.
  assert.equal(volatility.toFixed(5), "0.04547");
  nowUs = exchangeUs("2022-01-06", "09:30");
  // (1000 + 3000 + 9000) / 3.
  assert.equal(days.of("AAPL")!.volume.toFixed(3), "4333.333");
});

Deno.test("of the days before at most 20 count", () => {
  const dates = Array.from({ length: 21 }, (_, i) => `2022-03-${String(i + 1).padStart(2, "0")}`);
  const days = data(dates.map((date, i) => [date, 101, 100, i === 0 ? 1e9 : 500]));
  const usual = new UsualDays(days, () => exchangeUs("2022-03-22", "09:30")).of("AAPL")!;
  assert.equal(usual.volume, 500);
});

Deno.test("where no day is before the present one nothing is known", () => {
  const days = new UsualDays(DAYS, () => exchangeUs("2022-01-03", "16:00"));
  assert.equal(days.of("AAPL"), null);
  assert.equal(days.of("NONE"), null);
});
