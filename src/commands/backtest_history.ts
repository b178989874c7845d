/** What a backtest without files runs on: history on disk, and what a provider has of the rest. */
import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { History, type Remote } from "../history/history.ts";
import { previousSession } from "../model/calendar.ts";
import { emptySymbol, type MarketData, mergeMarketData } from "../recorded/market_data.ts";
import { ConfigError } from "../util/errors.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";
import type { DataWanted } from "./backtest_data.ts";
import { historyFolder } from "./data_series.ts";
import { remoteOf } from "./provider.ts";

/** Sessions before the first that indicators and scanners look back on. */
const MINUTE_SESSIONS_BEFORE = 4;
const DAY_SESSIONS_BEFORE = 400;

/** Throws ConfigError, OperationError. */
export async function loadBacktestHistory(
  { symbols: named, scale, fromUs, toUs }: DataWanted,
  plan: TradePlan,
  settings: Settings,
  signal: AbortSignal,
): Promise<MarketData> {
  const symbols = named ?? symbolsOf(plan);
  if (symbols.length === 0) {
    throw new ConfigError(
      "Cannot backtest without symbols: the plan's scanners name none. Give --symbols AAPL,MSFT, " +
        "or --bars FILE",
    );
  }
  let beforeUs = fromUs;
  const sessions = scale === "day" ? DAY_SESSIONS_BEFORE : MINUTE_SESSIONS_BEFORE;
  for (let i = 0; i < sessions; i++) beforeUs = previousSession(beforeUs).openUs;
  const history = new History({
    folder: historyFolder(settings),
    ...await remote(settings, signal),
  });
  const found = await history.loadBars({ symbols, scale, fromUs: beforeUs, toUs }, signal);
  const parts = [...found].filter(([, bars]) => bars.timeUs.length > 0)
    .map(([symbol, bars]) => ({
      ...emptySymbol(symbol),
      [scale === "day" ? "dailyBars" : "minuteBars"]: bars,
    }));
  if (parts.length > 0) return mergeMarketData(parts);
  throw new ConfigError(
    `Cannot backtest: there is no history of ${symbols.slice(0, 5).join(", ")} in ` +
      `${history.folder}. Download it with liu data download, or give --bars FILE`,
  );
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

/** What the plan's scanners name themselves. */
function symbolsOf({ scanners }: TradePlan): string[] {
  const named = scanners.flatMap(({ parameters: { symbols } }) =>
    Array.isArray(symbols) ? symbols.map(String) : []
  );
  return [...new Set(named)];
}
