/** Which path is which socket, and all that are open. */
import { STEP_HEADER, STEP_HEADER_VALUE } from "../wire/alpaca_types.ts";
import type { Monotonic } from "../wire/monotonic.ts";
import type { FrontLink } from "./faults/front.ts";
import type { SocketFaults } from "./faults/socket_faults.ts";
import type { Accounts } from "./accounts.ts";
import type { DataHub } from "./data_hub.ts";
import { type DataFeed, DataSocket } from "./data_socket.ts";
import type { Market } from "./market.ts";
import type { Timeline } from "./timeline.ts";
import { type TradingHub, TradingSocket } from "./trading_socket.ts";

export interface SocketsOptions {
  timeline: Timeline;
  accounts: Accounts;
  market: Market;
  dataHub: DataHub;
  tradingHub: TradingHub;
  monotonic: Monotonic;
  /** null: there are none. */
  faults: SocketFaults | null;
}

const TRADING_PATH = "/stream";
const FEEDS: ReadonlyMap<string, DataFeed> = new Map([
  ["/v2/iex", "iex"],
  ["/v2/sip", "sip"],
  ["/v2/delayed_sip", "delayed_sip"],
  ["/v2/test", "test"],
  ["/v1beta3/crypto/us", "crypto"],
]);

export class Sockets {
  readonly #options: SocketsOptions;
  readonly #open = new Set<WebSocket>();

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  /** Upgrades a request for a socket; null where it is none. */
  tryOpen(request: Request, link: FrontLink | null): Response | null {
    const { headers, url } = request;
    if (headers.get("upgrade")?.toLowerCase() !== "websocket") return null;
    const path = new URL(url).pathname;
    const feed = FEEDS.get(path);
    if (feed === undefined && path !== TRADING_PATH) return null;
    // Read before the upgrade: it takes the request away.
    const acksSteps = headers.get(STEP_HEADER)?.trim().toLowerCase() === STEP_HEADER_VALUE;
    const codec = headers.get("content-type") === "application/msgpack" ? "msgpack" : "json";
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.#open.add(socket);
    socket.addEventListener("close", () => this.#open.delete(socket));
    const { timeline, accounts, market, dataHub, tradingHub, faults, monotonic } = this.#options;
    if (feed === undefined) {
      const hub = tradingHub;
      const member = new TradingSocket({ socket, acksSteps, accounts, hub, market, faults });
      faults?.opened(socket, "trading", member, link);
    } else {
      const [{ symbols }, hub] = [timeline, dataHub];
      const common = { socket, acksSteps, symbols, accounts, hub, market, faults, monotonic };
      const member = new DataSocket({ ...common, feed, codec });
      faults?.opened(socket, feed === "crypto" ? "crypto" : "stocks", member, link);
    }
    return response;
  }

  close(): void {
    for (const socket of this.#open) {
      if (socket.readyState === WebSocket.OPEN) socket.close(1001, "the exchange is closing");
    }
  }
}
