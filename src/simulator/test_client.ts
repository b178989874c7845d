/** For tests: a plain client of a simulated exchange, which waits for messages, never for time. */
import { decode } from "@msgpack/msgpack";
import type { SimulatorOptions } from "./options.ts";
import { type Simulator, startSimulator } from "./server.ts";

export type Message = Record<string, unknown>;

export const KEYS = { "APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret" };
export const OPEN_US = Date.parse("2022-01-03T14:30:00Z") * 1000;

/** Ten minutes of three generated stocks, stepping, unless `options` say otherwise. */
export function startTestSimulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  return startSimulator({
    sources: [{ kind: "generate", symbols: 3, seed: 7 }],
    startUs: OPEN_US,
    endUs: OPEN_US + 10 * 60e6,
    speed: "max",
    port: 0,
    ...options,
  });
}

export async function request(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = KEYS,
  // deno-lint-ignore no-explicit-any
): Promise<{ status: number; body: any; headers: Headers }> {
  const response = await fetch(simulator.baseUrl + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
    headers: response.headers,
  };
}

export class TestSocket {
  /** All that came, in order. */
  readonly log: Message[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseEvent>;
  readonly #socket: WebSocket;
  #read = 0;
  #wake: () => void = () => {};

  constructor(simulator: Simulator, path: string, headers: Record<string, string> = {}) {
    const url = simulator.baseUrl.replace("http", "ws") + path;
    this.#socket = new WebSocket(url, { headers } as unknown as string[]);
    this.#socket.binaryType = "arraybuffer";
    const isMsgpack = headers["Content-Type"] === "application/msgpack";
    this.#socket.onmessage = ({ data }) => {
      const message = typeof data === "string"
        ? JSON.parse(data)
        : isMsgpack
        ? decode(data)
        : JSON.parse(new TextDecoder().decode(data));
      this.log.push(...[message].flat());
      this.#wake();
    };
    this.opened = new Promise((resolve) => this.#socket.onopen = () => resolve());
    const { promise, resolve } = Promise.withResolvers<CloseEvent>();
    this.closed = promise;
    this.#socket.onclose = (event) => {
      this.#wake();
      resolve(event);
    };
  }

  send(message: unknown): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next message that fits; those before it are skipped (they stay in the log). */
  async next(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      while (this.#read < this.log.length) {
        const message = this.log[this.#read++];
        if (fits(message)) return message;
      }
      if (this.#socket.readyState >= WebSocket.CLOSING) throw new Error("the socket was closed");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** Without waiting for the other side, which may be dead. */
  abandon(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
  }
}

/** A data socket that is let in, and subscribed. */
export async function openData(
  simulator: Simulator,
  path: string,
  { subscribe, headers = {} }: { subscribe?: Message; headers?: Record<string, string> },
): Promise<TestSocket> {
  const socket = new TestSocket(simulator, path, headers);
  await socket.next(({ msg }) => msg === "connected");
  socket.send({ action: "auth", key: "key", secret: "secret" });
  await socket.next(({ msg }) => msg === "authenticated");
  if (subscribe !== undefined) {
    socket.send({ action: "subscribe", ...subscribe });
    await socket.next(({ T }) => T === "subscription");
  }
  return socket;
}

/** A trading socket that is authorized, and listens. */
export async function openTrading(
  simulator: Simulator,
  headers: Record<string, string> = {},
): Promise<TestSocket> {
  const socket = new TestSocket(simulator, "/stream", headers);
  await socket.opened;
  socket.send({ action: "authenticate", data: { key_id: "key", secret_key: "secret" } });
  await socket.next(({ stream }) => stream === "authorization");
  socket.send({ action: "listen", data: { streams: ["trade_updates"] } });
  await socket.next(({ stream }) => stream === "listening");
  return socket;
}
