/** Alpaca's market-data REST: bars by page into columns, and snapshots. */
import { z } from "zod";
import type { BarsQuery, Snapshot, TicksQuery } from "../contracts/provider.ts";
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import type { QuoteColumns, TradeColumns } from "../model/ticks.ts";
import { exchangeDate } from "../model/calendar.ts";
import { OperationError } from "../util/errors.ts";
import type { AlpacaRest } from "./alpaca_rest.ts";
import type { AlpacaFeed } from "./alpaca_settings.ts";
import { QuotesBuilder, type RowsBuilder, SecondsBuilder, TradesBuilder } from "./alpaca_ticks.ts";
import { formatRfc3339, parseRfc3339Us } from "./rfc3339.ts";

/** Rows are read by hand: ten thousand a page, straight into columns. */
const rows = z.record(z.string(), z.array(z.unknown()).nullable()).nullish();
const pageSchema = z.object({
  bars: rows,
  trades: rows,
  quotes: rows,
  next_page_token: z.string().nullish(),
});
type RowsKind = "bars" | "trades" | "quotes";

const SYMBOLS_PER_REQUEST = 200;
const ROWS_PER_PAGE = 10_000;
const PAGES_MAX = 10_000;
const TIMEFRAMES = { minute: "1Min", day: "1Day" } as const;
const PATHS: Record<AssetClass, string> = { us_equity: "/v2/stocks", crypto: "/v1beta3/crypto/us" };

export async function readBars(
  rest: AlpacaRest,
  feed: AlpacaFeed,
  query: BarsQuery,
  signal: AbortSignal,
): Promise<Map<string, BarColumns>> {
  const { scale } = query;
  if (scale === "second") {
    const builder = () => new SecondsBuilder(query);
    return await readRows(rest, { feed, kind: "trades", query, builder }, signal);
  }
  const builder = () => new BarsBuilder(query);
  const wanted = { timeframe: TIMEFRAMES[scale], adjustment: query.adjustment };
  return await readRows(rest, { feed, kind: "bars", query, wanted, builder }, signal);
}

export function readTrades(
  rest: AlpacaRest,
  feed: AlpacaFeed,
  query: TicksQuery,
  signal: AbortSignal,
): Promise<Map<string, TradeColumns>> {
  const builder = () => new TradesBuilder(query);
  return readRows(rest, { feed, kind: "trades", query, builder }, signal);
}

export function readQuotes(
  rest: AlpacaRest,
  feed: AlpacaFeed,
  query: TicksQuery,
  signal: AbortSignal,
): Promise<Map<string, QuoteColumns>> {
  const builder = () => new QuotesBuilder(query);
  return readRows(rest, { feed, kind: "quotes", query, builder }, signal);
}

async function readRows<Columns>(
  rest: AlpacaRest,
  { feed, kind, query, wanted: { timeframe, adjustment } = {}, builder }: {
    feed: AlpacaFeed;
    kind: RowsKind;
    query: TicksQuery;
    /** Of bars. */
    wanted?: { timeframe?: string; adjustment?: string };
    builder: () => RowsBuilder<Columns>;
  },
  signal: AbortSignal,
): Promise<Map<string, Columns>> {
  const builders = new Map(query.symbols.map((symbol) => [symbol, builder()]));
  if (query.fromUs < query.toUs) {
    for (const [assetClass, symbols] of chunks([...builders.keys()], SYMBOLS_PER_REQUEST)) {
      const fixed: Record<string, string | number> = {
        symbols: symbols.join(","),
        ...(timeframe ? { timeframe } : {}),
        start: formatRfc3339(query.fromUs),
        // Alpaca's end is inclusive, Liu's is not.
        end: formatRfc3339(query.toUs - 1),
        limit: ROWS_PER_PAGE,
        sort: "asc",
      };
      if (assetClass === "us_equity") {
        if (adjustment) fixed.adjustment = adjustment;
        fixed.feed = historyFeed(feed);
      }
      const path = `${PATHS[assetClass]}/${kind}`;
      await readPages(rest, path, { kind, fixed, builders }, signal);
    }
  }
  return new Map(builders.entries().map(([symbol, builder]) => [symbol, builder.finish()]));
}

async function readPages(
  rest: AlpacaRest,
  path: string,
  { kind, fixed, builders }: {
    kind: RowsKind;
    fixed: Record<string, string | number>;
    builders: Map<string, RowsBuilder<unknown>>;
  },
  signal: AbortSignal,
): Promise<void> {
  let token: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query: Record<string, string | number> = token ? { ...fixed, page_token: token } : fixed;
    const { body } = await rest.get(pageSchema, { path, query }, signal);
    for (const [symbol, found] of Object.entries(body[kind] ?? {})) {
      const builder = builders.get(symbol);
      if (builder) { for (const row of found ?? []) builder.add(row, path); }
    }
    token = body.next_page_token ?? null;
    if (token === null) return;
  }
  throw new OperationError(`Cannot read ${path}: more than ${PAGES_MAX} pages; ask for less`);
}

class BarsBuilder implements RowsBuilder<BarColumns> {
  readonly #query: BarsQuery;
  #columns = emptyBars();
  #length = 0;

  constructor(query: BarsQuery) {
    this.#query = query;
  }

