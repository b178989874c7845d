/**
 * Alpaca's REST, for provider and broker alike.
 * Invariants: keys are in request headers only, never in an error, a log line or a URL. An answer
 * that is not certain is "unknown", never "refused".
 */
import { z } from "zod";
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import type { Secret } from "../util/secret.ts";
import { AlpacaErrorCode, CLOCK_RATE_HEADER } from "./alpaca_types.ts";
import { type Monotonic, wait } from "./monotonic.ts";
import type { Outbound } from "./outbound.ts";
import { RateBudget } from "./rate_budget.ts";

export interface AlpacaKeys {
  keyId: Secret;
  secretKey: Secret;
}

export interface AlpacaRestOptions {
  keys: AlpacaKeys;
  /** "https://host", without a path. */
  origin: string;
  outbound: Outbound;
  monotonic: Monotonic;
  /** In [0, 1): spreads retries. */
  random(): number;
  /** Default 200; what the exchange announces counts. */
  requestsPerMinute?: number;
  /** Of these, kept for cancels. Default 0. */
  requestsReservedForCancels?: number;
  /** From the request to the last byte of the reply. Default 10,000. */
  timeoutMs?: number;
}

export interface AlpacaRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | number | boolean>;
  body?: unknown;
  isCancel?: boolean;
}

/** What came of one request, sent once. */
export type AlpacaReply =
  /** `body`: parsed JSON, or undefined where there was none. */
  | { kind: "ok"; body: unknown; headers: Headers }
  /** A 4xx with Alpaca's own code. */
  | { kind: "refused"; status: number; code: number; message: string }
  /** Nothing was taken in. */
  | { kind: "rate_limited"; retryAfterMs: number }
  | { kind: "unknown"; message: string };

const TIMEOUT_MS = 10_000;
const ATTEMPTS_MAX = 4;
/** The whole of what a read waits for the rate limit: two windows. */
const RATE_WAIT_MS_MAX = 120_000;
const RETRY_MS = 500;
const errorSchema = z.object({ code: z.number().optional(), message: z.string() });

export class AlpacaRest {
  readonly #options: AlpacaRestOptions;
  readonly #budget: RateBudget;

