import type { RunRow, Store, TradeRow } from "../contracts/store.ts";
import { decimal } from "../util/decimal.ts";

type Stored = Pick<Store, "liveRuns" | "trades">;

/**
 * The executions that opened what a live batch took over from batches before it, as those of the runs
 * that carry it on: of each symbol those since its run was flat. A backtest takes nothing over.
 */
export async function tradesBefore(store: Stored, runs: readonly RunRow[]): Promise<TradeRow[]> {
  const own = new Set(runs.map(({ algoRunId }) => algoRunId));
  const taken = runs.filter(({ environment, refAlgoRun }) =>
    environment !== "BACKTEST" && refAlgoRun !== null && !own.has(refAlgoRun)
  );
  if (taken.length === 0) return [];
  const latestUs = Math.max(...taken.map(({ startUs }) => startUs));
  const before = new Map(
    (await store.liveRuns(0, latestUs)).map((run) => [run.algoRunId, run] as const),
  );
  const byBatch = new Map<string, TradeRow[]>();
  const found: TradeRow[] = [];
  for (const { algoRunId, refAlgoRun } of taken) {
    const chain = new Set<number>();
    const trades: TradeRow[] = [];
    for (let run = before.get(refAlgoRun!); run && !chain.has(run.algoRunId);) {
      const { batchId } = run;
      if (!byBatch.has(batchId)) byBatch.set(batchId, await store.trades(batchId));
      trades.push(...byBatch.get(batchId)!.filter((row) => row.algoRunId === run!.algoRunId));
      chain.add(run.algoRunId);
      run = before.get(run.refAlgoRun ?? -1);
    }
    trades.sort((a, b) => a.tradeUs - b.tradeUs);
    for (const rows of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
      found.push(...sinceFlat(rows).map((row) => ({ ...row, algoRunId })));
    }
  }
  return found;
}

function sinceFlat(rows: readonly TradeRow[]): readonly TradeRow[] {
  let from = 0;
  let qty = decimal(0);
  for (const [i, row] of rows.entries()) {
    const isBuy = row.operation === "buy" || row.operation === "buy_short";
    qty = isBuy ? qty.plus(row.qty) : qty.minus(row.qty);
    if (qty.isZero) from = i + 1;
  }
  return rows.slice(from);
}