  /** Bars that are not later than the one before (a page sent twice) are passed over. */
  add(bar: unknown, path: string): void {
    const { t, o, h, l, c, v, n = 0, vw = c } = (bar ?? {}) as Record<string, unknown>;
    const timeUs = typeof t === "string" ? parseRfc3339Us(t) : NaN;
    if (
      !isNumber(o) || !isNumber(h) || !isNumber(l) ||
      !isNumber(c) || !isNumber(v) || !isNumber(n) ||
      !isNumber(vw) || Number.isNaN(timeUs)
    ) {
      throw new OperationError(`Cannot read ${path}: no bar is ${JSON.stringify(bar)}`);
    }
    if (timeUs < this.#query.fromUs || timeUs >= this.#query.toUs) return;
    const at = this.#length;
    if (at > 0 && timeUs <= this.#columns.timeUs[at - 1]!) return;
    if (at === this.#columns.timeUs.length) this.#resize(Math.max(1024, at * 2));
    const columns = this.#columns;
    columns.timeUs[at] = timeUs;
    columns.open[at] = o;
    columns.high[at] = h;
    columns.low[at] = l;
    columns.close[at] = c;
    columns.volume[at] = v;
    columns.vwap[at] = vw;
    columns.trades[at] = n;
    this.#length = at + 1;
  }

  finish(): BarColumns {
    if (this.#columns.timeUs.length !== this.#length) this.#resize(this.#length);
    return this.#columns;
  }

  #resize(capacity: number): void {
    const columns = emptyBars(capacity);
    for (const name of Object.keys(columns) as (keyof BarColumns)[]) {
      columns[name].set(this.#columns[name].subarray(0, this.#length));
    }
    this.#columns = columns;
  }
}

/** A number beyond float64 is read as infinite, and is none. */
function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

const barSchema = z.object({
  t: z.string().refine((text) => !Number.isNaN(parseRfc3339Us(text)), "is no time"),
  o: z.number(),
  h: z.number(),
  l: z.number(),
  c: z.number(),
  v: z.number(),
  vw: z.number().nullish(),
}).nullish();
const snapshotSchema = z.object({
  latestTrade: z.object({ p: z.number() }).nullish(),
  latestQuote: z.object({ bp: z.number(), ap: z.number() }).nullish(),
  minuteBar: barSchema,
  dailyBar: barSchema,
  prevDailyBar: barSchema,
}).nullable();
const snapshotsSchema = z.record(z.string(), snapshotSchema);
const SNAPSHOT_SCHEMAS = {
  us_equity: snapshotsSchema,
  crypto: z.object({ snapshots: snapshotsSchema }).transform(({ snapshots }) => snapshots),
};

/** A symbol of which nothing is known is left out; a value that is not known is NaN. */
export async function readSnapshots(
  rest: AlpacaRest,
  feed: AlpacaFeed,
  symbols: string[],
  nowUs: number,
  signal: AbortSignal,
): Promise<Snapshot[]> {
  const today = exchangeDate(nowUs);
  const result: Snapshot[] = [];
  for (const [assetClass, some] of chunks(symbols, SYMBOLS_PER_REQUEST)) {
    const path = `${PATHS[assetClass]}/snapshots`;
    const query: Record<string, string> = { symbols: some.join(",") };
    if (assetClass === "us_equity") query.feed = feed === "test" ? "iex" : feed;
    const { body } = await rest.get(SNAPSHOT_SCHEMAS[assetClass], { path, query }, signal);
    for (const symbol of some) {
      const snapshot = body[symbol];
      if (!snapshot) continue;
      const { latestTrade, latestQuote, minuteBar } = snapshot;
      // Before a day's first trade Alpaca still shows the day before as the daily bar.
      const isToday = assetClass === "crypto" || !snapshot.dailyBar ||
        exchangeDate(parseRfc3339Us(snapshot.dailyBar.t)) === today;
      const dailyBar = isToday ? snapshot.dailyBar : undefined;
      const prevDailyBar = isToday ? snapshot.prevDailyBar : snapshot.dailyBar;
      result.push({
        symbol,
        last: latestTrade?.p ?? minuteBar?.c ?? dailyBar?.c ?? NaN,
        bidPrice: latestQuote?.bp ?? NaN,
        askPrice: latestQuote?.ap ?? NaN,
        todayOpen: dailyBar?.o ?? NaN,
        todayHigh: dailyBar?.h ?? NaN,
        todayLow: dailyBar?.l ?? NaN,
        todayVolume: dailyBar?.v ?? NaN,
        todayVwap: dailyBar?.vw ?? NaN,
        previousClose: prevDailyBar?.c ?? NaN,
        previousVolume: prevDailyBar?.v ?? NaN,
      });
    }
  }
  return result;
}

/** History has no delayed feed: what is older than its delay is the whole tape. */
function historyFeed(feed: AlpacaFeed): string {
  return feed === "delayed_sip" ? "sip" : feed === "test" ? "iex" : feed;
}

function* chunks(symbols: readonly string[], size: number): Generator<[AssetClass, string[]]> {
  for (const assetClass of ["us_equity", "crypto"] as const) {
    const some = symbols.filter((symbol) => assetClassOf(symbol) === assetClass);
    for (let i = 0; i < some.length; i += size) yield [assetClass, some.slice(i, i + size)];
  }
}
