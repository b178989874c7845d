/**
 * Alpaca's trading socket: what happened to orders, in the order in which it was sent.
 * Invariant: each trade update is given on before the answer to a step that came after it.
 */
import type { OrderUpdate, UpdatesState, UpdateStream } from "../contracts/broker.ts";
import { ConfigError } from "../util/errors.ts";
import { toBrokerOrder, toExecution, tradeUpdateSchema } from "./alpaca_orders.ts";
import type { AlpacaKeys } from "./alpaca_rest.ts";
import { STEP_HEADER, STEP_HEADER_VALUE } from "./alpaca_types.ts";
import { Expected } from "./expected.ts";
import { type Connection, KeptSocket } from "./kept_socket.ts";
import type { Monotonic } from "./monotonic.ts";
import type { Outbound } from "./outbound.ts";
import { parseRfc3339Us } from "./rfc3339.ts";
import { streamError } from "./stream_error.ts";
import type { UnknownWords, WireLog } from "./wire_log.ts";

export interface AlpacaTradingStreamOptions {
  url: string;
  keys: AlpacaKeys;
  outbound: Outbound;
  monotonic: Monotonic;
  random(): number;
  log: WireLog;
  unknown: UnknownWords;
  /** Opts in to the steps of a simulated exchange; each must then be acknowledged. */
  acksSteps: boolean;
  onUpdate(update: OrderUpdate): void;
  onStep(n: number, timeUs: number): void;
  onState(state: UpdatesState): void;
}

type Data = Record<string, unknown>;
type Message = { stream: string; data: Data };

const ANSWER_TIMEOUT_MS = 10_000;
const LISTEN = JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } });

export class AlpacaTradingStream implements UpdateStream {
  readonly #options: AlpacaTradingStreamOptions;
  readonly #socket: KeptSocket;
  readonly #expected: Expected<Message>;
  /** Waits for the answers to steps, oldest first. */
  #acks: { n: number; resolve(): void; reject(error: Error): void }[] = [];
  #failure: Error | null = null;

