/** What positions, and entries on their way, are worth: account currency, longs and shorts added up. */
import type { Desk } from "./desk.ts";
import type { GatewayState } from "./state.ts";
import { isEntry, restOf } from "./work.ts";

/** Of all runs in a symbol, at this price. */
export function exposureOf(desk: Desk, price: number): number {
  let qty = 0;
  for (const [, position] of desk.positions.entries()) qty += Math.abs(position.qty.toNumber());
  for (const work of desk.works) if (isEntry(work.action)) qty += restOf(work).toNumber();
  return qty * price;
}

/**
 * Of all runs in all symbols, each at the last price that the gateway has seen where it watches the
 * symbol, else at what was paid.
 */
export function grossExposure(state: GatewayState): number {
  return sumOf(state, null);
}

/** Of all runs of a strategy. */
export function strategyExposure(state: GatewayState, strategy: string): number {
  return sumOf(state, strategy);
}

function sumOf(state: GatewayState, strategy: string | null): number {
  let sum = 0;
  for (const desk of state.desks.values()) {
    if (desk.positions.size + desk.works.length === 0) continue;
    for (const [runId, { qty, averagePrice }] of desk.positions.entries()) {
      if (strategy !== null && state.runs.get(runId)?.strategy !== strategy) continue;
      sum += Math.abs(qty.toNumber()) * priceOf(desk, averagePrice);
    }
    for (const work of desk.works) {
      if (!isEntry(work.action) || (strategy !== null && work.strategy !== strategy)) continue;
      sum += restOf(work).toNumber() * priceOf(desk, work.referencePrice);
    }
  }
  return sum;
}

function priceOf({ lastPrice }: Desk, otherwise: number): number {
  return lastPrice > 0 ? lastPrice : otherwise;
}
