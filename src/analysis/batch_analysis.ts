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

/** One strategy in one symbol, over all its runs. Decimal texts. */
export interface GainRow {
  symbol: string;
  strategy: string;
  executions: number;
  /** Round trips that are closed. */
  trades: number;
  gainValue: string;
  /** Of the notional that was opened in the closed trades. */
  gainPercentage: string;
  /** Mean of the trades that had a stop; null where none had. */
  rUnits: string | null;
  fees: string;
  /** Signed quantity that is still held. */
  openQty: string;
}

export interface BatchAnalysis {
  rows: GainRow[];
  totals: {
    executions: number;
    trades: number;
    wins: number;
    gainValue: string;
    fees: string;
    /** Sum of what executions did to the cash: sales − purchases − fees. */
    cashChange: string;
    openPositions: number;
  };
}

/** Round trips of a batch's executions; a run that continues another carries its positions on. */
export function analyzeBatch(runs: readonly RunRow[], trades: readonly TradeRow[]): {
  analysis: BatchAnalysis;
  results: SymbolResult[];
} {
  const continues = new Map<number, number>();
  const ids = new Set(runs.map(({ algoRunId }) => algoRunId));
  for (const { algoRunId, refAlgoRun } of runs) {
    if (refAlgoRun !== null && ids.has(refAlgoRun)) continues.set(algoRunId, refAlgoRun);
  }
  const results = analyzeTrades([...trades], { continues });
  const names = new Map(runs.map(({ algoRunId, algoName }) => [algoRunId, algoName]));
  const groups = Map.groupBy(
    results,
    ({ algoRunId, symbol }) => JSON.stringify([symbol, names.get(algoRunId) ?? String(algoRunId)]),
  );
  const rows = [...groups].sort(([x], [y]) => x < y ? -1 : 1).map(([key, group]) => {
    const [symbol, strategy] = JSON.parse(key) as [string, string];
    const runsOf = new Set(runs.filter((run) => run.algoName === strategy).map((r) => r.algoRunId));
    const executions = trades.filter((one) => one.symbol === symbol && runsOf.has(one.algoRunId));
    return gainRow({ symbol, strategy, executions: executions.length, group });
  });
  return { analysis: { rows, totals: totalsOf(rows, results, trades) }, results };
}

/** Writes gain_loss and trade_analysis of a batch, and gives what they say. Twice changes nothing. */
export async function analyzeAndStore(
  store: Store,
  batchId: string,
  nowUs: number,
): Promise<BatchAnalysis> {
  await store.flush();
  const [runs, trades] = [await store.runs(batchId), await store.trades(batchId)];
  const { analysis, results } = analyzeBatch(runs, trades);
  store.write(results.flatMap((result): StoreRecord[] => [
    { table: "gain_loss", row: gainLossRow(result, nowUs) },
    ...tradeAnalysisRows(result, nowUs).map((row) => ({ table: "trade_analysis" as const, row })),
  ]));
  await store.flush();
  return analysis;
}

function gainRow(
  { symbol, strategy, executions, group }: {
    symbol: string;
    strategy: string;
    executions: number;
    group: SymbolResult[];
  },
): GainRow {
  const trips = group.flatMap((result) => result.trips);
  const rUnits = trips.flatMap((trip) => trip.rUnits === null ? [] : [decimal(trip.rUnits)]);
  const opened = sum(trips.map((trip) => trip.openingNotional));
  const gain = sum(group.map((result) => result.gainValue));
  const openQty = sum(
    group.map(({ open }) => open === null ? "0" : open.side === "long" ? open.qty : `-${open.qty}`),
  );
  return {
    symbol,
    strategy,
    executions,
    trades: trips.length,
    gainValue: plain(gain),
    gainPercentage: opened.eq(0) ? "0" : plain(gain.div(opened).times(100).round(4)),
    rUnits: rUnits.length === 0 ? null : plain(sum(rUnits).div(rUnits.length).round(2)),
    fees: plain(sum(group.map((result) => result.fees))),
    openQty: plain(openQty),
  };
}

function totalsOf(
  rows: GainRow[],
  results: SymbolResult[],
  trades: readonly TradeRow[],
): BatchAnalysis["totals"] {
  const trips = results.flatMap((result) => result.trips);
  const cash = trades.map(({ operation, qty, price, fee }) => {
    const notional = decimal(qty).times(price);
    const isBuy = operation === "buy" || operation === "buy_short";
    return (isBuy ? notional.times(-1) : notional).minus(fee);
  });
  return {
    executions: trades.length,
    trades: trips.length,
    wins: trips.filter(({ gainValue }) => decimal(gainValue).gt(0)).length,
    gainValue: plain(sum(rows.map((row) => row.gainValue))),
    fees: plain(sum(rows.map((row) => row.fees))),
    cashChange: plain(sum(cash)),
    openPositions: results.filter(({ open }) => open !== null).length,
  };
}

function sum(values: (string | Decimal)[]): Decimal {
  return values.reduce<Decimal>((total, value) => total.plus(value), decimal(0));
}
