/** What is to be reported on, read from the store and nowhere else. Nothing is written. */
import type { BatchFigures, DenialRow, RunRow, Store, TradeRow } from "../contracts/store.ts";
import { decimal } from "../util/decimal.ts";
import { OperationError } from "../util/errors.ts";
import { tradesBefore } from "./trades_before.ts";

export interface Filters {
  /** Executions in [fromUs, toUs): microseconds since the epoch. */
  fromUs?: number;
  toUs?: number;
  /** Empty or left out: all. */
  strategies?: readonly string[];
  symbols?: readonly string[];
}

/** Batches put together as one story. */
export interface Selection {
  batchIds: string[];
  filters: Filters;
  /** Runs of all of them; a backtest's carries nothing on. */
  runs: RunRow[];
  /** Executions that the filters let through, in the order of time. */
  trades: TradeRow[];
  /** What opened the positions that were there before the first of them. */
  before: TradeRow[];
  denials: DenialRow[];
  figures: ReadonlyMap<string, BatchFigures>;
  /** The filters took something away. */
  isPart: boolean;
}

type Readable = Pick<
  Store,
  "runs" | "trades" | "denials" | "liveRuns" | "batchFigures"
>;

/** Throws OperationError for a batch that is not there. */
export async function loadSelection(
  store: Readable,
  batchIds: readonly string[],
  filters: Filters = {},
): Promise<Selection> {
  const runs: RunRow[] = [];
  const all: TradeRow[] = [];
  const denials: DenialRow[] = [];
  const figures = new Map<string, BatchFigures>();
  const ids = [...new Set(batchIds)];
  for (const batchId of ids) {
    const own = await store.runs(batchId);
    if (own.length === 0) throw new OperationError(`There is no batch "${batchId}"`);
    runs.push(
      ...own.map((run) => run.environment === "BACKTEST" ? { ...run, refAlgoRun: null } : run),
    );
    for (const row of await store.trades(batchId)) all.push(row);
    for (const row of await store.denials(batchId)) denials.push(row);
    const known = await store.batchFigures(batchId);
    if (known !== null) figures.set(batchId, known);
  }
  all.sort((a, b) => a.tradeUs - b.tradeUs);
  const carried = await tradesBefore(store, runs);
  const nameOf = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const { fromUs = -Infinity, toUs = Infinity, strategies = [], symbols = [] } = filters;
  const isMeant = ({ algoRunId, symbol }: { algoRunId: number; symbol: string }) =>
    (strategies.length === 0 || strategies.includes(nameOf.get(algoRunId) ?? "")) &&
    (symbols.length === 0 || symbols.includes(symbol));
  const meant = all.filter(isMeant);
  const trades = meant.filter(({ tradeUs }) => tradeUs >= fromUs && tradeUs < toUs);
  const earlier = [...carried.filter(isMeant), ...meant.filter(({ tradeUs }) => tradeUs < fromUs)];
  return {
    batchIds: ids,
    filters,
    runs: runs.filter(({ algoName }) => strategies.length === 0 || strategies.includes(algoName)),
    trades,
    before: opensOf(earlier),
    denials: denials.filter(isMeant).filter(({ timeUs }) => timeUs >= fromUs && timeUs < toUs),
    figures,
    isPart: trades.length < all.length || strategies.length > 0 || symbols.length > 0 ||
      fromUs > Math.min(...runs.map(({ startUs }) => startUs)) ||
      toUs < Math.max(...runs.map(({ endUs, startUs }) => endUs ?? startUs)),
  };
}

/** Of each run and symbol those since it was flat. */
function opensOf(trades: readonly TradeRow[]): TradeRow[] {
  const groups = Map.groupBy(trades, ({ algoRunId, symbol }) => `${algoRunId} ${symbol}`);
  return [...groups.values()].flatMap((rows) => {
    let from = 0;
    let qty = decimal(0);
    for (const [i, row] of rows.entries()) {
      const isBuy = row.operation === "buy" || row.operation === "buy_short";
      qty = isBuy ? qty.plus(row.qty) : qty.minus(row.qty);
      if (qty.isZero) from = i + 1;
    }
    return rows.slice(from);
  });
}
