/**
 * Every parser that reads from outside, given what no program would write:
 *
 *   deno task fuzz [--inputs N] [--seed N] [--save] [PARSER…]
 *
 * Inputs are changed copies of good ones; those that run a block of the program that none ran before
 * are changed further. `--save` writes them to the corpus. The exit code is 1 where a parser crashed,
 * took a wrong value, or refused without a clear error: the input is shown, as small as it was made.
 */
import { Buffer } from "node:buffer";
import { parseArgs } from "node:util";
import { Random } from "../../src/simulator/random.ts";
import { table } from "../../src/util/table.ts";
import { readCorpus, writeCorpus } from "./corpus.ts";
import { Coverage } from "./coverage.ts";
import { fuzz } from "./fuzz.ts";
import { targets } from "./targets/registry.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    save: { type: "boolean", default: false },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);
const names = targets.map(({ name }) => name);
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0 || !(inputs > 0) || !Number.isInteger(seed)) {
  console.error(`Cannot fuzz ${unknown.join(", ")}: parsers are ${names.join(", ")}`);
  Deno.exit(2);
}

console.log(`seed ${seed}, ${inputs} inputs a parser`);
const rows: string[][] = [];
let failures = 0;
const coverage = await Coverage.start((url) => url.includes("/src/"));
for (const [i, target] of targets.entries()) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  const blocksBefore = coverage.size;
  const startMs = performance.now();
  const result = await fuzz(target, {
    inputs,
    random: new Random(seed, i),
    corpus: await readCorpus(target.name),
    coverage,
  });
  const seconds = (performance.now() - startMs) / 1000;
  failures += result.failures.length;
  for (const { input, error } of result.failures) {
    console.error(`${target.name}: ${error instanceof Error ? error.stack : error}`);
    console.error(`  input (base64): ${Buffer.from(input).toString("base64")}`);
    console.error(`  as text: ${JSON.stringify(new TextDecoder().decode(input)).slice(0, 500)}`);
  }
  rows.push([
    target.name,
    String(result.inputs),
    String(result.taken),
    String(result.refused),
    String(result.corpus.length),
    String(coverage.size - blocksBefore),
    String(result.failures.length),
    seconds.toFixed(0),
  ]);
  console.log(`${target.name}: ${result.inputs} inputs, ${result.failures.length} failures`);
  if (values.save) await writeCorpus(target.name, result.corpus.slice(target.seeds.length));
}
coverage.stop();
const head = ["parser", "inputs", "taken", "refused", "corpus", "blocks", "failures", "seconds"];
console.log(table(head, rows, { width: 120, hasColors: false }));
Deno.exit(failures > 0 ? 1 : 0);
