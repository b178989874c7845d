/**
 * Decisions that hang on the last digits: where two averages are equal, the rounding of their sums
 * decides, and that differs with the history they were summed over. All prices are moved by a hair,
 * then each the other way: what is equal falls to one side in the one run and to the other in the
 * other, so that one of them differs from the whole.
 */
import { shake } from "../recorded/shake.ts";
import { type CheckRuns, pooled } from "./check_runs.ts";
import { compareRecords, differenceKey } from "./compare_records.ts";
import { seededRandom } from "../engine/worker.ts";
import { WARM_UP_KINDS, WARM_UP_SHARE } from "./warm_up.ts";

/** What one pair hides because it follows from another is seen in the next. */
const PAIRS = 2;

/** Their `differenceKey`s. */
export async function knifeEdges(runs: CheckRuns): Promise<Set<string>> {
  const { settings, full, run, random, concurrency, onProgress } = runs;
  const shakes = Array.from({ length: PAIRS }, () => Math.floor(random() * 2 ** 32))
    .flatMap((seed) => [{ seed, sign: 1 as const }, { seed, sign: -1 as const }]);
  let done = 0;
  const found = await pooled(shakes, concurrency, async ({ seed, sign }) => {
    const data = shake(settings.data, seededRandom(seed), sign);
    const record = await run({ ...settings, data });
    onProgress?.(++done, shakes.length);
    return compareRecords(full.decisions, record, {
      fromUs: settings.fromUs,
      untilUs: settings.toUs,
      kinds: WARM_UP_KINDS,
      share: WARM_UP_SHARE,
    });
  });
  return new Set(found.flat().filter(({ order }) => order !== "following").map(differenceKey));
}
