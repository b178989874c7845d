/** Market data over REST: history by pages, latest, snapshots; of stocks and of crypto. */
import { type Context, Hono } from "hono";
import type { AssetClass } from "../model/asset.ts";
import { exchangeDate, exchangeUs } from "../model/calendar.ts";
import { parseTimeUs } from "../recorded/csv_time.ts";
import { countUpTo, type History, type HistoryKind, type Rows } from "./history.ts";
import { RequestError } from "./request_error.ts";
import { parseTimeframe } from "./timeframe.ts";

export interface DataRoutesOptions {
  history: History;
  /** Class of a known symbol; others are taken for what their name says. */
  assetClass: AssetClass;
  nowUs(): number;
}

const LIMIT = 1000;
const LIMIT_MAX = 10_000;
const SYMBOLS_MAX = 10_000;
const KINDS: HistoryKind[] = ["bars", "trades", "quotes"];
/** Words of "latest" replies: {"bars": …}, of a single one {"bar": …}. */
const SINGULAR = { bars: "bar", trades: "trade", quotes: "quote" } as const;

/** Routes below /v2/stocks or /v1beta3/crypto/us. */
export function dataRoutes(options: DataRoutesOptions): Hono {
  const routes = new Hono();
  const { history, assetClass } = options;
  for (const kind of KINDS) {
    const latestOf = (symbols: string[]) => {
      const found = symbols.map((symbol) => [symbol, history.latest(symbol, kind)] as const);
      return Object.fromEntries(found.filter(([, row]) => row !== null));
    };
    routes.get(
      assetClass === "crypto" ? `/latest/${kind}` : `/${kind}/latest`,
      (c) => c.json({ [kind]: latestOf(symbolsOf(c)) }),
    );
    routes.get(`/${kind}`, (c) => {
      const { rows, nextToken } = page(c, kind, symbolsOf(c), options);
      return c.json({ [kind]: Object.fromEntries(rows), next_page_token: nextToken });
    });
    if (assetClass === "crypto") continue;
    routes.get(`/:symbol/${kind}/latest`, (c) => {
      const symbol = c.req.param("symbol");
      return c.json({ symbol, [SINGULAR[kind]]: latestOf([symbol])[symbol] ?? null });
    });
    routes.get(`/:symbol/${kind}`, (c) => {
      const symbol = c.req.param("symbol");
      const { rows, nextToken } = page(c, kind, [symbol], options);
      return c.json({ symbol, [kind]: rows.get(symbol) ?? [], next_page_token: nextToken });
    });
  }
  const snapshotsOf = (symbols: string[]) =>
    Object.fromEntries(
      symbols.map((symbol) => [symbol, history.snapshot(symbol)] as const)
        .filter(([, snapshot]) => snapshot !== null),
    );
  routes.get("/snapshots", (c) => {
    const snapshots = snapshotsOf(symbolsOf(c));
    return c.json(assetClass === "crypto" ? { snapshots } : snapshots);
  });
  if (assetClass === "us_equity") {
    routes.get("/:symbol/snapshot", (c) => {
      const symbol = c.req.param("symbol");
      const snapshot = history.snapshot(symbol);
      if (snapshot === null) throw new RequestError(404, `no snapshot found for ${symbol}`);
      return c.json({ symbol, ...snapshot });
    });
  }
  return routes;
}

function symbolsOf(c: Context): string[] {
  const text = c.req.query("symbols") ?? "";
  const symbols = [...new Set(text.split(",").map((symbol) => symbol.trim()))];
  if (text === "" || symbols.length > SYMBOLS_MAX) {
    throw new RequestError(400, `symbols must name 1 to ${SYMBOLS_MAX} symbols`);
  }
  const wrong = symbols.find((symbol) => !/^[A-Z0-9]+([./-][A-Z0-9]+)*$/.test(symbol));
  if (wrong !== undefined) throw new RequestError(400, `invalid symbol: ${wrong}`);
  return symbols;
}

function timeOf(c: Context, name: string): number | null {
  const text = c.req.query(name);
  if (text === undefined || text === "") return null;
  return parseTimeUs(text) ??
    raise(`invalid ${name}: "${text}" is neither RFC 3339 nor a date`);
}

function raise(message: string): never {
  throw new RequestError(400, message);
}

function limitOf(c: Context): number {
  const limit = Number(c.req.query("limit") ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    raise(`invalid limit: it must be 1 to ${LIMIT_MAX}`);
  }
  return limit;
}

/** A page is up to `limit` rows, by symbol first; its token names the row that comes next. */
function page(
  c: Context,
  kind: HistoryKind,
  symbols: string[],
  { history, nowUs }: DataRoutesOptions,
): { rows: Map<string, object[]>; nextToken: string | null } {
  const limit = limitOf(c);
  const sort = c.req.query("sort") ?? "asc";
  if (sort !== "asc" && sort !== "desc") raise(`invalid sort: it must be asc or desc`);
  const isAdjusted = ["split", "all"].includes(c.req.query("adjustment") ?? "raw");
  const timeframe = kind === "bars" ? parseTimeframe(c.req.query("timeframe") ?? "") : null;
  if (kind === "bars" && timeframe === null) {
    raise(`invalid timeframe: it must be like 1Min, 15Min, 1Hour, 1Day, 1Week, 1Month`);
  }
  const fromUs = timeOf(c, "start") ?? exchangeUs(exchangeDate(nowUs()), "00:00");
  const toUs = timeOf(c, "end") ?? nowUs();
  if (toUs < fromUs) raise("end should not be before start");
  const from = parseToken(c.req.query("page_token"));
  const rows = new Map<string, object[]>();
  let left = limit;
  for (const symbol of symbols.sort()) {
    if (from !== null && symbol < from.symbol) continue;
    const all: Rows = timeframe !== null
      ? history.bars(symbol, timeframe, isAdjusted)
      : kind === "trades"
      ? history.trades(symbol)
      : history.quotes(symbol);
    const first = countUpTo(all.timeUs.subarray(0, all.length), fromUs - 1);
    const end = countUpTo(all.timeUs.subarray(0, all.length), toUs);
    let skip = from?.symbol === symbol ? from.skip : 0;
    const found: object[] = [];
    for (; skip < end - first; skip++) {
      if (left === 0) {
        if (found.length > 0) rows.set(symbol, found);
        return { rows, nextToken: btoa(`${symbol}|${skip}`) };
      }
      found.push(all.at(sort === "asc" ? first + skip : end - 1 - skip));
      left--;
    }
    if (found.length > 0) rows.set(symbol, found);
  }
  return { rows, nextToken: null };
}

/** Rows of a symbol that earlier pages held are skipped; later rows of a growing day come after. */
function parseToken(token: string | undefined): { symbol: string; skip: number } | null {
  if (token === undefined || token === "") return null;
  let text = "";
  try {
    text = atob(token);
  } catch {
    // Told below: it is none of ours.
  }
  const match = /^([A-Z0-9./-]+)\|(\d{1,15})$/.exec(text);
  return match === null
    ? raise("invalid page_token")
    : { symbol: match[1], skip: Number(match[2]) };
}
