/** What main and workers/optimizer.ts say to one another. Plain data only. */
import type { BacktestSettings } from "../backtest/options.ts";
import type { ParamTable } from "../contracts/params.ts";
import type { Json } from "../contracts/store.ts";
import type { FailedMessage, LogMessage } from "../protocol.ts";
import type { Bundle } from "../sandbox/bundle.ts";
import type { ObjectiveName, TrialFigures } from "./figures.ts";

/** What all trials of a session have in common; the data's columns are in shared memory. */
export interface TrialSetup {
  settings: Omit<BacktestSettings, "batchId" | "fromUs" | "toUs">;
  objective: { kind: "named"; name: ObjectiveName } | { kind: "user"; bundle: Bundle };
}

export interface Trial {
  batchId: string;
  fromUs: number;
  toUs: number;
  /** By strategy, names in camelCase: put over the plan's. */
  parameters: Record<string, Record<string, Json>>;
  /** What the account begins with, a decimal text; null: as the plan says. */
  portfolio: string | null;
}

export interface TrialOutcome {
  /** More is better; null: it counts for nothing. */
  value: number | null;
  /** Why it counts for nothing; null: it has a value, or its figure does not exist. */
  problem: string | null;
  /** null where it did not begin. */
  ran: {
    figures: TrialFigures;
    /** Of each session, in their order: the same sessions in all trials. */
    returns: number[];
    startUs: number;
    endUs: number;
    endReason: string;
    /** Its runs, with all parameters, as a trader's are stored. */
    runs: { algoName: string; parameters: Json; endReason: string }[];
  } | null;
}

export type ToTrialWorker =
  | {
    type: "start";
    /** All further messages go through it: user code cannot reach it. */
    port: MessagePort;
    /** Of a consumer; the word after the strategies' is the objective's. */
    control: SharedArrayBuffer;
    setup: TrialSetup;
  }
  | { type: "trial"; id: number; trial: Trial };

export type FromTrialWorker =
  /** What each strategy declares. */
  | { type: "ready"; params: Record<string, ParamTable> }
  | { type: "done"; id: number; outcome: TrialOutcome }
  | LogMessage
  | FailedMessage;
