/**
 * Who is let in, and whose account it is.
 * Invariant: a key id belongs to one secret and to one account for as long as the exchange runs.
 */
import { createHash } from "node:crypto";
import type { Exchange } from "../matching/exchange.ts";
import { MINUTE_US } from "../recorded/market_data.ts";

export interface AccountsOptions {
  exchange: Exchange;
  cash: string;
  /** null: any pair is let in; the first secret seen for a key id stays. */
  keys: { keyId: string; secretKey: string }[] | null;
  requestsPerMinute: number;
  /** Market seconds a second; 0: the clock steps, and requests are not limited. */
  rate: number;
  nowUs(): number;
}

export interface RateLimit {
  limit: number;
  remaining: number;
  /** Seconds since the epoch, market time. */
  resetSeconds: number;
  isOver: boolean;
  /** Until the next minute, by the caller's clock. */
  retryAfterSeconds: number;
}

export class Accounts {
  readonly #options: AccountsOptions;
  readonly #secrets: Map<string, string>;
  readonly #requests = new Map<string, { minute: number; count: number }>();

  constructor(options: AccountsOptions) {
    this.#options = options;
    this.#secrets = new Map(options.keys?.map(({ keyId, secretKey }) => [keyId, secretKey]));
  }

  /** The account's id, or null where the pair is wrong. */
  authenticate(keyId: unknown, secretKey: unknown): string | null {
    if (typeof keyId !== "string" || typeof secretKey !== "string") return null;
    if (keyId === "" || secretKey === "") return null;
    const known = this.#secrets.get(keyId);
    if (known === undefined) {
      if (this.#options.keys !== null) return null;
      this.#secrets.set(keyId, secretKey);
    } else if (known !== secretKey) {
      return null;
    }
    const accountId = uuidOf(`account ${keyId}`);
    const { exchange, cash } = this.#options;
    if (!exchange.hasAccount(accountId)) exchange.openAccount(accountId, { cash });
    return accountId;
  }

  /** Of all that were let in so far. */
  ids(): string[] {
    return [...this.#secrets.keys()].map((keyId) => uuidOf(`account ${keyId}`))
      .filter((id) => this.#options.exchange.hasAccount(id));
  }

  /**
   * Counts a request. The minute is the market's, so that the limit means the same at every speed;
   * where the clock stands until clients go on ("max"), it would lock them out and is not enforced.
   */
  countRequest(accountId: string): RateLimit {
    const { requestsPerMinute: limit, rate } = this.#options;
    const isLimited = rate > 0;
    const nowUs = this.#options.nowUs();
    const minute = Math.floor(nowUs / MINUTE_US);
    const leftSeconds = ((minute + 1) * MINUTE_US - nowUs) / 1e6;
    const known = this.#requests.get(accountId);
    const count = known?.minute === minute ? known.count + 1 : 1;
    this.#requests.set(accountId, { minute, count });
    return {
      limit,
      remaining: isLimited ? Math.max(0, limit - count) : limit,
      resetSeconds: (minute + 1) * 60,
      isOver: isLimited && count > limit,
      retryAfterSeconds: isLimited ? Math.ceil(leftSeconds / rate) : 0,
    };
  }
}

/** An id in the form of a UUID that follows from a text, so that runs are the same. */
export function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`]
    .join("-") + `-${hex.slice(20, 32)}`;
}
