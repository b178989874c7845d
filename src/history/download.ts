/**
 * What is missing, from a provider onto the shelf.
 * Invariant: a range is marked as covered only after its rows are on disk, and never beyond the
 * time up to which the provider's answer is final; so what was interrupted goes on where it was.
 */
import type { DataProvider } from "../contracts/provider.ts";
import { assetClassOf } from "../model/asset.ts";
import type { BarColumns } from "../model/bars.ts";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import type { QuoteColumns, TradeColumns } from "../model/ticks.ts";
import { OperationError } from "../util/errors.ts";
import { byYear, overlap, type Range } from "./ranges.ts";
import { emptyRows, type Kind, type Rows } from "./rows.ts";
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
const ROWS_PER_DAY: Record<Kind, { us_equity: number; crypto: number }> = {
  // Providers make seconds of their trades: a day of one symbol is enough for a call.
  second: { us_equity: 100_000, crypto: 100_000 },
  trade: { us_equity: 100_000, crypto: 100_000 },
  quote: { us_equity: 100_000, crypto: 100_000 },
  minute: { us_equity: 400, crypto: 1440 },
  day: { us_equity: 0.7, crypto: 1 },
};

/** Up to where an answer at `nowUs` is final: whole bars, and for days whole days. */
export function settledUs(scale: Kind, nowUs: number): number {
  const us = nowUs - SETTLING_US;
  return scale === "day" ? cryptoSession(exchangeDate(us)).openUs : us - us % MINUTE_US;
}

/** The missing ranges as calls that are large enough for few pages, and small enough to resume. */
export function errands(
  missing: readonly { symbol: string; range: Range }[],
  scale: Kind,
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

/** Asks for one errand's rows, keeps what is settled, and gives all that came. */
export async function run<R extends Rows>(
  errand: Errand,
  options: {
    provider: DataProvider;
    shelf: Shelf<R>;
    scale: Kind;
    adjustment: Adjustment;
    settledUs: number;
    signal: AbortSignal;
  },
): Promise<Map<string, R>> {
  const { shelf, scale } = options;
  const { symbols, range } = errand;
  const found = await ask(errand, options) as Map<string, Rows> as Map<string, R>;
  const settled = overlap(range, { fromUs: -Infinity, toUs: options.settledUs });
  if (settled !== null) {
    for (const symbol of symbols) {
      await shelf.write(symbol, settled, found.get(symbol) ?? emptyRows<R>(scale));
    }
  }
  return found;
}

function ask(
  { symbols, range }: Errand,
  { provider, scale, adjustment, signal }: {
    provider: DataProvider;
    scale: Kind;
    adjustment: Adjustment;
    signal: AbortSignal;
  },
): Promise<Map<string, BarColumns | TradeColumns | QuoteColumns>> {
  const query = { symbols, ...range };
  switch (scale) {
    case "second":
    case "minute":
    case "day":
      return provider.bars({ ...query, scale, adjustment }, signal);
    case "trade":
      if (provider.trades) return provider.trades(query, signal);
      throw new OperationError(`Cannot read trades of the past: ${provider.name} has none`);
    case "quote":
      if (provider.quotes) return provider.quotes(query, signal);
      throw new OperationError(`Cannot read quotes of the past: ${provider.name} has none`);
    default:
      return scale satisfies never;
  }
}
