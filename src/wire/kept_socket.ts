/**
 * A WebSocket that is kept up: opened, logged in, and opened again when it was lost.
 * Invariant: one connection at a time. What happens after a failure is said by its class:
 * ConfigError and OperationError end it, RetryableError waits its time or more, all else backs off.
 */
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import { type Monotonic, wait } from "./monotonic.ts";
import type { Outbound } from "./outbound.ts";
import { PLACE_WAIT_MS, PlaceTaken } from "./stream_error.ts";

export interface KeptSocketOptions {
  url: string;
  headers: Record<string, string>;
  outbound: Outbound;
  monotonic: Monotonic;
  /** In [0, 1): spreads reconnects. */
  random(): number;
  /** Logs in on a fresh connection, and asks again for what was subscribed to. */
  logIn(connection: Connection): Promise<void>;
  onText(text: string): void;
  onInterrupted(reason: string): void;
  onRestored(): void;
  onFailed(error: Error): void;
  /** Attempts before the first connection is given up. Default 5. */
  firstAttemptsMax?: number;
  /**
   * Sends something that the other side answers. Asked for after 20 s without a frame: where nothing
   * comes for 10 s more, the connection is lost, whatever the hour and however rare the symbols.
   */
  probe(connection: Connection): void;
  /** The account's only place is held by another connection, though this one has long been gone. */
  onTaken?(reason: string): void;
}

/** One connection, from its opening to its loss. */
export interface Connection {
  /** Aborted when it is lost. */
  readonly signal: AbortSignal;
  send(text: string): void;
  /** Ends it for this reason; see the invariant for what follows. */
  drop(error: Error): void;
}

const BACK_OFF_MS_MIN = 500;
const BACK_OFF_MS_MAX = 30_000;
const OPEN_TIMEOUT_MS = 10_000;
const SILENCE_LOOK_MS = 5000;
/** Silence after which the other side is asked whether it is there. */
const PROBE_AFTER_MS = 20_000;
const PROBE_ANSWER_MS = 10_000;
/** A connection that held so long was a good one: the next is tried without delay. */
const GOOD_AFTER_MS = 30_000;

export class KeptSocket {
  readonly #options: KeptSocketOptions;
  readonly #closing = new AbortController();
  #connection: SocketConnection | null = null;
  #failures = 0;
  /** Since when no connection of ours can hold the account's place; null while one does. */
  #freeMs: number | null = null;
  #running: Promise<void> | null = null;

  constructor(options: KeptSocketOptions) {
    this.#options = options;
  }

