/**
 * The process that has the embedded database open, and serves it to the others of this machine.
 * Invariant: only the holder of the folder's lock opens the database.
 */
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { PGlite } from "@electric-sql/pglite";
import { OperationError } from "../../util/errors.ts";
import type { StoreLog } from "../log.ts";
import { LOOPBACK } from "../target.ts";
import { FileLock } from "../file_lock.ts";
import { type AccessMode, SharedSession } from "./session.ts";

/** How the others find the owner: in a file that only this user can read. */
export interface OwnerAddress {
  port: number;
  token: string;
  pid: number;
}

export const OWNER_FILE = "pg-owner.json";
const DATABASE_FOLDER = "pg";
/** The database while it is first made: renamed when whole, so that a killed first start leaves no ruin. */
const NEW_DATABASE_FOLDER = "pg.new";
const LOCK_FILE = "pg.lock";
/** "liu " + 64 digits of token + " read-write\n" */
const HELLO_BYTES_MAX = 256;
const HELLO_MS_MAX = 5_000;
/** A transaction that lasts longer when the owner leaves is cut off. */
const LEAVE_MS_MAX = 2_000;

export class Owner {
  #server: Server | null = null;
  #sockets = new Set<Socket>();
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
    this.#server?.close();
    const giveBack = await this.#opened?.takeWithin("read-write", LEAVE_MS_MAX);
    for (const socket of this.#sockets) socket.destroy();
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
    const server = createServer((socket) => this.#welcome(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, LOOPBACK, resolve);
    });
    this.address.port = (server.address() as { port: number }).port;
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
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
    const serving = this.#serve(socket).catch(() => {
      socket.destroy();
    });
    this.#serving.add(serving);
    serving.finally(() => this.#serving.delete(serving));
  }

  async #serve(socket: Socket): Promise<void> {
    const hello = await readHello(socket);
    const mode = hello === null ? null : modeOf(hello.line, this.address.token);
    if (hello === null || mode === null) {
      socket.end("refused\n");
      return;
    }
    const session = await this.#session.promise;
    socket.write("welcome\n");
    await session.serve(socket, mode, hello.rest);
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
  const folder = `${dataDir}/${DATABASE_FOLDER}`;
  if (!await isThere(folder)) {
    log.info(`Making the embedded database in ${folder}; this is done once`);
    const fresh = `${dataDir}/${NEW_DATABASE_FOLDER}`;
    if (await isThere(fresh)) await Deno.remove(fresh, { recursive: true });
    await (await PGlite.create({ dataDir: fresh })).close();
    await Deno.rename(fresh, folder);
  }
  return await PGlite.create({ dataDir: folder });
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

/** A client's first line, and what came behind it; null when it is too long, too late or cut off. */
function readHello(socket: Socket): Promise<{ line: string; rest: Buffer } | null> {
  const { promise, resolve } = Promise.withResolvers<{ line: string; rest: Buffer } | null>();
  const timer = setTimeout(() => done(null), HELLO_MS_MAX);
  let bytes = Buffer.alloc(0);
  const onData = (more: Buffer) => {
    bytes = Buffer.concat([bytes, more]);
    const end = bytes.indexOf(10);
    if (end >= 0) {
      done({ line: bytes.subarray(0, end).toString(), rest: bytes.subarray(end + 1) });
    } else if (bytes.length > HELLO_BYTES_MAX) done(null);
  };
  const onClose = () => done(null);
  const done = (result: { line: string; rest: Buffer } | null) => {
    clearTimeout(timer);
    socket.off("data", onData);
    socket.off("close", onClose);
    socket.pause();
    resolve(result);
  };
  socket.on("data", onData);
  socket.once("close", onClose);
  return promise;
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
