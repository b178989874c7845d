import {
  cryptoSession,
  exchangeDate,
  type Json,
  type MineContext,
  Miner,
  param,
  type ParamValues,
  previousSession,
  type TickerReference,
} from "../mod.ts";
import { OperationError } from "../util/errors.ts";
import { type Returns, returnsOf, similarSymbols } from "./stock_cluster_correlation.ts";

const SYMBOLS_AT_ONCE = 200;

/**
 * What the provider says of each symbol into ticker_data (name, exchange, and where it has them
 * description, industry, sector, tags), and similar symbols: the provider's own first, then those
 * whose daily returns go along (stock_cluster_correlation.ts).
 *
 * ```toml
 * [miners.stock_cluster]
 * days = 120
 * similar = 10
 * ```
 */
export default class StockCluster extends Miner {
  static override params = {
    symbols: param.list([], { doc: "none: all that can be traded" }),
    days: param.int(120, { min: 20, max: 2_520, doc: "sessions of returns that are compared" }),
    minOverlap: param.int(60, { min: 20, doc: "sessions that two symbols must have both" }),
    minCorrelation: param.number(0.6, { min: -1, max: 1 }),
    similar: param.int(10, { min: 0, max: 100, doc: "at most so many of each symbol" }),
    minDollarVolume: param.money(1_000_000, {
      doc: "mean of a day, below which a symbol is not compared",
    }),
  };
  declare readonly params: ParamValues<typeof StockCluster.params>;

  async run(context: MineContext) {
    const { history, db, log } = context;
    const named = this.params.symbols;
    const all = named.length > 0 ? [...new Set(named)].sort() : await history.symbols();
    if (all.length === 0) throw new OperationError("There are no symbols: the provider has none");
    const references = await context.reference(named.length > 0 ? all : undefined);
    const returns = await this.#returns(context, all);
    const similar = similarSymbols(returns, {
      overlapMin: this.params.minOverlap,
      correlationMin: this.params.minCorrelation,
      countMax: this.params.similar,
      onProgress: (done, total) => context.progress(total + done, 2 * total),
    });
    const unknown = all.filter((symbol) => !references.has(symbol));
    if (unknown.length > 0 && references.size > 0) {
      const some = unknown.slice(0, 20).join(", ");
      log.warning(
        `the provider does not know ${unknown.length} symbols (any more): ${some}. What is stored ` +
          "of them stays",
      );
    }
    const known = references.size === 0 ? all : all.filter((symbol) => references.has(symbol));
    const rows = known.map((symbol) =>
      rowOf(symbol, references.get(symbol) ?? {}, this.#similarTo(symbol, references, similar))
    );
    // Rows of a call have the same columns: what the provider does not know is left as it is.
    const groups = Map.groupBy(rows, (row) => Object.keys(row).join());
    for (const group of groups.values()) await db.write("ticker_data", group);
    return { symbols: rows.length, compared: returns.length, unknown: unknown.length };
  }

  #similarTo(
    symbol: string,
    references: ReadonlyMap<string, TickerReference>,
    found: ReturnType<typeof similarSymbols>,
  ): string[] {
    const given = references.get(symbol)?.similar ?? [];
    const moving = found.get(symbol)?.map((one) => one.symbol) ?? [];
    return [...new Set([...given, ...moving])].filter((other) => other !== symbol)
      .slice(0, this.params.similar);
  }

  async #returns({ history, progress, date }: MineContext, all: readonly string[]) {
    const { days, minDollarVolume } = this.params;
    const dates = lastSessions(date, days + 1);
    const place = new Map(dates.map((day, i) => [day, i]));
    const fromUs = cryptoSession(dates[0]!).openUs;
    const returns: Returns[] = [];
    for (let at = 0; at < all.length; at += SYMBOLS_AT_ONCE) {
      progress(at, 2 * all.length);
      const some = all.slice(at, at + SYMBOLS_AT_ONCE);
      const found = await history.bars(some, "day", fromUs, cryptoSession(date).closeUs);
      for (const [symbol, { timeUs, close, volume }] of found) {
        if (timeUs.length === 0) continue;
        const traded = close.reduce((sum, price, i) => sum + price * volume[i]!, 0) / timeUs.length;
        if (traded < minDollarVolume) continue;
        const closes = new Float64Array(dates.length).fill(NaN);
        for (const [i, us] of timeUs.entries()) {
          const day = place.get(exchangeDate(us));
          if (day !== undefined) closes[day] = close[i]!;
        }
        returns.push({ symbol, values: returnsOf(closes).subarray(1) });
      }
    }
    return returns;
  }
}

function rowOf(
  symbol: string,
  { similar: _, ...known }: TickerReference,
  similar: string[],
): Record<string, Json> {
  const given = Object.entries(known).filter(([, value]) => value !== undefined).sort();
  return { symbol, ...Object.fromEntries(given), similar_tickers: similar };
}

/** Dates of the last `count` sessions up to `date`, oldest first. */
function lastSessions(date: string, count: number): string[] {
  const dates: string[] = [];
  for (let us = cryptoSession(date).closeUs; dates.length < count;) {
    const session = previousSession(us);
    dates.unshift(session.date);
    us = session.openUs;
  }
  return dates;
}