  constructor(options: AlpacaTradingStreamOptions) {
    this.#options = options;
    this.#expected = new Expected(options.monotonic, ANSWER_TIMEOUT_MS);
    this.#socket = new KeptSocket({
      ...options,
      headers: options.acksSteps ? { [STEP_HEADER]: STEP_HEADER_VALUE } : {},
      logIn: (connection) => this.#logIn(connection),
      onText: (text) => this.#onText(text),
      onInterrupted: (reason) => options.onState({ state: "interrupted", reason }),
      onRestored: () => options.onState({ state: "restored" }),
      onFailed: (error) => this.#onFailed(error),
      onTaken: (reason) => options.onState({ state: "taken", reason }),
      // What is listened to already is answered, and changes nothing.
      probe: (connection) => connection.send(LISTEN),
    });
  }

  /** Updates and steps can come before it resolves. */
  async open(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#failAcks(signal.reason), { once: true });
    await this.#socket.open(signal);
    this.#options.onState({ state: "connected" });
  }

  ackStep(n: number, signal: AbortSignal): Promise<void> {
    if (!this.#options.acksSteps) return Promise.resolve();
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ack = { n, resolve, reject };
    const abort = () => {
      this.#acks = this.#acks.filter((other) => other !== ack);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#acks.push(ack);
    // While nobody is logged in nothing is sent: logging in does it.
    const { connection } = this.#socket;
    if (connection) sendAck(n, connection);
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  async close(): Promise<void> {
    this.#failAcks(new Error("the trading socket was closed"));
    await this.#socket.close();
  }

  async #logIn(connection: Connection): Promise<void> {
    const { keyId, secretKey } = this.#options.keys;
    this.#expected.clear();
    const key = { key_id: keyId.reveal(), secret_key: secretKey.reveal() };
    connection.send(JSON.stringify({ action: "authenticate", data: key }));
    const answer = await this.#expected.next(connection, "authenticate");
    if (answer.stream !== "authorization" || answer.data.status !== "authorized") {
      throw new ConfigError(
        `Cannot log in to ${this.#options.url}: ${answer.data.status ?? answer.stream}. ` +
          `Check APCA_API_KEY_ID and APCA_API_SECRET_KEY, and that they belong to ` +
          `APCA_API_BASE_URL`,
      );
    }
    connection.send(LISTEN);
    const { stream, data } = await this.#expected.next(connection, "listen");
    const streams = Array.isArray(data.streams) ? data.streams : [];
    if (stream !== "listening" || !streams.includes("trade_updates")) {
      throw new Error(`trade updates are not sent: ${data.error ?? stream}`);
    }
    // Their answers, if they were sent, were lost with the socket before.
    for (const { n } of this.#acks) sendAck(n, connection);
  }

  #onText(text: string): void {
    const message = parseMessage(text);
    if (message === null) {
      return this.#options.unknown.add("frame of the trading socket", text.slice(0, 32));
    }
    const { stream, data } = message;
    switch (stream) {
      case "trade_updates":
        return this.#onTradeUpdate(data);
      case "authorization":
      case "listening":
        return this.#expected.take(message);
      case "step":
        return this.#options.onStep(Number(data.n), parseRfc3339Us(String(data.timestamp)));
      case "step_ack":
        return this.#onAck(Number(data.n));
      case "error":
        return this.#onError(data);
      default:
        this.#options.unknown.add("message of the trading socket", stream);
    }
  }

  #onTradeUpdate(data: Data): void {
    const { unknown, log, onUpdate } = this.#options;
    const parsed = tradeUpdateSchema.safeParse(data);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      unknown.add("trade update", `${issue?.path.join(".")}: ${issue?.message}`);
      // What it said is asked for by whoever reconciles after an interruption.
      log.warn("A trade update cannot be read; the trading socket is opened again.");
      return this.#socket.drop(new Error("a trade update could not be read"));
    }
    const update = parsed.data;
    const order = toBrokerOrder(update.order, unknown);
    const execution = toExecution(update, order, unknown);
    const timeUs = update.timestamp ?? order.updatedUs;
    onUpdate({ event: update.event, order, execution, timeUs });
  }

  #onAck(n: number): void {
    const at = this.#acks.findIndex((ack) => ack.n === n);
    if (at < 0) return;
    this.#acks.splice(at, 1)[0]!.resolve();
    // Two small frames to one of ours: without it some systems hold the next one back for 40 ms.
    this.#socket.connection?.send(JSON.stringify({ action: "step_seen", data: { n } }));
  }

  #onError(data: Data): void {
    const said = String(data.error_message ?? data.msg ?? data.message ?? "error");
    const error = streamError(Number(data.code ?? 500), said, this.#options.url);
    this.#socket.drop(error ?? new Error(said));
  }

  #onFailed(error: Error): void {
    this.#failure = error;
    this.#failAcks(error);
    this.#options.onState({ state: "failed", error });
  }

  #failAcks(error: Error): void {
    const acks = this.#acks;
    this.#acks = [];
    for (const { reject } of acks) reject(error);
  }
}

function sendAck(n: number, connection: Connection): void {
  connection.send(JSON.stringify({ action: "step_ack", data: { n } }));
}

/** {stream, data}; errors come in other forms too: {action: "error", data}, [{T: "error", …}]. */
function parseMessage(text: string): Message | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const message = Array.isArray(json) ? json[0] : json;
  if (!isRecord(message)) return null;
  if (message.action === "error" && isRecord(message.data)) {
    return { stream: "error", data: message.data };
  }
  if (message.T === "error") return { stream: "error", data: message };
  if (typeof message.stream !== "string" || !isRecord(message.data)) return null;
  return { stream: message.stream, data: message.data };
}

function isRecord(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
