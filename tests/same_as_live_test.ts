import assert from "node:assert/strict";
import { bothWays, COSTS } from "./same_as_live.ts";

for (
  const [seed, what, costs] of [[1, "", {}], [16, "", {}], [3, ", with costs", COSTS]] as const
) {
  const name = `a backtest does what a session did, to the last digit (seed ${seed}${what})`;
  Deno.test(name, async () => {
    const { live, backtest, counts } = await bothWays(seed, costs);
    assert.ok(live.fills.length > 200, `only ${live.fills.length} fills: nothing is shown by them`);
    // Longs, shorts, partial fills, scale-outs, refusals, denials, a collection, two in one symbol.
    for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, `${name} is 0`);
    assert.deepEqual(backtest, live);
  });
}
