/**
 * A run goes on under another number, on a consumer that took another's place. Invariant: nothing is
 * sent or changed at the broker by it; what was the old run's is the new one's, all of it.
 */
import type { RunInfo } from "../../protocol.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { Reports } from "./reports.ts";
import type { GatewayState } from "./state.ts";

export function handOver(
  parts: { state: GatewayState; flow: OrderFlow; reports: Reports },
  from: number,
  run: RunInfo,
): void {
  const { state, flow, reports } = parts;
  const to = run.runId;
  // The numbers of intents begin anew.
  for (const desk of state.desks.values()) desk.intentSeqs.delete(from);
  state.runs.set(to, run);
  if (from !== to) {
    state.runs.delete(from);
    const { journal } = state.options;
    if (journal.isKept) journal.note({ type: "handOver", from, to, timeUs: state.nowUs() });
    state.book.renameRun(from, to);
    flow.renameRun(from, to);
    for (const desk of state.desks.values()) desk.renameRun(from, to);
  }
  for (const desk of state.desks.values()) {
    if (!desk.positions.has(to) && desk.openWork(to) === null) continue;
    reports.order(desk, to, "order_status");
  }
}
