import assert from "node:assert/strict";
import fc from "fast-check";
import type { BarColumns } from "../model/bars.ts";
import { exchangeUs } from "../model/calendar.ts";
import { BarAggregator } from "./bar_aggregator.ts";
import { resample } from "./resample.ts";
import { walkBars } from "./test_bars.ts";

Deno.test("the bars handed on are those that resample makes, each once, when it is over", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 99 }),
    fc.constantFrom(2, 5, 15, 90, 1440),
    fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }),
    fc.constantFrom("09:32", "23:01"),
    (seed, minutes, isMissing, start) => {
      const walk = walkBars(isMissing.length, seed, exchangeUs("2022-01-03", start));
      const keep = (column: Float64Array) => column.filter((_, i) => !isMissing[i]);
      const bars = Object.fromEntries(
        Object.entries(walk).map(([name, column]) => [name, keep(column)]),
      ) as unknown as BarColumns;

      const seen: number[][] = [];
      const aggregator = new BarAggregator(minutes, (...bar) => seen.push(bar));
      const { open, high, low, close, volume, timeUs } = bars;
      for (let i = 0; i < timeUs.length; i++) {
        aggregator.feed(open[i], high[i], low[i], close[i], volume[i], timeUs[i]);
      }

      const whole = resample(bars, minutes);
      const wanted = Array.from(
        whole.timeUs,
        (
          us,
          i,
        ) => [whole.open[i], whole.high[i], whole.low[i], whole.close[i], whole.volume[i], us],
      );
      // The last one may not be over yet.
      const lastMinuteUs = whole.timeUs.length === 0 ? NaN : whole.timeUs.at(-1)! +
        (minutes - 1) * 60e6;
      assert.deepEqual(seen, timeUs.at(-1) === lastMinuteUs ? wanted : wanted.slice(0, -1));
    },
  ));
});
