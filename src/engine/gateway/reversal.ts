import { plain } from "../../util/decimal.ts";
import type { BookEntry } from "./book.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isOwnExit } from "./work.ts";

/**
 * An exit that found nothing to close has opened a position on the other side. (An entry whose fill
 * is heard of after that of its own stop goes the same way back.)
 */
export function isReversal({ side, kind }: ChildOrder, { position }: BookEntry): boolean {
  if (position === null || kind === "entry") return false;
  return (position.qty.s < 0) === (side === "sell");
}

/**
 * A run went through flat, which no order of the gateway's is meant to do: both legs of a bracket
 * have filled, for one. Nobody wants what it has now, and it is closed at once.
 */
export function flatten(state: GatewayState, { desk, runId, symbol, side }: ChildOrder): void {
  const position = desk.positions.get(runId);
  if (position === undefined || (position.qty.s < 0) !== (side === "sell")) return;
  const text = "{symbol}: {strategy} went through flat, to {qty}: that is closed at once";
  state.options.log("error", text, {
    symbol,
    strategy: state.runs.get(runId)?.strategy ?? `run ${runId}`,
    qty: plain(position.qty),
    alert: "reversal",
  });
  // They were for the other side.
  const protection = desk.protections.get(runId);
  if (protection !== undefined) {
    protection.stopPrice = null;
    protection.targetPrice = null;
  }
  const open = desk.openWork(runId);
  if (open === null || !isOwnExit(open)) desk.open(state.exitOf(runId, desk, "liquidation"));
}
