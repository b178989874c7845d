import type { ReportBatch } from "./report_types.ts";
import type { Selection } from "./selection.ts";

/** What each batch was, so that it can be run again: in the order asked. */
export function reportBatches({ batchIds, runs, trades }: Selection): ReportBatch[] {
  const batchOf = new Map(runs.map(({ algoRunId, batchId }) => [algoRunId, batchId]));
  const executions = new Map<string, number>();
  for (const { algoRunId } of trades) {
    const id = batchOf.get(algoRunId) ?? "";
    executions.set(id, (executions.get(id) ?? 0) + 1);
  }
  return batchIds.flatMap((batchId) => {
    const own = runs.filter((run) => run.batchId === batchId);
    if (own.length === 0) return [];
    const ends = own.map(({ endUs }) => endUs);
    const strategies = new Map(own.map(({ algoName, parameters }) => [algoName, parameters]));
    return [{
      batchId,
      environment: own[0].environment,
      version: own[0].buildNumber,
      startUs: Math.min(...own.map(({ startUs }) => startUs)),
      endUs: ends.includes(null) ? null : Math.max(...ends.map((us) => us!)),
      endReasons: [...new Set(own.flatMap(({ endReason }) => endReason ?? []))],
      runs: own.length,
      executions: executions.get(batchId) ?? 0,
      strategies: [...strategies].map(([name, parameters]) => ({ name, parameters })),
    }];
  });
}
