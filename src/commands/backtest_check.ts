/** `liu backtest FROM --check`: runs the backtest again, and tells which decisions change. */
import type { CheckRuns } from "../backtest/check_runs.ts";
import type { RunRecord } from "../backtest/decision_record.ts";
import { knifeEdges } from "../backtest/knife_edges.ts";
import { checkLookAhead } from "../backtest/look_ahead.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import { checkHistory, checkRestarts } from "../backtest/warm_up.ts";
import type { Settings } from "../config/environment.ts";
import type { Host } from "../contracts/command.ts";
import { seededRandom } from "../engine/worker.ts";
import { cutAfter } from "../recorded/cut.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import { progressBar, StatusLine } from "../util/progress.ts";
import { type CheckOptions, CUTS } from "./backtest_check_options.ts";
import { checkJson, type CheckReport, checkText, findingsIn } from "./backtest_check_report.ts";
import { backtestJson } from "./backtest_report.ts";
import { type BacktestOutput, runAndReport } from "./backtest_run.ts";

/** Later starts that are tried. */
const RESTARTS = 4;
/** Each has a copy of the data. */
const RUNS_AT_ONCE_MAX = 4;

/** Runs it, stores and tells it; then checks it. Gives the exit code. */
export async function checkedRun(
  preparing: Promise<BacktestSettings>,
  cli: CheckOptions & BacktestOutput & { bars?: string[] },
  settings: Settings,
  logSink: LogSink,
  host: Host,
): Promise<number> {
  const run = await runAndReport(preparing.then(forCheck), cli, settings, logSink, host);
  const { result } = run;
  const report = await check(await preparing, result, cli, host);
  const isAdjusted = cli.bars === undefined;
  if (cli.json) {
    host.out(
      JSON.stringify({ ...backtestJson(result), check: checkJson(report, isAdjusted) }) + "\n",
    );
  } else {
    host.out(`\n${checkText(report, isAdjusted)}`);
  }
  await run.writeEquity();
  return findingsIn(report) > 0 ? 1 : 0;
}

/** For a backtest that is to be checked: its data are handed over, those of the checks are not. */
function forCheck(settings: BacktestSettings): BacktestSettings {
  return { ...settings, data: cutAfter(settings.data, Infinity), isRecorded: true };
}

/** Throws OperationError where it is interrupted. */
async function check(
  settings: BacktestSettings,
  result: BacktestResult,
  { seed = crypto.getRandomValues(new Uint32Array(1))[0], cuts = CUTS }: CheckOptions,
  host: Host,
): Promise<CheckReport> {
  const line = new StatusLine({
    isTerminal: host.isErrTerminal,
    columns: host.columns,
    write: host.err,
    nowMs: () => performance.now(),
  });
  const runs: CheckRuns = {
    settings,
    full: result.record!,
    endUs: result.endUs,
    // What a run is given it hands over: data that were cut are its own already.
    run: (changed) =>
      runQuietly(changed.data === settings.data ? forCheck(changed) : changed, host),
    concurrency: Math.min(RUNS_AT_ONCE_MAX, navigator.hardwareConcurrency),
    random: seededRandom(seed),
  };
  const onProgress = (what: string) => (done: number, total: number) =>
    line.set(progressBar(done, total, `checking: ${what}`));
  try {
    const lookAhead = await checkLookAhead({
      ...runs,
      cuts,
      windows: result.windows,
      onProgress: onProgress("later data cut off"),
    });
    const except = await knifeEdges({ ...runs, onProgress: onProgress("prices moved by a hair") });
    const less = { ...runs, except, onProgress: onProgress("less history") };
    const history = [await checkHistory(less, "minute"), await checkHistory(less, "day")];
    const restarts = await checkRestarts({
      ...runs,
      except,
      count: RESTARTS,
      onProgress: onProgress("later starts"),
    });
    const { scale = "minute" } = settings;
    return { seed, scale, lookAhead, history, restarts, knifeEdges: except.size };
  } finally {
    line.clear();
  }
}

/** Nothing is stored, and nothing told: what would be was told of the backtest itself. */
async function runQuietly(settings: BacktestSettings, { signal }: Host): Promise<RunRecord> {
  signal.throwIfAborted();
  let runs = 0;
  try {
    const { record } = await runInWorker({ ...settings, isRecorded: true }, {
      store: { startRun: () => Promise.resolve(++runs), write: () => {} },
      onEvent: () => {},
      log: () => {},
      signal,
    });
    return record!;
  } catch (error) {
    // With less data there may be too little to run at all: that is for the check to tell.
    const isOfData = error instanceof ConfigError || error instanceof OperationError;
    if (signal.aborted || !isOfData) throw error;
    return { decisions: [], sessions: [], failure: error.message };
  }
}
