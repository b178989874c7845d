/**
 * A little of `deno task chaos`: its seeds are printed, to be played again.
 *
 *   deno test -A tests/chaos_test.ts -- SEED
 */
import assert from "node:assert/strict";
import { playMixed, SHORT_DAY } from "./chaos/mixed.ts";
import { storm } from "./chaos/storm.ts";
import { STORMS } from "./chaos/weather.ts";
import { SessionWorld } from "./session_world.ts";

const [RANDOM_SEED = Math.floor(Math.random() * 2 ** 31)] = Deno.args.map(Number);
const NONE = { duplicates: [], lostFills: [], mismatches: [], unprotected: [] };

Deno.test(`each fault, one after the other, leaves nothing wrong, seed ${RANDOM_SEED}`, async () => {
  const told = await storm(STORMS, { injections: 1, seed: RANDOM_SEED });
  const { duplicates, lostFills, mismatches, unprotected, others, injected } = told;
  assert.deepEqual({ duplicates, lostFills, mismatches, unprotected, others }, {
    ...NONE,
    others: [],
  });
  assert.deepEqual(STORMS.filter((_, i) => injected[i] === 0), []);
});

for (const seed of [1, RANDOM_SEED]) {
  Deno.test(`a session with all faults mixed ends with equal books, seed ${seed}`, async () => {
    const world = await SessionWorld.open();
    try {
      const told = await playMixed(world, seed, SHORT_DAY);
      const { duplicates, lostFills, mismatches, unprotected, cashDifference } = told;
      console.log(`${told.orders} orders, ${told.fills} fills, ${JSON.stringify(told.byFault)}`);
      assert.deepEqual({ duplicates, lostFills, mismatches, unprotected }, NONE);
      assert.equal(cashDifference, "0");
      // These do not depend on what is traded.
      const certain = ["trading socket cut", "stocks socket cut", "crypto socket 407"];
      assert.deepEqual(certain.filter((name) => told.byFault[name] === 0), []);
    } finally {
      await world.close();
    }
  });
}
