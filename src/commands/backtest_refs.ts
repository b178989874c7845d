/** Which live runs a backtest is to be compared with. */
import type { Store } from "../contracts/store.ts";

const BATCHES_LOOKED_AT = 1000;

/** Of each strategy the newest live run that began in the range, where there is one. */
export async function refRunsOf(
  store: Pick<Store, "batches" | "runs">,
  strategies: readonly string[],
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Promise<Record<string, number>> {
  const refs: Record<string, number> = {};
  const live = (await store.batches(BATCHES_LOOKED_AT)).filter(({ environment, startUs }) =>
    environment !== "BACKTEST" && startUs >= fromUs && startUs <= toUs
  );
  for (const { batchId } of live) {
    for (const { algoName, algoRunId } of await store.runs(batchId)) {
      if (strategies.includes(algoName)) refs[algoName] ??= algoRunId;
    }
  }
  return refs;
}
