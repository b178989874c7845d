/**
 * One PGlite, many clients. PGlite is a single session, so a client holds it from its first message
 * until the answer "ready for query, no transaction open"; the others wait in the order they came.
 * Invariant: no message of another client gets in between, in an exchange or in a transaction.
 */
import { Buffer } from "node:buffer";
import type { Connection } from "./connection.ts";

export type AccessMode = "read-write" | "read-only";

/** What is needed of PGlite. */
export interface ProtocolEngine {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
}

/**
 * A client that holds the session inside a transaction and says nothing for this long is cut off.
 */
const IDLE_IN_TRANSACTION_MS_MAX = 15_000;
const SYNC = Uint8Array.of(0x53, 0, 0, 0, 4);
const TERMINATE = 0x58;

export class SharedSession {
  #mode: AccessMode = "read-write";
  #last: Promise<void> = Promise.resolve();

  /** `onCrash` is told when the engine itself failed; nothing more can be done with it then. */
  constructor(readonly engine: ProtocolEngine, readonly onCrash: (error: unknown) => void) {}

  /** Serves a client from its startup message on. Resolves when it has left and holds nothing. */
  async serve(connection: Connection, mode: AccessMode, firstBytes: Buffer): Promise<void> {
    await new Client(this, connection, mode).serve(firstBytes);
  }

  /** Resolves with the function that gives the session back. */
  async take(mode: AccessMode): Promise<() => void> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    await before;
    if (mode !== this.#mode) {
      await this.execute(
        simpleQuery(`set session characteristics as transaction ${mode.replace("-", " ")}`),
      );
      this.#mode = mode;
    }
    return resolve;
  }

  async execute(message: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.engine.execProtocolRaw(message);
    } catch (error) {
      this.onCrash(error);
      throw error;
    }
  }

  /** As `take`, or null where the session isn't free in time. */
  async takeWithin(mode: AccessMode, timeoutMs: number): Promise<(() => void) | null> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), timeoutMs);
    const taken = this.take(mode);
    const release = await Promise.race([taken, late.promise]);
    clearTimeout(timer);
    // The turn that comes too late is passed on.
    if (release === null) taken.then((giveBack) => giveBack(), () => {});
    return release;
  }
}

class Client {
  #pending: Buffer = Buffer.alloc(0);
  #started = false;
  #release: (() => void) | null = null;

  constructor(
    readonly session: SharedSession,
    readonly connection: Connection,
    readonly mode: AccessMode,
  ) {}

  async serve(firstBytes: Buffer): Promise<void> {
    this.#pending = firstBytes;
    try {
      for (;;) {
        const messages = this.#takeMessages();
        if (messages !== null && messages.length === 0) return;
        if (messages !== null) await this.#answer(messages);
        else if (!(await this.#more())) return;
      }
    } finally {
      await this.#leave();
    }
  }

  /** All whole messages that are there; empty for "terminate", null when there are none. */
  #takeMessages(): Buffer | null {
    let end = 0;
    for (;;) {
      const lengthAt = end + (this.#started ? 1 : 0);
      if (this.#pending.length < lengthAt + 4) break;
      if (this.#started && this.#pending[end] === TERMINATE) {
        if (end === 0) return this.#pending.subarray(0, 0);
        break;
      }
      const next = lengthAt + this.#pending.readUInt32BE(lengthAt);
      if (this.#pending.length < next) break;
      end = next;
      // The engine takes the startup message only alone.
      if (!this.#started) break;
    }
    this.#started ||= end > 0;
    if (end === 0) return null;
    const messages = this.#pending.subarray(0, end);
    this.#pending = this.#pending.subarray(end);
    return messages;
  }

  async #answer(messages: Buffer): Promise<void> {
    this.#release ??= await this.session.take(this.mode);
    // Cut off while it waited: it hears nothing, so nothing is done.
    if (this.connection.isClosed) return;
    const answer = await this.session.execute(messages);
    if (endsTransaction(answer)) {
      this.#release();
      this.#release = null;
    }
    await this.connection.write(answer);
  }

  /** false when the client has left. */
  async #more(): Promise<boolean> {
    const timer = this.#release === null
      ? undefined
      : setTimeout(() => this.connection.close(), IDLE_IN_TRANSACTION_MS_MAX);
    const bytes = await this.connection.read();
    clearTimeout(timer);
    if (bytes === null) return false;
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    return true;
  }

  async #leave(): Promise<void> {
    this.connection.close();
    if (this.#release === null) return;
    try {
      // Sync first: after an error in the midst of an exchange all else is skipped up to it.
      await this.session.execute(SYNC);
      await this.session.execute(simpleQuery("rollback"));
    } finally {
      this.#release();
    }
  }
}

/** Whether an answer ends with ReadyForQuery and the status "idle". */
function endsTransaction(answer: Uint8Array): boolean {
  const end = answer.length;
  return end >= 6 && answer[end - 6] === 0x5a && answer[end - 2] === 5 && answer[end - 1] === 0x49;
}

function simpleQuery(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`);
  const message = Buffer.alloc(5 + text.length);
  message[0] = 0x51;
  message.writeUInt32BE(4 + text.length, 1);
  text.copy(message, 5);
  return message;
}
