/** What is stored of gains against what executions say. */
import type { GainLossRow, StoreRecord, TradeAnalysisRow } from "../contracts/store.ts";
import { gainLossRow, type SymbolResult, tradeAnalysisRows } from "../fincalcs/trade_analysis.ts";
import { decimal } from "../util/decimal.ts";

/** The records that make what is stored say the same, and how many of each kind they are. */
export function differences(
  results: readonly SymbolResult[],
  stored: { gains: readonly GainLossRow[]; trips: readonly TradeAnalysisRow[] },
  nowUs: number,
): { records: StoreRecord[]; gains: number; trades: number; removed: number } {
  const gains = results.map((result) => gainLossRow(result, nowUs));
  const trips = results.flatMap((result) => tradeAnalysisRows(result, nowUs));
  const newGains = changed(gains, stored.gains, gainKey);
  const newTrips = changed(trips, stored.trips, tripKey);
  const staleGains = gone(stored.gains, gains, gainKey)
    .map(({ algoRunId, symbol }) => ({ algoRunId, symbol, startUs: null }));
  const staleTrips = gone(stored.trips, trips, tripKey)
    .map(({ algoRunId, symbol, startUs }) => ({ algoRunId, symbol, startUs }));
  const stale = [...staleGains, ...staleTrips];
  return {
    records: [
      ...newGains.map((row) => ({ table: "gain_loss" as const, row })),
      ...newTrips.map((row) => ({ table: "trade_analysis" as const, row })),
      ...stale.map((row) => ({ table: "stale_gain" as const, row })),
    ],
    gains: newGains.length,
    trades: newTrips.length,
    removed: stale.length,
  };
}

function gainKey({ algoRunId, symbol }: GainLossRow): string {
  return `${algoRunId} ${symbol}`;
}

function tripKey({ algoRunId, symbol, startUs }: TradeAnalysisRow): string {
  return `${algoRunId} ${startUs} ${symbol}`;
}

function changed<T extends GainLossRow | TradeAnalysisRow>(
  rows: readonly T[],
  stored: readonly T[],
  key: (row: T) => string,
): T[] {
  const said = new Map(stored.map((row) => [key(row), saidBy(row)]));
  return rows.filter((row) => said.get(key(row)) !== saidBy(row));
}

function gone<T>(stored: readonly T[], rows: readonly T[], key: (row: T) => string): T[] {
  const there = new Set(rows.map(key));
  return stored.filter((row) => !there.has(key(row)));
}

/** All but when it was worked out. */
function saidBy(row: GainLossRow | TradeAnalysisRow): string {
  const amount = (text: string | null) => text === null ? null : decimal(text).toString();
  const { gainValue, gainPercentage } = row;
  const ofTrip = "endUs" in row ? [row.endUs, amount(row.rUnits)] : [];
  return JSON.stringify([amount(gainValue), amount(gainPercentage), ...ofTrip]);
}
