/** A backtest of given parameters, with all that it did stored: as `liu backtest` runs it. */
import { analyzeAndStoreAll } from "../analysis/batch_analysis.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import type { Store } from "../contracts/store.ts";
import type { LogSink } from "../util/log.ts";
import { tradeGains } from "./trade_gains.ts";

export interface FullRun {
  result: BacktestResult;
  /** Of each trade, see tradeGains. */
  gains: string[];
}

/** Runs that the batch has already are written into; twice changes nothing. */
export async function fullRun(
  settings: BacktestSettings,
  { store, log, signal }: { store: Store; log: LogSink; signal: AbortSignal },
): Promise<FullRun> {
  const { batchId } = settings;
  await store.flush();
  const known = await store.runs(batchId);
  const result = await runInWorker(settings, {
    store: {
      startRun: (run) => {
        const there = known.find(({ algoName }) => algoName === run.algoName);
        return there ? Promise.resolve(there.algoRunId) : store.startRun(run);
      },
      // What a strategy keeps for its next session is not overwritten by a backtest.
      write: (records) => store.write(records.filter(({ table }) => table !== "keystore")),
    },
    onEvent: () => {},
    log,
    signal,
  });
  const { results } = await analyzeAndStoreAll(store, batchId, result.endUs);
  return { result, gains: tradeGains(results, result) };
}
