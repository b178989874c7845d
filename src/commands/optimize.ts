import { resolve } from "node:path";
import type { BacktestSettings } from "../backtest/options.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { Command, Host } from "../contracts/command.ts";
import type { Json, OptimizerRunRow, Store } from "../contracts/store.ts";
import { fingerprintOf } from "../optimizer/fingerprint.ts";
import { type ObjectiveName, OBJECTIVES } from "../optimizer/figures.ts";
import { type SearchPlan, trialsOf } from "../optimizer/optimize.ts";
import { planSpace } from "../optimizer/plan_space.ts";
import { type StartedSession, startSession } from "../optimizer/resume.ts";
import { searchSession, type SessionOptions, walkForwardSession } from "../optimizer/session.ts";
import { sharedData } from "../optimizer/shared_data.ts";
import type { TrialSetup } from "../optimizer/trial_messages.ts";
import { TrialPool } from "../optimizer/trial_pool.ts";
import {
  type Period,
  rangeUs,
  readWalkForward,
  type WalkWindow,
  walkWindows,
} from "../optimizer/walk_forward.ts";
import { bundle } from "../sandbox/bundle.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import { planOfAsset } from "./backtest_costs.ts";
import { backtestSettings, chosen } from "./backtest_settings.ts";
import { command as listCommand } from "./optimize_list.ts";
import { declareOptimizeOptions, type OptimizeOptions } from "./optimize_options.ts";
import { optimizePeriod } from "./optimize_period.ts";
import { OptimizeProgress } from "./optimize_progress.ts";
import { searchJson, searchText, type SessionHead, walkJson, walkText } from "./optimize_report.ts";
import { OutputFile } from "./output_file.ts";
import { curveCsv } from "./backtest_report.ts";
import { loadTradePlan } from "./plan.ts";
import { startSettings } from "./settings.ts";
import { readTargets } from "./plan_targets.ts";
import { openSettingsStore } from "./store.ts";

export const command: Command = {
  examples: [
    {
      line: "liu optimize --from 2021-01-04 --to 2021-12-31 --trials 200",
      does: "200 random points of the plan's space, by Sharpe ratio",
    },
    {
      line: "liu optimize --method evolution --objective objective.ts --bars bars.csv",
      does: "points that learn from those before, by a measure of yours",
    },
    {
      line: "liu optimize --walk-forward train=6mo,test=1mo",
      does: "searched on six months, traded on the next, and on",
    },
    { line: "liu optimize list", does: "the newest sessions" },
  ],
  subcommands: {
    list: { summary: "show the newest sessions of the optimizer", command: listCommand },
  },

  configure: declareOptimizeOptions,

  async run({ options }, host) {
    const progress = new OptimizeProgress(host);
    const { settings, logSink } = startSettings(host, progress.print);
    const cli = options as OptimizeOptions;
    const plan = planOfAsset(
      await loadTradePlan({ plan: cli.plan, settings, host }),
      cli.asset,
    );
    const period = optimizePeriod(cli, plan);
    const windows = cli.walkForward === undefined
      ? null
      : walkWindows(period, readWalkForward(cli.walkForward), plan.assets);
    const objective = await objectiveOf(cli.objective, host);
    const file = cli.equity === undefined ? null : await OutputFile.open(cli.equity, host.cwd);
    const run = await backtestSettings(
      { ...rangeUs(period), scale: cli.scale, symbols: cli.symbols },
      cli,
      { ...plan, scanners: chosen("--scanners", plan.scanners, cli.scanners) },
      settings,
      host,
    );
    const storeWorker = await openSettingsStore(settings, { readOnly: false });
    try {
      const store = storeWorker.connect();
      for (const source of run.strategies) source.keystore = await store.keystore(source.name);
      const targets = await readTargets(run.strategies, store, run.fromUs);
      run.scanners = [...run.scanners, ...targets];
      const prepared = {
        plan,
        period,
        windows,
        setup: setupOf(run, objective),
        store,
        file,
        folder: settings.dataFolder,
      };
      return await search(prepared, cli, progress, logSink, host);
    } finally {
      progress.end();
      await storeWorker.close();
    }
  },
};

interface Prepared {
  plan: TradePlan;
  period: Period;
  windows: WalkWindow[] | null;
  setup: TrialSetup;
  store: Store;
  /** For the equity curve. */
  file: OutputFile | null;
  /** Of Liu's data. */
  folder: string;
}

function setupOf(run: BacktestSettings, objective: TrialSetup["objective"]): TrialSetup {
  // In its place, so that nobody keeps the first copy.
  run.data = sharedData(run.data);
  const { batchId: _, fromUs: __, toUs: ___, ...settings } = run;
  return { settings, objective };
}