  /** Resolves when logged in; rejects where that cannot be had. Aborting `signal` closes it. */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => void this.close(), { once: true });
    const attemptsMax = this.#options.firstAttemptsMax ?? 5;
    for (;;) {
      try {
        await this.#connect();
        break;
      } catch (error) {
        if (this.#closing.signal.aborted) throw signal.reason ?? error;
        if (isFinal(error)) throw error;
        if (this.#isTaken(error)) throw takenAtStart(this.#options.url, error);
        // A wait that was asked for is an answer: somebody is there.
        if (!(error instanceof RetryableError) && this.#failures >= attemptsMax) {
          throw this.#unreachable(error);
        }
        await this.#waitAfter(error);
      }
    }
    this.#running = this.#keep();
  }

  /** Sends where a socket is open, be it not logged in yet; else does nothing. */
  send(text: string): void {
    this.#connection?.send(text);
  }

  /** The connection in use, or null while there is none that is logged in. */
  get connection(): Connection | null {
    return this.#connection?.isReady ? this.#connection : null;
  }

  drop(error: Error): void {
    this.#connection?.drop(error);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.drop(new Error("closed"));
    await this.#running;
  }

  async #keep(): Promise<void> {
    for (;;) {
      let lost: unknown = await this.#connection!.lost;
      if (this.#closing.signal.aborted) return;
      this.#freeMs = this.#options.monotonic.nowMs();
      this.#options.onInterrupted(messageOf(lost));
      for (;;) {
        if (isFinal(lost)) return this.#options.onFailed(lost);
        if (this.#isTaken(lost)) this.#options.onTaken?.(messageOf(lost));
        try {
          await this.#waitAfter(lost);
          await this.#connect();
          break;
        } catch (error) {
          if (this.#closing.signal.aborted) return;
          lost = error;
        }
      }
      this.#options.onRestored();
    }
  }

  async #connect(): Promise<void> {
    const { monotonic, outbound, url, headers } = this.#options;
    this.#closing.signal.throwIfAborted();
    const startMs = monotonic.nowMs();
    let connection: SocketConnection | null = null;
    try {
      const socket = outbound.webSocket(url, headers);
      connection = new SocketConnection(socket, monotonic, (text) => this.#options.onText(text));
      this.#connection = connection;
      await connection.opened;
      await Promise.race([this.#options.logIn(connection), connection.failure]);
      connection.becomeReady();
      this.#freeMs = null;
      connection.watch(this.#options.probe);
    } catch (error) {
      this.#failures++;
      connection?.drop(error instanceof Error ? error : new Error(String(error)));
      await connection?.lost;
      throw error;
    }
    connection.lost.then(() => {
      if (monotonic.nowMs() - startMs >= GOOD_AFTER_MS) this.#failures = 0;
      else this.#failures++;
    });
  }

  /** A place that is still taken after the time in which a dead socket's is given free. */
  #isTaken(error: unknown): boolean {
    if (!(error instanceof PlaceTaken)) return false;
    const nowMs = this.#options.monotonic.nowMs();
    this.#freeMs ??= nowMs;
    return nowMs - this.#freeMs >= PLACE_WAIT_MS;
  }

  async #waitAfter(error: unknown): Promise<void> {
    const { monotonic, random } = this.#options;
    const atLeastMs = error instanceof RetryableError ? error.options.retryAfterMs : undefined;
    const doubled = BACK_OFF_MS_MIN * 2 ** Math.min(this.#failures, 16);
    const waitMs = atLeastMs !== undefined
      ? atLeastMs * (1 + random() / 2)
      : Math.min(doubled, BACK_OFF_MS_MAX) * (0.5 + random() / 2);
    await wait(monotonic, waitMs, this.#closing.signal);
  }

  #unreachable(error: unknown): OperationError {
    return new OperationError(
      `Cannot connect to ${this.#options.url}: ${messageOf(error)}. ` +
        `Check the address and the network, and that the exchange runs`,
    );
  }
}

class SocketConnection implements Connection {
  readonly opened: Promise<void>;
  /** Resolves with the reason. */
  readonly lost: Promise<Error>;
  /** Never resolves; rejects when the connection is lost. */
  readonly failure: Promise<never>;
  readonly #socket: WebSocket;
  readonly #monotonic: Monotonic;
  readonly #abort = new AbortController();
  readonly #decoder = new TextDecoder();
  #reason: Error | null = null;
  #isLoggedIn = false;
  #lastMs: number;

  constructor(socket: WebSocket, monotonic: Monotonic, onText: (text: string) => void) {
    this.#socket = socket;
    this.#monotonic = monotonic;
    this.#lastMs = monotonic.nowMs();
    socket.binaryType = "arraybuffer";
    const opened = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<Error>();
    const stopTimeout = monotonic.after(OPEN_TIMEOUT_MS, () => {
      this.drop(new Error(`not open within ${OPEN_TIMEOUT_MS} ms`));
    });
    socket.onopen = () => {
      stopTimeout();
      opened.resolve();
    };
    socket.onmessage = ({ data }) => {
      if (this.#reason) return;
      this.#lastMs = monotonic.nowMs();
      onText(typeof data === "string" ? data : this.#decoder.decode(data));
    };
    socket.onerror = (event) => {
      this.#reason ??= new Error(event instanceof ErrorEvent ? event.message : "socket error");
    };
    socket.onclose = ({ code, reason }) => {
      stopTimeout();
      const why = this.#reason ??= new Error(`closed by the other side (${code} ${reason})`.trim());
      opened.reject(why);
      lost.resolve(why);
      this.#abort.abort(why);
    };
    this.opened = opened.promise;
    this.lost = lost.promise;
    this.failure = lost.promise.then((error) => Promise.reject(error));
    // They are looked at only by who waits for them.
    this.opened.catch(() => {});
    this.failure.catch(() => {});
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isReady(): boolean {
    return this.#isLoggedIn && this.#reason === null;
  }

  becomeReady(): void {
    this.#isLoggedIn = true;
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  drop(error: Error): void {
    if (this.#reason) return;
    this.#reason = error;
    this.#socket.close();
    // A dead peer never answers the closing frame.
    const stop = this.#monotonic.after(CLOSE_TIMEOUT_MS, () => {
      this.#socket.onclose?.(new CloseEvent("close"));
    });
    this.lost.then(stop);
  }

  watch(probe: (connection: Connection) => void): void {
    // The time of the newest probe counts, not that of the silence: a machine that slept finds a
    // long silence, and frames that wait to be read.
    let probedMs = NaN;
    const look = () => {
      const nowMs = this.#monotonic.nowMs();
      if (nowMs - this.#lastMs < PROBE_AFTER_MS) probedMs = NaN;
      else if (Number.isNaN(probedMs)) {
        probedMs = nowMs;
        probe(this);
      } else if (nowMs - probedMs >= PROBE_ANSWER_MS) {
        const silentS = Math.round((nowMs - this.#lastMs) / 1000);
        return this.drop(new Error(`silent for ${silentS} s, and does not answer`));
      }
      stop = this.#monotonic.after(SILENCE_LOOK_MS, look);
    };
    let stop = this.#monotonic.after(SILENCE_LOOK_MS, look);
    this.lost.then(() => stop());
  }
}

const CLOSE_TIMEOUT_MS = 2000;

function isFinal(error: unknown): error is Error {
  return error instanceof ConfigError || error instanceof OperationError;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function takenAtStart(url: string, error: unknown): OperationError {
  return new OperationError(
    `Cannot connect to ${url}: ${messageOf(error)}, for more than ${PLACE_WAIT_MS / 1000} s. ` +
      `Another trader or program uses this account; stop it first`,
  );
}
