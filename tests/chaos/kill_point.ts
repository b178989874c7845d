/**
 * Stands between a trader and its exchange, byte for byte, and says when the trader has come to a
 * point of an order's way: there it is killed.
 */

/** Where on an order's way the trader dies. */
export type KillPoint =
  /** The strategy has decided; the journal may have it, or not. */
  | "decided"
  /** The order is in the journal, and the exchange never hears of it. */
  | "before POST"
  /** The exchange has taken it in, and its answer does not come. */
  | "after POST"
  | "after answer"
  /** A part of it has been executed, and the trader is told. */
  | "partial fill"
  | "any time";

export const KILL_POINTS: readonly KillPoint[] = [
  "decided",
  "before POST",
  "after POST",
  "after answer",
  "partial fill",
  "any time",
];

type Step = "pass" | "drop";

/** A TCP proxy with one point to wait for at a time. */
export class KillProxy {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  #wanted: { point: KillPoint; reached: () => void } | null = null;
  /** From the kill on: nothing passes in either direction. */
  #isDead = false;

  constructor(readonly exchangePort: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    void this.#accept();
  }

  /** Calls `reached` once, at the very moment: nothing that comes after it passes any more. */
  waitFor(point: KillPoint, reached: () => void): void {
    this.#isDead = false;
    this.#wanted = { point, reached };
  }

  forget(): void {
    this.#wanted = null;
  }

  close(): void {
    this.#listener.close();
    for (const connection of this.#open) closeQuietly(connection);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.#isDead = false;
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.exchangePort });
      for (const connection of [client, server]) this.#open.add(connection);
      // An answer to a POST is known by the request that went before on its connection.
      const state = { isPosting: false };
      const pipes = [
        this.#pipe(client, server, (text) => this.#onRequest(text, state)),
        this.#pipe(server, client, (text) => this.#onReply(text, state)),
      ];
      void Promise.all(pipes).then(() => {
        for (const connection of [client, server]) this.#open.delete(connection);
      });
    }
  }

  async #pipe(from: Deno.TcpConn, to: Deno.TcpConn, look: (text: string) => Step): Promise<void> {
    const buffer = new Uint8Array(65_536);
    const decoder = new TextDecoder("latin1");
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const bytes = buffer.slice(0, n);
        if (look(decoder.decode(bytes)) === "drop" || this.#isDead) continue;
        for (let sent = 0; sent < n;) sent += await to.write(bytes.subarray(sent));
      }
    } catch {
      // One of the two is gone.
    } finally {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  #onRequest(text: string, state: { isPosting: boolean }): Step {
    if (!text.startsWith("POST /v2/orders")) return "pass";
    state.isPosting = true;
    return this.#isAt("before POST") ? "drop" : "pass";
  }

  #onReply(text: string, state: { isPosting: boolean }): Step {
    if (text.includes('"partial_fill"') && this.#isAt("partial fill")) return "drop";
    if (!state.isPosting || !text.startsWith("HTTP/1.1")) return "pass";
    state.isPosting = false;
    if (this.#isAt("after POST")) return "drop";
    if (this.#wanted?.point === "after answer") queueMicrotask(() => this.#isAt("after answer"));
    return "pass";
  }

  #isAt(point: KillPoint): boolean {
    if (this.#wanted?.point !== point) return false;
    const { reached } = this.#wanted;
    this.#wanted = null;
    this.#isDead = true;
    reached();
    return true;
  }
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed before.
  }
}
