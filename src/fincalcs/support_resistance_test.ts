import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { findResistances, findStop, findSupports, groupLevels } from "./support_resistance.ts";
import { barsOf } from "./test_bars.ts";

const at = (time: string, date = "2022-01-04") => exchangeUs(date, time);

/** One bar a 5 (or 15) minutes would do, so each value stands for a whole bin of minute bars. */
function binned(firstUs: number, minutes: number, values: number[]) {
  const rows = values.flatMap((value) =>
    Array.from({ length: minutes }, (_, i) => {
      // The bin's extreme is in its middle; the other minutes lie 0.5 inside of it.
      const price = i === 2 ? value : value + 0.5;
      return [price, price, price, price, 100] as const;
    })
  );
  return barsOf(firstUs, rows);
}

Deno.test("supports are local minima of the 5 minute lows below the price, by time", () => {
  const bars = binned(at("10:00"), 5, [10, 9, 9.5, 8, 8, 8.7, 12, 11, 13]);
  const nowUs = at("10:45");
  const supports = (currentValue: number) => [...findSupports(bars, { currentValue, nowUs })];
  // Of the two 8s the second is the minimum: what comes after it is higher, before it not lower.
  assert.deepEqual(supports(20), [9, 8, 11]);
  assert.deepEqual(supports(11), [9, 8]);
  assert.deepEqual(supports(8), []);
});

Deno.test("supports are looked for no further back than the range, and within the day", () => {
  const evening = binned(at("19:30", "2022-01-03"), 5, [10, 7, 10]);
  assert.deepEqual(
    [...findSupports(evening, { currentValue: 20, nowUs: at("19:45", "2022-01-03") })],
    [7],
  );
  const overMidnight = binned(at("23:50", "2022-01-03"), 5, [10, 7, 10, 8, 10]);
  const nowUs = at("00:15");
  assert.deepEqual([...findSupports(overMidnight, { currentValue: 20, nowUs })], [8]);

  const bars = binned(at("09:30"), 5, [
    ...[10, 5, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10], // the first hour
    ...[10, 6, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10],
    ...[10, 7, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10],
    ...[10, 8, 10],
  ]);
  const supports = (range?: "last_100_minutes" | "last_2_hours" | "last_3_hours" | "day") => [
    ...findSupports(bars, { currentValue: 20, nowUs: at("12:45"), range }),
  ];
  assert.deepEqual(supports(), [7, 8]);
  assert.deepEqual(supports("last_2_hours"), [7, 8]);
  assert.deepEqual(supports("last_3_hours"), [6, 7, 8]);
  assert.deepEqual(supports("day"), [5, 6, 7, 8]);
});

Deno.test("no level is taken from bars after now", () => {
  const bars = binned(at("10:00"), 5, [10, 9, 10, 8, 10]);
  assert.deepEqual([...findSupports(bars, { currentValue: 20, nowUs: at("10:14") })], [9]);
});

Deno.test("resistances are local maxima of 15 minute closes from the price on, ascending", () => {
  const values = [10, 14, 10, 12, 11, 16, 11];
  const rows = values.flatMap((value) =>
    Array.from({ length: 15 }, (_, i) => {
      const close = i === 7 ? value : value - 0.5;
      // Highs and lows far out: only closes count.
      return [close, 99, 1, close, 100] as const;
    })
  );
  const bars = barsOf(at("10:00"), rows);
  const resistances = (currentValue: number) => [
    ...findResistances(bars, { currentValue, nowUs: at("11:45") }),
  ];
  assert.deepEqual(resistances(10), [12, 14, 16]);
  assert.deepEqual(resistances(14), [14, 16]);
  assert.deepEqual(resistances(16.01), []);
});

Deno.test("resistances are looked for in 3 days and in regular hours only", () => {
  const peak = (value: number) => [10, value, 10];
  const bars = (time: string, date: string) => binned(at(time, date), 15, peak(15));
  const found = (time: string, date: string) =>
    findResistances(bars(time, date), { currentValue: 10.6, nowUs: at("12:00", "2022-01-07") })
      .length > 0;
  assert.equal(found("10:00", "2022-01-05"), true);
  assert.equal(found("12:00", "2022-01-04"), true);
  assert.equal(found("10:00", "2022-01-04"), false, "more than 3 days ago");
  assert.equal(found("08:00", "2022-01-06"), false, "before the open");
  assert.equal(found("17:00", "2022-01-06"), false, "after the close");
});

Deno.test("levels within 2 % of the one before belong together", () => {
  assert.deepEqual(groupLevels([]), []);
  assert.deepEqual(groupLevels([100, 101, 103, 106, 104.5]), [[100, 101, 103], [106, 104.5]]);
  assert.deepEqual(groupLevels([100, 104], 0.05), [[100, 104]]);
});

Deno.test("a stop is the mean of the last group of supports", () => {
  const bars = binned(at("10:00"), 5, [10, 8, 10, 9, 10, 9.1, 10]);
  const nowUs = at("10:35");
  assert.ok(Math.abs(findStop(bars, { currentValue: 20, nowUs })! - 9.05) < 1e-12);
  assert.equal(findStop(bars, { currentValue: 1, nowUs }), null);
  assert.equal(findStop(barsOf(0, []), { currentValue: 1, nowUs }), null);
});
