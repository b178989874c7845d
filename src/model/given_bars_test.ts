import assert from "node:assert/strict";
import { BarColumn, emptyBars } from "./bars.ts";
import { GivenBars } from "./given_bars.ts";

/** Three bars with closes 10, 11, 12; the second has no VWAP. */
function threeBars(): GivenBars {
  const bars = emptyBars(3);
  bars.close.set([10, 11, 12]);
  bars.vwap.set([10.5, 0, 12.5]);
  return new GivenBars(bars);
}

Deno.test("a bar that has not been given out cannot be read", () => {
  const given = threeBars();
  given.length = 2;
  const columns = Array.from({ length: 8 }, () => new Float64Array(3));
  assert.equal(given.valueAt(1, BarColumn.close), 11);
  assert.throws(() => given.valueAt(2, BarColumn.close), RangeError);
  assert.throws(() => given.copyInto(columns, 0, 0, 3), RangeError);
  assert.throws(() => given.copyInto(columns, 0, 2, 1), RangeError);
  assert.ok(columns.every((column) => column.every((value) => value === 0)), "nothing was copied");
});

Deno.test("a bar without a VWAP has its close, read alone or copied", () => {
  const given = threeBars();
  given.length = 3;
  const columns = Array.from({ length: 8 }, () => new Float64Array(5));
  given.copyInto(columns, 1, 0, 3);
  assert.deepEqual([...columns[BarColumn.vwap]], [0, 10.5, 11, 12.5, 0]);
  assert.deepEqual([0, 1, 2].map((i) => given.valueAt(i, BarColumn.vwap)), [10.5, 11, 12.5]);
});
