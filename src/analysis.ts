/**
 * What was stored of batches, for notebooks and programs of one's own:
 * `import { openAnalysis } from "liu/analysis"`. Nothing is written, on either database.
 *
 * @module
 */
import { join } from "node:path";
import { analyzeBatch } from "./analysis/batch_analysis.ts";
import type { Frame } from "./analysis/frame.ts";
import { executionFrame, gainFrame, runFrame, tripFrame } from "./analysis/frames.ts";
import { loadReport, type ReportRequest } from "./analysis/load_report.ts";
import type { Report } from "./analysis/report_types.ts";
import { type MeantBatches, meantBatches } from "./analysis/meant_batches.ts";
import { readEnvironment } from "./config/environment.ts";
import type { BatchSummary, Store } from "./contracts/store.ts";
import { History } from "./history/history.ts";
import { startStoreWorker } from "./store/store_worker.ts";

export { frameArrow } from "./analysis/arrow_frame.ts";
export { frameCsv } from "./analysis/frame.ts";
export type { Frame, FrameColumn } from "./analysis/frame.ts";
export type { ReportRequest } from "./analysis/load_report.ts";
export type { MeantBatches } from "./analysis/meant_batches.ts";
export type {
  AccountFigures,
  Drawdown,
  GroupRow,
  OrderFigures,
  PriceChart,
  Report,
  ReportBatch,
  ReturnFigures,
  TradeFigures,
} from "./analysis/report_types.ts";
export type { Trip } from "./analysis/trips.ts";
export type { BatchSummary } from "./contracts/store.ts";
export { tearSheet } from "./tear_sheet/tear_sheet.ts";

/** Where things are; default: as DSN, LIU_DATA and HOME say. */
export interface AnalysisOptions {
  /** postgres://…; null: the embedded database. */
  dsn?: string | null;
  dataFolder?: string;
}

export interface Analysis {
  /** The newest first; 100, where `limit` does not say. */
  batches(limit?: number): Promise<BatchSummary[]>;
  /** All figures, as plain data. Throws OperationError for an unknown batch. */
  report(
    meant: MeantBatches,
    request?: Omit<ReportRequest, "batchIds">,
    signal?: AbortSignal,
  ): Promise<Report>;
  /** Gains by symbol and strategy of the batches together: the original's `analysis`. */
  analysis(
    meant: MeantBatches,
    request?: Pick<ReportRequest, "filters">,
    signal?: AbortSignal,
  ): Promise<Frame>;
  /**
   * Runs, executions and round trips of many batches and days, a frame each: the original's
   * `consolidate`. A position that is carried from batch to batch is one round trip.
   */
  consolidate(
    meant: MeantBatches,
    request?: Pick<ReportRequest, "filters">,
    signal?: AbortSignal,
  ): Promise<{ runs: Frame; executions: Frame; trades: Frame }>;
  close(): Promise<void>;
}

/**
 * Opens the database to read it. Throws OperationError where there is none, or it is of another version of
 * Liu.
 */
export async function openAnalysis(options: AnalysisOptions = {}): Promise<Analysis> {
  const settings = readEnvironment(Deno.env.toObject(), Deno.cwd());
  const dsn = options.dsn === undefined ? settings.dsn?.reveal() ?? null : options.dsn;
  const dataDir = options.dataFolder ?? settings.dataFolder;
  const quiet = () => {};
  const worker = await startStoreWorker({
    dsn,
    dataDir,
    readOnly: true,
    log: { info: quiet, warn: quiet, error: quiet },
    onFault: quiet,
  });
  const history = new History({ folder: join(dataDir, "history") });
  const close = () => worker.close();
  return new StoredAnalysis(worker.connect(), history, close);
}

class StoredAnalysis implements Analysis {
  constructor(
    private readonly store: Store,
    private readonly history: History,
    readonly close: () => Promise<void>,
  ) {}

  batches(limit = 100): Promise<BatchSummary[]> {
    return this.store.batches(limit);
  }

  async report(...wanted: Parameters<Analysis["report"]>): Promise<Report> {
    return (await this.#load(...wanted)).report;
  }

  async analysis(...wanted: Parameters<Analysis["analysis"]>): Promise<Frame> {
    const { selection: { runs, trades, before } } = await this.#load(...wanted);
    return gainFrame(analyzeBatch(runs, trades, before).analysis.rows);
  }

  async consolidate(
    ...wanted: Parameters<Analysis["consolidate"]>
  ): Promise<{ runs: Frame; executions: Frame; trades: Frame }> {
    const { report, selection: { runs, trades } } = await this.#load(...wanted);
    return {
      runs: runFrame(runs),
      executions: executionFrame(trades, runs),
      trades: tripFrame(report.trips),
    };
  }

  async #load(
    meant: MeantBatches,
    request: Omit<ReportRequest, "batchIds"> = {},
    signal: AbortSignal = new AbortController().signal,
  ) {
    const { store, history } = this;
    const batchIds = await meantBatches(store, meant);
    const { fromUs, toUs } = meant;
    const filters = { fromUs, toUs, ...request.filters };
    return await loadReport({ ...request, filters, batchIds }, { store, history }, signal);
  }
}