  constructor(options: AlpacaRestOptions) {
    this.#options = options;
    this.#budget = new RateBudget(
      options.requestsPerMinute ?? 200,
      options.requestsReservedForCancels ?? 0,
    );
  }

  /**
   * Sends a request once, or not at all where the budget has none left. Throws only where `signal`
   * was aborted before anything was sent; aborted later, the answer is unknown.
   */
  async send(request: AlpacaRequest, signal: AbortSignal): Promise<AlpacaReply> {
    signal.throwIfAborted();
    const { monotonic } = this.#options;
    const waitMs = this.#budget.take(monotonic.nowMs(), request.isCancel ?? false);
    if (waitMs > 0) return { kind: "rate_limited", retryAfterMs: waitMs };
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const what = `${request.method} ${request.path}`;
    let isLate = false;
    // By hand: AbortSignal.any keeps something of each request for as long as `signal` lives.
    const attempt = new AbortController();
    const giveUp = () => attempt.abort();
    signal.addEventListener("abort", giveUp, { once: true });
    const stopTimeout = monotonic.after(timeoutMs, () => {
      isLate = true;
      giveUp();
    });
    try {
      const response = await this.#fetch(request, attempt.signal);
      this.#heedRate(response.headers);
      return this.#classify(what, response, await response.text());
    } catch (error) {
      // A host that is not allowed, for one: nothing was sent.
      if (error instanceof ConfigError) throw error;
      const why = isLate
        ? `no answer within ${timeoutMs} ms`
        : signal.aborted
        ? "given up before the answer"
        : error instanceof Error
        ? error.message
        : String(error);
      return { kind: "unknown", message: `${what}: ${why}` };
    } finally {
      stopTimeout();
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** A GET, sent again where that may help. null: 404 with Alpaca's code. Throws all else. */
  async find<T>(
    schema: z.ZodType<T>,
    request: Omit<AlpacaRequest, "method">,
    signal: AbortSignal,
  ): Promise<{ body: T; headers: Headers } | null> {
    const what = `GET ${request.path}`;
    let rateWaitMs = 0;
    for (let attempt = 1;;) {
      const reply = await this.send({ ...request, method: "GET" }, signal);
      signal.throwIfAborted();
      switch (reply.kind) {
        case "ok":
          return { body: parse(schema, reply.body, what), headers: reply.headers };
        case "refused":
          if (reply.status === 404) return null;
          throw refusal(what, this.#options.origin, reply);
        case "rate_limited":
          rateWaitMs += reply.retryAfterMs;
          if (rateWaitMs > RATE_WAIT_MS_MAX) throw rateLimited(what, reply.retryAfterMs);
          await wait(this.#options.monotonic, reply.retryAfterMs, signal);
          break;
        case "unknown":
          if (attempt++ >= ATTEMPTS_MAX) {
            throw new RetryableError(
              `Cannot read from ${this.#options.origin}: ${reply.message}. Check the network, and ` +
                `that APCA_API_BASE_URL is right`,
            );
          }
          await wait(this.#options.monotonic, this.#backOffMs(attempt), signal);
          break;
        default:
          return reply satisfies never;
      }
    }
  }

  /** As find, where there must be an answer. */
  async get<T>(
    schema: z.ZodType<T>,
    request: Omit<AlpacaRequest, "method">,
    signal: AbortSignal,
  ): Promise<{ body: T; headers: Headers }> {
    const found = await this.find(schema, request, signal);
    if (found) return found;
    throw new OperationError(
      `Cannot read ${request.path} from ${this.#options.origin}: it is not known there (404)`,
    );
  }

  async #fetch(request: AlpacaRequest, signal: AbortSignal): Promise<Response> {
    const { keys, origin, outbound } = this.#options;
    const url = new URL(request.path, origin);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = {
      "APCA-API-KEY-ID": keys.keyId.reveal(),
      "APCA-API-SECRET-KEY": keys.secretKey.reveal(),
      "Accept": "application/json",
    };
    if (request.body !== undefined) headers["Content-Type"] = "application/json";
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    return await outbound.fetch(url.href, { method: request.method, headers, body, signal });
  }

  #classify(what: string, response: Response, text: string): AlpacaReply {
    const { status } = response;
    const json = parseJson(text);
    if (response.ok) {
      if (json !== undefined || text === "") {
        return { kind: "ok", body: json, headers: response.headers };
      }
      return { kind: "unknown", message: `${what}: ${status} with a body that is no JSON` };
    }
    if (status === 429) {
      const retryAfterMs = resetInMs(response.headers) ?? RATE_WAIT_MS_DEFAULT;
      this.#budget.block(this.#options.monotonic.nowMs(), retryAfterMs);
      return { kind: "rate_limited", retryAfterMs };
    }
    const error = errorSchema.safeParse(json);
    // Wrong keys are sometimes refused without a code. Any other 4xx without one is not Alpaca's.
    const code = error.data?.code ??
      (status === 401 || status === 403 ? AlpacaErrorCode.unauthorized : undefined);
    // 408 is a proxy that waited in vain: the request may have come through all the same.
    const isNo = status >= 400 && status < 500 && status !== 408;
    if (isNo && error.success && code !== undefined) {
      return { kind: "refused", status, code, message: error.data.message };
    }
    const said = error.success ? `: ${error.data.message}` : "";
    return { kind: "unknown", message: `${what}: status ${status}${said}` };
  }

  #heedRate(headers: Headers): void {
    const limit = numberOf(headers, "X-RateLimit-Limit");
    const remaining = numberOf(headers, "X-RateLimit-Remaining");
    const resetMs = resetInMs(headers);
    if (limit !== null && remaining !== null && resetMs !== null) {
      this.#budget.learn(this.#options.monotonic.nowMs(), limit, remaining, resetMs);
    }
    const rate = numberOf(headers, CLOCK_RATE_HEADER);
    if ((rate !== null && rate !== 1) || countsInOtherTime(headers)) this.#budget.lift();
  }

  #backOffMs(attempt: number): number {
    return RETRY_MS * 2 ** attempt * (0.5 + this.#options.random() / 2);
  }
}

/** The reply's body by `schema`. Throws OperationError: another protocol, or no Alpaca. */
export function parse<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") || "the reply";
  throw new OperationError(
    `Cannot read the answer to ${what}: ${where}: ${issue?.message}. ` +
      `Check that the base URL is Alpaca's or a simulated exchange's`,
  );
}

type Refusal = AlpacaReply & { kind: "refused" };

function refusal(what: string, origin: string, { status, code, message }: Refusal): Error {
  if (status === 401 || code === AlpacaErrorCode.unauthorized) {
    return new ConfigError(
      `Cannot log in to ${origin}: ${message} (${code}). ` +
        `Check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and that they belong to APCA_API_BASE_URL`,
    );
  }
  return new OperationError(`${what} was refused by ${origin}: ${message} (${status}, ${code})`);
}

function rateLimited(what: string, retryAfterMs: number): RetryableError {
  return new RetryableError(`${what} was not sent: the account's rate limit is used up`, {
    retryAfterMs,
  });
}

const WINDOW_MS = 60_000;
const WAIT_MS_MIN = 250;
const RATE_WAIT_MS_DEFAULT = 10_000;

/**
 * Milliseconds until the limit is whole again. The reset is a time of the exchange's clock, and the
 * reply's Date is that same clock: so ours may be wrong.
 */
function resetInMs(headers: Headers): number | null {
  const retryAfterS = numberOf(headers, "Retry-After");
  if (retryAfterS !== null) return clampWait(retryAfterS * 1000);
  const resetS = numberOf(headers, "X-RateLimit-Reset");
  const nowMs = Date.parse(headers.get("Date") ?? "");
  if (resetS === null || Number.isNaN(nowMs)) return null;
  return clampWait(resetS * 1000 - nowMs);
}

function clampWait(ms: number): number {
  return Math.min(Math.max(ms, WAIT_MS_MIN), WINDOW_MS);
}

/** A simulated exchange counts market minutes: its resets are nowhere near the reply's Date. */
function countsInOtherTime(headers: Headers): boolean {
  const resetS = numberOf(headers, "X-RateLimit-Reset");
  const nowMs = Date.parse(headers.get("Date") ?? "");
  return resetS !== null && Math.abs(resetS * 1000 - nowMs) > 2 * WINDOW_MS;
}

function numberOf(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  if (text === null || text.trim() === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
