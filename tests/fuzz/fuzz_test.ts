import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Random } from "../../src/simulator/random.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./fuzz.ts";
import { targets } from "./targets/registry.ts";

const INPUTS = 1500;
const seed = crypto.getRandomValues(new Uint32Array(1))[0];

for (const [i, target] of targets.entries()) {
  Deno.test(`whatever ${target.name} is given, it takes what is right and refuses the rest clearly`, async () => {
    const corpus = await readCorpus(target.name);
    assert.ok(corpus.length > 0, "no corpus");
    const random = new Random(seed, i);
    const { failures, taken, refused } = await fuzz(target, {
      inputs: INPUTS,
      random,
      corpus,
      coverage: null,
    });
    const told = failures.map(({ input, error }) =>
      `${error}\n${Buffer.from(input).toString("base64")}`
    );
    assert.deepEqual(told, [], `seed ${seed}: deno task fuzz ${target.name} --seed ${seed}`);
    assert.ok(taken > 0 && refused > 0, `seed ${seed}: ${taken} taken, ${refused} refused`);
  });
}
