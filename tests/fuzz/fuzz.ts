/** Runs one parser over many inputs, guided by what of the program they reach. */
import { Random } from "../../src/simulator/random.ts";
import type { Coverage } from "./coverage.ts";
import { mutate, splice } from "./mutate.ts";
import type { Target } from "./target.ts";

/** Looked at together: only where they reached something new each is run once more by itself. */
const BATCH = 64;
/** After so many kinds of failure the parser is to be mended first. */
const FAILURES_MAX = 10;
const SHRINK_TRIES_MAX = 2000;

export interface Failure {
  input: Uint8Array;
  error: unknown;
}

export interface FuzzResult {
  inputs: number;
  taken: number;
  refused: number;
  /** All that is worth starting from: the seeds, and what reached something new. */
  corpus: Uint8Array[];
  failures: Failure[];
}

export async function fuzz(
  target: Target,
  { inputs, random, corpus, coverage, onProgress }: {
    inputs: number;
    random: Random;
    corpus: readonly Uint8Array[];
    /** null: inputs are changed blindly. */
    coverage: Coverage | null;
    onProgress?(inputs: number): void;
  },
): Promise<FuzzResult> {
  const known = [...target.seeds, ...corpus];
  const result: FuzzResult = { inputs: 0, taken: 0, refused: 0, corpus: known, failures: [] };
  const kinds = new Set<string>();
  const run = async (input: Uint8Array): Promise<void> => {
    result.inputs++;
    try {
      const outcome = await target.run(input);
      result[outcome]++;
    } catch (error) {
      const what = kindOf(error);
      if (kinds.has(what)) return;
      kinds.add(what);
      result.failures.push({ input: await shrink(target, input, what), error });
    }
  };
  for (const input of known) await run(input);
  await coverage?.takeNew();
  while (result.inputs < inputs && result.failures.length < FAILURES_MAX) {
    const batch = Array.from(
      { length: Math.min(BATCH, inputs - result.inputs) },
      () =>
        mutate(known[random.int(0, known.length - 1)], {
          random,
          words: target.words,
          others: known,
        }),
    );
    for (const input of batch) await run(input);
    if (coverage !== null && await coverage.takeNew() > 0) {
      await keep(target, batch, known, coverage);
    }
    onProgress?.(result.inputs);
  }
  return result;
}

/** Which of a batch reached what was new: those that reach it when they are run first. */
async function keep(
  target: Target,
  batch: readonly Uint8Array[],
  known: Uint8Array[],
  coverage: Coverage,
): Promise<void> {
  const blocks = new Set<string>();
  for (const input of batch) {
    await failureOf(target, input);
    const reached = await coverage.takeBlocks();
    const isNew = reached.some((block) => coverage.isFresh(block) && !blocks.has(block));
    for (const block of reached) if (coverage.isFresh(block)) blocks.add(block);
    if (isNew) known.push(input);
  }
  coverage.settle();
}

/** What went wrong; "" where nothing did. */
async function failureOf(target: Target, input: Uint8Array): Promise<string> {
  try {
    await target.run(input);
    return "";
  } catch (error) {
    return kindOf(error);
  }
}

/** The same for inputs that fail in the same place. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const places = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return `${error.name} ${places.slice(0, 3).join()}`;
}

/** The same failure with less: pieces are left out as long as it stays. */
async function shrink(target: Target, input: Uint8Array, what: string): Promise<Uint8Array> {
  let smallest = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at + size <= smallest.length && tries < SHRINK_TRIES_MAX;) {
      tries++;
      const less = splice(smallest, at, size, new Uint8Array());
      if (await failureOf(target, less) === what) smallest = less;
      else at += size;
    }
  }
  return smallest;
}
