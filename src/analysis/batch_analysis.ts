/**
 * What a batch earned, by symbol and strategy: the same numbers at the session's end, in the miner and in reports.
 * Invariant: the totals are the sums of the rows, and the rows those of the executions, in exact decimals.
 */
import type { RunRow, Store, StoreRecord, TradeRow } from "../contracts/store.ts";
import {
  analyzeTrades,
  gainLossRow,
  type SymbolResult,
  tradeAnalysisRows,
} from "../fincalcs/trade_analysis.ts";
import { Decimal, decimal, plain } from "../util/decimal.ts";
import { differences } from "./stored_gains.ts";
import { tradesBefore } from "./trades_before.ts";

/** What some executions earned. Decimal texts. */
export interface Gain {
  executions: number;
  /** Round trips that are closed, and those of them that gained. */
  trades: number;
  wins: number;
  gainValue: string;
  /** Of the notional that was opened in the closed trades. */
  gainPercentage: string;
  /** Mean of the closed trades that had a stop; null where none had. */
  rUnits: string | null;
  fees: string;
  /** The same without fees: what a batch whose fees are not known can be compared by. */
  beforeFees: { wins: number; gainValue: string };
}

/** One strategy in one symbol, over all its runs. */
export interface GainRow extends Gain {
  symbol: string;
  strategy: string;
  /** Signed quantity that is still held. */
  openQty: string;
}

export interface BatchAnalysis {
  /** By symbol and strategy. */
  rows: GainRow[];
  strategies: (Gain & { strategy: string })[];
  /**
   * The fees are in it. Not so of a session at a broker whose fills tell none, as Alpaca's: its
   * fees are 0 here, whatever the account paid.
   */
  hasFees: boolean;
  totals: Gain & {
    /** Sum of what executions did to the cash: sales − purchases − fees. */
    cashChange: string;
    openPositions: number;
  };
}

/** What is looked at of a run; where runs are of several batches, their batches too. */
export type AnalyzedRun =
  & Pick<RunRow, "algoRunId" | "algoName" | "refAlgoRun" | "environment">
  & { batchId?: string };

/**
 * Round trips of executions of a batch, or of several; a run that continues another carries its
 * positions on.
 * `before`: what opened those that were taken over from batches before, as this batch's runs'. Trades
 * that began with them are of this batch; their executions are not counted again.
 */
export function analyzeBatch(
  runs: readonly AnalyzedRun[],
  trades: readonly TradeRow[],
  before: readonly TradeRow[] = [],
): {
  analysis: BatchAnalysis;
  results: SymbolResult[];
} {
  const results = analyzeTrades(trades, { continues: continuedRuns(runs), before });
  const names = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const nameOf = (algoRunId: number) => names.get(algoRunId) ?? `run ${algoRunId}`;
  const group = (keyOf: (row: { algoRunId: number; symbol: string }) => string) => {
    const ofTrades = Map.groupBy(trades, keyOf);
    return [...Map.groupBy(results, keyOf)].sort(([x], [y]) => x < y ? -1 : 1)
      .map(([key, group]) => ({ key, group, gain: gainOf(group, ofTrades.get(key)?.length ?? 0) }));
  };
  const bySymbol = group(({ algoRunId, symbol }) => JSON.stringify([symbol, nameOf(algoRunId)]));
  const rows = bySymbol.map(({ key, group, gain }): GainRow => {
    const [symbol, strategy] = JSON.parse(key) as [string, string];
    return { symbol, strategy, ...gain, openQty: openQtyOf(group) };
  });
  const strategies = group(({ algoRunId }) => nameOf(algoRunId))
    .map(({ key, gain }) => ({ strategy: key, ...gain }));
  const totals = {
    ...gainOf(results, trades.length),
    cashChange: cashChangeOf(trades),
    openPositions: results.filter(({ open }) => open !== null).length,
  };
  const hasFees = runs.every(({ environment }) => environment === "BACKTEST") ||
    trades.some(({ fee }) => decimal(fee).gt(0));
  return { analysis: { rows, strategies, hasFees, totals }, results };
}

/**
 * Run → the older one that it goes on for. Within a batch that is what it refers to. A batch that
 * refers to another one carries on all that its strategy held there, whichever runs held it: so all
 * the strategy's runs of both are one.
 */
function continuedRuns(runs: readonly AnalyzedRun[]): Map<number, number> {
  const byId = new Map(runs.map((run) => [run.algoRunId, run]));
  const ofBatch = Map.groupBy(runs, ({ batchId, algoName }) => JSON.stringify([batchId, algoName]));
  const continues = new Map<number, number>();
  for (const run of runs) {
    const referred = byId.get(run.refAlgoRun ?? -1);
    if (referred?.batchId === run.batchId && referred !== undefined) {
      continues.set(run.algoRunId, referred.algoRunId);
    }
  }
  const firstOf = (run: AnalyzedRun) => {
    const all = ofBatch.get(JSON.stringify([run.batchId, run.algoName]))!;
    return all.reduce((first, one) => one.algoRunId < first.algoRunId ? one : first);
  };
  const join = (run: AnalyzedRun, first: AnalyzedRun) => {
    if (run !== first && !continues.has(run.algoRunId)) {
      continues.set(run.algoRunId, first.algoRunId);
    }
  };
  for (const group of ofBatch.values()) {
    // A backtest refers to what it traded again, and takes nothing over.
    if (group[0].environment === "BACKTEST") continue;
    const before = group.map(({ refAlgoRun }) => byId.get(refAlgoRun ?? -1))
      .find((referred) => referred !== undefined && referred.batchId !== group[0].batchId);
    if (before === undefined) continue;
    const first = firstOf(before);
    for (const run of ofBatch.get(JSON.stringify([before.batchId, before.algoName]))!) {
      join(run, first);
    }
    for (const run of group) join(run, first);
  }
  return continues;
}

