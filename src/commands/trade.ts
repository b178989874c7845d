/** One session as `liu trader` and `liu demo` run it: settings and plan to workers, and the analysis at its end. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { analyzeAndStore, analyzeBatch, type BatchAnalysis } from "../analysis/batch_analysis.ts";
import { LiveFigures } from "../analysis/live_figures.ts";
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { startControlServer } from "../control/control_server.ts";
import { watchKill } from "../control/kill_watch.ts";
import type { DenialRow, RunRow, Store, TradeRow } from "../contracts/store.ts";
import type { SessionEvent, SessionResult, StrategySetup } from "../engine/session_options.ts";
import { type LeftOut, Marks } from "../engine/marks.ts";
import { Session } from "../engine/session.ts";
import { ConfigError } from "../util/errors.ts";
import { logger, type LogSink } from "../util/log.ts";
import { within } from "../util/within.ts";
import { checkMoney } from "./money.ts";
import { readSources } from "./plan_sources.ts";
import { readTargets } from "./plan_targets.ts";
import { alpacaSettings, providerOf } from "./provider.ts";
import { symbolsMaxOf } from "./settings.ts";
import { openSettingsStore } from "./store.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";

/** Of a trader that was stopped: it is to be over in ten seconds. */
const ANALYSIS_MS_MAX = 1_200;
const CLOSE_MS_MAX = 600;
/** Symbols that a consumer is thought to carry: fewer symbols, fewer consumers. */
const SYMBOLS_PER_CONSUMER = 50;

export interface TradeOptions {
  plan: TradePlan;
  settings: Settings;
  logSink: LogSink;
  signal: AbortSignal;
  /** True: nothing is carried on, and what the account holds is nobody's. */
  isNewBatch?: boolean;
  /** It trades; see SessionOptions. */
  onReady?(isAlive: () => boolean): void;
  onEvent(event: SessionEvent): void;
  /** The database is open, its migrations applied. */
  onStore?(): void;
}

export interface TradeResult {
  batchId: string;
  session: SessionResult;
  analysis: BatchAnalysis;
  /** Strategies and scanners that were stopped because they threw or did not return. */
  failed: string[];
  stored: { trades: TradeRow[]; denials: DenialRow[]; runs: RunRow[] };
}

/** Trades one session. Throws ConfigError or OperationError; what was recorded until then is stored. */
export async function trade(options: TradeOptions): Promise<TradeResult> {
  const { plan, settings, logSink, signal } = options;
  const failed = new Set<string>();
  const figures = new LiveFigures();
  const onEvent = (event: SessionEvent) => {
    if (event.type === "strategyFailed") failed.add(event.strategy);
    figures.onEvent(event);
    options.onEvent(event);
  };
  checkMoney(plan, settings.alpaca);
  const sources = await readSources(plan);
  const marks = new Marks(join(settings.dataFolder, "journal"), today());
  const storeWorker = await openSettingsStore(settings, { readOnly: false });
  try {
    options.onStore?.();
    const store = storeWorker.connect();
    const going = withoutLeftOut(sources.strategies, marks.read(), logSink);
    const strategies = await withKeystore(going, store);
    const targets = await readTargets(strategies.map(({ source }) => source), store);
    const session = new Session({
      batchId: crypto.randomUUID(),
      buildNumber: config.version,
      environment: plan.environment,
      provider: await providerOf(settings),
      store,
      storePort: storeWorker.port(),
      watchStore: (listener) => storeWorker.watch(listener),
      gateway: await gatewayOf(plan, settings),
      supervision: plan.session,
      marks,
      recovery: {
        digest: digestOf(plan, sources, settings),
        isNewBatch: options.isNewBatch ?? false,
        unknownPositions: plan.risk.unknownPositions,
      },
      scanners: [...sources.scanners, ...targets],
      strategies,
      assets: plan.assets,
      consumers: consumersOf(settings),
      symbolsMax: symbolsMaxOf(settings),
      portfolioValue: plan.portfolioValue ?? 0,
      events: plan.events,
      liquidationMinutes: plan.marketLiquidationEndTimeMinutes,
      cryptoEndMinutes: plan.endTimeMinutes,
      testScanners: plan.testScanners,
      onReady: options.onReady,
      onEvent,
      log: logSink,
      signal,
    });
    const result = await controlled(session, settings, () => session.run());
    const { analysis, stored } = await analyzed(store, result, figures, signal);
    return { batchId: result.batchId, session: result, analysis, stored, failed: [...failed] };
  } finally {
    marks.close();
    await (signal.aborted ? storeWorker.close(CLOSE_MS_MAX) : storeWorker.close());
  }
}

