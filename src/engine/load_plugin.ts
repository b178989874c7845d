/** Brings a strategy or scanner of the plan into its worker, one of Liu's own or a user's, and checks its parameters. */
import { type ParamTable, resolveParams, snakeCase } from "../contracts/params.ts";
import type { Json } from "../contracts/store.ts";
import type { PluginSource } from "../protocol.ts";
import { type Constructor, loadUserModule, whyNotLoaded } from "../sandbox/load_user_module.ts";
import { plainData } from "../sandbox/plain_data.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";

/** Liu's own plug-ins by name: what src/strategies/registry.ts and its like export. */
export type PluginRegistry = Record<string, () => Promise<{ default: unknown }>>;

export interface LoadedPlugin<T> {
  type: Constructor<T>;
  /** Values of all parameters, defaults included. */
  params: Readonly<Record<string, unknown>>;
  /** The same as plain data. */
  parameters: Record<string, Json>;
}

/**
 * Loads a plug-in. Throws ConfigError for code that does not load, lacks its class, or whose section of the plan has
 * wrong parameters.
 */
export async function loadPlugin<T>(options: {
  /** "strategies" or "scanners": the plan's table, for messages. */
  table: string;
  source: PluginSource;
  // deno-lint-ignore no-explicit-any
  base: abstract new (...args: any[]) => T;
  registry: PluginRegistry;
  stopFlag: Int32Array;
  /** Parameters that all plug-ins of the kind have. */
  common?: ParamTable;
}): Promise<LoadedPlugin<T>> {
  const { source, base, registry, stopFlag, common = {} } = options;
  const type = source.from.kind === "user"
    ? await loadUserModule({ bundle: source.from.bundle, base, stopFlag })
    : (await registry[source.from.builtin]()).default as Constructor<T>;
  if (typeof (type.prototype as { run?: unknown }).run !== "function") {
    const file = source.from.kind === "user" ? source.from.bundle.path : source.name;
    throw new ConfigError(
      `Cannot load ${file}: its class ${type.name} has no method run: write "run(…) { … }" in it`,
    );
  }
  const table = { ...common, ...(type as unknown as { params?: ParamTable }).params };
  const { values, problems } = resolveParams(table, source.parameters);
  if (problems.length > 0) {
    const lines = problems.map(({ key, problem }) => {
      const guess = key in table
        ? null
        : closest(snakeCase(key), Object.keys(table).map(snakeCase));
      return `  ${snakeCase(key)} ${problem}${guess ? `: did you mean "${guess}"?` : ""}`;
    });
    throw new ConfigError(
      [`Cannot use [${options.table}.${source.name}] of the plan:`, ...lines].join("\n"),
    );
  }
  return {
    type,
    params: Object.freeze(values),
    parameters: plainData(values) as Record<string, Json>,
  };
}

/** Calls user code that a plug-in begins with, such as its constructor. Throws ConfigError with the author's line. */
export function begin<T>({ from }: PluginSource, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw from.kind === "user" ? new ConfigError(whyNotLoaded(error, from.bundle)) : error;
  }
}
