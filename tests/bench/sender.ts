/**
 * The exchange of the benchmark, in a worker of its own: it lets each client in, sends it the same
 * round in blocks, and sends a block only when the one before has been acknowledged.
 */
import { makeRound, type Round } from "./frames.ts";
import type { Totals } from "./totals.ts";

export type ToSender =
  | { type: "make"; firstMinute: number; minutes: number }
  | { type: "send"; client: string };

export type FromSender =
  | { type: "listening"; origin: string }
  | ({ type: "made" } & Totals)
  /** From the first frame to the acknowledgement of the last block. */
  | { type: "sent"; ms: number }
  | { type: "failed"; message: string };

/** About 20,000 events. */
const BLOCK_FRAMES = 208;
const ACK_TIMEOUT_MS = 20_000;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
const clients = new Map<string, Client>();
let round: Round = makeRound(0, 0);

Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen: ({ port }) => tell({ type: "listening", origin: `http://127.0.0.1:${port}` }),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  new Client(socket);
  return response;
});

scope.onmessage = async ({ data }: MessageEvent<ToSender>) => {
  try {
    if (data.type === "make") {
      round = makeRound(data.firstMinute, data.minutes);
      return tell({ type: "made", events: round.events, sum: round.sum });
    }
    const client = clients.get(data.client);
    if (!client) throw new Error(`no client ${data.client} has logged in`);
    tell({ type: "sent", ms: await client.send(round.frames) });
  } catch (error) {
    tell({ type: "failed", message: String(error) });
  }
};

const NO_ACK = new Error(
  `a block was not acknowledged within ${ACK_TIMEOUT_MS} ms: its end was dropped, or a worker hangs`,
);

class Client {
  readonly #socket: WebSocket;
  #step = 0;
  #acknowledged = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onopen = () => this.#put({ T: "success", msg: "connected" });
    socket.onmessage = ({ data }) => this.#onRequest(JSON.parse(data));
  }

  async send(frames: string[]): Promise<number> {
    const startMs = performance.now();
    for (let from = 0; from < frames.length; from += BLOCK_FRAMES) {
      this.#acknowledged = Promise.withResolvers();
      for (const text of frames.slice(from, from + BLOCK_FRAMES)) this.#socket.send(text);
      this.#put({ T: "step", n: ++this.#step, t: "2022-01-03T14:30:00Z" });
      const late = setTimeout(() => this.#acknowledged.reject(NO_ACK), ACK_TIMEOUT_MS);
      await this.#acknowledged.promise;
      clearTimeout(late);
    }
    return performance.now() - startMs;
  }

  #onRequest(request: Record<string, unknown>): void {
    switch (request.action) {
      case "auth":
        clients.set(String(request.key), this);
        return this.#put({ T: "success", msg: "authenticated" });
      case "subscribe":
        return this.#put({ ...request, T: "subscription" });
      case "step_ack":
        if (request.n === this.#step) this.#acknowledged.resolve();
        return;
    }
  }

  #put(message: Record<string, unknown>): void {
    this.#socket.send(JSON.stringify([message]));
  }
}

function tell(message: FromSender): void {
  scope.postMessage(message);
}