/** The machine's day, in UTC. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}

/** Without those that ended an earlier trader of today, or could not be stopped by it. */
function withoutLeftOut(
  strategies: StrategySetup[],
  leftOut: readonly LeftOut[],
  log: LogSink,
): StrategySetup[] {
  const whyOf = new Map(leftOut.map(({ strategy, why }) => [strategy, why]));
  return strategies.filter(({ source: { name } }) => {
    const why = whyOf.get(name);
    if (why === undefined) return true;
    const text = "{strategy} is left out today: {why}. Mend it, then remove left_out.json from " +
      "the folder journal of the data folder, and start again";
    log("error", ["liu", "trader"], text, { strategy: name, why, alert: "left_out" });
    return false;
  });
}

/** Where the trader was stopped, and the database does not answer, there is nothing to be said. */
async function analyzed(
  store: Store,
  result: SessionResult,
  figures: LiveFigures,
  signal: AbortSignal,
): Promise<Pick<TradeResult, "analysis" | "stored">> {
  const { batchId, endUs } = result;
  const analyze = async () => {
    const row = figures.figures(result, await store.batchFigures(batchId));
    if (row !== null) {
      store.write([{ table: "batch_figures", row: { batchId, figures: row, timeUs: endUs } }]);
    }
    return {
      analysis: await analyzeAndStore(store, batchId, endUs),
      stored: {
        trades: await store.trades(batchId),
        denials: await store.denials(batchId),
        runs: await store.runs(batchId),
      },
    };
  };
  if (!signal.aborted) return await analyze();
  const nothing = {
    analysis: analyzeBatch([], []).analysis,
    stored: { trades: [], denials: [], runs: [] },
  };
  return await within(analyze().catch(() => nothing), ANALYSIS_MS_MAX, nothing);
}

/** The session can be asked, and killed, before the gateway looks whether it was killed before. */
async function controlled<T>(
  { control }: Session,
  { dataFolder }: Settings,
  run: () => Promise<T>,
): Promise<T> {
  const log = logger("control");
  const onProblem = (text: string) => log.error(text);
  const server = startControlServer({ dataFolder, control, onProblem });
  const over = new AbortController();
  void watchKill({ folder: dataFolder, control, signal: over.signal, onProblem });
  try {
    return await run();
  } finally {
    over.abort();
    await server.close();
  }
}

/** What makes a session's runs what they are: a batch is carried on by the same only. */
function digestOf(plan: TradePlan, sources: unknown, settings: Settings): string {
  const { warnings: _, backtest: __, optimizer: ___, alerts: ____, ...rest } = plan;
  const text = JSON.stringify([rest, sources, consumersOf(settings), config.version]);
  return createHash("sha256").update(text).digest("hex");
}

function consumersOf(settings: Settings): number {
  const { consumers, cpuFactor } = settings;
  if (consumers !== null) return Math.min(consumers, 29);
  const bySymbols = Math.ceil(symbolsMaxOf(settings) / SYMBOLS_PER_CONSUMER);
  const byCpus = Math.round(navigator.hardwareConcurrency * cpuFactor / 2);
  return Math.max(1, Math.min(bySymbols, byCpus, 29));
}

async function gatewayOf(plan: TradePlan, settings: Settings) {
  if (settings.broker !== "alpaca") {
    throw new ConfigError(`Cannot use LIU_BROKER=${settings.broker}: this version has alpaca`);
  }
  const journalFolder = join(settings.dataFolder, "journal");
  await Deno.mkdir(journalFolder, { recursive: true });
  const { baseUrl, streamUrl } = settings.alpaca;
  return {
    broker: settings.broker,
    brokerOptions: alpacaSettings(settings),
    hosts: alpacaUrls(baseUrl, streamUrl ?? undefined).hosts,
    journalFolder,
    killFolder: settings.dataFolder,
    risk: { ...plan.risk, portfolioValue: plan.portfolioValue },
    reconcile: plan.reconcile,
    clockSkewMsMax: plan.clockSkewSecondsMax * 1000,
  };
}

async function withKeystore(strategies: StrategySetup[], store: Store): Promise<StrategySetup[]> {
  const filled: StrategySetup[] = [];
  for (const strategy of strategies) {
    const { source } = strategy;
    const keystore = await store.keystore(source.name);
    filled.push({ ...strategy, source: { ...source, keystore } });
  }
  return filled;
}
