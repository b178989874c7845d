/**
 * The trading socket: what becomes of an account's orders.
 * Invariant: updates, step markers and answers go out in the order in which they came about, so
 * that an answered step_ack is a barrier.
 */
import type { ExchangeUpdate } from "../matching/types.ts";
import {
  type AlpacaTradingMessage,
  STREAM_ERRORS,
  type StreamErrorCode,
} from "../wire/alpaca_types.ts";
import { type Accounts, uuidOf } from "./accounts.ts";
import type { Assets } from "./assets.ts";
import type { SocketFaults } from "./faults/socket_faults.ts";
import type { Market } from "./market.ts";
import { toTradeUpdate } from "./wire_orders.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

/** The only stream there is. */
const STREAM = "trade_updates";

/** A message about an order of an account, made once. */
export interface ToldUpdate {
  accountId: string;
  message: AlpacaTradingMessage;
}

export class TradingHub {
  readonly #sockets = new Set<TradingSocket>();
  #updates = 0;

  constructor(readonly assets: Assets) {}

  add(socket: TradingSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: TradingSocket): void {
    this.#sockets.delete(socket);
  }

  publish(update: ExchangeUpdate): void {
    const executionId = uuidOf(`update ${++this.#updates}`);
    let message: AlpacaTradingMessage | null = null;
    for (const socket of this.#sockets) {
      if (socket.accountId !== update.accountId || !socket.listens) continue;
      message ??= { stream: STREAM, data: toTradeUpdate(update, executionId, this.assets) };
      socket.send(message);
    }
  }

  /** As `publish` would send it now, to be sent when and how often one likes. */
  toldOf(update: ExchangeUpdate): ToldUpdate {
    const executionId = uuidOf(`update ${++this.#updates}`);
    const data = toTradeUpdate(update, executionId, this.assets);
    return { accountId: update.accountId, message: { stream: STREAM, data } };
  }

  send({ accountId, message }: ToldUpdate): void {
    for (const socket of this.#sockets) {
      if (socket.accountId === accountId && socket.listens) socket.send(message);
    }
  }
}

export interface TradingSocketOptions {
  socket: WebSocket;
  acksSteps: boolean;
  accounts: Accounts;
  hub: TradingHub;
  market: Market;
  /** Default: none. */
  faults?: SocketFaults | null;
}

export class TradingSocket {
  /** null until let in. */
  accountId: string | null = null;
  listens = false;
  readonly #options: TradingSocketOptions;

  constructor(options: TradingSocketOptions) {
    this.#options = options;
    const { socket, hub, market } = options;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => hub.add(this);
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = socket.onerror = () => {
      hub.remove(this);
      market.gate.leave(this);
    };
  }

  /** As Alpaca does: JSON in binary frames. */
  send(message: AlpacaTradingMessage): void {
    const { socket } = this.#options;
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(new TextEncoder().encode(JSON.stringify(message)));
  }

  /** Sends the error and ends the connection. */
  fail(code: number): void {
    const { socket } = this.#options;
    if (socket.readyState !== WebSocket.OPEN) return;
    const msg = STREAM_ERRORS[code as StreamErrorCode] ?? "internal error";
    socket.send(new TextEncoder().encode(JSON.stringify([{ T: "error", code, msg }])));
    socket.close();
  }

  sendStep(): void {
    const { n, timeUs, isLast } = this.#options.market.step;
    const timestamp = formatRfc3339(timeUs);
    this.send({ stream: "step", data: { n, timestamp, ...(isLast ? { last: true } : {}) } });
  }

  #receive(frame: unknown): void {
    let message: unknown;
    try {
      message = JSON.parse(
        typeof frame === "string" ? frame : new TextDecoder().decode(frame as ArrayBuffer),
      );
    } catch {
      return this.#error("invalid syntax: a frame must be one JSON object");
    }
    if (typeof message !== "object" || message === null) {
      return this.#error("invalid syntax: a frame must be one JSON object");
    }
    const { action, data, ...rest } = message as Record<string, unknown>;
    const body = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
    switch (action) {
      case "authenticate":
        return this.#authenticate(body.key_id, body.secret_key);
      case "auth":
        return this.#authenticate(rest.key, rest.secret);
      case "listen":
        return this.#listen(body.streams);
      case "step_ack":
        return this.#ackStep(body.n);
      case "step_seen":
        // Brought the system's acknowledgement of the answer, for which the next marker would wait.
        return;
      default:
        return this.#error(`unknown action ${JSON.stringify(action)}`);
    }
  }

  #authenticate(keyId: unknown, secretKey: unknown): void {
    const { accounts, acksSteps, market, socket } = this.#options;
    const wasIn = this.accountId !== null;
    this.accountId ??= accounts.authenticate(keyId, secretKey);
    const refusal = this.accountId !== null && !wasIn
      ? this.#options.faults?.refusal("trading", this.accountId) ?? null
      : null;
    if (refusal !== null) return this.fail(refusal);
    const status = this.accountId === null ? "unauthorized" : "authorized";
    this.send({ stream: "authorization", data: { status, action: "authenticate" } });
    if (this.accountId === null) socket.close();
    else if (acksSteps && market.isStepping && !wasIn) market.gate.join(this);
  }

  #listen(streams: unknown): void {
    if (this.accountId === null) {
      return this.send({
        stream: "authorization",
        data: { status: "unauthorized", action: "listen" },
      });
    }
    if (!Array.isArray(streams)) return this.#error("listen needs a list of streams");
    this.listens = streams.includes(STREAM);
    this.send({ stream: "listening", data: { streams: this.listens ? [STREAM] : [] } });
  }

  #ackStep(n: unknown): void {
    if (this.accountId === null || !Number.isInteger(n)) {
      return this.#error("step_ack needs an authorized socket and a step's number");
    }
    // The answer first: what the next step brings comes after it.
    this.send({ stream: "step_ack", data: { n: n as number } });
    this.#options.market.gate.ack(this, n as number);
  }

  #error(error_message: string): void {
    this.send({ action: "error", data: { error_message } });
  }
}
