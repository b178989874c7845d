import assert from "node:assert/strict";
import { buy, short } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { minuteBars, run, type TestBar } from "./fixture.ts";

class Long extends Strategy {
  override setup() {
    return { isDone: false };
  }
  run({ state }: Tick<this>) {
    if (state.isDone) return;
    state.isDone = true;
    return buy({ qty: 10, stopPrice: 97, targetPrice: 105 });
  }
}

class Short extends Long {
  override run({ state }: Tick<this>) {
    if (state.isDone) return;
    state.isDone = true;
    return short({ qty: 10, stopPrice: 103, targetPrice: 95 });
  }
}

/** Decided on a bar at 100; then this bar, and a flat one at 100. */
const CASES: [what: string, type: typeof Long, bar: TestBar, fills: string[]][] = [
  ["the stop is reached", Long, [100, 101, 96, 100], [
    "09:32 buy 10 AAPL @ 100",
    "09:32 sell 10 AAPL @ 97",
  ]],
  ["stop and target are reached: the stop counts", Long, [100, 106, 96, 100], [
    "09:32 buy 10 AAPL @ 100",
    "09:32 sell 10 AAPL @ 97",
  ]],
  ["the target is reached", Long, [100, 106, 98, 100], [
    "09:32 buy 10 AAPL @ 100",
    "09:32 sell 10 AAPL @ 105",
  ]],
  ["a short's stop is reached", Short, [100, 104, 99, 100], [
    "09:32 sell_short 10 AAPL @ 100",
    "09:32 buy_short 10 AAPL @ 103",
  ]],
  ["neither is: both rest", Long, [100, 104, 98, 100], ["09:32 buy 10 AAPL @ 100"]],
];

for (const [what, type, bar, fills] of CASES) {
  Deno.test(`in the bar that fills a strategy's entry, ${what}`, async () => {
    const rows = { AAPL: minuteBars("2022-01-03 09:30", [100, bar, 100]) };
    const { fills: found, result } = await run(type, rows, { fillModel: "intrabar" });
    assert.deepEqual(found.slice(0, fills.length), fills.map((fill) => `2022-01-03 ${fill}`));
    assert.equal(result.openPositions.length, fills.length % 2);
  });
}
