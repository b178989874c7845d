/**
 * Prices of what was traded, as far as there are any.
 * Invariant: a price is given for a time only if it was known by then: a bar's close at its end.
 */
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns } from "../model/bars.ts";
import { cryptoSession, exchangeDate, sessionOf } from "../model/calendar.ts";

export type PriceScale = "minute" | "day";

export interface SymbolPrices {
  scale: PriceScale;
  bars: BarColumns;
  /** When each bar was known. */
  endUs: Float64Array;
}

const MINUTE_US = 60e6;

export class PriceBook {
  readonly #symbols = new Map<string, SymbolPrices>();

  /** Bars that are empty are no prices. */
  add(symbol: string, scale: PriceScale, bars: BarColumns): void {
    if (bars.timeUs.length === 0) return;
    const endUs = scale === "minute"
      ? bars.timeUs.map((us) => us + MINUTE_US)
      : bars.timeUs.map((us) => dayEnd(symbol, us));
    this.#symbols.set(symbol, { scale, bars, endUs });
  }

  get(symbol: string): SymbolPrices | null {
    return this.#symbols.get(symbol) ?? null;
  }

  /** The last close that was known at `us`, and since when; null: there is none. */
  at(symbol: string, us: number): { price: number; sinceUs: number } | null {
    const prices = this.#symbols.get(symbol);
    if (prices === undefined) return null;
    const i = lastUpTo(prices.endUs, us);
    return i < 0 ? null : { price: prices.bars.close[i], sinceUs: prices.endUs[i] };
  }

  /** Least low and greatest high of the bars that lie in the time wholly; null: there are none. */
  range(symbol: string, fromUs: number, toUs: number): { low: number; high: number } | null {
    const prices = this.#symbols.get(symbol);
    if (prices === undefined) return null;
    const { bars: { timeUs, low: lows, high: highs }, endUs } = prices;
    let [low, high] = [Infinity, -Infinity];
    for (let i = lastUpTo(timeUs, fromUs - 1) + 1; i < endUs.length && endUs[i] <= toUs; i++) {
      if (lows[i] < low) low = lows[i];
      if (highs[i] > high) high = highs[i];
    }
    return low <= high ? { low, high } : null;
  }
}

function dayEnd(symbol: string, us: number): number {
  const date = exchangeDate(us);
  const session = assetClassOf(symbol) === "crypto" ? null : sessionOf(date);
  return (session ?? cryptoSession(date)).closeUs;
}

/** The place of the last value ≤ `us`; −1: all are later. */
export function lastUpTo(values: ArrayLike<number>, us: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= us) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
