/**
 * The process that has the embedded database open, and serves it to the others of this machine.
 * Invariant: only the holder of the folder's lock opens the database.
 */
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { PGlite } from "@electric-sql/pglite";
import { OperationError } from "../../util/errors.ts";
import type { StoreLog } from "../log.ts";
import { LOOPBACK } from "../target.ts";
import { FileLock } from "../../util/file_lock.ts";
import { Connection } from "./connection.ts";
import { type AccessMode, SharedSession } from "./session.ts";

/** How the others find the owner: in a file that only this user can read. */
export interface OwnerAddress {
  port: number;
  token: string;
  pid: number;
}

export const OWNER_FILE = "pg-owner.json";
const DATABASE_FOLDER = "pg";
/**
 * The database while it is first made: renamed when whole, so that a killed first start leaves no
 * ruin.
 */
const NEW_DATABASE_FOLDER = "pg.new";
const LOCK_FILE = "pg.lock";
/** It writes to all of its buffers when it starts: PostgreSQL's 128 MB take a quarter of that time. */
const START = ["-c", "shared_buffers=16MB"];
/** "liu " + 64 digits of token + " read-write\n" */
const HELLO_BYTES_MAX = 256;
const HELLO_MS_MAX = 5_000;
/** A transaction that lasts longer when the owner leaves is cut off. */
const LEAVE_MS_MAX = 2_000;

export class Owner {
  #listener: Deno.TcpListener | null = null;
  #connections = new Set<Connection>();
  #serving = new Set<Promise<void>>();
  #database: PGlite | null = null;
  #opened: SharedSession | null = null;
  #session = Promise.withResolvers<SharedSession>();

  private constructor(
    readonly dataDir: string,
    readonly log: StoreLog,
    readonly lock: FileLock,
    readonly address: OwnerAddress,
  ) {
    // Those who wait for it hear of its failure; without any it must not be an unhandled one.
    this.#session.promise.catch(() => {});
  }

  /** null when another process is the owner. */
  static async tryStart(dataDir: string, log: StoreLog): Promise<Owner | null> {
    const lock = FileLock.tryTake(`${dataDir}/${LOCK_FILE}`);
    if (lock === null) return null;
    const address = { port: 0, token: randomToken(), pid: Deno.pid };
    const owner = new Owner(dataDir, log, lock, address);
    try {
      await owner.#start();
      return owner;
    } catch (error) {
      await owner.close();
      throw error;
    }
  }

  /** Lets running transactions end, closes the database and gives the folder up. */
  async close(): Promise<void> {
    this.#stopListening();
    const giveBack = await this.#opened?.takeWithin("read-write", LEAVE_MS_MAX);
    for (const connection of this.#connections) connection.close();
    giveBack?.();
    await Promise.allSettled(this.#serving);
    try {
      await this.#database?.close();
    } finally {
      this.lock.release();
    }
  }

  async #start(): Promise<void> {
    // First the address, then the database, so that others wait for the start instead of polling.
    this.#listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    this.address.port = this.#listener.addr.port;
    this.#serving.add(this.#acceptAll(this.#listener));
    await writeOwnerFile(this.dataDir, this.address);
    try {
      this.#database = await openDatabaseFolder(this.dataDir, this.log);
      this.#opened = new SharedSession(this.#database, (error) => this.#crashed(error));
      this.#session.resolve(this.#opened);
    } catch (error) {
      this.#session.reject(error);
      throw new OperationError(
        `Cannot open the embedded database in ${this.dataDir}/${DATABASE_FOLDER}: ${error}. ` +
          `Move that folder away for a new one, or set DSN to a PostgreSQL server.`,
      );
    }
  }

  #crashed(error: unknown): void {
    this.log.error(`The embedded database stopped: ${error}. It is opened again.`);
    this.#stopListening();
    for (const connection of this.#connections) connection.close();
  }

  #stopListening(): void {
    this.#listener?.close();
    this.#listener = null;
  }

  async #acceptAll(listener: Deno.TcpListener): Promise<void> {
    // Ends when the listener is closed.
    for await (const conn of listener) {
      const connection = new Connection(conn);
      this.#connections.add(connection);
      const serving = this.#serve(connection).catch(() => {}).finally(() => {
        connection.close();
        this.#connections.delete(connection);
        this.#serving.delete(serving);
      });
      this.#serving.add(serving);
    }
  }

  async #serve(connection: Connection): Promise<void> {
    const hello = await readHello(connection);
    const mode = hello === null ? null : modeOf(hello.line, this.address.token);
    if (hello === null || mode === null) {
      await connection.write(Buffer.from("refused\n"));
      return;
    }
    const session = await this.#session.promise;
    await connection.write(Buffer.from("welcome\n"));
    await session.serve(connection, mode, hello.rest);
  }
}

export function readOwnerFile(dataDir: string): OwnerAddress | null {
  try {
    const value = JSON.parse(Deno.readTextFileSync(`${dataDir}/${OWNER_FILE}`));
    return typeof value.port === "number" && typeof value.token === "string" ? value : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}

export function hello(address: OwnerAddress, mode: AccessMode): string {
  return `liu ${address.token} ${mode}\n`;
}

async function writeOwnerFile(dataDir: string, address: OwnerAddress): Promise<void> {
  const path = `${dataDir}/${OWNER_FILE}`;
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(address), { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

async function openDatabaseFolder(dataDir: string, log: StoreLog): Promise<PGlite> {
  // Loaded by the owner only: it is large.
  const { PGlite } = await import("@electric-sql/pglite");
  const open = (folder: string) =>
    PGlite.create({ dataDir: folder, startParams: [...PGlite.defaultStartParams, ...START] });
  const folder = `${dataDir}/${DATABASE_FOLDER}`;
  if (!await isThere(folder)) {
    log.info(`Making the embedded database in ${folder}; this is done once`);
    const fresh = `${dataDir}/${NEW_DATABASE_FOLDER}`;
    if (await isThere(fresh)) await Deno.remove(fresh, { recursive: true });
    await (await open(fresh)).close();
    await Deno.rename(fresh, folder);
  }
  return await open(folder);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * A client's first line, and what came behind it; null when it is too long, too late or cut off.
 */
async function readHello(connection: Connection): Promise<{ line: string; rest: Buffer } | null> {
  const timer = setTimeout(() => connection.close(), HELLO_MS_MAX);
  let bytes = Buffer.alloc(0);
  try {
    while (bytes.length <= HELLO_BYTES_MAX) {
      const more = await connection.read();
      if (more === null) return null;
      bytes = Buffer.concat([bytes, more]);
      const end = bytes.indexOf(10);
      if (end >= 0) {
        return { line: bytes.subarray(0, end).toString(), rest: bytes.subarray(end + 1) };
      }
    }
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function modeOf(line: string, token: string): AccessMode | null {
  const [word, given, mode] = line.split(" ");
  if (word !== "liu" || given === undefined || given.length !== token.length) return null;
  if (!timingSafeEqual(Buffer.from(given), Buffer.from(token))) return null;
  return mode === "read-write" || mode === "read-only" ? mode : null;
}

function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
