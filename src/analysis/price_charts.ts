/** Prices of what was traded, few enough to be drawn, and where there are none. */
import type { TradeRow } from "../contracts/store.ts";
import { assetClassOf } from "../model/asset.ts";
import { addDays, exchangeDate, sessionsBetween } from "../model/calendar.ts";
import { lastUpTo, type PriceBook, type SymbolPrices } from "./price_book.ts";
import type { PriceChart, Report } from "./report_types.ts";
import type { Trip } from "./trips.ts";

const CHARTS_MAX = 6;
const BARS_MAX = 400;
const TRIPS_MAX = 60;
/** Around the trades. */
const BARS_AROUND = 15;
const GAPS_SHOWN = 10;

/** Of the symbols with the most trades; of these the newest. */
export function priceCharts(
  trips: readonly Trip[],
  trades: readonly TradeRow[],
  prices: PriceBook,
): PriceChart[] {
  const bySymbol = [...Map.groupBy(trips, ({ symbol }) => symbol)]
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)).slice(0, CHARTS_MAX);
  const shown = new Set(bySymbol.map(([symbol]) => symbol));
  const executions = Map.groupBy(
    trades.filter(({ symbol }) => shown.has(symbol)),
    ({ symbol }) => symbol,
  );
  return bySymbol.map(([symbol, all]) => {
    const some = all.slice(-TRIPS_MAX);
    const common = { symbol, trips: some, moreTrips: all.length - some.length };
    const known = prices.get(symbol);
    const fromUs = Math.min(...some.map(({ startUs }) => startUs));
    const bars = known === null ? null : barsOf(known, fromUs, some.at(-1)!.endUs);
    if (bars !== null) return { ...common, scale: known!.scale, ...bars };
    const rows = (executions.get(symbol) ?? []).filter(({ tradeUs }) => tradeUs >= fromUs);
    const price = rows.map(({ price }) => Number(price));
    const timeUs = rows.map(({ tradeUs }) => tradeUs);
    return {
      ...common,
      scale: "executions",
      timeUs,
      open: price,
      high: price,
      low: price,
      close: price,
    };
  });
}

/** Neighbouring bars are put together until few enough are left. */
function barsOf(
  { bars, endUs }: SymbolPrices,
  fromUs: number,
  toUs: number,
): Pick<PriceChart, "timeUs" | "open" | "high" | "low" | "close"> | null {
  const first = Math.max(0, lastUpTo(bars.timeUs, fromUs) - BARS_AROUND);
  const end = Math.min(endUs.length, lastUpTo(bars.timeUs, toUs) + 1 + BARS_AROUND);
  if (bars.timeUs[first] > toUs || endUs[end - 1] <= fromUs) return null;
  const step = Math.ceil((end - first) / BARS_MAX);
  const made = { timeUs: [], open: [], high: [], low: [], close: [] } as {
    [K in "timeUs" | "open" | "high" | "low" | "close"]: number[];
  };
  for (let i = first; i < end; i += step) {
    const to = Math.min(end, i + step);
    made.timeUs.push(bars.timeUs[i]);
    made.open.push(bars.open[i]);
    made.high.push(Math.max(...bars.high.subarray(i, to)));
    made.low.push(Math.min(...bars.low.subarray(i, to)));
    made.close.push(bars.close[to - 1]);
  }
  return made;
}

/** Sessions of the period of which a traded symbol has no bar, where it has others. Of crypto: days. */
export function dataGaps(
  trades: readonly TradeRow[],
  prices: PriceBook,
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Report["gaps"] {
  const gaps: Report["gaps"] = [];
  const [first, last] = [exchangeDate(fromUs), exchangeDate(Math.max(fromUs, toUs - 1))];
  for (const symbol of [...new Set(trades.map((row) => row.symbol))].sort()) {
    const known = prices.get(symbol);
    if (known === null) continue;
    const there = new Set<string>();
    for (const us of known.bars.timeUs) there.add(exchangeDate(us));
    const wanted = assetClassOf(symbol) === "crypto"
      ? datesBetween(first, last)
      : sessionsBetween(first, last).map(({ date }) => date);
    const missing = wanted.filter((date) => !there.has(date));
    if (missing.length > 0) {
      gaps.push({ symbol, dates: missing.slice(0, GAPS_SHOWN), sessions: missing.length });
    }
  }
  return gaps;
}

function datesBetween(first: string, last: string): string[] {
  const dates: string[] = [];
  for (let date = first; date <= last; date = addDays(date, 1)) dates.push(date);
  return dates;
}
