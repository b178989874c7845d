/** Which live runs a backtest is to be compared with. */
import type { Store } from "../contracts/store.ts";

/** Of each strategy the newest live run that began in the range, where there is one. */
export async function refRunsOf(
  store: Pick<Store, "liveRuns">,
  strategies: readonly string[],
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Promise<Record<string, number>> {
  const refs: Record<string, number> = {};
  for (const { algoName, algoRunId } of await store.liveRuns(fromUs, toUs)) {
    if (strategies.includes(algoName)) refs[algoName] ??= algoRunId;
  }
  return refs;
}
