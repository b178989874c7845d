/** Trades again what the scanners of a batch picked, at its times, with the plan's strategies. */
import { analyzeBatch } from "../analysis/batch_analysis.ts";
import type { BacktestSettings } from "../backtest/options.ts";
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { Host } from "../contracts/command.ts";
import type { RunRow, Store } from "../contracts/store.ts";
import { logger } from "../util/log.ts";
import type { BatchOptions } from "./backtest_batch.ts";
import { comparisonJson, comparisonOf, comparisonText } from "./backtest_comparison.ts";
import { logDecisions } from "./backtest_debug.ts";
import { chosenPicks, rangeOf, recordedPicks, type StoredBatch } from "./backtest_picks.ts";
import { backtestJson } from "./backtest_report.ts";
import { runAndReport } from "./backtest_run.ts";
import { backtestSettings } from "./backtest_settings.ts";
import { batchOf } from "../analysis/batch_of.ts";
import { loadTradePlan } from "./plan.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore, requireDatabase } from "./store.ts";

/** Throws ConfigError, OperationError. */
export async function backtestOfBatch(asked: string, cli: BatchOptions, host: Host): Promise<void> {
  const { settings, logSink } = startSettings(host);
  const plan = await loadTradePlan({ plan: cli.plan, settings, host });
  await requireDatabase(settings);
  const worker = await openSettingsStore(settings, { readOnly: false });
  try {
    const original = await storedBatch(worker.connect(), asked);
    const run = await settingsOf(original, cli, plan, settings, host);
    const output = { ...cli, worker };
    const reported = await runAndReport(run, output, settings, logSink, host);
    const { result, analysis } = reported;
    if (cli.debug) logDecisions(result.record!, logSink);
    const trades = tradesToCompare(original, run);
    const compared = comparisonOf(analyzeBatch(original.runs, trades).analysis, analysis);
    if (cli.json) {
      host.out(
        JSON.stringify({
          ...backtestJson(result),
          ref_batch_id: original.batchId,
          comparison: comparisonJson(compared),
        }) + "\n",
      );
    } else if (trades.length > 0) {
      host.out(`\n${comparisonText(compared, original.batchId, host)}`);
    }
    await reported.writeEquity();
  } finally {
    await worker.close();
  }
}

/** Of the symbols that were traded again, and until it ended. */
function tradesToCompare({ trades }: StoredBatch, { picks = [], toUs }: BacktestSettings) {
  const symbols = new Set(picks.flatMap((pick) => pick.symbols));
  return trades.filter(({ symbol, tradeUs }) => symbols.has(symbol) && tradeUs <= toUs);
}

async function storedBatch(store: Store, asked: string): Promise<StoredBatch> {
  const batchId = await batchOf(store, asked, ({ environment }) => environment !== "BACKTEST");
  return {
    batchId,
    runs: await store.runs(batchId),
    trending: await store.trending(batchId),
    trades: await store.trades(batchId),
  };
}

async function settingsOf(
  original: StoredBatch,
  cli: BatchOptions,
  plan: TradePlan,
  settings: Settings,
  host: Host,
): Promise<BacktestSettings> {
  const trending = chosenPicks(original, cli);
  const range = rangeOf(original, trending, cli);
  const symbols = [...new Set(trending.map(({ symbol }) => symbol))];
  const run = await backtestSettings(
    { ...range, scale: "minute", symbols, mayLack: true },
    cli,
    plan,
    settings,
    host,
  );
  warnOfMissing(symbols.filter((symbol) => !run.data.has(symbol)), original.batchId);
  const strategies = run.strategies.map(({ name }) => name);
  return {
    ...run,
    picks: recordedPicks(trending, run.scanners, strategies),
    scanners: [],
    refRuns: firstRuns(original.runs, strategies),
    isRecorded: cli.debug,
  };
}

/** A strategy may have had a run on each consumer: the first stands for all. */
function firstRuns(runs: readonly RunRow[], strategies: readonly string[]): Record<string, number> {
  const refs: Record<string, number> = {};
  for (const { algoName, algoRunId } of runs) {
    if (strategies.includes(algoName)) refs[algoName] ??= algoRunId;
  }
  return refs;
}

function warnOfMissing(symbols: readonly string[], batchId: string): void {
  if (symbols.length === 0) return;
  logger("backtest").warn(
    `There are no data of ${symbols.join(", ")}, which batch ${batchId} picked: not traded again`,
  );
}
