/** A market-data socket of one client: its handshake, its subscription. */
import { decode } from "@msgpack/msgpack";
import { RowKind } from "../model/market_batch.ts";
import {
  type AlpacaStreamChannel,
  STREAM_CHANNELS,
  STREAM_ERRORS,
  type StreamErrorCode,
} from "../wire/alpaca_types.ts";
import type { Accounts } from "./accounts.ts";
import type { DataHub } from "./data_hub.ts";
import {
  type Codec,
  encodeMessage,
  joinFrame,
  type Part,
  type WireEvent,
} from "./event_encoder.ts";
import type { SocketFaults } from "./faults/socket_faults.ts";
import type { Market } from "./market.ts";
import type { Monotonic } from "../wire/monotonic.ts";
import type { SymbolData } from "../recorded/market_data.ts";

export type DataFeed = "iex" | "sip" | "delayed_sip" | "test" | "crypto";

export interface DataSocketOptions {
  socket: WebSocket;
  feed: DataFeed;
  codec: Codec;
  /** The client asked for steps. */
  acksSteps: boolean;
  /** The timeline's symbols; a subscription is kept as places in it. */
  symbols: SymbolData[];
  accounts: Accounts;
  hub: DataHub;
  market: Market;
  /** Default: none. */
  faults?: SocketFaults | null;
  monotonic: Monotonic;
}

/** A client that has not authenticated after this is sent away: 404. */
const AUTH_TIMEOUT_MS = 10_000;
const FRAME_EVENTS_MAX = 500;
const IEX_CHANNELS_MAX = 30;
const CRYPTO_CHANNELS: ReadonlySet<string> = new Set(
  ["trades", "quotes", "bars", "updatedBars", "dailyBars"] satisfies AlpacaStreamChannel[],
);
/** Channels of Alpaca's that this exchange has no data for, or none on this feed. */
const OTHER_CHANNELS = ["orderbooks", "imbalances", "news"];
const CHANNEL_KINDS: Partial<Record<AlpacaStreamChannel, number>> = {
  trades: RowKind.trade,
  quotes: RowKind.quote,
  bars: RowKind.minuteBar,
  dailyBars: RowKind.dailyBar,
};

