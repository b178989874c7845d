import { type ScheduleWindow, Strategy, type StrategyLog } from "../../contracts/strategy.ts";
import type { TargetPortfolio } from "../../model/target_portfolio.ts";
import type { ConsumerToMain, StrategySource, StrategyTraits } from "../../protocol.ts";
import type { Constructor } from "../../sandbox/load_user_module.ts";
import { plainData } from "../../sandbox/plain_data.ts";
import { logLiteral } from "../../util/log_literal.ts";
import { showIdle, showLoading, stopFlagOf } from "../control.ts";
import { begin, loadPlugin, type PluginRegistry } from "../load_plugin.ts";
import { StrategyKeystore } from "./keystore.ts";
import type { StrategyRun } from "./slot.ts";

/** Loads and makes the strategies of a consumer. Throws ConfigError. */
export async function loadStrategies(options: {
  sources: StrategySource[];
  registry: PluginRegistry;
  control: SharedArrayBuffer;
  toMain(message: ConsumerToMain): void;
  onKeystoreSet(strategy: string, key: string, context: string, value: string): void;
}): Promise<{ runs: StrategyRun[]; traits: StrategyTraits[] }> {
  const runs: StrategyRun[] = [];
  const traits: StrategyTraits[] = [];
  const words = new Int32Array(options.control);
  for (const [index, source] of options.sources.entries()) {
    showLoading(words, index);
    const plugin = await loadPlugin<Strategy>({
      table: "strategies",
      source,
      base: Strategy,
      registry: options.registry,
      stopFlag: stopFlagOf(options.control, index),
    });
    const type = plugin.type as StrategyType;
    const { run, isCreated } = begin(source, () => {
      const run = strategyRun(type, {
        name: source.name,
        index,
        params: plugin.params,
        schedule: source.schedule,
        keystore: source.keystore,
        target: source.target,
        toMain: options.toMain,
        onKeystoreSet: (...value) => options.onKeystoreSet(source.name, ...value),
      });
      return { run, isCreated: run.instance.create() !== false };
    });
    runs.push(run);
    traits.push({
      name: source.name,
      isCreated,
      runsAll: run.runsAll,
      dayTrade: type.type !== "swing",
      parameters: plugin.parameters,
    });
    showIdle(words);
  }
  return { runs, traits };
}

type StrategyType =
  & Constructor<Strategy>
  & Pick<typeof Strategy, "type" | "whileOpen" | "runAllMinutes">;

/** Makes a strategy, as its consumer runs it. */
export function strategyRun(type: StrategyType, options: {
  name: string;
  index: number;
  params: Readonly<Record<string, unknown>>;
  schedule: readonly ScheduleWindow[];
  keystore: Iterable<{ key: string; context: string; value: string }>;
  target?: TargetPortfolio | null;
  toMain(message: ConsumerToMain & { type: "log" }): void;
  onKeystoreSet(key: string, context: string, value: string): void;
}): StrategyRun {
  const { name, index, params, schedule } = options;
  const keystore = new StrategyKeystore(options.keystore, options.onKeystoreSet);
  Object.freeze(keystore);
  const instance = new type({
    name,
    params,
    schedule: Object.freeze(schedule.map((window) => Object.freeze({ ...window }))),
    log: strategyLog(name, options.toMain),
    keystore,
    targetPortfolio: frozenTarget(options.target ?? null),
  });
  return {
    name,
    index,
    instance,
    keystore,
    whileOpen: type.whileOpen === true,
    runsAll: instance.shouldRunAll() === true,
    runAllMinutes: Math.max(1, Number(type.runAllMinutes) || 5),
    runId: -1,
    formerRunId: -1,
    isStopped: false,
    slots: new Map(),
    runAllInterval: 0,
  };
}

/** What crossed a port is frozen no more. */
function frozenTarget(target: TargetPortfolio | null): TargetPortfolio | null {
  if (target === null) return null;
  const stocks = target.stocks.map((stock) => Object.freeze({ ...stock }));
  return Object.freeze({ ...target, stocks: Object.freeze(stocks) });
}

/**
 * A strategy's or scanner's log: plain data under its name, on its way to main. Its texts are no
 * templates: what they say is shown as it is.
 */
export function strategyLog(
  name: string,
  toMain: (message: ConsumerToMain & { type: "log" }) => void,
): StrategyLog {
  const write =
    (level: keyof StrategyLog) => (message: string, properties: Record<string, unknown> = {}) =>
      toMain({
        type: "log",
        level,
        category: ["liu", "strategy", name],
        message: logLiteral(String(message)),
        properties: plainData(properties) as Record<string, unknown>,
      });
  return Object.freeze({
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
  });
}
