/** From plan and options to what a backtest is run with. */
import config from "../../deno.json" with { type: "json" };
import type { BacktestScale, BacktestSettings } from "../backtest/options.ts";
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { Host } from "../contracts/command.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { loadBacktestData } from "./backtest_data.ts";
import { costsOf, planOfAsset } from "./backtest_costs.ts";
import type { MarketOptions } from "./backtest_options.ts";
import { fileSources } from "./data_files.ts";
import { readSources } from "./plan_sources.ts";
import { symbolsMaxOf } from "./settings.ts";

export interface BacktestWanted {
  fromUs: number;
  toUs: number;
  scale: BacktestScale;
  /** Whose history is loaded; else what the scanners name. */
  symbols: string[] | undefined;
  /** Symbols may be named of which there are no data: who asks tells it. */
  mayLack?: boolean;
}

/** Reads the sources and loads the data. Throws ConfigError, OperationError. */
export async function backtestSettings(
  { fromUs, toUs, scale, symbols, mayLack = false }: BacktestWanted,
  options: MarketOptions,
  wholePlan: TradePlan,
  settings: Settings,
  host: Host,
): Promise<BacktestSettings> {
  const plan = planOfAsset(wholePlan, options.asset);
  const { strategies, scanners } = await readSources({
    ...plan,
    strategies: chosen("--strats", plan.strategies, options.strats),
  });
  if ((scale === "second" || scale === "trade") && !plan.events.includes(scale)) {
    logger("backtest").warning(
      `No strategy is called for ${scale}s: ${plan.file} says events = ` +
        `[${plan.events.map((event) => `"${event}"`).join(", ")}]`,
    );
  }
  const costs = costsOf(options, plan);
  const files = fileSources(options, host.cwd, scale === "second" ? "second" : "minute");
  const { fillModel } = costs;
  const wanted = { files, symbols, mayLack, scale, fillModel, fromUs, toUs };
  const data = await loadBacktestData(wanted, plan, settings, host.signal);
  const ran = new Set(strategies.map(({ source }) => source.name));
  return {
    batchId: crypto.randomUUID(),
    buildNumber: config.version,
    data,
    scale,
    fromUs,
    toUs,
    strategies: strategies.map(({ source }) => source),
    scanners: scanners.map((scanner) => ({
      ...scanner,
      targets: scanner.targets.filter((target) => ran.has(target)),
    })),
    assets: plan.assets,
    symbolsMax: symbolsMaxOf(settings),
    events: plan.events,
    portfolioValue: plan.portfolioValue ?? 0,
    risk: { ...plan.risk, portfolioValue: plan.portfolioValue },
    liquidationMinutes: plan.marketLiquidationEndTimeMinutes,
    cryptoEndMinutes: plan.endTimeMinutes,
    ...costs,
  };
}

/** The plan's sections that an option names. Throws ConfigError for a name that it has not. */
export function chosen<Section extends { name: string }>(
  option: string,
  sections: Section[],
  names: string[] | undefined,
): Section[] {
  if (names === undefined) return sections;
  const known = sections.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    throw new ConfigError(
      `Cannot use ${option} ${name}: the plan has ${known.join(", ") || "none"}` +
        (meant ? `; did you mean "${meant}"?` : ""),
    );
  }
  return sections.filter(({ name }) => names.includes(name));
}
