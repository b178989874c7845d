import assert from "node:assert/strict";
import fc from "fast-check";
import { exchangeUs } from "../model/calendar.ts";
import { resample } from "./resample.ts";
import { barsOf, walkBars } from "./test_bars.ts";
import { seriesTrend } from "./trends.ts";
import { VolumeOrderImbalance } from "./voi.ts";
import { volatility } from "./volatility.ts";
import { anchoredVwap } from "./vwap.ts";

Deno.test("minute bars are put together from the multiples of the hour, gaps left out", () => {
  const bars = barsOf(exchangeUs("2022-01-03", "09:33"), [
    [10, 12, 9, 11, 100],
    [11, 13, 10, 12, 300],
    [12, 12, 8, 9, 50],
  ]);
  // 09:33 and 09:34 are of 09:30, 09:47 is alone in 09:45.
  bars.timeUs[2] = exchangeUs("2022-01-03", "09:47");
  const five = resample(bars, 5);
  assert.deepEqual([...five.timeUs], [
    exchangeUs("2022-01-03", "09:30"),
    exchangeUs("2022-01-03", "09:45"),
  ]);
  assert.deepEqual([...five.open], [10, 12]);
  assert.deepEqual([...five.high], [13, 12]);
  assert.deepEqual([...five.low], [9, 8]);
  assert.deepEqual([...five.close], [12, 9]);
  assert.deepEqual([...five.volume], [400, 50]);
  assert.deepEqual([...five.vwap], [11.75, 9]);
  assert.deepEqual([...five.trades], [2, 1]);
});

Deno.test("a resampled bar without volume has its close as vwap", () => {
  const two = resample(barsOf(0, [[1, 1, 1, 1, 0], [2, 2, 2, 2, 0]]), 2);
  assert.deepEqual([...two.vwap], [2]);
});

Deno.test("bars of 4 hours start at the exchange's midnight, not at that of UTC", () => {
  const four = resample(barsOf(exchangeUs("2022-01-03", "09:30"), [[1, 1, 1, 1, 1]]), 240);
  assert.equal(four.timeUs[0], exchangeUs("2022-01-03", "08:00"));
});

Deno.test("resampling keeps the extremes and the volume, and again gives the same", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 1, max: 99 }),
    fc.constantFrom(1, 2, 5, 10, 15),
    (length, seed, minutes) => {
      const bars = walkBars(length, seed, exchangeUs("2022-01-03", "09:31"));
      const out = resample(bars, minutes);
      assert.equal(Math.max(...out.high), Math.max(...bars.high));
      assert.equal(Math.min(...out.low), Math.min(...bars.low));
      const sum = (column: Float64Array) => column.reduce((total, value) => total + value, 0);
      assert.equal(sum(out.volume), sum(bars.volume));
      if (length > 0) assert.equal(out.close.at(-1), bars.close.at(-1));
      const again = resample(out, minutes);
      assert.deepEqual(again.timeUs, out.timeUs);
      assert.deepEqual(again.high, out.high);
    },
  ));
  assert.throws(() => resample(walkBars(3), 0), /bars of 0 minutes: give a whole number/);
  assert.throws(() => resample(walkBars(3), 2.5), RangeError);
});

Deno.test("an anchored vwap starts from the nearest bar, of two the later", () => {
  const bars = barsOf(0, [[1, 3, 1, 2, 0], [4, 6, 3, 3, 10], [6, 9, 6, 6, 30]]);
  const from = (us: number) => anchoredVwap(bars, us).firstRow;
  assert.deepEqual([-1e9, 0, 29e6, 30e6, 31e6, 60e6, 1e12].map(from), [0, 0, 0, 1, 1, 1, 2]);
  const { vwap } = anchoredVwap(bars, 0);
  // Averages 2, 4, 7: nothing; 40 ÷ 10; (40 + 210) ÷ 40.
  assert.deepEqual([...vwap], [NaN, 4, 6.25]);
  assert.deepEqual(anchoredVwap(barsOf(0, []), 5), { firstRow: 0, vwap: new Float64Array(0) });
});

