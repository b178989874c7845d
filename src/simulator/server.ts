/**
 * The simulated exchange: Alpaca's protocol over recorded or generated data, on one origin.
 * Invariant: what a client sees follows from the data, the options and the clients' own requests;
 * at speed "max" nothing of it depends on the wall clock.
 */
import { type Context, Hono } from "hono";
import { Exchange } from "../matching/exchange.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import { AlpacaErrorCode } from "../wire/alpaca_types.ts";
import { Accounts, uuidOf } from "./accounts.ts";
import { Assets } from "./assets.ts";
import { corporateRoutes } from "./corporate_routes.ts";
import { DataHub } from "./data_hub.ts";
import { dataRoutes } from "./data_routes.ts";
import type { Adversary } from "./faults/adversary.ts";
import { Front, type FrontLink } from "./faults/front.ts";
import { startAdversary } from "./faults/start.ts";
import { type Monotonic, systemMonotonic } from "../wire/monotonic.ts";
import { History } from "./history.ts";
import { type LoadedData, loadSources } from "./load.ts";
import { Market } from "./market.ts";
import { finestOf } from "../recorded/market_data.ts";
import { UsualDays } from "../recorded/usual_days.ts";
import type { SimulatorOptions } from "./options.ts";
import { RequestError } from "./request_error.ts";
import { Sockets } from "./sockets.ts";
import { buildTimeline, type Timeline } from "./timeline.ts";
import { type AccountEnv, tradingRoutes } from "./trading_routes.ts";
import { TradingHub } from "./trading_socket.ts";

export interface Simulator {
  /** "http://127.0.0.1:PORT": trading and data REST, and both kinds of sockets. */
  readonly baseUrl: string;
  /** What is traded and when, one line each. */
  readonly summary: string[];
  readonly exchange: Exchange;
  readonly market: Market;
  /** null: it was started without faults. */
  readonly faults: Adversary | null;
  close(): Promise<void>;
}

/** What its time runs on. */
export interface SimulatorClocks {
  /** The market's clock, at finite speeds. */
  market: Monotonic;
  /** Time-outs, delays of replies. */
  network: Monotonic;
}

const SYSTEM_CLOCKS: SimulatorClocks = { market: systemMonotonic, network: systemMonotonic };

const CASH = "100000";
const REQUESTS_PER_MINUTE = 200;
/** Loads the data, then listens. Throws ConfigError for wrong options or files, OperationError. */
export async function startSimulator(
  options: SimulatorOptions,
  clocks: SimulatorClocks = SYSTEM_CLOCKS,
): Promise<Simulator> {
  checkOptions(options);
  const loaded = await loadSources(options);
  const timeline = buildTimeline(loaded.data, loaded.startUs, loaded.endUs);
  if (timeline.stepsUs.length === 0) {
    throw new ConfigError("Cannot simulate: there is not a minute between start and end");
  }
  const parts = assemble(options, loaded, timeline, clocks);
  const server = parts.faults === null
    ? listen(options, (request) => parts.handle(request, null))
    : listenBehindFront(options, parts.handle);
  return {
    baseUrl: `http://${server.addr.hostname}:${server.addr.port}`,
    summary: loaded.summary,
    exchange: parts.exchange,
    market: parts.market,
    faults: parts.faults,
    close: async () => {
      parts.market.close();
      parts.closeSockets();
      parts.faults?.close();
      await server.shutdown();
    },
  };
}

type Handle = (request: Request, link: FrontLink | null) => Promise<Response>;

/** The exchange on a port of its own, and in front of it a door that can break connections. */
function listenBehindFront(options: SimulatorOptions, handle: Handle) {
  const { port, hostname = "127.0.0.1" } = options;
  const inner: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request, info) => handle(request, front.linkOf((info.remoteAddr as Deno.NetAddr).port)),
  );
  const front: Front = new Front({ hostname, port }, inner.addr.port);
  return {
    addr: front.addr,
    shutdown: async () => {
      front.close();
      await inner.shutdown();
    },
  };
}

function checkOptions({ speed, cash = CASH, volumeShare = 0.1, port }: SimulatorOptions): void {
  if (speed !== "max" && !(speed > 0 && speed <= 100_000)) {
    throw new ConfigError(`Cannot simulate at speed ${speed}: give "max" or 0 < speed ≤ 100000`);
  }
  if (!/^\d+(\.\d+)?$/.test(cash)) {
    throw new ConfigError(`Cannot simulate with cash "${cash}": give an amount ≥ 0 like 100000.00`);
  }
  if (!(volumeShare > 0 && volumeShare <= 1)) {
    throw new ConfigError(`Cannot simulate with volume share ${volumeShare}: give 0 < share ≤ 1`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`Cannot listen on port ${port}: give 0 to 65535`);
  }
}

function listen(options: SimulatorOptions, handle: (request: Request) => Promise<Response>) {
  const { port, hostname = "127.0.0.1" } = options;
  try {
    return Deno.serve({ port, hostname, onListen: () => {} }, handle);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new OperationError(
      `Cannot listen on ${hostname}:${port}: the port is in use; give another, or 0 for a free one`,
    );
  }
}

