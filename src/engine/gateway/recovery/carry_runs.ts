import type { RunInfo } from "../../../protocol.ts";
import type { OrderFlow } from "../order_flow.ts";
import type { GatewayState } from "../state.ts";

type Owned = { runId: number };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The consumer of a run that is over: nobody is told of what happens to it. */
export const NOBODY = -1;

/**
 * What a run holds, and what is open for it, is another's from here on: positions, protections,
 * orders. Later executions of these orders are the new run's.
 */
export function carryRun(state: GatewayState, flow: OrderFlow, from: number, to: number): void {
  if (from === to) return;
  const own = (owned: Iterable<Owned>) => {
    for (const one of owned) if (one.runId === from) (one as Mutable<Owned>).runId = to;
  };
  state.book.carry(from, to);
  own(flow.orders());
  for (const desk of state.desks.values()) {
    own(desk.works);
    desk.carryProtection(from, to);
    desk.touch();
  }
  state.streaks?.carry(from, to);
  // It may have been stopped while its successor was being made.
  if (state.stopped.delete(from)) state.stopped.add(to);
  state.runs.delete(from);
}

/**
 * Which run goes on for which: that of the same strategy, on the same consumer where there is one.
 */
export function continuedRuns(
  before: readonly RunInfo[],
  runs: readonly RunInfo[],
): { from: number; to: number }[] {
  return before.flatMap(({ runId: from, strategy, consumer }) => {
    const ofStrategy = runs.filter((run) => run.strategy === strategy);
    const to = ofStrategy.find((run) => run.consumer === consumer) ?? ofStrategy[0];
    return to === undefined ? [] : [{ from, to: to.runId }];
  });
}
