/** `liu backtest FROM --check`: runs the backtest again, and tells which decisions change. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import type { CheckRuns } from "../backtest/check_runs.ts";
import { checkLookAhead } from "../backtest/look_ahead.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { BacktestResult } from "../backtest/result.ts";
import { runInWorker } from "../backtest/run_in_worker.ts";
import { checkHistory, checkRestarts } from "../backtest/warm_up.ts";
import type { Host } from "../contracts/command.ts";
import { seededRandom } from "../engine/worker.ts";
import { cutAfter } from "../recorded/cut.ts";
import { ConfigError } from "../util/errors.ts";
import { progressBar, StatusLine } from "../util/progress.ts";
import type { CheckReport } from "./backtest_check_report.ts";

const CUTS = 20;
/** Later starts that are tried. */
const RESTARTS = 4;
/** Each has a copy of the data. */
const RUNS_AT_ONCE_MAX = 4;

export interface CheckOptions {
  check?: boolean;
  seed?: number;
  cuts?: number;
}

export function declareCheckOptions(command: Commander): Commander {
  return command
    .option("--check", "run it again on cut data: what knew the future, or lacks history?")
    .option("--cuts <N>", `with --check: times to cut the data at (default: ${CUTS})`, whole(1))
    .option("--seed <N>", "with --check: of the random times (default: a new one)", whole(0));
}

/** Throws ConfigError for options of a check that is not asked for. */
export function refuseWithoutCheck({ check, seed, cuts }: CheckOptions): void {
  if (check || (seed === undefined && cuts === undefined)) return;
  const name = seed === undefined ? "--cuts" : "--seed";
  throw new ConfigError(`Cannot use ${name} without --check: it says how to check`);
}

/** For a backtest that is to be checked: its data are handed over, those of the checks are not. */
export function forCheck(settings: BacktestSettings): BacktestSettings {
  return { ...settings, data: cutAfter(settings.data, Infinity), isRecorded: true };
}

/** Throws OperationError where it is interrupted. */
export async function check(
  settings: BacktestSettings,
  result: BacktestResult,
  { seed = crypto.getRandomValues(new Uint32Array(1))[0], cuts = CUTS }: CheckOptions,
  isAdjusted: boolean,
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
    run: (changed) => runQuietly(changed, host),
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
    const less = { ...runs, onProgress: onProgress("less history") };
    const history = [await checkHistory(less, "minute"), await checkHistory(less, "day")];
    const restarts = await checkRestarts({
      ...runs,
      count: RESTARTS,
      onProgress: onProgress("later starts"),
    });
    return { seed, lookAhead, history, restarts, isAdjusted, scale: settings.scale ?? "minute" };
  } finally {
    line.clear();
  }
}

/** Nothing is stored, and nothing told: what would be was told of the backtest itself. */
async function runQuietly(settings: BacktestSettings, host: Host) {
  let runs = 0;
  const { record } = await runInWorker(
    // What runInWorker is given it hands over.
    { ...settings, data: cutAfter(settings.data, Infinity), isRecorded: true },
    {
      store: { startRun: () => Promise.resolve(++runs), write: () => {} },
      onEvent: () => {},
      log: () => {},
      signal: host.signal,
    },
  );
  return record!;
}

function whole(min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value < 2 ** 32) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${min} or more.`);
  };
}
