import type { RunRow, Store, TradeRow } from "../contracts/store.ts";
import { decimal } from "../util/decimal.ts";

type Stored = Pick<Store, "liveRuns" | "trades">;

/**
 * The executions that opened what a live batch took over from batches before it, as those of the runs
 * that carry it on: of each strategy and symbol those since it was flat. A backtest takes nothing
 * over.
 *
 * A run refers to one before it, but with another number of consumers one takes over what several
 * held, or several refer to the same: so it is the strategy that is followed, through all batches
 * that its runs refer to.
 */
export async function tradesBefore(store: Stored, runs: readonly RunRow[]): Promise<TradeRow[]> {
  const own = new Set(runs.map(({ algoRunId }) => algoRunId));
  const taken = runs.filter(({ environment, refAlgoRun }) =>
    environment !== "BACKTEST" && refAlgoRun !== null && !own.has(refAlgoRun)
  );
  if (taken.length === 0) return [];
  const latestUs = Math.max(...taken.map(({ startUs }) => startUs));
  const before = new RunsBefore(await store.liveRuns(0, latestUs));
  const byBatch = new Map<string, readonly TradeRow[]>();
  const tradesOf = async (batchId: string) => {
    if (!byBatch.has(batchId)) byBatch.set(batchId, await store.trades(batchId));
    return byBatch.get(batchId)!;
  };
  const found: TradeRow[] = [];
  for (const [algoName, first] of Map.groupBy(taken, (run) => run.algoName)) {
    const trades: TradeRow[] = [];
    for (const batchId of before.batchesOf(algoName, first)) {
      const ids = before.idsOf(algoName, batchId);
      trades.push(...(await tradesOf(batchId)).filter((row) => ids.has(row.algoRunId)));
    }
    trades.sort((a, b) => a.tradeUs - b.tradeUs);
    const held = [...Map.groupBy(trades, ({ symbol }) => symbol).values()].map(sinceFlat)
      .filter((rows) => rows.length > 0);
    if (held.length === 0) continue;
    const heirs = new Heirs(
      runs.filter((run) => run.algoName === algoName),
      first,
      first.length > 1 ? await tradesOf(first[0].batchId) : [],
    );
    for (const rows of held) {
      const algoRunId = heirs.of(rows);
      found.push(...rows.map((row) => ({ ...row, algoRunId })));
    }
  }
  return found;
}

class RunsBefore {
  readonly #byId: ReadonlyMap<number, RunRow>;
  readonly #byBatch: ReadonlyMap<string, RunRow[]>;

  constructor(runs: readonly RunRow[]) {
    this.#byId = new Map(runs.map((run) => [run.algoRunId, run]));
    this.#byBatch = Map.groupBy(runs, ({ batchId }) => batchId);
  }

  idsOf(algoName: string, batchId: string): Set<number> {
    const runs = this.#byBatch.get(batchId)!.filter((run) => run.algoName === algoName);
    return new Set(runs.map(({ algoRunId }) => algoRunId));
  }

  /** Those that these runs carry on, and those before, the oldest first. */
  batchesOf(algoName: string, runs: readonly RunRow[]): string[] {
    const batches = new Set<string>();
    for (let next = [...runs]; next.length > 0;) {
      const referred = next.flatMap(({ refAlgoRun }) => this.#byId.get(refAlgoRun ?? -1) ?? [])
        .map(({ batchId }) => batchId).filter((id) => !batches.has(id));
      for (const id of referred) batches.add(id);
      next = [...new Set(referred)].flatMap((id) =>
        this.#byBatch.get(id)!.filter((run) => run.algoName === algoName)
      );
    }
    return [...batches].reverse();
  }
}

/** Which run of a strategy got what was held: the one that first traded it, else the one told so. */
class Heirs {
  readonly #bySymbol = new Map<string, number>();
  readonly #taken: readonly RunRow[];

  constructor(runs: readonly RunRow[], taken: readonly RunRow[], own: readonly TradeRow[]) {
    this.#taken = taken;
    const ids = new Set(runs.map(({ algoRunId }) => algoRunId));
    for (const { algoRunId, symbol } of own) {
      if (ids.has(algoRunId) && !this.#bySymbol.has(symbol)) this.#bySymbol.set(symbol, algoRunId);
    }
  }

  of(held: readonly TradeRow[]): number {
    const { symbol, algoRunId } = held.at(-1)!;
    const told = this.#taken.find(({ refAlgoRun }) => refAlgoRun === algoRunId) ?? this.#taken[0];
    return this.#bySymbol.get(symbol) ?? told.algoRunId;
  }
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
