import assert from "node:assert/strict";
import fc from "fast-check";
import { BarBuffer, BarSeries } from "./bar_series.ts";
import { type BarColumns, emptyBars } from "./bars.ts";
import { GivenBars } from "./given_bars.ts";

const ROWS_MAX = 300;

/** A bar of which each number is known from its minute. */
function row(minute: number): Float64Array {
  return Float64Array.from({ length: 8 }, (_, column) => column === 0 ? minute : minute + column);
}

function historyOf(minutes: number[]): BarColumns {
  const bars = emptyBars(minutes.length);
  Object.values(bars).forEach((values: Float64Array, column) =>
    minutes.forEach((minute, i) => values[i] = row(minute)[column])
  );
  return bars;
}

/** Bars of every other minute from 1002 on. */
const recorded = historyOf(Array.from({ length: 2000 }, (_, i) => 1002 + 2 * i));

type Step =
  | { do: "append"; count: number }
  | { do: "give"; count: number; skipped: number }
  | { do: "readColumns" }
  | { do: "merge"; before: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("append"), count: fc.nat(150) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("give"), count: fc.nat(150), skipped: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("readColumns") }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("merge"), before: fc.nat(40) }) },
) as fc.Arbitrary<Step>;

/** The same in the plainest way. */
class Model {
  minutes: number[] = [];

  append(minute: number): void {
    if (this.minutes.length === ROWS_MAX) this.minutes.splice(0, ROWS_MAX / 2);
    this.minutes.push(minute);
  }

  merge(minutes: number[]): void {
    const all = new Set([...this.minutes, ...minutes]);
    this.minutes = [...all].sort((a, b) => a - b).slice(-ROWS_MAX);
  }
}

Deno.test("bars are the same whether they were read as columns meanwhile or not", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const buffer = new BarBuffer(ROWS_MAX);
    const series = new BarSeries(buffer, () => assert.fail("nothing is resampled"));
    const model = new Model();
    const given = new GivenBars(recorded);
    let minute = 1000;
    for (const one of steps) {
      if (one.do === "append") {
        for (let i = 0; i < one.count; i++) {
          minute += 2;
          // Rows of others may stand around it.
          buffer.append(Float64Array.of(NaN, NaN, ...row(minute), NaN), 2);
          model.append(minute);
        }
      } else if (one.do === "give") {
        given.length = (minute - 1000) / 2 + one.skipped;
        for (let i = 0; i < one.count; i++) {
          minute = recorded.timeUs[given.length++];
          buffer.appendGiven(given, row(minute), 0);
          model.append(minute);
        }
      } else if (one.do === "merge") {
        const history = Array.from({ length: one.before }, (_, i) => minute - 3 * i).reverse();
        buffer.mergeHistory(historyOf(history));
        model.merge(history);
      } else {
        assert.deepEqual(
          [...buffer.columns.close.subarray(0, buffer.length)],
          model.minutes.map((known) => known + 4),
        );
      }
      assert.equal(buffer.length, model.minutes.length);
      assert.equal(buffer.lastTimeUs, model.minutes.at(-1) ?? -Infinity);
      for (const i of [0, 1, -1, -2, 60, 63, 64, -65]) {
        const known = model.minutes.at(i);
        assert.equal(series.close.at(i), known === undefined ? NaN : known + 4);
        assert.equal(series.timeUs.at(i), known ?? NaN);
      }
    }
    assert.deepEqual([...series.vwap.last(70)], model.minutes.slice(-70).map((known) => known + 6));
    assert.deepEqual(series.last(ROWS_MAX), historyOf(model.minutes));
  }));
});
