/** What a backtest runs on: files that are named, or the history on disk and its provider. */
import type { BacktestScale } from "../backtest/options.ts";
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { assetClassOf } from "../model/asset.ts";
import type { FillModelName } from "../model/trading_costs.ts";
import { loadFile } from "../recorded/load_file.ts";
import { type MarketData, mergeMarketData, type SymbolData } from "../recorded/market_data.ts";
import type { FileSource } from "../recorded/source.ts";
import { ConfigError } from "../util/errors.ts";

export interface DataWanted {
  files: FileSource[];
  /** Of --symbols; else those that the plan's scanners name, or all that are on disk. */
  symbols: string[] | undefined;
  scale: BacktestScale;
  /** What fills orders. */
  fillModel: FillModelName;
  fromUs: number;
  toUs: number;
}

/** Throws ConfigError, OperationError. */
export async function loadBacktestData(
  wanted: DataWanted,
  plan: TradePlan,
  settings: Settings,
  signal: AbortSignal,
): Promise<MarketData> {
  const data = wanted.files.length > 0
    ? await fromFiles(wanted.files)
    : await fromHistory(wanted, plan, settings, signal);
  const classes = new Set(plan.assets);
  const ofPlan = [...data].filter(([symbol]) => classes.has(assetClassOf(symbol)));
  if (ofPlan.length > 0) return new Map(ofPlan);
  throw new ConfigError(
    `Cannot backtest: the data hold nothing of the plan's assets (${plan.assets.join(", ")}), ` +
      `only ${[...data.keys()].slice(0, 5).join(", ")}. ${plan.file} says assets = […]`,
  );
}

async function fromFiles(files: FileSource[]): Promise<MarketData> {
  const parts: SymbolData[] = [];
  for (const source of files) parts.push(...await loadFile(source));
  return mergeMarketData(parts);
}

async function fromHistory(...wanted: Parameters<typeof loadBacktestData>): Promise<MarketData> {
  // Files of history and providers are for those who use them.
  const { loadBacktestHistory } = await import("./backtest_history.ts");
  return await loadBacktestHistory(...wanted);
}
