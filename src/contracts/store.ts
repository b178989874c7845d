/**
 * What is stored and how it is asked for. Implemented by src/store (in its worker) and by a client over a port.
 * Invariant: a record that was taken in is never lost: it is in the database, or in the spool on disk.
 */

import type { TargetPortfolio } from "../model/target_portfolio.ts";

export type Environment = "PAPER" | "BACKTEST" | "PROD";
/** As in the database's enum: buy and sell open and close a long, sell_short and buy_short a short. */
export type Operation = "buy" | "sell" | "sell_short" | "buy_short";

/** Plain data, as jsonb stores it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface RunStart {
  algoName: string;
  environment: Environment;
  buildNumber: string;
  batchId: string;
  parameters: Json;
  startUs: number;
  refAlgoRun: number | null;
}

export interface RunRow extends RunStart {
  algoRunId: number;
  endUs: number | null;
  /** null with an end time missing: the run was cut short. */
  endReason: string | null;
}

/** One execution. Unique by (algoRunId, brokerOrderId, cumulativeQty), so that a repeated write changes nothing. */
export interface TradeRow {
  algoRunId: number;
  symbol: string;
  operation: Operation;
  /** Decimal texts, > 0. */
  qty: string;
  price: string;
  /** In account currency, ≥ 0. */
  fee: string;
  indicators: Json;
  /** When the exchange executed it. */
  tradeUs: number;
  /** When the strategy decided; null for an execution that no strategy asked for. */
  decidedUs: number | null;
  /** What the market was at then: the quote's side that the order met, else the last price. */
  decisionPrice?: string | null;
  stopPrice: string | null;
  targetPrice: string | null;
  brokerOrderId: string;
  clientOrderId: string;
  cumulativeQty: string;
}

/** What became of an intent that did not become an order, or of an order that the broker refused. */
export interface DenialRow {
  algoRunId: number;
  symbol: string;
  side: "buy" | "sell";
  qty: string | null;
  /** "risk" denied it before it was sent, "broker" refused it. */
  by: "risk" | "broker";
  /** A name of src/engine's risk rules, or the broker's code. */
  code: string;
  message: string;
  timeUs: number;
}

export interface TrendingRow {
  batchId: string;
  symbol: string;
  scannerName: string;
  createUs: number;
}

export interface KeystoreRow {
  algoName: string;
  context: string;
  key: string;
  value: string;
  timeUs: number;
}

export interface GainLossRow {
  symbol: string;
  algoRunId: number;
  /** Of the opening notional; decimal texts. */
  gainPercentage: string;
  gainValue: string;
  timeUs: number;
}

export interface TradeAnalysisRow {
  symbol: string;
  algoRunId: number;
  startUs: number;
  endUs: number;
  gainPercentage: string;
  gainValue: string;
  /** null without a stop. */
  rUnits: string | null;
  timeUs: number;
}

/** What of a batch no execution says: written at the end of its session, or backtest. */
export interface BatchFigures {
  /** Account currency. null: not known. */
  startEquity: number | null;
  endEquity: number | null;
  /** The account's value, thinned out; each day's last value is among it. */
  curve: { timeUs: number[]; equity: number[] };
  /** What daily figures count. */
  fromUs: number;
  countedToUs: number;
  isRoundTheClock: boolean;
  /** Of all values, not only those of `curve`: a share. */
  maxDrawdown: number;
  /** Paid beside the executions' fees, where it is known. */
  costs: { borrow: number; interest: number } | null;
  /** Rows of market data; null of a backtest, which loses none. */
  market: MarketFigures | null;
}

export interface MarketFigures {
  rows: number;
  /** Not given to a consumer because its queue was full. */
  dropped: number;
  /** Given up by consumers that were more than 5 s behind, and how often that happened. */
  outOfSync: number;
  rowsLost: number;
  /** The greatest age that a consumer saw, in seconds. */
  lagSecondsMax: number;
}

export interface BatchFiguresRow {
  batchId: string;
  figures: BatchFigures;
  timeUs: number;
}

/** A run that is stored when it is over: nothing of it was stored before. */
export interface FinishedRunRow extends RunStart {
  endUs: number;
  endReason: string;
}

/** A search for parameters: `liu optimize`, with all its trials. */
export interface OptimizerSessionRow {
  sessionId: string;
  /** What makes its trials what they are, as one text. */
  fingerprint: string;
  settings: Json;
  /** null: it is not finished. */
  result: Json;
}

export interface OptimizerRunRow {
  sessionId: string;
  /** The window of a walk-forward, from 0. */
  fold: number;
  /** From 0, in the order in which they were chosen. */
  trial: number;
  /** test: the window's out-of-sample run. */
  kind: "trial" | "test";
  batchId: string;
  parameters: Json;
  /** More is better; null: it counts for nothing. */
  value: number | null;
  problem: string | null;
  figures: Json;
}

