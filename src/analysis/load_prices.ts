/** Prices for a report, from disk alone: a report asks no provider. */
import type { History } from "../history/history.ts";
import { assetClassOf } from "../model/asset.ts";
import { sessionsBetween } from "../model/calendar.ts";
import { exchangeDate } from "../model/calendar.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { PriceBook } from "./price_book.ts";
import type { Selection } from "./selection.ts";

const DAY_US = 86_400e6;
/** More rows of minutes than that take too long to read: days then. */
const MINUTES_MAX = 4_000_000;
/** Days around the period: closes before it, and what a chart shows beside it. */
const DAYS_AROUND = 5;

/**
 * Minute bars of what was traded, where the history or `recorded` has them and they are not too many,
 * else days; of the benchmark, days. Throws OperationError for a damaged file.
 */
export async function loadPrices(
  selection: Selection,
  options: {
    history: Pick<History, "loadBars"> | null;
    recorded: MarketData;
    benchmark: string | null;
    signal: AbortSignal;
  },
): Promise<PriceBook> {
  const { history, recorded, benchmark, signal } = options;
  const prices = new PriceBook();
  const { trades, figures, runs } = selection;
  const times = [
    ...trades.map(({ tradeUs }) => tradeUs),
    ...[...figures.values()].flatMap(({ fromUs, countedToUs }) => [fromUs, countedToUs]),
    ...runs.flatMap(({ startUs, endUs }) => [startUs, endUs ?? startUs]),
  ];
  if (times.length === 0) return prices;
  const fromUs = times.reduce((a, b) => Math.min(a, b)) - DAYS_AROUND * DAY_US;
  const toUs = times.reduce((a, b) => Math.max(a, b)) + DAYS_AROUND * DAY_US;
  const symbols = [...new Set(trades.map(({ symbol }) => symbol))];
  const unknown: string[] = [];
  for (const symbol of benchmark === null ? symbols : [...symbols, benchmark]) {
    const data = recorded.get(symbol);
    if (data !== undefined && data.minuteBars.timeUs.length > 0) {
      prices.add(symbol, "minute", data.minuteBars);
    } else if (data !== undefined && data.dailyBars.timeUs.length > 0) {
      prices.add(symbol, "day", data.dailyBars);
    } else unknown.push(symbol);
  }
  if (history === null) return prices;
  const range = { fromUs, toUs };
  const own = unknown.filter((symbol) => symbol !== benchmark || symbols.includes(symbol));
  if (minutesOf(own, range) <= MINUTES_MAX) {
    const found = await history.loadBars({ ...range, symbols: own, scale: "minute" }, signal);
    for (const [symbol, bars] of found) prices.add(symbol, "minute", bars);
  }
  const rest = unknown.filter((symbol) => prices.get(symbol) === null);
  const days = await history.loadBars({ ...range, symbols: rest, scale: "day" }, signal);
  for (const [symbol, bars] of days) prices.add(symbol, "day", bars);
  // A benchmark of which there are only minutes is one, too.
  if (benchmark !== null && prices.get(benchmark) === null) {
    const found = await history.loadBars(
      { ...range, symbols: [benchmark], scale: "minute" },
      signal,
    );
    for (const [symbol, bars] of found) prices.add(symbol, "minute", bars);
  }
  return prices;
}

function minutesOf(symbols: readonly string[], { fromUs, toUs }: { fromUs: number; toUs: number }) {
  const sessions = sessionsBetween(exchangeDate(fromUs), exchangeDate(toUs)).length;
  const days = (toUs - fromUs) / DAY_US;
  return symbols.reduce(
    (sum, symbol) => sum + (assetClassOf(symbol) === "crypto" ? days * 1440 : sessions * 390),
    0,
  );
}
