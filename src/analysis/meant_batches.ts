import type { Store } from "../contracts/store.ts";
import { exchangeDate } from "../model/calendar.ts";
import { OperationError } from "../util/errors.ts";
import { batchOf } from "./batch_of.ts";

/** Which batches: of these the first that is given; nothing: the newest. */
export interface MeantBatches {
  /** An id, what it begins with, or "last". */
  batch?: string;
  /** Whole ids. */
  batches?: readonly string[];
  portfolio?: string;
  /** Of traders, not backtests, that began in [fromUs, toUs): microseconds since the epoch. */
  fromUs?: number;
  toUs?: number;
}

/**
 * Batches that are meant: one that is named, those of a portfolio, or, by dates alone, the traders' that
 * began in them. Throws OperationError where there is none.
 */
export async function meantBatches(
  store: Pick<Store, "runs" | "batches" | "liveRuns" | "portfolioBatches">,
  { batch, batches, portfolio, fromUs, toUs }: MeantBatches,
): Promise<string[]> {
  if (batch !== undefined) return [await batchOf(store, batch)];
  if (batches !== undefined) return [...batches];
  if (portfolio !== undefined) {
    const found = await store.portfolioBatches(portfolio);
    if (found === null) throw new OperationError(`There is no portfolio "${portfolio}"`);
    if (found.batchIds.length > 0) return found.batchIds;
    throw new OperationError(
      `No batch is attached to portfolio "${portfolio}" yet: trade with it first`,
    );
  }
  if (fromUs === undefined && toUs === undefined) return [await batchOf(store, "last")];
  const runs = await store.liveRuns(fromUs ?? 0, toUs === undefined ? FAR_US : toUs - 1);
  if (runs.length === 0) {
    const dates = [
      ...(fromUs === undefined ? [] : [`from ${exchangeDate(fromUs)}`]),
      ...(toUs === undefined ? [] : [`to ${exchangeDate(toUs - 1)}`]),
    ].join(" ");
    throw new OperationError(
      `No trader's batch began ${dates}. A backtest is meant by its id: liu backtest list`,
    );
  }
  return [...new Set(runs.map(({ batchId }) => batchId))].reverse();
}

/** The year 2200. */
const FAR_US = 7.258e15;
