/** Runs a backtest in its worker, stores it and tells its result. */
import type { BatchAnalysis } from "../analysis/batch_analysis.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import type { Settings } from "../config/environment.ts";
import type { Host } from "../contracts/command.ts";
import type { LogSink } from "../util/log.ts";
import type { StoreWorker } from "../store/store_worker.ts";
import { backtestSummary, equityCsv } from "./backtest_report.ts";
import { BacktestStore } from "./backtest_store.ts";
import { OutputFile } from "./output_file.ts";
import { SessionReport } from "./session_report.ts";

export interface BacktestOutput {
  json?: boolean;
  equity?: string;
  /** The store, where it is open already; it stays so. */
  worker?: StoreWorker;
}

export interface Reported {
  result: BacktestResult;
  analysis: BatchAnalysis;
  /** Writes the file that the output names. To be called when the result has been told. */
  writeEquity(): Promise<void>;
}

/**
 * `run` may be in the making: an embedded database that is there is opened meanwhile. The
 * result is told, but as JSON: that is for the caller to print, with what it adds.
 */
export async function runAndReport(
  run: BacktestSettings | Promise<BacktestSettings>,
  output: BacktestOutput,
  settings: Settings,
  logSink: LogSink,
  host: Host,
): Promise<Reported> {
  const report = new SessionReport(host);
  const preparing = Promise.resolve(run);
  // Whoever waits for it gets its failure; nobody does where the file cannot be written.
  preparing.catch(() => {});
  const file = output.equity === undefined ? null : await OutputFile.open(output.equity, host.cwd);
  const store = new BacktestStore(settings, preparing, output.worker);
  let result: BacktestResult;
  let analysis: BatchAnalysis;
  try {
    const prepared = await preparing;
    result = await runInWorker(store.complete(prepared), {
      store,
      onEvent: (event) => {
        if (!output.json) report.onEvent(event);
      },
      log: logSink,
      signal: host.signal,
    });
    analysis = await store.analyze(result);
  } finally {
    report.end();
    await store.close();
  }
  const reported = {
    result,
    analysis,
    writeEquity: async () => await file?.write(equityCsv(result)),
  };
  if (output.json) return reported;
  host.out(`${report.analysis(analysis)}\n`);
  host.out(backtestSummary(result));
  host.out(`More: liu analyze ${result.batchId} --trades\n`);
  return reported;
}
