/**
 * Runs go on under other numbers, on a consumer that took another's place. Invariant: nothing is
 * sent or changed at the broker by it; what was the old run's is the new one's, all of it.
 */
import type { RunInfo } from "../../protocol.ts";
import { carryRun, NOBODY } from "./recovery/carry_runs.ts";
import type { Liquidations } from "./liquidation.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { Reports } from "./reports.ts";
import type { GatewayState } from "./state.ts";

/** What the runs have is told to their consumer. A run may go on under its own number. */
export function handOver(
  parts: {
    state: GatewayState;
    flow: OrderFlow;
    reports: Reports;
    liquidations: Liquidations;
  },
  handed: readonly { from: number; run: RunInfo }[],
): void {
  const { state, flow, reports, liquidations } = parts;
  for (const { run } of handed) state.runs.set(run.runId, run);
  const continued = handed.map(({ from, run }) => ({ from, to: run.runId }))
    .filter(({ from, to }) => from !== to);
  const isOver = new Set(continued.map(({ from }) => from));
  const { journal } = state.options;
  if (journal.isKept && continued.length > 0) {
    const runs = [...state.runs.values()]
      .filter(({ runId, consumer }) => consumer !== NOBODY && !isOver.has(runId));
    journal.note({ type: "runs", runs, continued });
  }
  for (const { from, to } of continued) {
    carryRun(state, flow, from, to);
    liquidations.carry(from, to);
  }
  for (const desk of state.desks.values()) {
    for (const { from, run: { runId } } of handed) {
      // The numbers of intents begin anew.
      desk.intentSeqs.delete(from);
      const hasWork = desk.works.some((work) => work.runId === runId);
      if (hasWork || desk.positions.has(runId)) reports.order(desk, runId, "order_status");
    }
  }
}
