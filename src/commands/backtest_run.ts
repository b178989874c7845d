/** Runs a backtest in its worker, stores it and tells its result. */
import { resolve } from "node:path";
import { analyzeAndStore, type BatchAnalysis } from "../analysis/batch_analysis.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import type { Settings } from "../config/environment.ts";
import type { Host } from "../contracts/command.ts";
import type { Store } from "../contracts/store.ts";
import type { LogSink } from "../util/log.ts";
import { backtestJson, backtestSummary, equityCsv } from "./backtest_report.ts";
import { SessionReport } from "./session_report.ts";
import { openSettingsStore } from "./store.ts";

export interface BacktestOutput {
  json?: boolean;
  equity?: string;
}

export async function runAndReport(
  run: BacktestSettings,
  output: BacktestOutput,
  settings: Settings,
  logSink: LogSink,
  host: Host,
): Promise<void> {
  const report = new SessionReport(host);
  const storeWorker = await openSettingsStore(settings, { readOnly: false });
  let result: BacktestResult;
  let analysis: BatchAnalysis;
  try {
    const store = storeWorker.connect();
    for (const source of run.strategies) source.keystore = await store.keystore(source.name);
    result = await runInWorker(run, {
      store: withoutKeystore(store),
      onEvent: (event) => {
        if (!output.json) report.onEvent(event);
      },
      log: logSink,
      signal: host.signal,
    });
    analysis = await analyzeAndStore(store, run.batchId, result.endUs);
  } finally {
    report.end();
    await storeWorker.close();
  }
  if (output.equity !== undefined) {
    await Deno.writeTextFile(resolve(host.cwd, output.equity), equityCsv(result));
  }
  if (output.json) return host.out(JSON.stringify(backtestJson(result)) + "\n");
  host.out(`${report.analysis(analysis)}\n`);
  host.out(backtestSummary(result));
  host.out(`More: liu analyze ${run.batchId} --trades\n`);
}

/** What a strategy keeps for its next session is not overwritten by a backtest. */
function withoutKeystore(store: Store): Pick<Store, "startRun" | "write"> {
  return {
    startRun: (run) => store.startRun(run),
    write: (records) => store.write(records.filter(({ table }) => table !== "keystore")),
  };
}
