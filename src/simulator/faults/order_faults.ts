/** What becomes of orders, cancels and replacements that the exchange has taken in. */
import type { FaultOf } from "../../config/fault_kinds.ts";
import type { OrderStatus } from "../../model/order.ts";
import type { UpdateEvent } from "../../matching/types.ts";
import type { AlpacaOrder } from "../../wire/alpaca_types.ts";
import { nextSession } from "../../model/calendar.ts";
import type { AskedRequest } from "./request_faults.ts";
import type { LiveFault } from "./fault_book.ts";
import type { AdversaryWorld } from "./world.ts";

type Inner = () => Promise<Response>;

const ORDER_KINDS = ["order_status", "fills"] as const;

interface Pieces {
  accountId: string;
  orderId: string;
  left: number[];
  price: number | null;
}

export class OrderFaults {
  readonly #world: AdversaryWorld;
  /** Fills that come one a step. */
  readonly #pieces: Pieces[] = [];

  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  async answer(asked: AskedRequest, inner: Inner): Promise<Response> {
    const { accountId, method, path } = asked;
    if (accountId === null) return await inner();
    if (method === "POST" && path === "/v2/orders") return await this.#post(accountId, inner);
    const orderId = /^\/v2\/orders\/([^/]+)$/.exec(path)?.[1];
    if (orderId === undefined) return await inner();
    if (method === "DELETE") return await this.#cancel(accountId, orderId, inner);
    if (method === "PATCH") return await this.#replace(accountId, orderId, inner);
    return await inner();
  }

  /** One more piece of each order that fills so. */
  afterStep(): void {
    for (const pieces of [...this.#pieces]) {
      const [qty] = pieces.left.splice(0, 1);
      const isOpen = this.#world.hand.fill(pieces.accountId, pieces.orderId, qty, pieces.price);
      if (isOpen && pieces.left.length > 0) continue;
      this.#pieces.splice(this.#pieces.indexOf(pieces), 1);
    }
  }

  /** What was asked for one order by its client order id. */
  apply(fault: LiveFault<FaultOf<typeof ORDER_KINDS[number]>>): void {
    const { exchange, accounts, book } = this.#world;
    for (const accountId of accounts.ids()) {
      const order = exchange.orderByClientId(accountId, fault.spec.order ?? "");
      if (order === null) continue;
      book.note(fault, { symbol: order.symbol, what: order.clientOrderId });
      this.#change(fault.spec, accountId, order.id);
    }
  }

  async #post(accountId: string, inner: Inner): Promise<Response> {
    const { book } = this.#world;
    const response = await inner();
    if (!response.ok) return response;
    const order = await response.clone().json() as AlpacaOrder;
    book.count("orders");
    const fault = book.take(ORDER_KINDS, {
      symbol: order.symbol,
      what: order.client_order_id,
      fits: (spec) => (spec as FaultOf<"fills">).order === undefined,
    });
    if (fault !== null) this.#change(fault.spec, accountId, order.id);
    return response;
  }

  #change(
    spec: FaultOf<typeof ORDER_KINDS[number]>,
    accountId: string,
    orderId: string,
  ): void {
    const { hand } = this.#world;
    if (spec.kind === "order_status") return this.#setStatus(accountId, orderId, spec.status);
    const { pieces, price = null, per } = spec;
    if (per === "reply") return this.#fill(accountId, orderId, pieces, price);
    hand.keepFromMarket(accountId, orderId);
    const all = pieces ?? [Infinity];
    this.#pieces.push({ accountId, orderId, left: [...all], price });
  }

  #setStatus(accountId: string, orderId: string, status: string): void {
    const { hand, later, exchange } = this.#world;
    switch (status) {
      case "rejected":
      case "expired":
      case "canceled":
        hand.end(accountId, orderId, status);
        return;
      case "done_for_day":
        hand.setStatus(accountId, orderId, status, status);
        // A day order ends at the close; one that is good longer goes on with the next session.
        later.at(
          nextSession(exchange.nowUs).openUs,
          exchange.nowUs,
          () => hand.release(accountId, orderId, "new"),
        );
        return;
      default:
        hand.setStatus(accountId, orderId, status as OrderStatus, status as UpdateEvent);
    }
  }

  #fill(
    accountId: string,
    orderId: string,
    pieces: number[] | undefined,
    price: number | null = null,
  ): void {
    const { hand } = this.#world;
    if (pieces === undefined) hand.fill(accountId, orderId, null, price);
    else for (const qty of pieces) hand.fill(accountId, orderId, qty, price);
  }

  async #cancel(accountId: string, orderId: string, inner: Inner): Promise<Response> {
    const { book, hand, later, exchange } = this.#world;
    const order = hand.openOrder(accountId, orderId);
    if (order === null || order.status === "pending_cancel") {
      // A second cancel of one that is stuck is taken, and changes nothing.
      return order === null ? await inner() : new Response(null, { status: 204 });
    }
    const fault = book.take(["cancel_stuck", "cancel_race", "cancel_rejected"], {
      symbol: order.symbol,
      what: order.clientOrderId,
    });
    if (fault === null) return await inner();
    const { spec } = fault;
    const done = new Response(null, { status: 204 });
    switch (spec.kind) {
      case "cancel_stuck":
        hand.setStatus(accountId, orderId, "pending_cancel", "pending_cancel");
        if (spec.seconds !== undefined) {
          const us = exchange.nowUs + spec.seconds * 1e6;
          later.at(us, exchange.nowUs, () => hand.end(accountId, orderId, "canceled"));
        }
        return done;
      case "cancel_race":
        this.#fill(accountId, orderId, spec.pieces, spec.price);
        if (spec.reply === 422 || hand.openOrder(accountId, orderId) !== null) return await inner();
        return done;
      case "cancel_rejected":
        hand.tell(accountId, orderId, "order_cancel_rejected");
        return done;
      default:
        return spec satisfies never;
    }
  }

  async #replace(accountId: string, orderId: string, inner: Inner): Promise<Response> {
    const { book, hand } = this.#world;
    const order = hand.openOrder(accountId, orderId);
    const fault = order && book.take(["replace_race", "replace_rejected"], {
      symbol: order.symbol,
      what: order.clientOrderId,
    });
    if (order === null || fault === null) return await inner();
    const tellAgain = this.#world.holdBack((update) =>
      update.order.id === orderId || update.order.replaces === orderId
    );
    let response: Response;
    try {
      response = await inner();
    } finally {
      tellAgain();
    }
    if (!response.ok) return response;
    const next = await response.clone().json() as AlpacaOrder;
    hand.undoReplace(accountId, orderId, next.id, order.status);
    const { spec } = fault;
    if (spec.kind === "replace_race") this.#fill(accountId, orderId, spec.pieces, spec.price);
    hand.tell(accountId, orderId, "order_replace_rejected");
    hand.tell(accountId, next.id, "rejected");
    return response;
  }
}
