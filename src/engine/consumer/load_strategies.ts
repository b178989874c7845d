import { Strategy, type StrategyLog } from "../../contracts/strategy.ts";
import type { ConsumerToMain, StrategySource, StrategyTraits } from "../../protocol.ts";
import type { Constructor } from "../../sandbox/load_user_module.ts";
import { plainData } from "../../sandbox/plain_data.ts";
import { loadPlugin, type PluginRegistry } from "../load_plugin.ts";
import { StrategyKeystore } from "./keystore.ts";
import type { StrategyRun } from "./slot.ts";

/** Where strategy i's stop flag is in the control block. */
export function stopFlagOf(control: SharedArrayBuffer, index: number): Int32Array {
  return new Int32Array(control, (2 + index) * 4, 1);
}

/** Loads and makes the strategies of a consumer. Throws ConfigError; what user code throws goes on as it is. */
export async function loadStrategies(options: {
  sources: StrategySource[];
  registry: PluginRegistry;
  control: SharedArrayBuffer;
  toMain(message: ConsumerToMain): void;
  onKeystoreSet(strategy: string, key: string, context: string, value: string): void;
}): Promise<{ runs: StrategyRun[]; traits: StrategyTraits[] }> {
  const runs: StrategyRun[] = [];
  const traits: StrategyTraits[] = [];
  for (const [index, source] of options.sources.entries()) {
    const plugin = await loadPlugin<Strategy>({
      table: "strategies",
      source,
      base: Strategy,
      registry: options.registry,
      stopFlag: stopFlagOf(options.control, index),
    });
    const type = plugin.type as
      & Constructor<Strategy>
      & Pick<typeof Strategy, "type" | "whileOpen" | "runAllMinutes">;
    const keystore = new StrategyKeystore(
      source.keystore,
      (key, context, value) => options.onKeystoreSet(source.name, key, context, value),
    );
    Object.freeze(keystore);
    const instance = new type({
      name: source.name,
      params: plugin.params,
      schedule: Object.freeze(source.schedule.map((window) => Object.freeze(window))),
      log: strategyLog(source.name, options.toMain),
      keystore,
    });
    const runsAll = instance.shouldRunAll() === true;
    runs.push({
      name: source.name,
      index,
      instance,
      keystore,
      whileOpen: type.whileOpen === true,
      runsAll,
      runAllMinutes: Math.max(1, Number(type.runAllMinutes) || 5),
      runId: -1,
      isStopped: false,
      slots: new Map(),
      runAllInterval: 0,
    });
    traits.push({
      name: source.name,
      isCreated: instance.create() !== false,
      runsAll,
      dayTrade: type.type !== "swing",
      parameters: plugin.parameters,
    });
  }
  return { runs, traits };
}

/** A strategy's log: plain data under the strategy's name, on its way to main. */
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
        message: String(message),
        properties: plainData(properties) as Record<string, unknown>,
      });
  return Object.freeze({
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
  });
}