Deno.test("a trend is told by its slope", () => {
  const check = (values: number[], slope: number, trend: string) =>
    assert.deepEqual(seriesTrend(values), { slope, trend }, `${values}`);
  check([1, 3, 5, 7], 2, "sharp_up");
  check([1, 2, 3, 4], 1, "up");
  check([1, 1.001, 1.002, 1.003], 0.001, "up");
  check([1, 1.0001, 1.0002, 1.0003], 0, "flat");
  check([5, 5, 5, 5], 0, "flat");
  check([4, 3, 2, 1], -1, "down");
  check([8, 6, 4, 2], -2, "sharp_down");
  check([1, 4, 2, 5, 3], 0.5, "up");
  check([1, 2, 3], NaN, "unknown");
  check([1, 2, NaN, 4], NaN, "unknown");
  assert.deepEqual(seriesTrend(Float64Array.of(1, 2, 3, 4)).trend, "up");
});

Deno.test("a line's slope is found whatever its length and height", () => {
  fc.assert(fc.property(
    fc.integer({ min: 4, max: 300 }),
    fc.integer({ min: -5000, max: 5000 }),
    fc.integer({ min: 0, max: 1000 }),
    (length, thousandths, height) => {
      const slope = thousandths / 1000;
      const line = Array.from({ length }, (_, x) => height + slope * x);
      assert.equal(seriesTrend(line).slope, slope);
    },
  ));
});

Deno.test("volatility is the sample deviation of the last daily returns", () => {
  // Returns of 0.1, 0, −0.1 and 0.1; the first close and return lie before the last 3.
  const closes = [50, 100, 110, 110, 99, 108.9];
  const returns = [0, -0.1, 0.1];
  const wanted = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) / 2);
  assert.ok(Math.abs(volatility(closes, 3) - wanted) < 1e-12);
  assert.equal(volatility([5, 5, 5, 5], 3), 0);
  assert.ok(Number.isNaN(volatility([5, 5, 5], 3)));
  assert.ok(Number.isNaN(volatility(Array(20).fill(5))), "20 returns need 21 closes");
  assert.equal(volatility(Array(21).fill(5)), 0);
  assert.throws(() => volatility([1, 2, 3], 1), RangeError);
});

Deno.test("each way that a quote can change moves the imbalance", () => {
  const check = (bid: [number, number], ask: [number, number], imbalance: number, why: string) => {
    const voi = new VolumeOrderImbalance();
    voi.add(100, 500, 101, 300);
    voi.add(...bid, ...ask);
    assert.ok(Math.abs(voi.value - imbalance * 2 / 101) < 1e-12, why);
  };
  check([100, 500], [101, 300], 0, "nothing changed");
  check([100, 800], [101, 300], 300, "bid size grew");
  check([100.5, 200], [101, 300], 200, "bid rose: its whole size");
  check([99, 900], [101, 300], 0, "bid fell: nothing");
  check([100, 500], [101, 100], 200, "ask size shrank");
  check([100, 500], [100.5, 400], -400, "ask fell: its whole size");
  check([100, 500], [102, 900], 0, "ask rose: nothing");
});

Deno.test("the imbalance is averaged exponentially and the last 10 are kept", () => {
  const voi = new VolumeOrderImbalance();
  assert.deepEqual([...voi.last()], []);
  let wanted = 0;
  const all: number[] = [];
  for (let size = 100; size <= 1500; size += 100) {
    voi.add(10, size, 11, 100);
    voi.add(0, 5, 11, 100); // one side is missing: left out
    if (size === 100) continue;
    wanted = wanted * (1 - 2 / 101) + 2 / 101 * 100;
    all.push(wanted);
  }
  assert.equal(voi.value, wanted);
  assert.deepEqual([...voi.last()], all.slice(-10));
});
