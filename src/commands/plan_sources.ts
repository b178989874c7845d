import { fileURLToPath } from "node:url";
import { type PluginSection, sectionError } from "../config/plugin_section.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { ScannerSetup, StrategySetup } from "../engine/session_options.ts";
import type { PluginSource } from "../protocol.ts";
import { bundle } from "../sandbox/bundle.ts";
import { scanners as builtinScanners } from "../scanners/registry.ts";
import { strategies as builtinStrategies } from "../strategies/registry.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";

/** The plan's strategies and scanners: Liu's own by name, users' files bundled. Throws ConfigError. */
export async function readSources(
  plan: TradePlan,
): Promise<{ strategies: StrategySetup[]; scanners: ScannerSetup[] }> {
  const strategies: StrategySetup[] = [];
  for (const section of plan.strategies) {
    const source = await sourceOf(plan, section, builtinStrategies);
    const { netHosts, schedule, onFailure, targetPortfolio } = section;
    const own = { schedule, keystore: [], targetName: targetPortfolio };
    strategies.push({ source: { ...source, ...own }, netHosts, onFailure });
  }
  const all = plan.strategies.map(({ name }) => name);
  const scanners: ScannerSetup[] = [];
  for (const section of plan.scanners) {
    const { recurrenceMinutes, targetStrategyName, assetClass, netHosts } = section;
    scanners.push({
      source: await sourceOf(plan, section, builtinScanners),
      recurrenceMinutes,
      targets: targetStrategyName === null ? all : [targetStrategyName],
      assetClass,
      netHosts,
    });
  }
  return { strategies, scanners };
}

/** What a section names: one of Liu's own by name, or a user's file, bundled. Throws ConfigError. */
export async function sourceOf(
  plan: Pick<TradePlan, "file" | "folder">,
  section: PluginSection,
  registry: Record<string, unknown>,
): Promise<PluginSource> {
  const { name, filename, parameters, table } = section;
  if (filename !== null) {
    return { name, parameters, from: { kind: "user", bundle: await bundleOf(plan, section) } };
  }
  const builtin = builtinOf(name, registry);
  if (builtin === undefined) {
    const meant = closest(name, Object.keys(registry));
    throw new ConfigError(
      `Cannot read ${plan.file}: [${table}] line ${section.line}: there is no built-in "${name}"` +
        (meant ? `; did you mean "${meant}"?` : "") +
        ` Name your own file with filename = "….ts"; built in are ${
          Object.keys(registry).join(", ")
        }`,
    );
  }
  return { name, parameters, from: { kind: "builtin", builtin } };
}

/** The registry's name for it: the original wrote MomentumLong for momentum_long. */
export function builtinOf(name: string, registry: Record<string, unknown>): string | undefined {
  const plain = (text: string) => text.replaceAll("_", "").toLowerCase();
  return Object.keys(registry).find((key) => plain(key) === plain(name));
}

async function bundleOf(plan: Pick<TradePlan, "file" | "folder">, section: PluginSection) {
  const { name, filename, table } = section;
  if (!await isFile(filename!)) {
    throw sectionError(plan.file, section, null, `its filename is no file: ${filename}`);
  }
  return await bundle({
    id: `${table}`.replace(/[^\w.]/g, "_") || name,
    entry: filename!,
    root: plan.folder,
    read: (path) => Deno.readTextFile(path.startsWith("file:") ? fileURLToPath(path) : path),
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