/** A name, or a file that is read here and run by the workers. */
async function objectiveOf(text: string, host: Host): Promise<TrialSetup["objective"]> {
  if ((OBJECTIVES as readonly string[]).includes(text)) {
    return { kind: "named", name: text as ObjectiveName };
  }
  if (!/\.m?[jt]s$/.test(text)) {
    throw new ConfigError(
      `Cannot use --objective ${text}: it must be ${OBJECTIVES.join(", ")}, or a file (.ts, .js)`,
    );
  }
  const read = (path: string) => Deno.readTextFile(path);
  const options = { id: "objective", entry: resolve(host.cwd, text), root: host.cwd, read };
  return { kind: "user", bundle: await bundle(options) };
}

async function search(
  prepared: Prepared,
  cli: OptimizeOptions,
  progress: OptimizeProgress,
  log: LogSink,
  host: Host,
): Promise<number> {
  const { setup, windows, store, plan } = prepared;
  const workers = cli.workers ?? navigator.hardwareConcurrency;
  const pool = new TrialPool(setup, { workers, log, signal: host.signal });
  let session: StartedSession | null = null;
  try {
    const searchPlan: SearchPlan = {
      space: planSpace(plan, await pool.params()),
      method: cli.method,
      trials: cli.trials ?? null,
      seed: cli.seed,
    };
    const count = trialsOf(searchPlan);
    if (windows !== null) refusePortfolio(searchPlan);
    session = await begin(prepared, searchPlan, cli);
    tellStart(session, host);
    progress.begin(count * (windows?.length ?? 1), windows?.length ?? 1);
    const options: SessionOptions = {
      sessionId: session.row.sessionId,
      plan: searchPlan,
      setup,
      pool,
      store,
      known: session.known,
      newBatchId: () => crypto.randomUUID(),
      onTrial: (trial, of) => progress.trial(trial, of),
      log,
      signal: host.signal,
    };
    const result = await found(options, prepared, cli, host);
    progress.end();
    store.write([{ table: "optimizer_session", row: { ...session.row, result: result.json } }]);
    await store.flush();
    host.out(cli.json ? JSON.stringify(result.json) + "\n" : result.text);
    if (result.curve !== undefined) await prepared.file?.write(curveCsv(result.curve));
    return result.curve === undefined ? 1 : 0;
  } catch (error) {
    if (!host.signal.aborted || session === null) throw error;
    await store.flush();
    throw new OperationError(
      `Interrupted after ${progress.done} trials, which are stored. To go on, give the same ` +
        `command again, or with --resume ${session.row.sessionId}`,
    );
  } finally {
    pool.close();
    session?.lease.release();
  }
}

async function begin(
  { plan, period, windows, setup, store, folder }: Prepared,
  searchPlan: SearchPlan,
  cli: OptimizeOptions,
): Promise<StartedSession> {
  const { data, ...settings } = setup.settings;
  const fingerprint = fingerprintOf({
    data,
    plan: settings,
    search: { ...searchPlan, period, windows, objective: setup.objective },
  });
  return await startSession(store, {
    folder,
    resume: cli.resume,
    fingerprint,
    newId: () => crypto.randomUUID(),
    settings: {
      plan: plan.file,
      method: cli.method,
      objective: cli.objective,
      seed: cli.seed,
      trials: cli.trials ?? null,
      walk_forward: cli.walkForward ?? null,
      ...period,
    },
  });
}

function tellStart({ row: { sessionId }, known, isNew }: StartedSession, host: Host): void {
  if (isNew) return host.err(`Session ${sessionId}\n`);
  host.err(`Session ${sessionId} goes on: ${trialsIn(known)} trials are there\n`);
}

/** Without the tests of a walk-forward. */
function trialsIn(known: readonly OptimizerRunRow[]): number {
  return known.filter(({ kind }) => kind === "trial").length;
}

/** Each window begins with what the one before has left. */
function refusePortfolio({ space }: SearchPlan): void {
  if (space.every(({ parameter }) => parameter !== null)) return;
  throw new ConfigError(
    "Cannot walk forward over portfolios: each test begins with what the one before has left. " +
      'Take the param_type = "portfolio" out of the plan, and give --cash',
  );
}

interface Found {
  json: Record<string, Json>;
  text: string;
  /** None: no trial counts. */
  curve?: { timeUs: ArrayLike<number>; equity: ArrayLike<number> };
}

/** Searches, and gives what is stored and shown of it. */
async function found(
  options: SessionOptions,
  { windows, period }: Prepared,
  { method, objective, seed }: OptimizeOptions,
  host: Host,
): Promise<Found> {
  const { sessionId, known } = options;
  const resumed = trialsIn(known);
  const head: SessionHead = { sessionId, method, objective, seed, ...period, resumed };
  if (windows === null) {
    const result = await searchSession(options, period);
    const curve = result.best[0]?.run.result.equity;
    return { json: searchJson(head, result), text: searchText(head, result, host), curve };
  }
  const result = await walkForwardSession(options, windows);
  const curve = result.joined?.equity;
  return { json: walkJson(head, result), text: walkText(head, result, host), curve };
}
