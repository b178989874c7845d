// The hostile cases as a program, to be compiled: one line a case that did not hold, and a count at
// the end.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { runHostileCases } from "./hostile_cases.ts";

const results = await runHostileCases({
  worker: new Worker(new URL("./hostile_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  } as WorkerOptions),
  folder: resolve(process.argv[2]),
  read: (path) => readFileSync(path, "utf8"),
});
const failed = results.filter((result) => !result.held);
for (const { name, outcome } of failed) console.log(`not held: ${name}: ${outcome}`);
console.log(`${results.length - failed.length} held, ${failed.length} not held`);
process.exit(failed.length === 0 ? 0 : 1);
