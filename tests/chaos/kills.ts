/**
 * Kills a trader with -9 again and again and prints what came of it. The exit code is 0 where no
 * order, fill or position was lost or doubled.
 *
 *   deno task chaos kills [--kills KILLS] [--seed SEED]
 */
import { killAgainAndAgain, type KillTable } from "./kill_world.ts";

const [kills = 200, seed = Date.now() % 2 ** 31] = Deno.args.map(Number);
console.log(`${kills} kills, seed ${seed}`);
const folder = await Deno.makeTempDir({ prefix: "liu-kills-" });
const table = await killAgainAndAgain({ folder, kills, seed, log: (text) => console.log(text) });
for (const problem of table.problems) console.log(`PROBLEM: ${problem}`);
console.log(textOf(table));
const { duplicates, lostFills, mismatches, unprotected } = table;
if (duplicates + lostFills + mismatches + unprotected + table.problems.length > 0) {
  console.log(`What the trader said and wrote is in ${folder}`);
  Deno.exit(1);
}
await Deno.remove(folder, { recursive: true });

function textOf({ byPoint, problems: _, ...counts }: KillTable): string {
  const points = Object.entries(byPoint).map(([point, count]) => `  ${point}: ${count}`);
  const lines = Object.entries(counts).map(([name, count]) => `${name}: ${count}`);
  return [...lines, "killed at", ...points].join("\n");
}
