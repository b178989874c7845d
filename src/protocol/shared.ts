/** What messages of several pairs of isolates are made of. */
import type { AssetClass } from "../model/asset.ts";

/** A log record of a worker, on its way to main's log. */
export interface LogMessage {
  type: "log";
  level: "debug" | "info" | "warning" | "error";
  category: string[];
  message: string;
  properties: Record<string, unknown>;
}

/** A worker could not go on. */
export interface FailedMessage {
  type: "failed";
  /** Name of the error's class: it decides the exit code. */
  errorName: string;
  message: string;
  stack: string | null;
}

/** One strategy on one consumer in one batch: a row of algo_run. */
export interface RunInfo {
  runId: number;
  strategy: string;
  consumer: number;
  dayTrade: boolean;
}

/** The account as strategies see it. */
export interface AccountFigures {
  /** Account currency. */
  cash: number;
  equity: number;
  buyingPower: number;
}

/** Rows for one receiver. The buffer is transferred, and returned for reuse. */
export interface MarketMessage {
  type: "market";
  buffer: ArrayBuffer;
  length: number;
  /** Sequence number of row 0 among the rows for this receiver. */
  firstSeq: number;
}

export type ReturnedMessage = { type: "returned"; buffer: ArrayBuffer };

/** Symbol ids from `first` on. Comes before the first row that uses them. */
export type SymbolsMessage = { type: "symbols"; first: number; names: string[] };

/** timeUs = baseUs + (wallMs − wallBaseMs) × 1000 × rate; rate 0: set by steps. */
export interface ClockSetting {
  baseUs: number;
  wallBaseMs: number;
  rate: number;
}

export interface SessionWindow {
  assetClass: AssetClass;
  date: string;
  openUs: number;
  closeUs: number;
}