function assemble(
  options: SimulatorOptions,
  { data, startUs, endUs }: LoadedData,
  timeline: Timeline,
  clocks: SimulatorClocks,
) {
  let faults: Adversary | null = null;
  const assets = new Assets(data);
  const tradingHub = new TradingHub(assets);
  const dataHub = new DataHub(timeline, startUs);
  const days = new UsualDays(data, () => exchange.nowUs);
  const exchange: Exchange = new Exchange({
    startUs,
    assetOf: (symbol) => assets.assetOf(symbol),
    onUpdate: (update) => faults === null ? tradingHub.publish(update) : faults.update(update),
    sourceOf: (symbol) => finestOf(data, symbol),
    ...(options.volumeShare ? { volumeShare: options.volumeShare } : {}),
    fees: options.fees,
    slippage: options.slippage,
    liquidityOf: (symbol) => days.of(symbol),
    nightRates: options.nightRates,
    latencyUs: options.latencyUs,
  });
  const market = new Market({
    timeline,
    exchange,
    startUs,
    endUs,
    speed: options.speed,
    monotonic: clocks.market,
    publish: (feed, from, to) => {
      dataHub.publish(feed, from, to);
      if (feed === "now") faults?.afterStep();
      if (options.speed !== "max") dataHub.closeSlow();
    },
    canPublish: () => dataHub.canPublish(),
  });
  const history = new History(data, () => market.nowUs());
  for (const symbol of data.keys()) {
    const price = history.lastPrice(symbol);
    if (!Number.isNaN(price)) exchange.seedPrice(symbol, price);
  }
  const accounts = new Accounts({
    exchange,
    cash: options.cash ?? CASH,
    keys: options.keys && options.keys.length > 0 ? options.keys : null,
    requestsPerMinute: options.requestsPerMinute ?? REQUESTS_PER_MINUTE,
    rate: market.rate,
    nowUs: () => market.nowUs(),
  });
  const app = makeApp(accounts, market, history, exchange, assets);
  const shared = { accounts, market, dataHub, tradingHub };
  if (options.faults !== undefined) {
    faults = startAdversary({
      ...shared,
      ...{ plan: options.faults, startUs, exchange, assets, history },
      ...{ marketTime: clocks.market, network: clocks.network },
    });
  }
  const sockets = new Sockets({
    ...shared,
    timeline,
    monotonic: clocks.network,
    faults: faults?.sockets ?? null,
  });
  const inner = async (request: Request): Promise<Response> => await app.fetch(request);
  const handle: Handle = async (request, link) =>
    sockets.tryOpen(request, link) ??
      await (faults === null ? app.fetch(request) : faults.answer(request, link, inner));
  return { exchange, market, faults, handle, closeSockets: () => sockets.close() };
}

function makeApp(
  accounts: Accounts,
  market: Market,
  history: History,
  exchange: Exchange,
  assets: Assets,
): Hono<AccountEnv> {
  const app = new Hono<AccountEnv>();
  let requests = 0;
  app.use(async (c, next) => {
    c.header("X-Request-ID", uuidOf(`request ${++requests}`));
    authenticate(c, accounts);
    // What is due is given out first, so that a reply is never older than the clock it shows.
    market.nowUs();
    await next();
  });
  const nowUs = () => market.nowUs();
  app.route("/v2/stocks", dataRoutes({ history, assetClass: "us_equity", nowUs }));
  app.route("/v1beta3/crypto/us", dataRoutes({ history, assetClass: "crypto", nowUs }));
  app.route("/v1", corporateRoutes(history));
  app.route("/v2", tradingRoutes({ exchange, market, assets, history }));
  app.notFound((c) =>
    c.json({ code: AlpacaErrorCode.notFound, message: `no such endpoint: ${c.req.path}` }, 404)
  );
  app.onError((error, c) => {
    if (error instanceof RequestError) return c.json(error.body, error.status as 400);
    console.error(error);
    return c.json({ code: AlpacaErrorCode.internal, message: "internal server error" }, 500);
  });
  return app;
}

function authenticate(c: Context<AccountEnv>, accounts: Accounts): void {
  const header = (name: string) => c.req.header(name) ?? null;
  const keyId = header("APCA-API-KEY-ID");
  // Crypto market data are open to everybody.
  if (keyId === null && c.req.path.startsWith("/v1beta3/crypto/")) return;
  const accountId = accounts.authenticate(keyId, header("APCA-API-SECRET-KEY"));
  if (accountId === null) throw new RequestError(401, "request is not authorized");
  c.set("accountId", accountId);
  const limit = accounts.countRequest(accountId);
  c.header("X-RateLimit-Limit", String(limit.limit));
  c.header("X-RateLimit-Remaining", String(limit.remaining));
  c.header("X-RateLimit-Reset", String(limit.resetSeconds));
  if (!limit.isOver) return;
  c.header("Retry-After", String(limit.retryAfterSeconds));
  throw new RequestError(429, "rate limit exceeded");
}
