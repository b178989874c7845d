/** What a backtest without files runs on: history on disk, and what a provider has of the rest. */
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { History, type Remote } from "../history/history.ts";
import { assetClassOf } from "../model/asset.ts";
import { previousSession } from "../model/calendar.ts";
import {
  emptySymbol,
  type MarketData,
  mergeMarketData,
  type SymbolData,
} from "../recorded/market_data.ts";
import { ConfigError } from "../util/errors.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";
import { type DataWanted, scannedSymbols } from "./backtest_data.ts";
import { historyFolder } from "./data_series.ts";
import { remoteOf } from "./provider.ts";

/** Sessions before the first that indicators and scanners look back on. */
const MINUTE_SESSIONS_BEFORE = 4;
const DAY_SESSIONS_BEFORE = 400;

/** Throws ConfigError, OperationError. */
export async function loadBacktestHistory(
  { symbols: named, scale, fillModel, fromUs, toUs }: DataWanted,
  plan: TradePlan,
  settings: Settings,
  signal: AbortSignal,
): Promise<MarketData> {
  const history = new History({
    folder: historyFolder(settings),
    ...await remote(settings, signal),
  });
  const symbols = named ?? await symbolsOf(plan, history, scale);
  if (symbols.length === 0) {
    throw new ConfigError(
      `Cannot backtest without symbols: the plan's scanners name none, and ${history.folder} has ` +
        "none. Download them with liu data download, or give --bars FILE",
    );
  }
  const wanted = { symbols, scale, fillModel, fromUs, toUs };
  const parts = [
    ...await barsOf(history, wanted, signal),
    ...await ticksOf(history, wanted, plan, signal),
  ];
  if (parts.length > 0) return mergeMarketData(parts);
  throw new ConfigError(
    `Cannot backtest: there is no history${isRaw(wanted) ? " of raw prices" : ""} of ` +
      `${symbols.slice(0, 5).join(", ")} in ${history.folder}. Download it with liu data download` +
      `${isRaw(wanted) ? " (--adjustment raw)" : ""}, or give --bars FILE`,
  );
}

interface Wanted extends Pick<DataWanted, "scale" | "fillModel" | "fromUs" | "toUs"> {
  symbols: string[];
}

/** Trades and quotes are raw: bars beside them have to be. */
function isRaw({ scale, fillModel }: Wanted): boolean {
  return scale === "second" || scale === "trade" || fillModel === "quote" || fillModel === "trade";
}

/** Days, or minutes; with what indicators and scanners look back on. */
async function barsOf(
  history: History,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<SymbolData[]> {
  const { symbols, toUs } = wanted;
  const scale = wanted.scale === "day" ? "day" : "minute";
  let fromUs = wanted.fromUs;
  const sessions = scale === "day" ? DAY_SESSIONS_BEFORE : MINUTE_SESSIONS_BEFORE;
  for (let i = 0; i < sessions; i++) fromUs = previousSession(fromUs).openUs;
  const raw = isRaw(wanted) ? { adjustment: "raw" as const } : {};
  const found = await history.loadBars({ symbols, scale, fromUs, toUs, ...raw }, signal);
  return partsOf(found, scale === "day" ? "dailyBars" : "minuteBars");
}

/** What is finer than minutes, of the backtest's own time: what scale, fills and strategies want. */
async function ticksOf(
  history: History,
  { symbols, scale, fillModel, fromUs, toUs }: Wanted,
  { events, backtest: { slippage } }: TradePlan,
  signal: AbortSignal,
): Promise<SymbolData[]> {
  const range = { symbols, fromUs, toUs };
  const parts: SymbolData[] = [];
  let ofTrades = scale === "trade" || fillModel === "trade" ? symbols : [];
  if (scale === "second") {
    const options = { ...range, scale, adjustment: "raw" as const };
    const seconds = partsOf(await history.loadBars(options, signal), "secondBars");
    parts.push(...seconds);
    const known = new Set(seconds.map(({ symbol }) => symbol));
    if (events.includes("trade")) ofTrades = symbols;
    else if (ofTrades.length === 0) ofTrades = symbols.filter((symbol) => !known.has(symbol));
  }
  if (ofTrades.length > 0) {
    const found = await history.loadTrades({ ...range, symbols: ofTrades }, signal);
    parts.push(...partsOf(found, "trades"));
  }
  const isFine = scale === "second" || scale === "trade";
  const wantsQuotes = fillModel === "quote" ||
    isFine && (events.includes("quote") || slippage.spreadShare > 0 || fillModel === "finest");
  if (wantsQuotes) parts.push(...partsOf(await history.loadQuotes(range, signal), "quotes"));
  return parts;
}

function partsOf<Columns extends { timeUs: Float64Array }>(
  found: Map<string, Columns>,
  kind: "secondBars" | "minuteBars" | "dailyBars" | "trades" | "quotes",
): SymbolData[] {
  return [...found].filter(([, { timeUs }]) => timeUs.length > 0)
    .map(([symbol, columns]) => ({ ...emptySymbol(symbol), [kind]: columns }));
}

/**
 * The provider, where its keys are known, for what is not on disk. A simulated exchange is none: its
 * prices are taken where they were downloaded on purpose.
 */
async function remote(settings: Settings, signal: AbortSignal): Promise<{ remote?: Remote }> {
  const { keyId, secretKey, baseUrl } = settings.alpaca;
  if (keyId === null || secretKey === null || alpacaUrls(baseUrl).isSimulated) return {};
  return { remote: await remoteOf(settings, signal) };
}

/** Scanners that name no symbols see all that is on disk. */
async function symbolsOf(
  plan: TradePlan,
  history: History,
  scale: DataWanted["scale"],
): Promise<string[]> {
  const named = scannedSymbols(plan);
  if (named.length > 0) return named;
  const onDisk = await history.symbols(scale);
  return onDisk.filter((symbol) => plan.assets.includes(assetClassOf(symbol)));
}
