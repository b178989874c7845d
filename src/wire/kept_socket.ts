/**
 * A WebSocket that is kept up: opened, logged in, and opened again when it was lost.
 * Invariant: one connection at a time. What happens after a failure is said by its class:
 * ConfigError and OperationError end it, RetryableError waits its time or more, all else backs off.
 */
import { ConfigError, OperationError, RetryableError } from "../util/errors.ts";
import { type Monotonic, wait } from "./monotonic.ts";
import type { Outbound } from "./outbound.ts";

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
  /** Asked every 5 s: is a socket that was silent for so long broken? Default: never. */
  isMute?(silentMs: number): boolean;
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
const MUTE_CHECK_MS = 5000;
/** A connection that held so long was a good one: the next is tried without delay. */
const GOOD_AFTER_MS = 30_000;

export class KeptSocket {
  readonly #options: KeptSocketOptions;
  readonly #closing = new AbortController();
  #connection: SocketConnection | null = null;
  #failures = 0;
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
      this.#options.onInterrupted(messageOf(lost));
      for (;;) {
        if (isFinal(lost)) return this.#options.onFailed(lost);
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
      connection.watch(this.#options.isMute);
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

  watch(isMute?: (silentMs: number) => boolean): void {
    if (!isMute) return;
    const check = () => {
      const silentMs = this.#monotonic.nowMs() - this.#lastMs;
      if (isMute(silentMs)) this.drop(new Error(`silent for ${Math.round(silentMs / 1000)} s`));
      else stop = this.#monotonic.after(MUTE_CHECK_MS, check);
    };
    let stop = this.#monotonic.after(MUTE_CHECK_MS, check);
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
