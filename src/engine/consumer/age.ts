import { type MarketBatch, RowKind } from "../../model/market_batch.ts";
import { MINUTE_US } from "./symbol_state.ts";

/** Older than this, an event is dropped, and the queue with it. */
export const AGE_MAX_US = 5e6;

/** How long ago the row at `i` was due; −∞ for rows that have no age. */
export function ageOf(batch: MarketBatch, i: number, nowUs: number, rate: number): number {
  const kind = batch.kind[i];
  if (kind > RowKind.quote || kind === RowKind.updatedBar || kind === RowKind.dailyBar) {
    return -Infinity;
  }
  const dueUs = batch.timeUs[i] + (kind === RowKind.minuteBar ? MINUTE_US : 0);
  // At a rate above 1 the same delay on this machine is more market time: what counts is the delay.
  return (nowUs - dueUs) / Math.max(1, rate);
}
