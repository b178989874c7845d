/**
 * A TCP connection between an owner and its clients, on Deno's own API: Node's sockets can throw
 * where nothing catches when they are closed while a read begins (seen in Deno 2.6).
 */
import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";

const READ_BYTES = 64 << 10;

export class Connection {
  readonly #conn: Deno.TcpConn;
  #closed = false;

  constructor(conn: Deno.TcpConn) {
    conn.setNoDelay(true);
    this.#conn = conn;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** What came next; null when the other end, or this one, has hung up. */
  async read(): Promise<Buffer | null> {
    const bytes = new Uint8Array(READ_BYTES);
    try {
      const length = this.#closed ? null : await this.#conn.read(bytes);
      if (length !== null) return Buffer.from(bytes.buffer, 0, length);
    } catch {
      // Reset or closed meanwhile: the same as hung up.
    }
    this.close();
    return null;
  }

  /** Writes all of it; false when the connection is no more. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let done = 0; done < bytes.length && !this.#closed;) {
        done += await this.#conn.write(bytes.subarray(done));
      }
    } catch {
      this.close();
    }
    return !this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}

/** A connection as the client library wants it: a Node stream. */
export class ConnectionStream extends Duplex {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  /** The library says goodbye to open ones only. */
  get readyState(): "open" | "closed" {
    return this.destroyed ? "closed" : "open";
  }

  override _read(): void {
    this.#connection.read().then((bytes) => {
      if (bytes === null) this.destroy();
      else this.push(bytes);
    });
  }

  override _write(bytes: Uint8Array, _encoding: string, done: (error?: Error | null) => void) {
    this.#connection.write(bytes).then((written) => {
      if (!written) this.destroy();
      done();
    });
  }

  override _final(done: () => void): void {
    done();
    this.destroy();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.close();
    done(error);
  }
}
