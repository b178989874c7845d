/**
 * What a simulated exchange is started with, and what its worker is told and tells.
 * Invariant: plain data only, so that all of it crosses a port.
 */
import type { FaultPlan } from "../config/fault_plan.ts";
import type { FeeSchedule, NightRates, SlippageSettings } from "../model/trading_costs.ts";
import type { FileSource } from "../recorded/source.ts";

/** Where market data comes from. Several are merged into one timeline. */
export type DataSource =
  | FileSource
  | {
    kind: "generate";
    /** Equity symbols, 1–1000. */
    symbols: number;
    /** Equal seeds give equal data, bit for bit. An integer, 0–2^32−1. */
    seed: number;
    /** Seconds between quotes and trades of a symbol, a divisor of 60. Default 15. */
    gridSeconds?: number;
  };

export interface SimulatorOptions {
  sources: DataSource[];
  /** The clock begins here; what was before is history. Default: where the data begins. */
  startUs?: number;
  /** The last step's time. Default: where the data ends. */
  endUs?: number;
  /** Market seconds a second, or "max": as fast as clients acknowledge steps. */
  speed: number | "max";
  /** Default "127.0.0.1". */
  hostname?: string;
  /** 0 takes a free one. */
  port: number;
  /** Each account's cash at the start, a decimal text in USD. Default "100000". */
  cash?: string;
  /** Key pairs that are let in; none given: any pair is, each with an account of its own. */
  keys?: { keyId: string; secretKey: string }[];
  /** Default: none. */
  fees?: Partial<FeeSchedule>;
  slippage?: Partial<SlippageSettings>;
  nightRates?: Partial<NightRates>;
  /** An order's way to the exchange. Default 0. */
  latencyUs?: number;
  /** Share of an event's volume that orders can take, 0–1. Default 0.1. */
  volumeShare?: number;
  /** Requests a market minute and account, then 429. Default 200; not enforced at speed "max". */
  requestsPerMinute?: number;
  /** What it is to do wrong; with it, even an empty one, more can be added while it runs. */
  faults?: FaultPlan;
}

/** Main to workers/simulator.ts. */
export type ToSimulatorWorker =
  | { type: "start"; options: SimulatorOptions }
  | { type: "close" };

/** workers/simulator.ts to main: first ready or failed, then closed. */
export type FromSimulatorWorker =
  | { type: "ready"; baseUrl: string; summary: string[] }
  /** `wrongUsage`: what the user gave is wrong (exit code 2). */
  | { type: "failed"; message: string; wrongUsage: boolean }
  | { type: "closed" };
