import assert from "node:assert/strict";
import { bothWays, COSTS } from "./same_as_live.ts";

for (const [seed, what, costs] of [[1, "", {}], [7, "", {}], [3, ", with costs", COSTS]] as const) {
  const name = `a backtest does what a session did, to the last digit (seed ${seed}${what})`;
  Deno.test(name, async () => {
    const { live, backtest } = await bothWays(seed, costs);
    assert.ok(live.fills.length > 200, `only ${live.fills.length} fills: nothing is shown by them`);
    assert.ok(live.denials.length > 0);
    assert.deepEqual(backtest, live);
  });
}
