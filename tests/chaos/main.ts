/**
 * What becomes of orders and books when everything goes wrong that can: storms of one fault each,
 * whole sessions with all faults mixed, traders that are killed. The exit code is 0 where no order,
 * fill or position was lost or doubled, and nothing was left unprotected.
 *
 *   deno task chaos [storms] [mixed] [kills] [--injections N] [--sessions N] [--kills N] [--seed S]
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { SessionWorld } from "../session_world.ts";
import { playMixed } from "./mixed.ts";
import { storm } from "./storm.ts";
import { STORMS } from "./weather.ts";

const PARTS = ["storms", "mixed", "kills"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    injections: { type: "string", default: "100" },
    sessions: { type: "string", default: "10" },
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const seed = Number(values.seed);
const parts = positionals.length > 0 ? positionals : PARTS;
const wrong = parts.find((part) => !PARTS.includes(part));
if (wrong !== undefined || !Number.isInteger(seed)) {
  console.log(`deno task chaos [${PARTS.join("] [")}] [--injections N] [--sessions N] [--seed S]`);
  Deno.exit(2);
}
console.log(`seed ${seed}`);
let isWrong = false;
if (parts.includes("storms")) await storms(Number(values.injections));
if (parts.includes("mixed")) await mixed(Number(values.sessions));
if (parts.includes("kills")) await kills();
Deno.exit(isWrong ? 1 : 0);

async function storms(injections: number): Promise<void> {
  console.log(
    `\n| fault | injected | orders | duplicates | lost fills | mismatches | unprotected |`,
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const fault of STORMS) {
    const { kind, every: _, ...own } = fault;
    const what = Object.keys(own).length > 0 ? ` ${JSON.stringify(own)}` : "";
    const told = await storm([fault], { injections, seed });
    const { duplicates, lostFills, mismatches, unprotected, others } = told;
    const problems = [...duplicates, ...lostFills, ...mismatches, ...unprotected, ...others];
    const [injected] = told.injected;
    const counts = [injected, told.orders, duplicates, lostFills, mismatches, unprotected]
      .map((one) => Array.isArray(one) ? one.length : one);
    console.log(`| ${kind}${what} | ${counts.join(" | ")} |`);
    for (const problem of problems) console.log(`PROBLEM: ${problem}`);
    if (problems.length > 0 || injected < injections) isWrong = true;
  }
}

async function mixed(sessions: number): Promise<void> {
  const world = await SessionWorld.open();
  console.log(
    `\n| session's seed | faults | orders | fills | duplicates | lost | mismatches | unprotected | cash |`,
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  try {
    for (let i = 0; i < sessions; i++) {
      const told = await playMixed(world, (seed + i) % 2 ** 31);
      const { duplicates, lostFills, mismatches, unprotected, cashDifference } = told;
      const problems = [...duplicates, ...lostFills, ...mismatches, ...unprotected];
      const counts = [duplicates, lostFills, mismatches, unprotected].map(({ length }) => length);
      const cells = [told.seed, told.injected, told.orders, told.fills, ...counts, cashDifference];
      console.log(`| ${cells.join(" | ")} |`);
      for (const problem of problems) console.log(`PROBLEM: ${problem}`);
      if (problems.length > 0 || cashDifference !== "0") isWrong = true;
    }
  } finally {
    await world.close();
  }
}

/** A program of its own: it kills traders that are processes. */
async function kills(): Promise<void> {
  const file = fileURLToPath(new URL("kills.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", file, values.kills, String(seed)],
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  if (!(await child.status).success) isWrong = true;
}
