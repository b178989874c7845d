/**
 * Adjusted prices are all changed by the next split or dividend: what was kept before it and what
 * comes after it do not fit. Before an adjusted series is made longer, its last bar is asked for
 * again; where its prices are others now, the series is taken away, to be downloaded again whole.
 */
import type { DataProvider } from "../contracts/provider.ts";
import type { BarColumns } from "../model/bars.ts";
import type { Adjustment } from "./history.ts";
import type { Range } from "./ranges.ts";
import type { Kind, Rows } from "./rows.ts";
import type { Shelf } from "./shelf.ts";

/** Prices come rounded: less than this is not an adjustment. */
const CHANGE_MIN = 1e-5;
const SYMBOLS_MAX = 200;

/** The symbols whose series was taken away, with the times that it covered. */
export async function dropReadjusted(symbols: readonly string[], options: {
  provider: DataProvider;
  shelf: Shelf<Rows>;
  scale: Kind;
  adjustment: Adjustment;
  signal: AbortSignal;
}): Promise<Map<string, Range[]>> {
  const { provider, shelf, scale, adjustment, signal } = options;
  const dropped = new Map<string, Range[]>();
  // Trades and quotes are raw.
  if (adjustment === "raw" || scale === "trade" || scale === "quote") return dropped;
  // Most symbols have their last bar at the same time.
  const byTime = new Map<number, Map<string, number>>();
  for (const symbol of symbols) {
    const last = await lastBar(shelf as Shelf<Rows> as Shelf<BarColumns>, symbol);
    if (last === null) continue;
    const closes = byTime.get(last.timeUs) ?? new Map<string, number>();
    byTime.set(last.timeUs, closes.set(symbol, last.close));
  }
  for (const [timeUs, closes] of byTime) {
    const range = { fromUs: timeUs, toUs: timeUs + 1 };
    const names = [...closes.keys()];
    for (let i = 0; i < names.length; i += SYMBOLS_MAX) {
      const query = { symbols: names.slice(i, i + SYMBOLS_MAX), scale, adjustment, ...range };
      for (const [symbol, { close }] of await provider.bars(query, signal)) {
        const before = closes.get(symbol)!;
        // Nothing came: then nothing can be said.
        if (close.length === 0 || Math.abs(close[0]! / before - 1) < CHANGE_MIN) continue;
        dropped.set(symbol, await shelf.remove(symbol));
      }
    }
  }
  return dropped;
}

async function lastBar(
  shelf: Shelf<BarColumns>,
  symbol: string,
): Promise<{ timeUs: number; close: number } | null> {
  for (const year of (await shelf.years(symbol)).reverse()) {
    const { rows: { timeUs, close } } = await shelf.readYear(symbol, year);
    if (timeUs.length > 0) return { timeUs: timeUs.at(-1)!, close: close.at(-1)! };
  }
  return null;
}
