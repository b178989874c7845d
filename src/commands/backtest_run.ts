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
import { backtestSummary, equityCsv } from "./backtest_report.ts";
import { refRunsOf } from "./backtest_refs.ts";
import { SessionReport } from "./session_report.ts";
import type { StoreClient } from "../store/store_port.ts";
import type { StoreWorker } from "../store/store_worker.ts";
import { hasEmbeddedDatabase, openSettingsStore } from "./store.ts";

export interface BacktestOutput {
  json?: boolean;
  equity?: string;
  /** The store, where it is open already; it stays so. */
  worker?: StoreWorker;
}

/**
 * `run` may be in the making: an embedded database that is there is opened meanwhile, and the
 * worker is started. The result is told, but as JSON: that is for the caller to print, with what it
 * adds.
 */
export async function runAndReport(
  run: BacktestSettings | Promise<BacktestSettings>,
  output: BacktestOutput,
  settings: Settings,
  logSink: LogSink,
  host: Host,
): Promise<{ result: BacktestResult; analysis: BatchAnalysis }> {
  const report = new SessionReport(host);
  const opening = output.worker
    ? Promise.resolve({ worker: output.worker, store: output.worker.connect() })
    : openStoreFor(run, settings);
  // Whoever waits for it hears of it.
  opening.catch(() => {});
  let result: BacktestResult;
  let analysis: BatchAnalysis;
  try {
    result = await runInWorker(withKeystore(run, opening), {
      store: withoutKeystore(opening),
      onEvent: (event) => {
        if (!output.json) report.onEvent(event);
      },
      log: logSink,
      signal: host.signal,
    });
    analysis = await analyzeAndStore((await opening).store, result.batchId, result.endUs);
  } finally {
    report.end();
    if (!output.worker) await opening.then(({ worker }) => worker.close(), () => {});
  }
  if (output.equity !== undefined) {
    await Deno.writeTextFile(resolve(host.cwd, output.equity), equityCsv(result));
  }
  if (output.json) return { result, analysis };
  host.out(`${report.analysis(analysis)}\n`);
  host.out(backtestSummary(result));
  host.out(`More: liu analyze ${result.batchId} --trades\n`);
  return { result, analysis };
}

interface OpenStore {
  worker: StoreWorker;
  store: StoreClient;
}

/** A database is not made, nor a server asked, for a plan that cannot be read. */
async function openStoreFor(
  run: BacktestSettings | Promise<BacktestSettings>,
  settings: Settings,
): Promise<OpenStore> {
  if (!await hasEmbeddedDatabase(settings)) await run;
  const worker = await openSettingsStore(settings, { readOnly: false });
  return { worker, store: worker.connect() };
}

/** Strategies begin with what they have kept. */
async function withKeystore(
  run: BacktestSettings | Promise<BacktestSettings>,
  opening: Promise<OpenStore>,
): Promise<BacktestSettings> {
  const settings = await run;
  const { store } = await opening;
  const names = settings.strategies.map(({ name }) => name);
  settings.refRuns ??= await refRunsOf(store, names, settings);
  for (const source of settings.strategies) source.keystore = await store.keystore(source.name);
  return settings;
}

/** What a strategy keeps for its next session is not overwritten by a backtest. */
function withoutKeystore(opening: Promise<OpenStore>): Pick<Store, "startRun" | "write"> {
  let store: StoreClient;
  return {
    async startRun(run) {
      store = (await opening).store;
      return await store.startRun(run);
    },
    // Only runs that have been started write.
    write: (records) => store.write(records.filter(({ table }) => table !== "keystore")),
  };
}
