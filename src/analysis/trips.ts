/** Round trips as plain rows of numbers, with all that reports want of one. */
import type { RunRow, TradeRow } from "../contracts/store.ts";
import type { SymbolResult } from "../fincalcs/trade_analysis.ts";
import type { PriceBook } from "./price_book.ts";

/** One round trip. Amounts in account currency; times in microseconds since the epoch. */
export interface Trip {
  batchId: string;
  strategy: string;
  symbol: string;
  side: "long" | "short";
  startUs: number;
  endUs: number;
  qty: number;
  entryPrice: number;
  exitPrice: number;
  stopPrice: number | null;
  targetPrice: number | null;
  fees: number;
  gain: number;
  /** Of the opening notional, %. */
  gainPercent: number;
  r: number | null;
  executions: number;
  /** How far the price went against, and for it, from the entry, % of it, ≥ 0; null: no prices. */
  maePercent: number | null;
  mfePercent: number | null;
}

export function tripsOf(
  results: readonly SymbolResult[],
  { runs, trades }: { runs: readonly RunRow[]; trades: readonly TradeRow[] },
  prices: PriceBook,
): Trip[] {
  const runOf = new Map(runs.map((run) => [run.algoRunId, run]));
  const strategyOf = (id: number) => runOf.get(id)?.algoName ?? `run ${id}`;
  const keyOf = (row: { algoRunId: number; symbol: string }) =>
    `${strategyOf(row.algoRunId)}\n${row.symbol}`;
  const entries = Map.groupBy(trades, keyOf);
  const trips: Trip[] = [];
  for (const result of results) {
    const { algoRunId, symbol } = result;
    const rows = entries.get(keyOf(result)) ?? [];
    let next = 0;
    for (const trip of result.trips) {
      while (next < rows.length && !isEntryOf(trip, rows[next])) next++;
      const entry = rows[next];
      const entryPrice = Number(trip.entryPrice);
      trips.push({
        batchId: runOf.get(algoRunId)?.batchId ?? "",
        strategy: strategyOf(algoRunId),
        symbol,
        side: trip.side,
        startUs: trip.startUs,
        endUs: trip.endUs,
        qty: Number(trip.qty),
        entryPrice,
        exitPrice: Number(trip.exitPrice),
        stopPrice: numberOf(entry?.stopPrice),
        targetPrice: numberOf(entry?.targetPrice),
        fees: Number(trip.fees),
        gain: Number(trip.gainValue),
        gainPercent: Number(trip.gainPercentage),
        r: numberOf(trip.rUnits),
        executions: trip.executions,
        ...excursions(symbol, trip.side, { ...trip, entryPrice }, prices),
      });
    }
  }
  return trips.sort((a, b) => a.endUs - b.endUs || a.startUs - b.startUs);
}

/** Two trips that began at one time were told apart by a microsecond. */
function isEntryOf(
  { side, startUs }: { side: Trip["side"]; startUs: number },
  { tradeUs, operation }: TradeRow,
): boolean {
  const isBuy = operation === "buy" || operation === "buy_short";
  return tradeUs >= startUs - 1 && isBuy === (side === "long");
}

function excursions(
  symbol: string,
  side: Trip["side"],
  trip: { startUs: number; endUs: number; entryPrice: number; exitPrice: string },
  prices: PriceBook,
): Pick<Trip, "maePercent" | "mfePercent"> {
  const { entryPrice: entry } = trip;
  const exit = Number(trip.exitPrice);
  if (prices.get(symbol) === null || !(entry > 0)) return { maePercent: null, mfePercent: null };
  const range = prices.range(symbol, trip.startUs, trip.endUs);
  const low = Math.min(range?.low ?? Infinity, entry, exit);
  const high = Math.max(range?.high ?? -Infinity, entry, exit);
  const [down, up] = [100 * (entry - low) / entry, 100 * (high - entry) / entry];
  return side === "long"
    ? { maePercent: down, mfePercent: up }
    : { maePercent: up, mfePercent: down };
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