/** As storeAnalysis, of what the store has of the batch. */
export async function analyzeAndStore(
  store: Store,
  batchId: string,
  nowUs: number,
): Promise<BatchAnalysis> {
  return (await analyzeAndStoreAll(store, batchId, nowUs)).analysis;
}

/** The same, with the round trips that it is made of. */
export async function analyzeAndStoreAll(
  store: Store,
  batchId: string,
  nowUs: number,
): Promise<ReturnType<typeof analyzeBatch>> {
  return await recalculateBatch(store, batchId, { nowUs, isDryRun: false });
}

/** What a recalculation found, and how many rows it changed, or would have. */
export interface Recalculated extends ReturnType<typeof analyzeBatch> {
  gains: number;
  trades: number;
  /** Rows that say what no execution says any more. */
  removed: number;
}

/**
 * Makes gain_loss and trade_analysis say what the stored executions say: the session's end and the
 * gainloss miner come through here. Only rows that differ are written, and those are removed that an
 * earlier calculation made of fewer executions; twice changes nothing. What is written is stored
 * when this returns.
 */
export async function recalculateBatch(
  store: Store,
  batchId: string,
  { nowUs, isDryRun }: { nowUs: number; isDryRun: boolean },
): Promise<Recalculated> {
  await store.flush();
  const [runs, trades] = [await store.runs(batchId), await store.trades(batchId)];
  const analyzed = analyzeBatch(runs, trades, await tradesBefore(store, runs));
  const { records, ...counts } = differences(analyzed.results, {
    gains: await store.gainLoss(batchId),
    trips: await store.tradeAnalysis(batchId),
  }, nowUs);
  if (!isDryRun && records.length > 0) {
    store.write(records);
    await store.flush();
  }
  return { ...analyzed, ...counts };
}

/**
 * Writes gain_loss and trade_analysis of a batch of which none is stored yet, and gives what they
 * say when all that was written is stored.
 */
export async function storeAnalysis(
  store: Store,
  runs: readonly AnalyzedRun[],
  trades: readonly TradeRow[],
  nowUs: number,
  before: readonly TradeRow[] = [],
): Promise<ReturnType<typeof analyzeBatch>> {
  const { analysis, results } = analyzeBatch(runs, trades, before);
  store.write(results.flatMap((result): StoreRecord[] => [
    { table: "gain_loss", row: gainLossRow(result, nowUs) },
    ...tradeAnalysisRows(result, nowUs).map((row) => ({ table: "trade_analysis" as const, row })),
  ]));
  await store.flush();
  return { analysis, results };
}

function gainOf(results: SymbolResult[], executions: number): Gain {
  const trips = results.flatMap((result) => result.trips);
  const rUnits = trips.flatMap((trip) => trip.rUnits === null ? [] : [trip.rUnits]);
  const opened = sum(trips.map((trip) => trip.openingNotional));
  const closed = sum(trips.map((trip) => trip.gainValue));
  const gainValue = sum(results.map((result) => result.gainValue));
  const fees = sum(results.map((result) => result.fees));
  const gainFees = sum(results.map((result) => result.gainFees));
  return {
    executions,
    trades: trips.length,
    wins: trips.filter(({ gainValue }) => decimal(gainValue).gt(0)).length,
    gainValue: plain(gainValue),
    gainPercentage: opened.eq(0) ? "0" : plain(closed.div(opened).times(100).round(4)),
    rUnits: rUnits.length === 0 ? null : plain(sum(rUnits).div(rUnits.length).round(2)),
    fees: plain(fees),
    beforeFees: {
      wins: trips.filter((trip) => decimal(trip.gainValue).plus(trip.fees).gt(0)).length,
      gainValue: plain(gainValue.plus(gainFees)),
    },
  };
}

function openQtyOf(results: SymbolResult[]): string {
  return plain(
    sum(
      results.map(({ open }) =>
        open === null ? "0" : open.side === "long" ? open.qty : `-${open.qty}`
      ),
    ),
  );
}

function cashChangeOf(trades: readonly TradeRow[]): string {
  return plain(sum(trades.map(({ operation, qty, price, fee }) => {
    const notional = decimal(qty).times(price);
    const isBuy = operation === "buy" || operation === "buy_short";
    return (isBuy ? notional.times(-1) : notional).minus(fee);
  })));
}

function sum(values: (string | Decimal)[]): Decimal {
  return values.reduce<Decimal>((total, value) => total.plus(value), decimal(0));
}
