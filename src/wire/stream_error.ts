import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";

/** The other side refused one request; the connection stands. */
export class StreamRefusal extends Error {
  override readonly name = "StreamRefusal";
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** A dead socket keeps its place for about 90 s: earlier tries would only meet 406 again. */
export const PLACE_WAIT_MS = 90_000;

/** 406: another connection of the account is open, maybe one of ours that died. */
export class PlaceTaken extends RetryableError {
  constructor(what: string) {
    const message = `${what}: another connection of this account is open`;
    super(message, { retryAfterMs: PLACE_WAIT_MS });
  }
}

/** 407: the other side's queue for us was full. */
export class SlowClient extends Error {}

/**
 * What an error of a market-data socket means, by its class: see KeptSocket, and StreamRefusal.
 * null: it changes nothing.
 */
export function streamError(code: number, said: string, url: string): Error | null {
  const what = `${said} (${code})`;
  switch (code) {
    case 400:
    case 405:
    case 410:
      return new StreamRefusal(code, what);
    case 402:
      return new ConfigError(
        `Cannot log in to ${url}: ${what}. Check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and ` +
          `that they belong to APCA_API_BASE_URL`,
      );
    case 403:
      return null;
    case 406:
      return new PlaceTaken(what);
    case 407:
      return new SlowClient(what);
    case 408:
    case 411:
      return new OperationError(
        `Cannot receive market data from ${url}: ${what}. ` +
          `Ask for this data in the account's settings, or set ALPACA_DATA_FEED to another feed`,
      );
    case 409:
      return new ConfigError(
        `Cannot receive market data from ${url}: ${what}. ` +
          `Set ALPACA_DATA_FEED to a feed that the account has ("iex" is free)`,
      );
    default:
      // 401, 404, 500 and what may come to be: a fresh connection puts it right, or backs off.
      return new Error(what);
  }
}
