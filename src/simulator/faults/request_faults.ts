/**
 * What becomes of a request: lost, refused, answered late, answered wrong, or answered as it should
 * be. Invariant: a request that is lost or refused before it was accepted has changed nothing.
 */
import type { FaultOf, FaultSpec } from "../../config/fault_kinds.ts";
import { AlpacaErrorCode } from "../../wire/alpaca_types.ts";
import type { FrontLink } from "./front.ts";
import type { LiveFault, Occasion } from "./fault_book.ts";
import type { AdversaryWorld } from "./world.ts";

export interface AskedRequest {
  request: Request;
  method: string;
  path: string;
  query: URLSearchParams;
  body: string | null;
  /** Of the body, the path, or the order that it is about. */
  symbol: string | null;
  accountId: string | null;
  link: FrontLink | null;
}

type Inner = () => Promise<Response>;

const KINDS = ["request_lost", "reply_lost", "http_error", "refusal", "reply_empty"] as const;
type Kind = typeof KINDS[number] | "reply_late";

const DEFAULT_REQUESTS: Record<Kind, string[]> = {
  request_lost: ["POST /v2/orders"],
  reply_lost: ["POST /v2/orders"],
  http_error: ["POST /v2/orders"],
  refusal: ["POST /v2/orders"],
  reply_empty: ["GET /v2/positions"],
  reply_late: ["* /*"],
};

const REFUSALS: Record<FaultOf<"refusal">["reason"], [number, number, string]> = {
  duplicate_client_order_id: [422, 40010001, "client_order_id must be unique"],
  wash_trade: [
    403,
    40310000,
    "potential wash trade detected. use complex orders",
  ],
  insufficient_qty: [
    403,
    40310000,
    "insufficient qty available for order (requested: 10, available: 0)",
  ],
  insufficient_buying_power: [403, 40310000, "insufficient buying power"],
  sub_penny: [
    422,
    42210000,
    "invalid limit_price 100.001. sub-penny increment does not fulfill minimum pricing criteria",
  ],
  not_shortable: [422, 42210000, "asset cannot be sold short"],
  not_tradable: [422, 42210000, "asset is not tradable"],
  account_restricted: [403, 40310000, "account is restricted from trading"],
};

const SENT_AGAIN_MS_MAX = 50;

export class RequestFaults {
  readonly #world: AdversaryWorld;
  readonly #closing = Promise.withResolvers<void>();
  /** Requests that are kept waiting: late ones, and those that will never be answered. */
  waiting = 0;
  #lastCut: { text: string; atMs: number } | null = null;

  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  close(): void {
    this.#closing.resolve();
  }

  /** `inner` does it, with all that can happen to orders. */
  async answer(asked: AskedRequest, inner: Inner): Promise<Response> {
    const { book } = this.#world;
    if (this.#isSentAgain(asked)) return await this.#lose("cut", asked);
    const what = `${asked.method} ${asked.path}`;
    const occasion: Occasion = {
      symbol: asked.symbol,
      what,
      fits: (spec) => fitsRequest(spec, what),
    };
    const late = book.take(["reply_late"], occasion);
    const fault = book.take(KINDS, occasion);
    const response = await this.#do(fault, asked, inner);
    if (late !== null) await this.#delay(late);
    return response;
  }

  async #do(
    fault: LiveFault<FaultOf<typeof KINDS[number]>> | null,
    asked: AskedRequest,
    inner: Inner,
  ): Promise<Response> {
    if (fault === null) return await inner();
    const { spec } = fault;
    switch (spec.kind) {
      case "request_lost":
        return await this.#lose(spec.how, asked);
      case "reply_lost":
        await drained(inner());
        return await this.#lose(spec.how, asked);
      case "http_error":
        if (spec.accepted) await drained(inner());
        return this.#error(spec);
      case "refusal": {
        if (spec.accepted) await drained(inner());
        const [status, code, message] = REFUSALS[spec.reason];
        return json({ code, message }, status);
      }
      case "reply_empty": {
        const { headers, status } = await drained(inner());
        return json([], status, headers);
      }
      default:
        return spec satisfies never;
    }
  }

  async #lose(how: "cut" | "silence", asked: AskedRequest): Promise<Response> {
    const { link } = asked;
    if (how === "cut") {
      this.#lastCut = { text: textOf(asked), atMs: this.#world.network.nowMs() };
      link?.cut();
    }
    this.waiting++;
    this.#world.book.wake();
    await Promise.race([link?.closed ?? this.#closing.promise, this.#closing.promise]);
    this.waiting--;
    // Nobody reads it.
    return new Response(null, { status: 499 });
  }

  /**
   * HTTP clients send again, by themselves and at once, what they sent on a connection that they had
   * used before and that was cut: that is lost too, or nothing would be.
   */
  #isSentAgain(asked: AskedRequest): boolean {
    const last = this.#lastCut;
    this.#lastCut = null;
    return last !== null && last.text === textOf(asked) &&
      this.#world.network.nowMs() - last.atMs < SENT_AGAIN_MS_MAX;
  }

  #error({ status, headers, wait }: FaultOf<"http_error">): Response {
    const said = new Headers();
    if (status === 429 && headers) {
      const { limit, resetSeconds } = { limit: 200, resetSeconds: wait };
      said.set("X-RateLimit-Limit", String(limit));
      said.set("X-RateLimit-Remaining", "0");
      // By the wall clock, as the reply's Date: both are the exchange's.
      said.set("X-RateLimit-Reset", String(Math.floor(Date.now() / 1000) + resetSeconds));
      said.set("Retry-After", String(wait));
    }
    const code = status === 429 ? AlpacaErrorCode.rateLimited : AlpacaErrorCode.internal;
    // What comes from a gateway before the exchange is no JSON.
    if (status >= 502) return new Response(`<html>${status}</html>`, { status });
    const message = status === 429 ? "too many requests." : "internal server error occurred";
    return json({ code, message }, status, said);
  }

  #delay({ spec, random }: LiveFault<FaultOf<"reply_late">>): Promise<void> {
    const jitter = spec.jitter === 0 ? 0 : random.int(-spec.jitter, spec.jitter);
    const waited = Promise.withResolvers<void>();
    const stop = this.#world.network.after(Math.max(0, spec.ms + jitter), waited.resolve);
    this.waiting++;
    this.#world.book.wake();
    return Promise.race([waited.promise, this.#closing.promise]).finally(() => {
      stop();
      this.waiting--;
    });
  }
}

function textOf({ method, path, body }: AskedRequest): string {
  return `${method} ${path} ${body}`;
}

/** "POST /v2/orders" by "POST /v2/orders", "* /v2/orders*". */
export function fitsRequest(spec: FaultSpec, what: string): boolean {
  const requests = ("requests" in spec ? spec.requests : undefined) ??
    DEFAULT_REQUESTS[spec.kind as Kind] ?? ["GET /v2/positions"];
  return requests.some((pattern) => patternOf(pattern).test(what));
}

function patternOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

export function json(body: unknown, status = 200, headers = new Headers()): Response {
  const said = new Headers(headers);
  said.delete("content-length");
  said.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status, headers: said });
}

/** It was answered; the answer is not needed. */
async function drained(answered: Promise<Response>): Promise<Response> {
  const response = await answered;
  await response.body?.cancel();
  return response;
}
