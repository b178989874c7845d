/** What main and workers/backtest.ts say to one another. Plain data only. */
import type { RunStart, StoreRecord } from "../contracts/store.ts";
import type { SessionEvent } from "../engine/session_options.ts";
import type { FailedMessage, LogMessage } from "../protocol.ts";
import type { BacktestSettings } from "./options.ts";
import type { BacktestResult } from "./result.ts";

export type ToBacktestWorker =
  | {
    type: "start";
    /** All further messages go through it: user code cannot reach it. */
    port: MessagePort;
    control: SharedArrayBuffer;
    settings: BacktestSettings;
  }
  | { type: "runStarted"; id: number; runId: number }
  | { type: "refused"; id: number; message: string };

export type FromBacktestWorker =
  | { type: "startRun"; id: number; run: RunStart }
  | { type: "write"; records: StoreRecord[] }
  | { type: "event"; event: SessionEvent }
  | { type: "done"; result: BacktestResult }
  | LogMessage
  | FailedMessage;
