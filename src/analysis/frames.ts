/** What is stored of batches, as frames. Names are those of the database, so that its users know them. */
import type { RunRow, TradeRow } from "../contracts/store.ts";
import { type ColumnOf, type Frame, frameOf } from "./frame.ts";
import type { GainRow } from "./batch_analysis.ts";
import type { Trip } from "./trips.ts";

const TRIP: ColumnOf<Trip>[] = [
  ["batch_id", "text", ({ batchId }) => batchId],
  ["strategy", "text", ({ strategy }) => strategy],
  ["symbol", "text", ({ symbol }) => symbol],
  ["side", "text", ({ side }) => side],
  ["start", "time", ({ startUs }) => startUs],
  ["end", "time", ({ endUs }) => endUs],
  ["qty", "number", ({ qty }) => qty],
  ["entry_price", "number", ({ entryPrice }) => entryPrice],
  ["exit_price", "number", ({ exitPrice }) => exitPrice],
  ["stop_price", "number", ({ stopPrice }) => stopPrice],
  ["target_price", "number", ({ targetPrice }) => targetPrice],
  ["fees", "number", ({ fees }) => fees],
  ["gain", "number", ({ gain }) => gain],
  ["gain_percentage", "number", ({ gainPercent }) => gainPercent],
  ["r_units", "number", ({ r }) => r],
  ["executions", "number", ({ executions }) => executions],
  ["mae_percentage", "number", ({ maePercent }) => maePercent],
  ["mfe_percentage", "number", ({ mfePercent }) => mfePercent],
];

/** A row a round trip. */
export function tripFrame(trips: readonly Trip[]): Frame {
  return frameOf(trips, TRIP);
}

/** A row an execution, with the batch and the strategy that it is of. */
export function executionFrame(trades: readonly TradeRow[], runs: readonly RunRow[]): Frame {
  const runOf = new Map(runs.map((run) => [run.algoRunId, run]));
  const columns: ColumnOf<TradeRow>[] = [
    ["batch_id", "text", ({ algoRunId }) => runOf.get(algoRunId)?.batchId ?? null],
    ["algo_run_id", "number", ({ algoRunId }) => algoRunId],
    ["algo_name", "text", ({ algoRunId }) => runOf.get(algoRunId)?.algoName ?? null],
    ["symbol", "text", ({ symbol }) => symbol],
    ["operation", "text", ({ operation }) => operation],
    ["qty", "number", ({ qty }) => Number(qty)],
    ["price", "number", ({ price }) => Number(price)],
    ["trade_fee", "number", ({ fee }) => Number(fee)],
    ["tstamp", "time", ({ tradeUs }) => tradeUs],
    ["client_time", "time", ({ decidedUs }) => decidedUs],
    ["decision_price", "number", ({ decisionPrice }) => numberOf(decisionPrice)],
    ["stop_price", "number", ({ stopPrice }) => numberOf(stopPrice)],
    ["target_price", "number", ({ targetPrice }) => numberOf(targetPrice)],
    [
      "indicators",
      "text",
      ({ indicators }) => indicators === null ? null : JSON.stringify(indicators),
    ],
  ];
  return frameOf(trades, columns);
}

const RUN: ColumnOf<RunRow>[] = [
  ["batch_id", "text", ({ batchId }) => batchId],
  ["algo_run_id", "number", ({ algoRunId }) => algoRunId],
  ["algo_name", "text", ({ algoName }) => algoName],
  ["algo_env", "text", ({ environment }) => environment],
  ["build_number", "text", ({ buildNumber }) => buildNumber],
  ["parameters", "text", ({ parameters }) => JSON.stringify(parameters)],
  ["start_time", "time", ({ startUs }) => startUs],
  ["end_time", "time", ({ endUs }) => endUs],
  ["end_reason", "text", ({ endReason }) => endReason],
  ["ref_algo_run", "number", ({ refAlgoRun }) => refAlgoRun],
];

/** A row a run. */
export function runFrame(runs: readonly RunRow[]): Frame {
  return frameOf(runs, RUN);
}

const GAIN: ColumnOf<GainRow>[] = [
  ["symbol", "text", ({ symbol }) => symbol],
  ["algo_name", "text", ({ strategy }) => strategy],
  ["trades", "number", ({ trades }) => trades],
  ["wins", "number", ({ wins }) => wins],
  ["executions", "number", ({ executions }) => executions],
  ["gain_value", "number", ({ gainValue }) => Number(gainValue)],
  ["gain_percentage", "number", ({ gainPercentage }) => Number(gainPercentage)],
  ["r_units", "number", ({ rUnits }) => numberOf(rUnits)],
  ["fees", "number", ({ fees }) => Number(fees)],
  ["open_qty", "number", ({ openQty }) => Number(openQty)],
];

/** A row a symbol and strategy. */
export function gainFrame(rows: readonly GainRow[]): Frame {
  return frameOf(rows, GAIN);
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
