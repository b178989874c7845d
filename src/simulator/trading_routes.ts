/** The trading API: account, orders, positions, assets, clock, calendar, activities. */
import { type Context, Hono } from "hono";
import type { Exchange } from "../matching/exchange.ts";
import type { ExchangeExecution, OrderOutcome } from "../matching/types.ts";
import {
  addDays,
  exchangeDate,
  nextSession,
  type Session,
  sessionAt,
  sessionsBetween,
} from "../model/calendar.ts";
import { assert } from "../util/assert.ts";
import { decimal, plain } from "../util/decimal.ts";
import {
  type AlpacaCalendarDay,
  type AlpacaCanceledOrder,
  type AlpacaClock,
  type AlpacaClosedPosition,
  CLOCK_RATE_HEADER,
} from "../wire/alpaca_types.ts";
import type { Assets } from "./assets.ts";
import { parseTimeUs } from "../recorded/csv_time.ts";
import { exchangeRfc3339 } from "./exchange_time.ts";
import type { History } from "./history.ts";
import type { Market } from "./market.ts";
import { isTrue, parseOrderChange, parseOrderFilter, parseOrderRequest } from "./order_request.ts";
import { RequestError } from "./request_error.ts";
import { toAlpacaAccount, toAlpacaOrder, toAlpacaPosition, toFillActivity } from "./wire_orders.ts";

export interface TradingRoutesOptions {
  exchange: Exchange;
  market: Market;
  assets: Assets;
  history: History;
}

/** Set by the server's authentication before any route here runs. */
export type AccountEnv = { Variables: { accountId: string } };
type AccountContext = Context<AccountEnv>;

/** Routes below /v2. */
export function tradingRoutes(options: TradingRoutesOptions): Hono<AccountEnv> {
  const routes = new Hono<AccountEnv>();
  const { exchange, market, assets } = options;
  routes.get("/account", (c) => {
    const accountId = c.get("accountId");
    return c.json(toAlpacaAccount(accountId, exchange.account(accountId), market.nowUs()));
  });
  addOrderRoutes(routes, options);
  addPositionRoutes(routes, options);
  routes.get("/assets", (c) => {
    const wanted = (name: string, value: string) => (c.req.query(name) ?? value) === value;
    return c.json(
      assets.all().filter((asset) =>
        wanted("asset_class", asset.class) && wanted("status", asset.status) &&
        wanted("exchange", asset.exchange)
      ),
    );
  });
  routes.get("/assets/:symbol{.+}", (c) => {
    const symbol = c.req.param("symbol");
    const asset = assets.wireOf(assets.resolve(symbol));
    if (asset === null) throw new RequestError(404, `asset not found for ${symbol}`);
    return c.json(asset);
  });
  routes.get("/clock", (c) => {
    const nowUs = market.nowUs();
    const session = sessionAt(nowUs);
    const next = nextSession(nowUs);
    c.header(CLOCK_RATE_HEADER, String(market.rate));
    const clock: AlpacaClock = {
      timestamp: exchangeRfc3339(nowUs),
      is_open: session !== null,
      next_open: exchangeRfc3339(next.openUs),
      next_close: exchangeRfc3339((session ?? next).closeUs),
    };
    return c.json(clock);
  });
  routes.get("/calendar", (c) => c.json(calendar(c.req.query("start"), c.req.query("end"))));
  routes.get("/account/activities", (c) => c.json(activities(c, options)));
  routes.get("/account/activities/:type", (c) => c.json(activities(c, options)));
  return routes;
}

function orderOf(outcome: OrderOutcome, assets: Assets) {
  if ("error" in outcome) throw RequestError.of(outcome.error);
  return toAlpacaOrder(outcome.order, assets);
}

async function bodyOf(c: AccountContext): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new RequestError(400, "request body format is invalid: it must be JSON");
  }
}

function addOrderRoutes(routes: Hono<AccountEnv>, options: TradingRoutesOptions): void {
  const { exchange, market, assets } = options;
  routes.post("/orders", async (c) => {
    const request = parseOrderRequest(await bodyOf(c), assets);
    // After the body has come: the order's time is when all of it is here.
    market.nowUs();
    return c.json(orderOf(exchange.submit(c.get("accountId"), request), assets));
  });
  routes.get("/orders", (c) => {
    const filter = parseOrderFilter(c.req.query(), assets);
    const orders = exchange.orders(c.get("accountId"), filter);
    return c.json(orders.map((order) => toAlpacaOrder(order, assets)));
  });
  routes.delete("/orders", (c) => {
    const accountId = c.get("accountId");
    const results = exchange.cancelAll(accountId).map((id): AlpacaCanceledOrder => {
      const order = exchange.order(accountId, id);
      assert(order !== null, "an order was canceled that is not there");
      return { id, status: 200, body: toAlpacaOrder(order, assets) };
    });
    return c.json(results, 207);
  });
  routes.get("/orders:by_client_order_id", (c) => {
    const id = c.req.query("client_order_id") ?? "";
    const order = exchange.orderByClientId(c.get("accountId"), id);
    if (order === null) throw new RequestError(404, `order not found for ${id}`);
    return c.json(toAlpacaOrder(order, assets));
  });
  routes.get("/orders/:id", (c) => {
    const id = c.req.param("id");
    const nested = isTrue(c.req.query("nested"));
    const order = exchange.order(c.get("accountId"), id, { nested });
    if (order === null) throw new RequestError(404, `order not found for ${id}`);
    return c.json(toAlpacaOrder(order, assets));
  });
  routes.patch("/orders/:id", async (c) => {
    const change = parseOrderChange(await bodyOf(c));
    market.nowUs();
    return c.json(orderOf(exchange.replace(c.get("accountId"), c.req.param("id"), change), assets));
  });
  routes.delete("/orders/:id", (c) => {
    const refusal = exchange.cancel(c.get("accountId"), c.req.param("id"));
    if (refusal !== null) throw RequestError.of(refusal);
    return c.body(null, 204);
  });
}

