import { type JournalRecord, MemoryJournal } from "../journal.ts";
import type { GatewayOptions } from "../options.ts";
import { OrderFlow } from "../order_flow.ts";
import { Reports } from "../reports.ts";
import { GatewayState } from "../state.ts";
import { Quiet } from "./quiet.ts";
import { Replay } from "./replay.ts";

/**
 * Writes the executions of a segment that nobody goes on with: the trader may have died before the
 * store had them. Those that are there are left as they are.
 */
export function restoreRows(options: GatewayOptions, records: readonly JournalRecord[]): void {
  const quiet = new Quiet({ ...options, journal: new MemoryJournal(records) });
  const state = new GatewayState(quiet.options);
  const flow = new OrderFlow(state, new Reports(state), () => {}, () => {}, () => {});
  new Replay(state, flow).run(records);
}
