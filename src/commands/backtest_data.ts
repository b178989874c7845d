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
import { checkSessions, mustHaveSessions } from "./backtest_sessions.ts";

export interface DataWanted {
  files: FileSource[];
  /** Of --symbols; else those that the plan's scanners name, or all that are on disk. */
  symbols: string[] | undefined;
  /** Symbols may be named of which there are no data. */
  mayLack: boolean;
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
  mustHaveSessions(plan.assets, wanted);
  const data = wanted.files.length > 0
    ? await fromFiles(wanted)
    : await fromHistory(wanted, plan, settings, signal);
  const classes = new Set(plan.assets);
  const ofPlan = [...data].filter(([symbol]) => classes.has(assetClassOf(symbol)));
  if (ofPlan.length > 0) {
    const found = new Map(ofPlan);
    const expected = wanted.symbols ?? scannedSymbols(plan);
    const mayBeThere = (symbol: string) =>
      classes.has(assetClassOf(symbol)) && (found.has(symbol) || !wanted.mayLack);
    checkSessions(found, expected.filter(mayBeThere), wanted);
    return found;
  }
  throw new ConfigError(
    `Cannot backtest: the data hold nothing of the plan's assets (${plan.assets.join(", ")}), ` +
      `only ${[...data.keys()].slice(0, 5).join(", ")}. ${plan.file} says assets = […]`,
  );
}

async function fromFiles({ files, symbols, mayLack }: DataWanted): Promise<MarketData> {
  const parts: SymbolData[] = [];
  for (const source of files) parts.push(...await loadFile(source));
  if (symbols === undefined || mayLack) return mergeMarketData(parts);
  const held = new Set(parts.map(({ symbol }) => symbol));
  const missing = symbols.filter((symbol) => !held.has(symbol));
  if (missing.length > 0) {
    throw new ConfigError(
      `Cannot use --symbols ${missing.join(",")}: the files hold only ` +
        `${[...held].slice(0, 5).join(", ")}${held.size > 5 ? ", …" : ""}`,
    );
  }
  return mergeMarketData(parts.filter(({ symbol }) => symbols.includes(symbol)));
}

/** What the plan's scanners name themselves. */
export function scannedSymbols({ scanners }: Pick<TradePlan, "scanners">): string[] {
  return [
    ...new Set(
      scanners.flatMap(({ parameters: { symbols } }) =>
        Array.isArray(symbols) ? symbols.map(String) : []
      ),
    ),
  ];
}

async function fromHistory(...wanted: Parameters<typeof loadBacktestData>): Promise<MarketData> {
  // Files of history and providers are for those who use them.
  const { loadBacktestHistory } = await import("./backtest_history.ts");
  return await loadBacktestHistory(...wanted);
}
