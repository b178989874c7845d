import type { Connection } from "./kept_socket.ts";
import type { Monotonic } from "./monotonic.ts";

/**
 * What the other side is to say next. Words that nobody waits for yet are kept, so that an answer
 * that came at once is not missed.
 */
export class Expected<Word> {
  readonly #monotonic: Monotonic;
  readonly #timeoutMs: number;
  #early: Word[] = [];
  #waiter: { take(word: Word): void; fail(error: Error): void } | null = null;

  constructor(monotonic: Monotonic, timeoutMs: number) {
    this.#monotonic = monotonic;
    this.#timeoutMs = timeoutMs;
  }

  /** The next word. Rejects when the connection is lost, which it is after the time-out. */
  next(connection: Connection, what: string): Promise<Word> {
    const early = this.#early.shift();
    if (early !== undefined) return Promise.resolve(early);
    const { promise, resolve, reject } = Promise.withResolvers<Word>();
    const stop = this.#monotonic.after(this.#timeoutMs, () => {
      connection.drop(new Error(`no answer to ${what} within ${this.#timeoutMs} ms`));
    });
    const lost = () => this.#waiter?.fail(connection.signal.reason);
    const done = () => {
      stop();
      connection.signal.removeEventListener("abort", lost);
      this.#waiter = null;
    };
    this.#waiter = {
      take(word) {
        done();
        resolve(word);
      },
      fail(error) {
        done();
        reject(error);
      },
    };
    if (connection.signal.aborted) lost();
    else connection.signal.addEventListener("abort", lost);
    return promise;
  }

  take(word: Word): void {
    if (this.#waiter) this.#waiter.take(word);
    else if (this.#early.length < EARLY_MAX) this.#early.push(word);
  }

  /** Rejects the wait that is under way; false where there is none. */
  fail(error: Error): boolean {
    const isAwaited = this.#waiter !== null;
    this.#waiter?.fail(error);
    return isAwaited;
  }

  /** Forgets early words: those of a connection before. */
  clear(): void {
    this.#early = [];
  }
}

const EARLY_MAX = 16;
