/**
 * What the exchange says of account, assets, calendar and clock while a fault is in force, and what
 * it refuses because of it.
 */
import type { FaultOf } from "../../config/fault_kinds.ts";
import { exchangeDate, exchangeUs, type Session, sessionOf } from "../../model/calendar.ts";
import { addDays } from "../../model/calendar.ts";
import type {
  AlpacaAsset,
  AlpacaCalendarDay,
  AlpacaClock,
  AlpacaOrderRequest,
} from "../../wire/alpaca_types.ts";
import { exchangeRfc3339 } from "../exchange_time.ts";
import type { LiveFault } from "./fault_book.ts";
import { type AskedRequest, fitsRequest, json } from "./request_faults.ts";
import type { AdversaryWorld } from "./world.ts";

interface Kept {
  status: number;
  headers: Headers;
  body: string;
}

export class StateFaults {
  readonly #world: AdversaryWorld;
  /** By fault, then request: the answer that is given for as long as it lasts. */
  readonly #stale = new Map<number, Map<string, Kept>>();

  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  /** Of an order that account or asset forbid; null: they do not. */
  refusal({ method, path, symbol }: AskedRequest, body: unknown): Response | null {
    if (method !== "POST" || path !== "/v2/orders") return null;
    const { book } = this.#world;
    const order = body as Partial<AlpacaOrderRequest> | null;
    const refuse = (fault: LiveFault, message: string, code = 40310000) => {
      book.note(fault, { symbol, what: `${method} ${path}` });
      return json({ code, message }, Math.floor(code / 100_000));
    };
    for (const fault of book.inForce("account_blocked")) {
      return refuse(fault, "new orders are rejected by user request");
    }
    if (symbol === null) return null;
    for (const fault of book.inForce("asset", symbol)) {
      if (fault.spec.tradable === false) {
        return refuse(fault, `asset ${symbol} is not tradable`, 42210000);
      }
      if (!this.#mayShort(fault.spec) && this.#opensShort(order, symbol)) {
        return refuse(fault, `asset "${symbol}" cannot be sold short`, 42210000);
      }
    }
    return null;
  }

  /** The answer, as the faults in force make it. */
  async rewritten(asked: AskedRequest, response: Response): Promise<Response> {
    const { book } = this.#world;
    const { method, path } = asked;
    if (method !== "GET") return response;
    const what = `${method} ${path}`;
    for (const fault of book.inForce("reply_stale")) {
      if (fitsRequest(fault.spec, what)) return await this.#staleReply(fault, asked, response);
    }
    if (!response.ok) return response;
    if (path === "/v2/account") return await this.#change(response, (body) => this.#account(body));
    if (path === "/v2/clock") return await this.#change(response, (body) => this.#clock(body));
    if (path === "/v2/calendar") {
      return await this.#change(response, (body) => this.#calendar(body));
    }
    if (path === "/v2/assets" || path.startsWith("/v2/assets/")) {
      return await this.#change(response, (body) => this.#assets(body));
    }
    return response;
  }

