/**
 * The way of one process to the embedded database: through the owner, or by becoming the owner.
 * Invariant: while any process is here, an owner that leaves or dies is succeeded at once.
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { OperationError } from "../../util/errors.ts";
import type { StoreLog } from "../log.ts";
import { LOOPBACK } from "../target.ts";
import { Connection, ConnectionStream } from "./connection.ts";
import { hello, Owner, type OwnerAddress, readOwnerFile } from "./owner.ts";
import type { AccessMode } from "./session.ts";

/** Between two looks whether the owner is there now. */
const RETRY_MS = 50;
/** A first start takes seconds, on a slow disk more. */
const CONNECT_MS_MAX = 60_000;

export class EmbeddedAccess {
  #owner: Owner | null = null;
  #turn: Promise<void> = Promise.resolve();
  #watching: Promise<void> | null = null;
  #streams = new Set<ConnectionStream>();
  #sentinel: Connection | null = null;
  #closing = false;

  constructor(readonly dataDir: string, readonly mode: AccessMode, readonly log: StoreLog) {}

  /** Whether this process has the database open. */
  get isOwner(): boolean {
    return this.#owner !== null;
  }

  /**
   * A connection that speaks PostgreSQL's protocol. Never throws: a failure is the returned
   * socket's error event, as postgres.js wants it.
   */
  async connect(): Promise<Duplex> {
    try {
      this.#watching ??= this.#watch();
      const connection = await this.#dialInTurn();
      const stream = new ConnectionStream(connection);
      this.#streams.add(stream);
      stream.once("close", () => this.#streams.delete(stream));
      return stream;
    } catch (error) {
      return failedSocket(error);
    }
  }

  /** Leaves; an owner closes the database, and another process takes over. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#sentinel?.close();
    for (const stream of this.#streams) stream.destroy();
    await this.#watching;
    await this.#turn;
    await this.#dropOwner();
  }

  /** One at a time, so that one process doesn't run for ownership against itself. */
  #dialInTurn(): Promise<Connection> {
    const connection = this.#turn.then(() => this.#dial());
    this.#turn = connection.then(() => {}, () => {});
    return connection;
  }

  async #dial(): Promise<Connection> {
    const deadlineMs = performance.now() + CONNECT_MS_MAX;
    for (;;) {
      if (this.#closing) throw new OperationError("The store is closed");
      // The lock is the truth: whoever gets it is the owner, whatever the owner's file says.
      this.#owner ??= await Owner.tryStart(this.dataDir, this.log);
      const address = this.#owner?.address ?? readOwnerFile(this.dataDir);
      const connection = address && await dialOwner(address, this.mode);
      if (connection) return connection;
      await this.#dropOwner();
      if (performance.now() > deadlineMs) {
        throw new OperationError(
          `Cannot open the embedded database in ${this.dataDir}: process ${address?.pid} has it ` +
            `open and doesn't answer. Stop that process, or set LIU_DATA to another folder.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** An owner that doesn't answer itself has crashed: its lock must go before it starts anew. */
  async #dropOwner(): Promise<void> {
    const owner = this.#owner;
    this.#owner = null;
    await owner?.close().catch((error) => this.log.error(`Closing the database: ${error}`));
  }

  /**
   * Keeps a connection that says nothing, to learn of the owner's end at once. It isn't left to the
   * next query: somebody must own the database, also for the others.
   */
  async #watch(): Promise<void> {
    try {
      while (!this.#closing) {
        this.#sentinel = await this.#dialInTurn();
        if (this.#closing) this.#sentinel.close();
        await this.#sentinel.read();
      }
    } catch {
      // The next query meets the same failure and tells it; then the watch begins again.
      this.#watching = null;
    }
  }
}

/** A connection that the owner has let in, or null when nobody answers there. */
async function dialOwner(address: OwnerAddress, mode: AccessMode): Promise<Connection | null> {
  let connection: Connection;
  try {
    connection = new Connection(await Deno.connect({ hostname: LOOPBACK, port: address.port }));
  } catch (error) {
    // Nobody listens there any more.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return null;
  }
  const timer = setTimeout(() => connection.close(), CONNECT_MS_MAX);
  await connection.write(Buffer.from(hello(address, mode)));
  // The owner says no more until it is asked something.
  const answer = await connection.read();
  clearTimeout(timer);
  if (answer?.toString() === "welcome\n") return connection;
  connection.close();
  return null;
}

/** Takes what is written to it nowhere, and breaks in the next turn. */
function failedSocket(error: unknown): Duplex {
  const socket = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  setTimeout(() => socket.destroy(error instanceof Error ? error : new Error(String(error))), 0);
  return socket;
}