export class DataSocket {
  readonly feed: DataFeed;
  readonly codec: Codec;
  /** null until let in. */
  accountId: string | null = null;
  readonly #options: DataSocketOptions;
  readonly #subscription = new Map<AlpacaStreamChannel, Set<string>>(
    STREAM_CHANNELS.map((channel) => [channel, new Set()]),
  );
  /** By row kind: which of the timeline's symbols are wanted. */
  readonly #wanted = new Map<number, Uint8Array>();
  /** Events of the step whose marker is about to be sent. */
  readonly #held: Part[] = [];
  #stopAuthTimer: () => void = () => {};

  constructor(options: DataSocketOptions) {
    this.#options = options;
    this.feed = options.feed;
    this.codec = options.codec;
    const { socket } = options;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      options.hub.add(this);
      this.#stopAuthTimer = options.monotonic.after(AUTH_TIMEOUT_MS, () => this.fail(404));
      this.#sendMessage({ T: "success", msg: "connected" });
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = () => this.#leave();
    socket.onerror = () => this.#leave();
  }

  /** One connection an account is let in to each. */
  get group(): string {
    return this.feed === "crypto" || this.feed === "test" ? this.feed : "stocks";
  }

  get #socketKind(): "stocks" | "crypto" {
    return this.feed === "crypto" ? "crypto" : "stocks";
  }

  get unsentBytes(): number {
    return this.#options.socket.bufferedAmount;
  }

  subscribes(channel: AlpacaStreamChannel, symbol: string): boolean {
    const subscribed = this.#subscription.get(channel)!;
    return subscribed.has(symbol) || subscribed.has("*");
  }

  wants(kind: number, symbol: number): boolean {
    return this.#wanted.get(kind)?.[symbol] === 1;
  }

  /**
   * Where the client acknowledges steps, the events go in one frame with the step's marker: a second
   * small frame would wait for the system's acknowledgement of the first, 40 ms on some.
   */
  sendEvents(parts: Part[]): void {
    if (this.#isStepped) this.#held.push(...parts);
    else this.#sendParts(parts);
  }

  sendStep(): void {
    const { n, timeUs, isLast } = this.#options.market.step;
    const marker = { T: "step", n, t: timeUs, ...(isLast ? { last: true } : {}) };
    this.#sendParts([...this.#held.splice(0), encodeMessage(marker, this.codec)]);
  }

  /** Sends the error and ends the connection. */
  fail(code: number): void {
    this.#sendError(code);
    this.#leave();
    if (this.#options.socket.readyState === WebSocket.OPEN) this.#options.socket.close();
  }

  #leave(): void {
    this.#stopAuthTimer();
    this.#options.hub.remove(this);
    this.#options.market.gate.leave(this);
  }

  get #isStepped(): boolean {
    return this.#options.acksSteps && this.#options.market.isStepping;
  }

  #sendMessage(message: WireEvent): void {
    this.#sendParts([encodeMessage(message, this.codec)]);
  }

  #sendParts(parts: Part[]): void {
    const { socket } = this.#options;
    if (socket.readyState !== WebSocket.OPEN) return;
    for (let i = 0; i < parts.length; i += FRAME_EVENTS_MAX) {
      const frame = joinFrame(parts.slice(i, i + FRAME_EVENTS_MAX), this.codec);
      socket.send(frame as string | Uint8Array<ArrayBuffer>);
    }
  }

  #sendError(code: number): void {
    const msg = STREAM_ERRORS[code as StreamErrorCode] ?? "internal error";
    this.#sendMessage({ T: "error", code, msg });
  }

  #receive(data: unknown): void {
    let message: unknown;
    try {
      message = typeof data === "string"
        ? JSON.parse(data)
        : this.codec === "msgpack"
        ? decode(data as ArrayBuffer)
        : JSON.parse(new TextDecoder().decode(data as ArrayBuffer));
    } catch {
      return this.#sendError(400);
    }
    if (typeof message !== "object" || message === null) return this.#sendError(400);
    const request = message as Record<string, unknown>;
    if (request.action === "auth") return this.#authenticate(request);
    if (this.accountId === null) return this.#sendError(401);
    switch (request.action) {
      case "subscribe":
      case "unsubscribe":
        return this.#changeSubscription(request, request.action === "subscribe");
      case "step_ack":
        if (!Number.isInteger(request.n)) return this.#sendError(400);
        return this.#options.market.gate.ack(this, request.n as number);
      default:
        return this.#sendError(400);
    }
  }

  #authenticate(request: Record<string, unknown>): void {
    const { accounts, hub, market, acksSteps } = this.#options;
    if (this.accountId !== null) return this.#sendError(403);
    this.accountId = accounts.authenticate(request.key, request.secret);
    if (this.accountId === null) return this.fail(402);
    const refusal = this.#options.faults?.refusal(this.#socketKind, this.accountId) ?? null;
    if (refusal !== null) return this.fail(refusal);
    if (hub.hasOther(this)) return this.fail(406);
    this.#stopAuthTimer();
    this.#sendMessage({ T: "success", msg: "authenticated" });
    if (acksSteps && market.isStepping) market.gate.join(this);
  }

  #changeSubscription(request: Record<string, unknown>, adds: boolean): void {
    const changes: [AlpacaStreamChannel, string[]][] = [];
    for (const [name, value] of Object.entries(request)) {
      if (name === "action" || value === null) continue;
      if (OTHER_CHANNELS.includes(name)) return this.#sendError(410);
      if (!this.#subscription.has(name as AlpacaStreamChannel)) return this.#sendError(400);
      if (!Array.isArray(value) || !value.every((symbol) => typeof symbol === "string")) {
        return this.#sendError(400);
      }
      if (this.feed === "crypto" && !CRYPTO_CHANNELS.has(name)) return this.#sendError(410);
      changes.push([name as AlpacaStreamChannel, value]);
    }
    if (adds && this.feed === "iex" && this.#exceedsIex(changes)) return this.#sendError(405);
    const { faults } = this.#options;
    const named = [...new Set(changes.flatMap(([, symbols]) => symbols))];
    const refusal = adds && faults ? faults.subscriptionRefusal(named) : null;
    if (refusal !== null) return this.#sendError(refusal);
    const leftOut = adds && faults ? faults.leftOut(named) : [];
    for (const [channel, symbols] of changes) {
      const subscribed = this.#subscription.get(channel)!;
      for (const symbol of symbols) {
        if (adds && !leftOut.includes(symbol)) subscribed.add(symbol);
        else if (adds) continue;
        else subscribed.delete(symbol);
      }
      this.#setWanted(channel, subscribed);
    }
    this.#sendSubscription();
    if (adds && !this.#options.acksSteps) this.#options.market.gate.runFree();
  }

  #exceedsIex(changes: [AlpacaStreamChannel, string[]][]): boolean {
    const count = (["trades", "quotes"] as const).reduce((sum, channel) => {
      const all = new Set(this.#subscription.get(channel));
      for (const [changed, symbols] of changes) {
        if (changed === channel) symbols.forEach((symbol) => all.add(symbol));
      }
      return sum + (all.has("*") ? Infinity : all.size);
    }, 0);
    return count > IEX_CHANNELS_MAX;
  }

  #setWanted(channel: AlpacaStreamChannel, subscribed: Set<string>): void {
    const kind = CHANNEL_KINDS[channel];
    if (kind === undefined) return;
    const assetClass = this.feed === "crypto" ? "crypto" : "us_equity";
    const isAll = subscribed.has("*");
    this.#wanted.set(
      kind,
      Uint8Array.from(
        this.#options.symbols,
        (data) => data.assetClass === assetClass && (isAll || subscribed.has(data.symbol)) ? 1 : 0,
      ),
    );
  }

  #sendSubscription(): void {
    const list: Record<string, string[]> = {};
    for (const [channel, symbols] of this.#subscription) {
      if (this.feed === "crypto" && !CRYPTO_CHANNELS.has(channel)) continue;
      list[channel] = [...symbols];
    }
    if (this.feed === "crypto") {
      list.orderbooks = [];
    } else {
      // Alpaca adds these by itself, for the symbols whose trades are subscribed.
      list.corrections = list.trades;
      list.cancelErrors = list.trades;
    }
    this.#sendMessage({ T: "subscription", ...list });
  }
}
