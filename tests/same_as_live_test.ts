import assert from "node:assert/strict";
import { bothWays } from "./same_as_live.ts";

for (const seed of [1, 7]) {
  Deno.test(`a backtest does what a session did, to the last digit (seed ${seed})`, async () => {
    const { live, backtest } = await bothWays(seed);
    assert.ok(live.fills.length > 200, `only ${live.fills.length} fills: nothing is shown by them`);
    assert.ok(live.denials.length > 0);
    assert.deepEqual(backtest, live);
  });
}
