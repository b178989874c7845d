/**
 * The other side of Alpaca's protocol for tests: real sockets on a free port, each frame and reply
 * written by the test.
 */
import type { Monotonic } from "../src/wire/monotonic.ts";
import type { WireLog } from "../src/wire/wire_log.ts";

type Handler = (request: Request, body: unknown) => Response | Promise<Response>;

export class Counterpart {
  /** Answers REST requests. */
  onRequest: Handler = () => new Response("no handler", { status: 500 });
  /** "GET /v2/account?x=y" each. */
  readonly requests: string[] = [];
  readonly #sockets = new Queue<ScriptedSocket>();
  readonly #all: ScriptedSocket[] = [];
  readonly #server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => this.#serve(request),
  );

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The next socket that a client opens. */
  socket(): Promise<ScriptedSocket> {
    return this.#sockets.take();
  }

  /** Since it began. */
  get openedSockets(): number {
    return this.#all.length;
  }

  async close(): Promise<void> {
    for (const socket of this.#all) socket.close();
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    if (request.headers.get("upgrade") === "websocket") {
      // Once upgraded, the request can no longer be read.
      const headers = new Headers(request.headers);
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      const scripted = new ScriptedSocket(socket, pathname, headers);
      this.#all.push(scripted);
      socket.onopen = () => this.#sockets.put(scripted);
      return response;
    }
    this.requests.push(`${request.method} ${pathname}${search}`);
    const text = await request.text();
    return await this.onRequest(request, text === "" ? undefined : JSON.parse(text));
  }
}

export class ScriptedSocket {
  readonly closed: Promise<void>;
  readonly #received = new Queue<Record<string, unknown>>();

  constructor(
    readonly socket: WebSocket,
    readonly path: string,
    readonly headers: Headers,
  ) {
    socket.onmessage = ({ data }) => this.#received.put(JSON.parse(data));
    this.closed = new Promise((resolve) => socket.onclose = () => resolve());
  }

  /** What the client sent, one after the other. */
  next(): Promise<Record<string, unknown>> {
    return this.#received.take();
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** As paper trading does. */
  sendBinary(message: unknown): void {
    this.socket.send(new TextEncoder().encode(JSON.stringify(message)));
  }

  close(): void {
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close();
  }
}

/** Values in order, awaited by one reader. */
export class Queue<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  /** Values put since the start. */
  count = 0;

  get waiting(): number {
    return this.#values.length;
  }

  put(value: T): void {
    this.count++;
    const waiting = this.#waiting.shift();
    if (waiting) waiting(value);
    else this.#values.push(value);
  }

  take(): Promise<T> {
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

interface Timer {
  atMs: number;
  ms: number;
  run(): void;
}

/** Time that stands until the test moves it. */
export class ScriptedTime implements Monotonic {
  #nowMs = 0;
  #timers: Timer[] = [];
  #watchers: (() => void)[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, ms, run };
    this.#timers.push(timer);
    for (const watch of this.#watchers.splice(0)) watch();
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Waits for somebody to wait for `minMs`–`maxMs`, moves on to then, and gives that time. */
  async pass(minMs: number, maxMs: number): Promise<number> {
    for (;;) {
      const timer = this.#timers.find(({ ms }) => ms >= minMs && ms <= maxMs);
      if (timer) {
        this.#nowMs = Math.max(this.#nowMs, timer.atMs);
        this.#timers = this.#timers.filter((other) => other !== timer);
        timer.run();
        return timer.ms;
      }
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  /** Runs the next timer that is due within `ms`, at its time; null: there is none, and `ms` have passed. */
  advanceToNext(ms: number): { leftMs: number } | null {
    const endMs = this.#nowMs + ms;
    let next: Timer | null = null;
    for (const timer of this.#timers) if (next === null || timer.atMs < next.atMs) next = timer;
    if (next === null || next.atMs > endMs) {
      this.#nowMs = endMs;
      return null;
    }
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.#timers = this.#timers.filter((other) => other !== next);
    next.run();
    return { leftMs: endMs - this.#nowMs };
  }
}

export class RecordingLog implements WireLog {
  readonly lines: string[] = [];

  debug(message: string, properties = {}): void {
    this.#add(message, properties);
  }
  info(message: string, properties = {}): void {
    this.#add(message, properties);
  }
  warn(message: string, properties = {}): void {
    this.#add(message, properties);
  }

  #add(message: string, properties: Record<string, unknown>): void {
    this.lines.push(message.replace(/\{(\w+)\}/g, (_, name) => String(properties[name])));
  }
}
