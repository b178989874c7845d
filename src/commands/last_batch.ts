import type { Settings } from "../config/environment.ts";
import type { Environment, TradeRow } from "../contracts/store.ts";
import { type Decimal, decimal, plain } from "../util/decimal.ts";
import { OperationError } from "../util/errors.ts";
import { openSettingsStore } from "./store.ts";

const BATCHES_LOOKED_AT = 50;

export interface LastBatch {
  batchId: string;
  environment: Environment;
  startUs: number;
  runs: { name: string; endUs: number | null; endReason: string | null }[];
  /** What its executions leave open: decimal texts, a short is negative. */
  open: { symbol: string; strategy: string; qty: string }[];
}

/** The newest batch that was no backtest, as it is stored; null: there is none, or no database. */
export async function lastBatch(settings: Settings): Promise<LastBatch | null> {
  let worker;
  try {
    worker = await openSettingsStore(settings, { readOnly: true });
  } catch (error) {
    if (error instanceof OperationError) return null;
    throw error;
  }
  try {
    const store = worker.connect();
    const batch = (await store.batches(BATCHES_LOOKED_AT))
      .find(({ environment }) => environment !== "BACKTEST");
    if (batch === undefined) return null;
    const { batchId, environment, startUs } = batch;
    const runs = await store.runs(batchId);
    const nameOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
    return {
      batchId,
      environment,
      startUs,
      runs: runs.map(({ algoName, endUs, endReason }) => ({ name: algoName, endUs, endReason })),
      open: openOf(await store.trades(batchId), nameOf),
    };
  } finally {
    await worker.close();
  }
}

function openOf(
  trades: readonly TradeRow[],
  nameOf: ReadonlyMap<number, string>,
): LastBatch["open"] {
  const sums = new Map<string, { symbol: string; strategy: string; qty: Decimal }>();
  for (const { algoRunId, symbol, operation, qty } of trades) {
    const strategy = nameOf.get(algoRunId) ?? `run ${algoRunId}`;
    const key = JSON.stringify([symbol, strategy]);
    const sum = sums.get(key) ?? { symbol, strategy, qty: decimal(0) };
    const isBought = operation === "buy" || operation === "buy_short";
    sums.set(key, { ...sum, qty: isBought ? sum.qty.plus(qty) : sum.qty.minus(qty) });
  }
  return [...sums.values()].filter(({ qty }) => !qty.isZero)
    .map(({ symbol, strategy, qty }) => ({ symbol, strategy, qty: plain(qty) }));
}
