/** Each of the faults that a trader must survive has a test that is named after it. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import assert from "node:assert/strict";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** They are numbered from 1. */
const FAULTS = 56;

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/** Numbers of "fault 3: …", "fault 3, 4: …" at the head of a text. */
async function numbersNamed(): Promise<Set<number>> {
  const found = new Set<number>();
  for (const folder of ["tests", "src"]) {
    for await (const path of testFiles(folder)) {
      const text = await Deno.readTextFile(join(ROOT, path));
      for (const [, numbers] of text.matchAll(/["'`]faults? (\d+(?:(?:, | and )\d+)*):/g)) {
        for (const number of numbers.split(/, | and /)) found.add(Number(number));
      }
    }
  }
  return found;
}

Deno.test(`each of the ${FAULTS} faults has a test that is named after it`, async () => {
  const named = await numbersNamed();
  const missing = Array.from({ length: FAULTS }, (_, i) => i + 1).filter((n) => !named.has(n));
  assert.deepEqual(missing, [], "faults without a test");
  assert.deepEqual([...named].filter((n) => n < 1 || n > FAULTS), [], "no such faults");
});
