/** The same money, bought at the first price and held: what the account is held against. */
import type { PriceBook } from "./price_book.ts";
import type { Report } from "./report_types.ts";

/**
 * The prices of `wanted`, or, without any, equal parts of all that was traded and has prices. null:
 * there are no prices at the start. Before a symbol's first price its part stays cash.
 */
export function benchmarkOf(options: {
  wanted: string | undefined;
  traded: readonly string[];
  prices: PriceBook;
  timesUs: readonly number[];
  startEquity: number;
}): Report["benchmark"] {
  const { wanted, prices, timesUs, startEquity } = options;
  const isTraded = wanted === undefined || prices.get(wanted) === null;
  const names = isTraded
    ? options.traded.filter((symbol) => prices.get(symbol) !== null)
    : [wanted];
  const [first, last] = [timesUs[0], timesUs.at(-1)];
  if (names.length === 0 || first === undefined || last === undefined) return null;
  const paid = names.map((symbol) => firstPrice(prices, symbol, first));
  if (paid.every((price) => price === null)) return null;
  const equity = timesUs.map((us) => {
    const growth = names.map((symbol, i) => {
      const now = prices.at(symbol, us)?.price;
      return now === undefined || paid[i] === null ? 1 : now / paid[i];
    });
    return startEquity * growth.reduce((sum, one) => sum + one, 0) / names.length;
  });
  return { label: labelOf(names, isTraded), isTraded, timeUs: [...timesUs], equity };
}

function firstPrice(prices: PriceBook, symbol: string, us: number): number | null {
  const known = prices.at(symbol, us);
  if (known !== null) return known.price;
  const bars = prices.get(symbol)?.bars;
  return bars === undefined ? null : bars.open[0];
}

function labelOf(names: readonly string[], isTraded: boolean): string {
  if (!isTraded) return names[0];
  return names.length <= 3
    ? `${names.join(", ")} bought and held`
    : `${names.length} traded symbols bought and held`;
}
