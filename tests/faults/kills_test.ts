/** A trader, as a process, is killed with -9 and started again; see tests/chaos for hundreds of them. */
import assert from "node:assert/strict";
import { type KillPoint } from "../chaos/kill_point.ts";
import { killAgainAndAgain } from "../chaos/kill_world.ts";
import { inFolder } from "../program.ts";

async function check(kills: number, points?: readonly KillPoint[]): Promise<void> {
  const seed = Date.now() % 2 ** 31;
  console.log(`seed ${seed}`);
  const table = await inFolder((folder) => killAgainAndAgain({ folder, kills, seed, points }));
  assert.deepEqual(table.problems, []);
  const { duplicates, lostFills, mismatches, unprotected } = table;
  assert.deepEqual(
    { kills: table.kills, duplicates, lostFills, mismatches, unprotected },
    { kills, duplicates: 0, lostFills: 0, mismatches: 0, unprotected: 0 },
  );
}

Deno.test("fault 32: killed before its order is sent, a trader does not send it later", () =>
  check(2, ["before POST"]));

Deno.test("fault 33: killed after its order was sent, a trader finds it, once", () =>
  check(3, ["after POST", "after answer"]));

Deno.test(
  "fault 51: killed 20 times, each position has its stop, each order and fill is there once",
  () => check(20),
);
