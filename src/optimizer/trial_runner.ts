/**
 * Trials, one after the other, in the worker that they share.
 * Invariant: a trial is a backtest of its own: nothing of the one before is left. User code is
 * another module each time, chance begins anew, and data that ends with the trial is all there is.
 */
import type { BacktestResult } from "../backtest/result.ts";
import { runBacktest } from "../backtest/run_backtest.ts";
import type { ParamTable } from "../contracts/params.ts";
import { Scanner } from "../contracts/scanner.ts";
import type { RunStart } from "../contracts/store.ts";
import { Strategy } from "../contracts/strategy.ts";
import type { PluginRegistry } from "../engine/load_plugin.ts";
import type { PluginSource } from "../protocol.ts";
import { exchangeDate } from "../model/calendar.ts";
import { cutAfter } from "../recorded/cut.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { type Bundle, freshInstance } from "../sandbox/bundle.ts";
import { describeThrown, loadUserFunction, loadUserModule } from "../sandbox/load_user_module.ts";
import { plainData } from "../sandbox/plain_data.ts";
import { ConfigError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import { figuresOf, valueOf } from "./figures.ts";
import { userValue } from "./user_objective.ts";
import type { Trial, TrialOutcome, TrialSetup } from "./trial_messages.ts";
import { settingsOf } from "./trial_settings.ts";

export interface TrialRunnerOptions {
  setup: TrialSetup;
  control: SharedArrayBuffer;
  registries: { strategies: PluginRegistry; scanners: PluginRegistry };
  log: LogSink;
  /** A trial begins: from now on this is the time, and chance begins anew. */
  onTrial(nowUs: () => number): void;
}

export class TrialRunner {
  readonly #options: TrialRunnerOptions;
  readonly #words: Int32Array;
  #instances = 0;
  #data: MarketData;
  #dataUntilUs = Infinity;
  /** Of the trial that runs. */
  #bundles: Bundle[] = [];

  constructor(options: TrialRunnerOptions) {
    this.#options = options;
    this.#words = new Int32Array(options.control);
    this.#data = options.setup.settings.data;
  }

  /** What the strategies declare. Throws ConfigError for user code that does not load. */
  async params(): Promise<Record<string, ParamTable>> {
    const { setup: { settings }, registries } = this.#options;
    this.#begin();
    const tables: Record<string, ParamTable> = {};
    for (const [index, source] of settings.strategies.entries()) {
      const { from } = this.#fresh(source);
      const type = from.kind === "user"
        ? await loadUserModule({ bundle: from.bundle, base: Strategy, stopFlag: this.#flag(index) })
        : (await registries.strategies[from.builtin]()).default;
      const { params = {} } = type as { params?: ParamTable };
      tables[source.name] = plainData(params) as unknown as ParamTable;
    }
    // What does not load is told now, not by the first trial.
    for (const { source } of settings.scanners) {
      const { from } = this.#fresh(source);
      if (from.kind === "builtin") continue;
      await loadUserModule({ bundle: from.bundle, base: Scanner, stopFlag: new Int32Array(1) });
    }
    const { objective } = this.#options.setup;
    if (objective.kind === "user") {
      const bundle = freshInstance(objective.bundle, ++this.#instances);
      await loadUserFunction(bundle, this.#flag(settings.strategies.length));
    }
    return tables;
  }

  async run(trial: Trial): Promise<TrialOutcome> {
    this.#begin();
    this.#bundles = [];
    const runs: RunStart[] = [];
    const problems: { strategy: string; message: string }[] = [];
    let result: BacktestResult;
    try {
      result = await this.#backtest(trial, runs, problems);
    } catch (error) {
      // Parameters that a strategy does not take, most often.
      if (!(error instanceof ConfigError)) throw error;
      return { value: null, problem: error.message, ran: null };
    }
    const { figures, returns, commonReturns } = figuresOf(result);
    const failed = problems.map(({ strategy, message }) => `${strategy} stopped: ${message}`);
    if (result.ruinedUs !== null) {
      failed.push(`the account was ruined on ${exchangeDate(result.ruinedUs)}`);
    }
    const judged = failed.length > 0
      ? { value: null, problem: failed.join("; ") }
      : await this.#judge(result, returns, figures, runs);
    const { fromUs: startUs, endUs, endReason } = result;
    return {
      ...judged,
      ran: {
        figures,
        returns: commonReturns,
        startUs,
        endUs,
        endReason,
        runs: runs.map(({ algoName, parameters }) => ({
          algoName,
          parameters,
          endReason: problems.find(({ strategy }) => strategy === algoName)
            ?.message.replace(/^/, "stopped: ") ?? endReason,
        })),
      },
    };
  }

  #backtest(
    trial: Trial,
    runs: RunStart[],
    problems: { strategy: string; message: string }[],
  ): Promise<BacktestResult> {
    const { setup: { settings }, registries, control, log, onTrial } = this.#options;
    const run = settingsOf(settings, trial);
    return runBacktest({
      ...run,
      data: this.#until(trial.toUs),
      strategies: run.strategies.map((source) => this.#fresh(source)),
      scanners: run.scanners.map((scanner) => ({
        ...scanner,
        source: this.#fresh(scanner.source),
      })),
      control,
      registries,
      log,
      // Numbers of its own: the runs are stored when the trial is done, its trades are not.
      store: {
        startRun: (run) => Promise.resolve(runs.push(run)),
        write: () => {},
        takesTrades: false,
      },
      onEvent: (event) => {
        if (event.type === "strategyFailed") problems.push(event);
      },
      describeThrown: (error) => describeThrown(error, this.#bundles),
      beforeUserCode: onTrial,
    });
  }

  async #judge(
    result: BacktestResult,
    returns: number[],
    figures: ReturnType<typeof figuresOf>["figures"],
    runs: RunStart[],
  ): Promise<Pick<TrialOutcome, "value" | "problem">> {
    const { objective, settings } = this.#options.setup;
    if (objective.kind === "named") {
      const value = valueOf(objective.name, figures);
      return { value: Number.isFinite(value) ? value : null, problem: null };
    }
    const index = settings.strategies.length;
    const bundle = freshInstance(objective.bundle, ++this.#instances);
    this.#words[1]++;
    this.#words[0] = index + 1;
    try {
      return await userValue({
        bundle,
        stopFlag: this.#flag(index),
        result,
        returns,
        figures,
        runs,
      });
    } finally {
      this.#words[0] = 0;
    }
  }

  /** Flags that the watchdog has set were for the trial before. */
  #begin(): void {
    this.#words.fill(0, 2);
    this.#words[0] = 0;
  }

  #flag(index: number): Int32Array {
    return this.#words.subarray(2 + index, 3 + index);
  }

  #until(toUs: number): MarketData {
    if (toUs !== this.#dataUntilUs) {
      this.#data = cutAfter(this.#options.setup.settings.data, toUs);
      this.#dataUntilUs = toUs;
    }
    return this.#data;
  }

  #fresh<Source extends PluginSource>(source: Source): Source {
    if (source.from.kind === "builtin") return source;
    const bundle = freshInstance(source.from.bundle, ++this.#instances);
    this.#bundles.push(bundle);
    return { ...source, from: { kind: "user", bundle } };
  }
}