/** A write that needs no answer; repeating it changes nothing. */
export type StoreRecord =
  | { table: "new_trades"; row: TradeRow }
  | { table: "order_denial"; row: DenialRow }
  | { table: "trending_tickers"; row: TrendingRow }
  | { table: "keystore"; row: KeystoreRow }
  | { table: "gain_loss"; row: GainLossRow }
  | { table: "trade_analysis"; row: TradeAnalysisRow }
  /** Removes a row of trade_analysis, or of gain_loss (startUs: null). */
  | { table: "stale_gain"; row: { algoRunId: number; symbol: string; startUs: number | null } }
  | { table: "batch_figures"; row: BatchFiguresRow }
  | { table: "finished_run"; row: FinishedRunRow }
  | { table: "optimizer_session"; row: OptimizerSessionRow }
  | { table: "optimizer_run"; row: OptimizerRunRow }
  | { table: "algo_run_end"; row: { algoRunId: number; endUs: number; endReason: string } };

export interface BatchSummary {
  batchId: string;
  environment: Environment;
  startUs: number;
  /** null: one of its runs has no end. */
  endUs: number | null;
  runs: number;
  trades: number;
  /** Of its runs, without repetition. */
  strategies: string[];
  /** Of the runs that have ended. */
  endReasons: string[];
  buildNumber: string;
}

/** What is wanted of batches or runs; what is not given is no condition. */
export interface BatchFilter {
  environment?: Environment;
  /** Those that began in the time, microseconds: from on, before to. */
  fromUs?: number;
  toUs?: number;
  strategy?: string;
}

export interface BatchReferences {
  /** Portfolios that it is attached to. */
  portfolios: string[];
  /** Batches whose runs carry its runs on. */
  carriedOnBy: string[];
  /** Sessions of the optimizer that it is a trial of. */
  optimizerSessions: string[];
}

export interface RunSummary extends RunRow {
  trades: number;
}

export interface Store {
  /** Makes a row in algo_run and gives its algo_run_id. Throws where the database is away. */
  startRun(run: RunStart): Promise<number>;
  /** Takes records in; they are written in this order, in bulk, soon. Never throws for a database that is away. */
  write(records: StoreRecord[]): void;
  /** Resolves when all that was taken in before is in the database; rejects where it is in the spool only. */
  flush(): Promise<void>;
  /**
   * Takes the lock of this name among all traders that use the database, or finds that this store has
   * it still: null. Else who has it, in words. It is given back when the store closes, or its process
   * is gone. The embedded database has one data folder, whose locks are files: null. Throws where the
   * database is away.
   */
  lockAccount(name: string): Promise<string | null>;
  runs(batchId: string): Promise<RunRow[]>;
  /**
   * Runs that were no backtests and began in the time: the newest first, of batches of one time the
   * one made last, and those of a batch as made.
   */
  liveRuns(fromUs: number, toUs: number): Promise<RunRow[]>;
  /** Executions of a batch, in the order of trade time and id. */
  trades(batchId: string): Promise<TradeRow[]>;
  denials(batchId: string): Promise<DenialRow[]>;
  gainLoss(batchId: string): Promise<GainLossRow[]>;
  tradeAnalysis(batchId: string): Promise<TradeAnalysisRow[]>;
  trending(batchId: string): Promise<TrendingRow[]>;
  /** null: none were stored. */
  batchFigures(batchId: string): Promise<BatchFigures | null>;
  /** Its size, and batches in the order in which they were attached; null: there is none. */
  portfolioBatches(
    portfolioId: string,
  ): Promise<{ size: string; batchIds: string[] } | null>;
  /** All of a strategy's values. */
  keystore(algoName: string): Promise<KeystoreRow[]>;
  /** The target that is stored for this portfolio; null: there is none. Throws where it cannot be one. */
  targetPortfolio(id: string): Promise<TargetPortfolio | null>;
  /** Newest first. Trials of the optimizer are among them where their executions are stored. */
  batches(limit: number, filter?: BatchFilter): Promise<BatchSummary[]>;
  /** Newest first. */
  runSummaries(limit: number, filter?: BatchFilter & { batchId?: string }): Promise<RunSummary[]>;
  /** What names a batch, besides its own rows. */
  batchReferences(batchId: string): Promise<BatchReferences>;
  /**
   * Removes all of a batch but a search's trials, in one transaction, and gives how many rows of
   * each table it removed. Runs that carried its runs on refer to none from then on.
   */
  deleteBatch(batchId: string): Promise<Record<string, number>>;
  /** Newest first. */
  optimizerSessions(limit: number): Promise<OptimizerSessionRow[]>;
  /** By window and trial. */
  optimizerRuns(sessionId: string): Promise<OptimizerRunRow[]>;
  close(): Promise<void>;
}
