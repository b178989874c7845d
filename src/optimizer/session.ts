/**
 * A session of the optimizer: the search, or one search a window of a walk-forward; what it found
 * is run in full and stored.
 * Invariant: every finished trial is in the store before the next session could need it, and a
 * session that goes on from there ends as one that was not cut short.
 */
import type { BacktestResult } from "../backtest/result.ts";
import type { OptimizerRunRow, Store, StoreRecord } from "../contracts/store.ts";
import { seededRandom } from "../engine/worker.ts";
import { OperationError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import { type Evidence, evidenceOf } from "./evidence.ts";
import { joinedFigures } from "./figures.ts";
import { type FullRun, fullRun } from "./full_run.ts";
import {
  bestOf,
  type FinishedTrial,
  optimize,
  ranked,
  type SearchPlan,
  storedFigures,
} from "./optimize.ts";
import type { TrialOutcome, TrialSetup } from "./trial_messages.ts";
import type { TrialPool } from "./trial_pool.ts";
import { settingsOf } from "./trial_settings.ts";
import { type Period, rangeUs, type WalkWindow } from "./walk_forward.ts";

/** Of a search without windows: so many of the best are run again in full, and stored. */
const BEST_KEPT = 3;
const ENVIRONMENT = "BACKTEST";

export interface SessionOptions {
  sessionId: string;
  plan: SearchPlan;
  setup: TrialSetup;
  pool: Pick<TrialPool, "run">;
  store: Store;
  /** Finished in an earlier part of the session. */
  known: readonly OptimizerRunRow[];
  newBatchId(): string;
  onTrial(trial: FinishedTrial, of: { fold: number; isKnown: boolean }): void;
  log: LogSink;
  signal: AbortSignal;
}

export interface SearchResult {
  trials: FinishedTrial[];
  /** The best few, run in full, the best first; empty: no trial counts. */
  best: { trial: FinishedTrial; run: FullRun }[];
  evidence: Evidence | null;
}

export interface WindowResult {
  window: WalkWindow;
  trials: FinishedTrial[];
  /** null: no trial of the training counts, and nothing was traded. */
  best: FinishedTrial | null;
  test: { batchId: string; run: FullRun } | null;
  /** Of the training. */
  evidence: Evidence | null;
}

export interface WalkResult {
  /** Up to the one in which the account was ruined, if one was. */
  windows: WindowResult[];
  joined: ReturnType<typeof joinedFigures> | null;
  /** Of the tests, joined: nothing was chosen by them. */
  evidence: Evidence | null;
}

export async function searchSession(
  options: SessionOptions,
  period: Period,
): Promise<SearchResult> {
  const trials = await search(options, period, 0);
  const best: SearchResult["best"] = [];
  for (const trial of ranked(trials).slice(0, BEST_KEPT)) {
    const run = await fullRun(
      settingsOf(options.setup.settings, { ...trial, ...rangeUs(period) }),
      options,
    );
    mustBeSame(trial, run.result);
    best.push({ trial, run });
  }
  const evidence = best.length === 0
    ? null
    : trainingEvidence(options, trials, best[0].trial, best[0].run);
  return { trials, best, evidence };
}

export async function walkForwardSession(
  options: SessionOptions,
  windows: readonly WalkWindow[],
): Promise<WalkResult> {
  const results: WindowResult[] = [];
  let { cash } = options.setup.settings;
  for (const [fold, window] of windows.entries()) {
    const trials = await search(options, window.train, fold);
    const best = bestOf(trials);
    const evidence = best && trainingEvidence(options, trials, best, null);
    let test: WindowResult["test"] = null;
    if (best !== null) {
      test = await testWindow(options, { fold, window, best, cash });
      cash = test.run.result.finalEquity;
    }
    results.push({ window, trials, best, test, evidence });
    // Nothing is left to go on with.
    if (test !== null && test.run.result.ruinedUs !== null) break;
  }
  const runs = results.flatMap(({ test }) => test === null ? [] : [test.run]);
  if (runs.length === 0) return { windows: results, joined: null, evidence: null };
  const joined = joinedFigures(runs.map(({ result }) => result), {
    fromUs: rangeUs(windows[0].test).fromUs,
    // Where the last one was traded, its own end: data may end before the window.
    endUs: results.length === windows.length && results.at(-1)!.test !== null
      ? runs.at(-1)!.result.endUs
      : rangeUs(windows.at(-1)!.test).toUs,
  });
  const evidence = evidenceOf({
    returns: joined.ruinedUs === null ? joined.returns : [],
    trials: [joined.returns],
    gains: runs.flatMap(({ gains }) => gains),
    initialCash: joined.figures.initialCash,
    random: seededRandom(options.plan.seed),
  });
  return { windows: results, joined, evidence };
}

/**
 * The first window's is the session's. The others' are mixed: of neighbouring seeds the generator
 * gives the same numbers, shifted.
 */
export function seedOf(seed: number, fold: number): number {
  if (fold === 0) return seed;
  return Math.floor(seededRandom(seed ^ Math.imul(fold, 0x9E3779B1))() * 2 ** 32);
}

/** The search over a period; its trials are stored as they end. */
function search(options: SessionOptions, period: Period, fold: number): Promise<FinishedTrial[]> {
  const { plan, known, pool, newBatchId, store, onTrial } = options;
  return optimize({
    ...plan,
    ...rangeUs(period),
    // Windows are not searched at the same places.
    seed: seedOf(plan.seed, fold),
    known: known.filter((row) => row.kind === "trial" && row.fold === fold),
    run: (trial) => pool.run(trial),
    newBatchId,
    onTrial: (trial, isKnown) => {
      if (!isKnown) store.write(recordsOf(options, trial, fold));
      onTrial(trial, { fold, isKnown });
    },
  });
}

/** The window's best on what follows, with what the windows before have left. */
async function testWindow(
  options: SessionOptions,
  { fold, window, best, cash }: {
    fold: number;
    window: WalkWindow;
    best: FinishedTrial;
    cash: string;
  },
): Promise<NonNullable<WindowResult["test"]>> {
  const { known, newBatchId, setup: { settings }, store, sessionId } = options;
  const there = known.find((row) => row.kind === "test" && row.fold === fold);
  const batchId = there?.batchId ?? newBatchId();
  const row = {
    sessionId,
    fold,
    trial: best.n,
    kind: "test" as const,
    batchId,
    parameters: best.named,
    value: null,
    problem: null,
    figures: null,
  };
  // Before its runs are: a test that is cut short is found again, and run into the same batch.
  store.write([{ table: "optimizer_run", row }]);
  const run = await fullRun(
    settingsOf({ ...settings, cash }, { ...best, batchId, ...rangeUs(window.test) }),
    options,
  );
  return { batchId, run };
}

function trainingEvidence(
  options: SessionOptions,
  trials: readonly FinishedTrial[],
  best: FinishedTrial,
  run: FullRun | null,
): Evidence {
  return evidenceOf({
    returns: best.outcome.ran!.returns,
    trials: trials.flatMap(({ outcome: { ran, problem } }) =>
      ran === null || problem !== null ? [] : [ran.returns]
    ),
    gains: run && run.gains,
    initialCash: best.outcome.ran!.figures.initialCash,
    random: seededRandom(options.plan.seed),
  });
}

/** Its runs and what it earned. Trades are stored of the best alone. */
function recordsOf(
  { sessionId, setup: { settings } }: SessionOptions,
  { n: trial, batchId, named: parameters, outcome }: FinishedTrial,
  fold: number,
): StoreRecord[] {
  const { value, problem, ran } = outcome;
  const runs = ran === null ? [] : ran.runs.map((run): StoreRecord => ({
    table: "finished_run",
    row: {
      ...run,
      environment: ENVIRONMENT,
      buildNumber: settings.buildNumber,
      batchId,
      startUs: ran.startUs,
      endUs: ran.endUs,
      refAlgoRun: null,
    },
  }));
  const figures = storedFigures(outcome);
  const row: OptimizerRunRow = {
    sessionId,
    fold,
    trial,
    kind: "trial",
    batchId,
    parameters,
    value,
    problem,
    figures,
  };
  return [...runs, { table: "optimizer_run", row }];
}

/** The trial, run again as a backtest by itself, earns the same: or one of both is wrong. */
function mustBeSame({ named, outcome }: FinishedTrial, result: BacktestResult): void {
  const { figures } = outcome.ran as NonNullable<TrialOutcome["ran"]>;
  const same = figures.finalEquity === Number(result.finalEquity) &&
    figures.executions === result.trades.length && figures.sharpe === result.sharpe;
  if (same) return;
  throw new OperationError(
    `The best trial, ${JSON.stringify(named)}, was run again and earned something else: ` +
      `${result.finalEquity} with ${result.trades.length} executions, before ` +
      `${figures.finalEquity} with ${figures.executions}. A strategy that depends on more than its ` +
      "bars and parameters cannot be optimised",
  );
}
