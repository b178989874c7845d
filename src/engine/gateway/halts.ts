import type { GatewayState } from "./state.ts";
import { isEntry } from "./work.ts";

/**
 * Trading in a symbol is halted, or goes on. Entries that are open would be filled at whatever price
 * trading begins again: they are cancelled. Exits are left alone, they wait at the exchange.
 */
export function setHalted(state: GatewayState, symbol: string, isHalted: boolean): void {
  if (!isHalted) {
    state.halted.delete(symbol);
    return;
  }
  state.halted.add(symbol);
  const desk = state.desks.get(symbol);
  if (desk === undefined) return;
  for (const work of desk.works) {
    if (isEntry(work.action)) work.cancelReason ??= `trading in ${symbol} is halted`;
  }
  desk.touch();
}

/** In all symbols. What protects positions, and what closes them, stays. */
export function cancelEntries(state: GatewayState, why: string): void {
  for (const desk of state.board.busy.list) {
    for (const work of desk.works) {
      if (!isEntry(work.action)) continue;
      work.cancelReason ??= why;
      desk.touch();
    }
  }
}
