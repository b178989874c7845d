/** Selections for tests of what is made of them. */
import type { BatchFigures, RunRow, TradeRow } from "../contracts/store.ts";
import { emptyBars } from "../model/bars.ts";
import { exchangeUs } from "../model/calendar.ts";
import type { Selection } from "./selection.ts";

export const DATE = "2022-01-03";
/** "10:30" of DATE, exchange time. */
export const at = (time: string, date = DATE): number => exchangeUs(date, time);

export function runRow(changes: Partial<RunRow> = {}): RunRow {
  return {
    algoRunId: 1,
    algoName: "mine",
    environment: "PAPER",
    buildNumber: "0.1.0",
    batchId: "b1",
    parameters: { fast: 10 },
    startUs: at("09:30"),
    endUs: at("16:00"),
    endReason: "market close",
    refAlgoRun: null,
    ...changes,
  };
}

let sequence = 0;

export function execution(
  time: number,
  operation: TradeRow["operation"],
  qty: string,
  price: string,
  changes: Partial<TradeRow> = {},
): TradeRow {
  const id = String(++sequence);
  return {
    algoRunId: 1,
    symbol: "AAPL",
    operation,
    qty,
    price,
    fee: "0",
    indicators: null,
    tradeUs: time,
    decidedUs: time - 1000,
    decisionPrice: null,
    stopPrice: null,
    targetPrice: null,
    brokerOrderId: id,
    clientOrderId: id,
    cumulativeQty: qty,
    ...changes,
  };
}

export function selectionOf(
  trades: TradeRow[],
  changes: Partial<Selection> = {},
  startEquity: number | null = 10_000,
): Selection {
  const figures: BatchFigures = {
    startEquity,
    endEquity: startEquity,
    curve: { timeUs: [], equity: [] },
    fromUs: at("09:30"),
    countedToUs: at("16:00"),
    isRoundTheClock: false,
    maxDrawdown: 0,
    costs: null,
    market: null,
  };
  return {
    batchIds: ["b1"],
    filters: {},
    runs: [runRow()],
    trades,
    before: [],
    denials: [],
    figures: startEquity === null ? new Map() : new Map([["b1", figures]]),
    isPart: false,
    ...changes,
  };
}

/** Minute bars from `startUs` on: each opens at the close before, high and low 0.5 beyond. */
export function barsOf(startUs: number, closes: readonly number[]) {
  const bars = emptyBars(closes.length);
  for (const [i, close] of closes.entries()) {
    const open = closes[i - 1] ?? close;
    bars.timeUs[i] = startUs + i * 60e6;
    bars.open[i] = open;
    bars.high[i] = Math.max(open, close) + 0.5;
    bars.low[i] = Math.min(open, close) - 0.5;
    bars.close[i] = bars.vwap[i] = close;
    bars.volume[i] = 100;
  }
  return bars;
}
