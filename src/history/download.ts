/**
 * What is missing, from a provider onto the shelf.
 * Invariant: a range is marked as covered only after its rows are on disk, and never beyond the
 * time up to which the provider's answer is final; so what was interrupted goes on where it was.
 */
import type { DataProvider } from "../contracts/provider.ts";
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { byYear, overlap, type Range } from "./ranges.ts";
import { emptyRows } from "./rows.ts";
import type { Shelf } from "./shelf.ts";
import type { Adjustment } from "./history.ts";

/** One call of the provider: symbols whose same range is missing. */
export interface Errand {
  symbols: string[];
  range: Range;
}

const MINUTE_US = 60e6;
const DAY_US = 24 * 60 * MINUTE_US;
/** Feeds of the free kind lag 15 minutes, and late prints are put right in that time. */
const SETTLING_US = 20 * MINUTE_US;
/** Of one errand, ten pages of Alpaca's: what an interruption costs at most. */
const ROWS_MAX = 100_000;
const SYMBOLS_MAX = 200;
/** Rows a calendar day of a symbol that always trades, extended hours and weekends in the mean. */
const ROWS_PER_DAY: Record<BarScale, { us_equity: number; crypto: number }> = {
  second: { us_equity: 16_000, crypto: 86_400 },
  minute: { us_equity: 400, crypto: 1440 },
  day: { us_equity: 0.7, crypto: 1 },
};

/** Up to where an answer at `nowUs` is final: whole bars, and for days whole days. */
export function settledUs(scale: BarScale, nowUs: number): number {
  const us = nowUs - SETTLING_US;
  return scale === "day" ? cryptoSession(exchangeDate(us)).openUs : us - us % MINUTE_US;
}

/** The missing ranges as calls that are large enough for few pages, and small enough to resume. */
export function errands(
  missing: readonly { symbol: string; range: Range }[],
  scale: BarScale,
): Errand[] {
  const byRange = new Map<string, Errand>();
  for (const { symbol, range } of missing) {
    const assetClass = assetClassOf(symbol);
    const stepUs = Math.max(1, Math.floor(ROWS_MAX / ROWS_PER_DAY[scale][assetClass])) * DAY_US;
    for (const { range: { fromUs, toUs } } of byYear(range)) {
      // Steps at multiples of themselves, so that symbols with other gaps still share calls.
      for (let us = fromUs; us < toUs;) {
        const endUs = Math.min(toUs, (Math.floor(us / stepUs) + 1) * stepUs);
        const key = `${assetClass} ${us} ${endUs}`;
        const errand = byRange.get(key) ?? { symbols: [], range: { fromUs: us, toUs: endUs } };
        errand.symbols.push(symbol);
        byRange.set(key, errand);
        us = endUs;
      }
    }
  }
  return [...byRange.values()].flatMap(({ symbols, range }) => {
    const days = Math.max(1, (range.toUs - range.fromUs) / DAY_US);
    const rows = days * ROWS_PER_DAY[scale][assetClassOf(symbols[0]!)];
    const size = Math.min(SYMBOLS_MAX, Math.max(1, Math.floor(ROWS_MAX / rows)));
    return Array.from({ length: Math.ceil(symbols.length / size) }, (_, i) => ({
      symbols: symbols.slice(i * size, (i + 1) * size),
      range,
    }));
  });
}

/** Asks for one errand's bars, keeps what is settled, and gives all that came. */
export async function run(
  errand: Errand,
  options: {
    provider: DataProvider;
    shelf: Shelf<BarColumns>;
    scale: BarScale;
    adjustment: Adjustment;
    settledUs: number;
    signal: AbortSignal;
  },
): Promise<Map<string, BarColumns>> {
  const { provider, shelf, scale, adjustment, signal } = options;
  const { symbols, range } = errand;
  const bars = await provider.bars({ symbols, scale, adjustment, ...range }, signal);
  const settled = overlap(range, { fromUs: -Infinity, toUs: options.settledUs });
  if (settled !== null) {
    for (const symbol of symbols) {
      await shelf.write(symbol, settled, bars.get(symbol) ?? emptyRows(scale));
    }
  }
  return bars;
}
