import assert from "node:assert/strict";
import type { BarColumns } from "../model/bars.ts";
import { indicatorColumns, indicatorDefaults } from "./indicator_columns.ts";
import { barsOf, walkBars } from "./test_bars.ts";

function head(bars: BarColumns, length: number): BarColumns {
  const entries = Object.entries(bars).map(([name, column]) => [name, column.slice(0, length)]);
  return Object.fromEntries(entries) as BarColumns;
}

Deno.test("every indicator has as many rows as there are bars, and sees no later bar", () => {
  const bars = walkBars(160, 3);
  const length = 141;
  for (const name of Object.keys(indicatorDefaults())) {
    const whole = indicatorColumns(name, bars);
    const part = indicatorColumns(name, head(bars, length));
    for (const [field, column] of Object.entries(part)) {
      assert.equal(column.length, length, `${name}.${field}`);
      assert.deepEqual(whole[field].slice(0, length), column, `${name}.${field}`);
      assert.ok(Number.isFinite(column[length - 1]), `${name}.${field} has a value at the end`);
    }
  }
});

Deno.test("every indicator is all NaN over a single bar, or has its value", () => {
  for (const name of Object.keys(indicatorDefaults())) {
    for (const column of Object.values(indicatorColumns(name, walkBars(1)))) {
      assert.equal(column.length, 1, name);
    }
    for (const column of Object.values(indicatorColumns(name, walkBars(0)))) {
      assert.equal(column.length, 0, name);
    }
  }
});

Deno.test("the columns that went in are not changed", () => {
  const bars = walkBars(60);
  const before = structuredClone(bars);
  for (const name of Object.keys(indicatorDefaults())) indicatorColumns(name, bars);
  assert.deepEqual(bars, before);
});

Deno.test("a candlestick pattern is 1 on the bar that completes it", () => {
  const plain = [10, 11, 9, 10.5, 1] as const;
  // A small bar down, then one up that swallows it.
  const rows = [plain, plain, plain, plain, [10, 10.2, 9.4, 9.5, 1], [
    9.2,
    11,
    9,
    10.6,
    1,
  ]] as const;
  const { value } = indicatorColumns("bullishengulfingpattern", barsOf(0, rows));
  assert.deepEqual([...value], [NaN, NaN, NaN, NaN, 0, 1]);
});

Deno.test("unknown names, parameters and values are refused with what is known", () => {
  const bars = walkBars(5);
  const check = (
    name: string,
    params: Record<string, number | string | boolean>,
    message: RegExp,
  ) =>
    assert.throws(
      () => indicatorColumns(name, bars, params),
      (error: Error) => error instanceof RangeError && message.test(error.message),
    );
  check("smaa", {}, /"smaa": it is none of sma, ema, /);
  check("toString", {}, /none of/);
  check("sma", { length: 3 }, /no parameter "length"; it has period/);
  check("sma", { period: 2.5 }, /period must be a whole number of bars from 1, got 2\.5/);
  check("sma", { source: "vwap" }, /source must be open, high, low, close or volume, got vwap/);
  check("atr", { source: "open" }, /no parameter "source"/);
  check("bollingerbands", { stdDev: 0 }, /stdDev must be a number above 0, got 0/);
  check("macd", { SimpleMASignal: 1 }, /SimpleMASignal must be true or false/);
  check("doji", { period: 3 }, /no parameter "period"; it has none/);
});