  /** As the first answer while it lasts. */
  async #staleReply(
    fault: LiveFault,
    { request, method, path }: AskedRequest,
    response: Response,
  ): Promise<Response> {
    const kept = this.#stale.get(fault.id) ?? new Map<string, Kept>();
    this.#stale.set(fault.id, kept);
    const key = request.url;
    let known = kept.get(key);
    if (known === undefined) {
      const { status, headers } = response;
      known = { status, headers: new Headers(headers), body: await response.text() };
      known.headers.delete("content-length");
      kept.set(key, known);
    } else {
      await response.body?.cancel();
      this.#world.book.note(fault, { symbol: null, what: `${method} ${path}` });
    }
    const { status, headers, body } = known;
    return new Response(body, { status, headers });
  }

  // deno-lint-ignore no-explicit-any -- a body of this path, as the exchange itself has made it
  async #change(response: Response, change: (body: any) => unknown): Promise<Response> {
    const { status, headers } = response;
    return json(change(await response.json()), status, headers);
  }

  #account(account: Record<string, unknown>): unknown {
    for (const fault of this.#world.book.inForce("account_blocked")) {
      this.#shown(fault, "GET /v2/account");
      account[fault.spec.field] = true;
    }
    return account;
  }

  #assets(body: AlpacaAsset | AlpacaAsset[]): unknown {
    for (const asset of [body].flat()) {
      for (const fault of this.#world.book.inForce("asset", asset.symbol)) {
        const { tradable, shortable, borrow } = fault.spec;
        this.#shown(fault, "GET /v2/assets");
        if (tradable !== undefined) asset.tradable = tradable;
        if (shortable !== undefined) asset.shortable = shortable;
        if (borrow === undefined) continue;
        asset.borrow_status = borrow;
        asset.easy_to_borrow = borrow === "easy_to_borrow";
        if (borrow === "not_borrowable") asset.shortable = false;
      }
    }
    return body;
  }

  #clock(clock: AlpacaClock): unknown {
    const { book, exchange } = this.#world;
    const skews = book.inForce("clock_skew");
    for (const fault of skews) this.#shown(fault, "GET /v2/clock");
    const skewUs = skews.reduce((sum, { spec }) => sum + spec.ms * 1000, 0);
    const nowUs = exchange.nowUs;
    if (book.inForce("holiday").length + book.inForce("early_close").length > 0) {
      const next = this.#nextSession(nowUs, ({ openUs }) => openUs > nowUs);
      const current = this.#nextSession(nowUs, ({ closeUs }) => closeUs > nowUs);
      clock.is_open = current.openUs <= nowUs;
      clock.next_open = exchangeRfc3339(next.openUs);
      clock.next_close = exchangeRfc3339(current.closeUs);
    }
    return { ...clock, timestamp: exchangeRfc3339(nowUs + skewUs) };
  }

  /** The first one that fits, as holidays and early closes leave them. */
  #nextSession(nowUs: number, fits: (session: Session) => boolean): Session {
    for (let date = exchangeDate(nowUs);; date = addDays(date, 1)) {
      const session = this.#sessionOf(date);
      if (session !== null && fits(session)) return session;
    }
  }

  #sessionOf(date: string): Session | null {
    const { book } = this.#world;
    const session = sessionOf(date);
    if (session === null || book.inForce("holiday").some(({ spec }) => spec.date === date)) {
      return null;
    }
    const early = this.#earlyClose(date);
    return early === undefined ? session : { ...session, closeUs: exchangeUs(date, early.close) };
  }

  #calendar(days: AlpacaCalendarDay[]): unknown {
    const { book } = this.#world;
    const holidays = book.inForce("holiday");
    const open = days.filter(({ date }) =>
      !holidays.some((fault) => fault.spec.date === date && this.#shown(fault, "GET /v2/calendar"))
    );
    return open.map((day) => {
      const early = this.#earlyClose(day.date);
      return early === undefined ? day : { ...day, close: early.close, session_close: "1700" };
    });
  }

  #earlyClose(date: string): FaultOf<"early_close"> | undefined {
    const fault = this.#world.book.inForce("early_close").find(({ spec }) => spec.date === date);
    if (fault !== undefined) this.#shown(fault, "GET /v2/calendar");
    return fault?.spec;
  }

  #shown(fault: LiveFault, what: string): true {
    this.#world.book.noteOnce(fault, { symbol: null, what });
    return true;
  }

  #mayShort({ shortable, borrow }: FaultOf<"asset">): boolean {
    return shortable !== false && borrow !== "not_borrowable";
  }

  #opensShort(order: Partial<AlpacaOrderRequest> | null, symbol: string): boolean {
    if (order?.side !== "sell") return false;
    const { exchange, accounts } = this.#world;
    return accounts.ids().every((id) => {
      const position = exchange.position(id, symbol);
      return position === null || Number(position.qty) < Number(order.qty ?? 0);
    });
  }
}