function addPositionRoutes(routes: Hono<AccountEnv>, options: TradingRoutesOptions): void {
  const { exchange, assets, history } = options;
  const wire = (position: Parameters<typeof toAlpacaPosition>[0]) => {
    const close = history.previousClose(position.symbol);
    return toAlpacaPosition(position, Number.isNaN(close) ? "0" : plain(close), assets);
  };
  routes.get("/positions", (c) => c.json(exchange.positions(c.get("accountId")).map(wire)));
  routes.delete("/positions", (c) => {
    const accountId = c.get("accountId");
    if (isTrue(c.req.query("cancel_orders"))) exchange.cancelAll(accountId);
    const results = exchange.positions(accountId).map(({ symbol }): AlpacaClosedPosition => {
      const outcome = exchange.closePosition(accountId, symbol);
      return "error" in outcome
        ? { symbol, status: outcome.error.status, body: RequestError.of(outcome.error).body }
        : { symbol, status: 200, body: toAlpacaOrder(outcome.order, assets) };
    });
    return c.json(results, 207);
  });
  routes.get("/positions/:symbol{.+}", (c) => {
    const symbol = assets.resolve(c.req.param("symbol"));
    const position = exchange.position(c.get("accountId"), symbol);
    if (position === null) throw new RequestError(404, "position does not exist");
    return c.json(wire(position));
  });
  routes.delete("/positions/:symbol{.+}", (c) => {
    const symbol = assets.resolve(c.req.param("symbol"));
    const { qty, percentage } = c.req.query();
    const outcome = exchange.closePosition(c.get("accountId"), symbol, { qty, percentage });
    return c.json(orderOf(outcome, assets));
  });
}

function calendar(start = "1970-01-01", end = "2029-12-31"): AlpacaCalendarDay[] {
  let sessions: Session[];
  try {
    // Two sessions more: the last ones settle after the range.
    sessions = sessionsBetween(start.slice(0, 10), addDays(end.slice(0, 10), 10));
  } catch (error) {
    throw new RequestError(422, (error as Error).message, 40010001);
  }
  const last = end.slice(0, 10);
  return sessions.flatMap((session, i) => {
    if (session.date > last) return [];
    const { date, isEarlyClose } = session;
    // Settled after one day since 28 May 2024, after two before.
    const settles = sessions[i + (date >= "2024-05-28" ? 1 : 2)];
    return [{
      date,
      open: "09:30",
      close: isEarlyClose ? "13:00" : "16:00",
      session_open: "0400",
      session_close: isEarlyClose ? "1700" : "2000",
      settlement_date: settles.date,
    }];
  });
}

const PAGE_SIZE = 100;

function activities(c: AccountContext, { exchange }: TradingRoutesOptions) {
  const types = c.req.param("type") ?? c.req.query("activity_types") ?? "FILL";
  const time = (name: string) => {
    const text = c.req.query(name);
    if (!text) return null;
    const us = parseTimeUs(text);
    if (us === null) throw new RequestError(422, `${name} must be a time in RFC 3339`, 40010001);
    return us;
  };
  const pageSize = Number(c.req.query("page_size") ?? PAGE_SIZE);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > PAGE_SIZE) {
    throw new RequestError(422, `page_size must be 1 to ${PAGE_SIZE}`, 40010001);
  }
  if (!types.split(",").includes("FILL")) return [];
  const [afterUs, untilUs, date] = [time("after"), time("until"), c.req.query("date")];
  const fills = withShortSales(exchange.executions(c.get("accountId")))
    .filter(({ execution: { timeUs } }) =>
      (afterUs === null || timeUs > afterUs) && (untilUs === null || timeUs < untilUs) &&
      (!date || exchangeDate(timeUs) === date)
    )
    .map(({ execution, isShortSale }) => toFillActivity(execution, isShortSale));
  if (c.req.query("direction") !== "asc") fills.reverse();
  const token = c.req.query("page_token");
  const from = token ? fills.findIndex(({ id }) => id === token) + 1 : 0;
  return fills.slice(from, from + pageSize);
}

/** A sale is short where it opens or adds to a short position. */
function withShortSales(executions: readonly ExchangeExecution[]) {
  const positions = new Map<string, ReturnType<typeof decimal>>();
  return executions.map((execution) => {
    const before = positions.get(execution.symbol) ?? decimal(0);
    const isSale = execution.side === "sell";
    positions.set(
      execution.symbol,
      isSale ? before.minus(execution.qty) : before.plus(execution.qty),
    );
    return { execution, isShortSale: isSale && before.lte(0) };
  });
}
