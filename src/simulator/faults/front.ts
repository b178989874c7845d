/**
 * The exchange's door, through which all bytes go where connections are to break: a plain server
 * can neither cut a connection without a word nor leave it open and dead.
 * Invariant: bytes of a connection pass in order and whole, until somebody says otherwise.
 */
import { OperationError } from "../../util/errors.ts";

/** One connection of a client. */
export interface FrontLink {
  /** It was closed, by either side. */
  readonly closed: Promise<void>;
  /** Closes it at once, without a word in any protocol. */
  cut(): void;
  /** From now on nothing passes, and nobody is told. */
  goDead(): void;
}

const BUFFER_BYTES = 64 * 1024;

export class Front {
  readonly #listener: Deno.TcpListener;
  readonly #links = new Map<number, Link>();
  #isClosed = false;

  /** Throws OperationError where the port is in use. */
  constructor(options: { hostname: string; port: number }, readonly innerPort: number) {
    const { hostname, port } = options;
    try {
      this.#listener = Deno.listen({ hostname, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      throw new OperationError(
        `Cannot listen on ${hostname}:${port}: the port is in use; give another, or 0 for a free one`,
      );
    }
    void this.#accept();
  }

  get addr(): Deno.NetAddr {
    return this.#listener.addr;
  }

  /** The client's connection behind that of the inner server. */
  linkOf(innerRemotePort: number): FrontLink | null {
    return this.#links.get(innerRemotePort) ?? null;
  }

  close(): void {
    this.#isClosed = true;
    this.#listener.close();
    for (const link of this.#links.values()) link.cut();
  }

  async #accept(): Promise<void> {
    for (;;) {
      let client: Deno.TcpConn;
      try {
        client = await this.#listener.accept();
      } catch {
        if (this.#isClosed) return;
        continue;
      }
      void this.#serve(client);
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    let inner: Deno.TcpConn;
    try {
      inner = await Deno.connect({ hostname: "127.0.0.1", port: this.innerPort });
    } catch {
      // The exchange is closing.
      return close(client);
    }
    const { port } = inner.localAddr as Deno.NetAddr;
    const link = new Link(client, inner);
    this.#links.set(port, link);
    await link.closed;
    this.#links.delete(port);
  }
}

class Link implements FrontLink {
  readonly closed: Promise<void>;
  #isDead = false;

  constructor(readonly client: Deno.TcpConn, readonly inner: Deno.TcpConn) {
    client.setNoDelay(true);
    inner.setNoDelay(true);
    this.closed = Promise.all([this.#pump(client, inner), this.#pump(inner, client)])
      .then(() => {});
  }

  cut(): void {
    close(this.client);
    close(this.inner);
  }

  goDead(): void {
    this.#isDead = true;
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    try {
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) break;
        if (this.#isDead) continue;
        for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
      }
    } catch {
      // Closed while it was read or written: the other end is told below.
    }
    // The exchange closing its end is not told where nothing passes any more.
    if (this.#isDead && from === this.inner) return;
    close(from);
    close(to);
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
