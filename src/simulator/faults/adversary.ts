/**
 * A simulated exchange that misbehaves as it is told to.
 * Invariants: an exchange without it is as it was, and pays nothing for it; an exchange with it and
 * without faults answers the same. What goes wrong is chosen by the book of faults alone.
 */
import { FAULT_KINDS, type FaultKind, type FaultOf } from "../../config/fault_kinds.ts";
import type { ExchangeUpdate } from "../../matching/types.ts";
import type { FaultBook, LiveFault } from "./fault_book.ts";
import { answerControl, CONTROL_PATH } from "./control.ts";
import type { FrontLink } from "./front.ts";
import { type MarketFaultKind, MarketFaults } from "./market_faults.ts";
import { OrderFaults } from "./order_faults.ts";
import { type AskedRequest, RequestFaults } from "./request_faults.ts";
import { SocketFaults } from "./socket_faults.ts";
import { StateFaults } from "./state_faults.ts";
import { UpdateFaults } from "./update_faults.ts";
import type { AdversaryWorld } from "./world.ts";

/** A request with this header meets no fault: for those who look how things really are. */
export const NO_FAULTS_HEADER = "Liu-Faults";
const NO_FAULTS_VALUE = "off";

type ClockKind = {
  [K in FaultKind]: (typeof FAULT_KINDS)[K]["on"] extends "clock" ? K : never;
}[FaultKind];

const CLOCK_KINDS = (Object.keys(FAULT_KINDS) as FaultKind[])
  .filter((kind) => FAULT_KINDS[kind].on === "clock");

export class Adversary {
  readonly book: FaultBook;
  readonly sockets: SocketFaults;
  readonly requests: RequestFaults;
  readonly #world: AdversaryWorld;
  readonly #updates: UpdateFaults;
  readonly #orders: OrderFaults;
  readonly #states: StateFaults;
  readonly #market: MarketFaults;
  #isLooking = false;

  /** `isHeldBack`: of updates that nobody is told of. */
  constructor(world: AdversaryWorld, readonly isHeldBack: (update: ExchangeUpdate) => boolean) {
    this.#world = world;
    this.book = world.book;
    this.sockets = new SocketFaults(world);
    this.requests = new RequestFaults(world);
    this.#updates = new UpdateFaults(world);
    this.#orders = new OrderFaults(world);
    this.#states = new StateFaults(world);
    this.#market = new MarketFaults(world);
  }

  close(): void {
    this.requests.close();
    this.sockets.close();
    this.#world.later.close();
  }

  /** `inner`: the exchange as it is without faults. */
  async answer(
    request: Request,
    link: FrontLink | null,
    inner: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === CONTROL_PATH || pathname.startsWith(`${CONTROL_PATH}/`)) {
      return await answerControl(request, this.book, () => this.look());
    }
    if (request.headers.get(NO_FAULTS_HEADER) === NO_FAULTS_VALUE) return await inner(request);
    this.book.count("requests");
    this.look();
    const { asked, again } = await this.#read(request, link);
    const answer = await this.requests.answer(
      asked,
      async () =>
        this.#states.refusal(asked, await bodyOf(again())) ??
          await this.#states.rewritten(
            asked,
            await this.#orders.answer(asked, () => inner(again())),
          ),
    );
    this.look();
    return answer;
  }

  update(update: ExchangeUpdate): void {
    if (!this.isHeldBack(update)) this.#updates.update(update);
  }

  /** What it had put in force and can be taken back is taken back. */
  onRemoved({ spec }: LiveFault): void {
    if (spec.kind === "socket_mute") this.sockets.unmute();
    if (spec.kind === "halt") this.#market.resume(spec);
  }

  /** All of a step has been sent; its marker has not. */
  afterStep(): void {
    this.#world.later.runDue(this.#world.exchange.nowUs);
    this.#orders.afterStep();
    this.#updates.afterStep();
    this.#look(true);
    this.book.wake();
  }

  /** Does what waits for the clock, and whose time has come. */
  look(): void {
    this.#look(false);
  }

  #look(isStep: boolean): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const fault of [...this.book.list()]) this.#lookAt(fault, isStep);
    } finally {
      this.#isLooking = false;
    }
  }

  #lookAt(fault: LiveFault, isStep: boolean): void {
    const { spec } = fault;
    const isOfOrder = "order" in spec && spec.order !== undefined;
    if (!isOfOrder && !CLOCK_KINDS.includes(spec.kind)) return;
    // Of what comes again and again each step is one occasion.
    const isCounted = spec.every !== undefined || spec.probability !== undefined ||
      spec.nth !== undefined;
    if ((isCounted && !isStep) || !this.book.isTurn(fault)) return;
    switch (spec.kind) {
      case "order_status":
      case "fills":
        return this.#orders.apply(fault as LiveFault<typeof spec>);
      case "socket_mute":
      case "socket_half_open":
      case "socket_cut":
      case "socket_closed":
      case "socket_error":
        this.sockets.apply(fault as LiveFault<typeof spec>);
        return;
      default:
        this.#market.apply(fault as LiveFault<FaultOf<MarketFaultKind & ClockKind>>);
    }
  }

  /** Its body is read once, and given to whoever asks. */
  async #read(
    request: Request,
    link: FrontLink | null,
  ): Promise<{ asked: AskedRequest; again: () => Request }> {
    const { method, headers, url } = request;
    const { pathname: path, searchParams: query } = new URL(url);
    const body = method === "GET" || method === "DELETE" ? null : await request.text();
    const accountId = this.#world.accounts.authenticate(
      headers.get("APCA-API-KEY-ID"),
      headers.get("APCA-API-SECRET-KEY"),
    );
    const symbol = this.#symbolOf(path, body, accountId);
    const asked = { request, method, path, query, body, symbol, accountId, link };
    return { asked, again: () => new Request(url, { method, headers, body }) };
  }

  #symbolOf(path: string, body: string | null, accountId: string | null): string | null {
    const { exchange, assets } = this.#world;
    const orderId = /^\/v2\/orders\/([^/]+)$/.exec(path)?.[1];
    if (orderId !== undefined && accountId !== null) {
      return exchange.order(accountId, orderId)?.symbol ?? null;
    }
    const named = /^\/v2\/(?:positions|assets)\/(.+)$/.exec(path)?.[1];
    if (named !== undefined) return assets.resolve(decodeURIComponent(named));
    if (path !== "/v2/orders" || body === null) return null;
    const symbol = (parsed(body) as { symbol?: unknown } | null)?.symbol;
    return typeof symbol === "string" ? assets.resolve(symbol) : null;
  }
}

async function bodyOf(request: Request): Promise<unknown> {
  return request.body === null ? null : parsed(await request.text());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
