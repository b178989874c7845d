/**
 * A market-data socket of Alpaca's: its rows go to the sink, its subscription survives reconnects.
 * Invariant: one request is under way at a time, so that each acknowledgement is of the last one.
 */
import type { Clock } from "../contracts/clock.ts";
import type { Channels, MarketSink, MarketStream, StreamState } from "../contracts/provider.ts";
import type { AssetClass } from "../model/asset.ts";
import { OperationError } from "../util/errors.ts";
import { AlpacaReader } from "./alpaca_reader.ts";
import type { AlpacaKeys } from "./alpaca_rest.ts";
import type { StreamMessage } from "./alpaca_rows.ts";
import { type AlpacaStreamChannel, STEP_HEADER, STEP_HEADER_VALUE } from "./alpaca_types.ts";
import { ChannelSets, channelsOf, type ChannelSymbol, HEAVY_CHANNELS } from "./channel_sets.ts";
import { Expected } from "./expected.ts";
import { type Connection, KeptSocket } from "./kept_socket.ts";
import type { Monotonic } from "./monotonic.ts";
import type { Outbound } from "./outbound.ts";
import { parseRfc3339Us } from "./rfc3339.ts";
import { SlowClient, streamError, StreamRefusal } from "./stream_error.ts";
import { UnknownWords, type WireLog } from "./wire_log.ts";

export interface AlpacaDataStreamOptions {
  url: string;
  keys: AlpacaKeys;
  assetClass: AssetClass;
  sink: MarketSink;
  onState(state: StreamState): void;
  outbound: Outbound;
  monotonic: Monotonic;
  clock: Clock;
  random(): number;
  log: WireLog;
  /** Opts in to the steps of a simulated exchange; each must then be acknowledged. */
  acksSteps: boolean;
  /** See DataProvider. */
  byImportance?(symbols: string[]): string[];
}

const ANSWER_TIMEOUT_MS = 10_000;
/** Nice to have: a feed that lacks one (410) is used without it. */
const OPTIONAL_CHANNELS: readonly AlpacaStreamChannel[] = ["updatedBars", "statuses", "lulds"];

export class AlpacaDataStream implements MarketStream {
  readonly assetClass: AssetClass;
  readonly #options: AlpacaDataStreamOptions;
  readonly #socket: KeptSocket;
  readonly #reader: AlpacaReader;
  readonly #expected: Expected<StreamMessage>;
  readonly #unknown: UnknownWords;
  readonly #wanted = new ChannelSets();
  #acknowledged = new ChannelSets();
  /** The request under way; the next waits for it. */
  #turn: Promise<unknown> = Promise.resolve();
  #lastFrameUs: number;
  #lostFromUs = 0;
  #failure: Error | null = null;
  #restored = silenced();
  #badFrames = 0;

  constructor(options: AlpacaDataStreamOptions) {
    this.#options = options;
    this.assetClass = options.assetClass;
    this.#unknown = new UnknownWords(options.log);
    this.#expected = new Expected(options.monotonic, ANSWER_TIMEOUT_MS);
    this.#lastFrameUs = options.clock.nowUs();
    this.#reader = new AlpacaReader({
      sink: options.sink,
      onOther: (message) => this.#onOther(message),
    });
    this.#socket = new KeptSocket({
      ...options,
      headers: options.acksSteps ? { [STEP_HEADER]: STEP_HEADER_VALUE } : {},
      logIn: (connection) => this.#logIn(connection),
      onText: (text) => this.#onText(text),
      onInterrupted: (reason) => this.#onInterrupted(reason),
      onRestored: () => this.#onRestored(),
      onFailed: (error) => this.#onFailed(error),
      onTaken: (reason) => options.onState({ state: "taken", reason }),
      probe: () => this.#probe(),
    });
  }

  /** Frames that were no JSON, and rows that lacked something. */
  get badInput(): { frames: number; rows: number } {
    return { frames: this.#badFrames, rows: this.#reader.badRows };
  }

  /** Steps can be put before it resolves: the first marker follows the log-in at once. */
  async open(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#restored.reject(signal.reason), { once: true });
    await this.#socket.open(signal);
    this.#options.onState({ state: "connected" });
  }

  subscribe(channels: Partial<Channels>, signal: AbortSignal): Promise<Channels> {
    const pairs = ChannelSets.of(channels).pairs(this.#options.byImportance);
    return this.#inTurn(signal, () => {
      for (const pair of pairs) this.#wanted.add(pair);
    }, (connection) => this.#subscribe(connection, pairs));
  }

  unsubscribe(channels: Partial<Channels>, signal: AbortSignal): Promise<Channels> {
    const pairs = ChannelSets.of(channels).pairs();
    return this.#inTurn(signal, () => {
      for (const pair of pairs) this.#wanted.delete(pair);
    }, async (connection) => {
      const request = { action: "unsubscribe", ...channelsOf(pairs) };
      if (pairs.length > 0) await this.#ask(connection, request);
    });
  }

  ackStep(n: number): void {
    this.#socket.send(JSON.stringify({ action: "step_ack", n }));
  }

  reconnect(reason: string): void {
    this.#socket.drop(new Error(reason));
  }

  async close(): Promise<void> {
    this.#restored.reject(new OperationError("The market-data socket was closed"));
    await this.#socket.close();
  }

  /** Does what is to be done on a live connection; where it is lost, logging in again does it. */
  #inTurn(
    signal: AbortSignal,
    change: () => void,
    request: (connection: Connection) => Promise<void>,
  ): Promise<Channels> {
    const result = this.#turn.then(async () => {
      signal.throwIfAborted();
      if (this.#failure) throw this.#failure;
      change();
      this.#reader.forgetSymbols();
      const connection = this.#socket.connection;
      const restored = this.#restored.promise;
      try {
        await (connection ? request(connection) : restored);
      } catch (error) {
        if (!connection?.signal.aborted || error !== connection.signal.reason) throw error;
        await restored;
      }
      this.#reader.forgetSymbols();
      return this.#acknowledged.toChannels();
    });
    // Given up by its caller, a request is still under way: the next waits for its answer.
    this.#turn = result.catch(() => {});
    return abortable(result, signal);
  }

  async #logIn(connection: Connection): Promise<void> {
    const { keyId, secretKey } = this.#options.keys;
    this.#expected.clear();
    this.#acknowledged = new ChannelSets();
    await this.#success(connection, "connected");
    connection.send(
      JSON.stringify({ action: "auth", key: keyId.reveal(), secret: secretKey.reveal() }),
    );
    await this.#success(connection, "authenticated");
    if (this.#wanted.isEmpty) return;
    await this.#subscribe(connection, this.#wanted.pairs(this.#options.byImportance));
  }

  /** Asks for what is had already, which changes nothing and is answered. */
  #probe(): void {
    const [pair] = this.#acknowledged.pairs();
    const request = { action: "subscribe", ...channelsOf(pair === undefined ? [] : [pair]) };
    const { signal } = new AbortController();
    // A refusal is an answer too; of a loss the others tell.
    this.#inTurn(signal, () => {}, (connection) => this.#ask(connection, request)).catch(() => {});
  }

  async #success(connection: Connection, msg: string): Promise<void> {
    const message = await this.#expected.next(connection, `"${msg}"`);
    if (message.T === "success" && message.msg === msg) return;
    throw new Error(`"${msg}" was expected, not ${message.T} ${message.msg ?? ""}`);
  }

  /** Subscribes to as many as are let in; the rest are no longer wanted, and told. */
  async #subscribe(connection: Connection, wanted: readonly ChannelSymbol[]): Promise<void> {
    if (wanted.length === 0) return;
    const isMissing = (pair: ChannelSymbol) => !this.#acknowledged.has(pair);
    let limit: string | null;
    let pairs = wanted;
    try {
      ({ pairs, limit } = await this.#subscribeWithinFeed(connection, wanted));
      const lacking = pairs.filter(isMissing);
      // An acknowledgement that lacks symbols without a limit being the cause: asked once more.
      if (lacking.length > 0 && limit === null) {
        limit = await this.#subscribeWithinLimit(connection, lacking);
      }
    } catch (error) {
      if (!(error instanceof StreamRefusal)) throw error;
      for (const pair of wanted) this.#forget(pair);
      throw new OperationError(
        `Cannot subscribe to ${describe(pairs)} on ${this.#options.url}: ${error.message}`,
      );
    }
    const missing = pairs.filter(isMissing);
    if (missing.length > 0) this.#lack(missing, limit ?? "the acknowledgement lacks them, twice");
  }

  #lack(missing: readonly ChannelSymbol[], reason: string): void {
    for (const pair of missing) this.#forget(pair);
    const channels = [...new Set(missing.map(([channel]) => channel))].join(", ");
    this.#options.log.warn(
      "Not subscribed to {missing} ({channels}): {reason}. Liu goes on without.",
      {
        missing: describe(missing),
        channels,
        reason,
      },
    );
    this.#options.onState({ state: "lacks", channels: channelsOf(missing), reason });
  }

  /** Without the channels that the feed does not have, where they are optional. */
  async #subscribeWithinFeed(
    connection: Connection,
    pairs: readonly ChannelSymbol[],
  ): Promise<{ pairs: readonly ChannelSymbol[]; limit: string | null }> {
    try {
      return { pairs, limit: await this.#subscribeWithinLimit(connection, pairs) };
    } catch (error) {
      const needed = pairs.filter(([channel]) => !OPTIONAL_CHANNELS.includes(channel));
      const isLacking = error instanceof StreamRefusal && error.code === 410;
      if (!isLacking || needed.length === 0 || needed.length === pairs.length) throw error;
      const limit = await this.#subscribeWithinLimit(connection, needed);
      // Each for itself: the feed may have some of them.
      for (const channel of OPTIONAL_CHANNELS) {
        const ofChannel = pairs.filter((pair) => pair[0] === channel);
        if (ofChannel.length === 0) continue;
        try {
          await this.#subscribeWithinLimit(connection, ofChannel);
        } catch (error) {
          if (!(error instanceof StreamRefusal)) throw error;
          this.#lack(ofChannel, error.message);
        }
      }
      return { pairs: needed, limit };
    }
  }

  /** Gives what was said of a limit, or null where all was let in. Of those in order, the first. */
  async #subscribeWithinLimit(
    connection: Connection,
    pairs: readonly ChannelSymbol[],
  ): Promise<string | null> {
    try {
      await this.#ask(connection, { action: "subscribe", ...channelsOf(pairs) });
      return null;
    } catch (error) {
      if (!(error instanceof StreamRefusal) || error.code !== 405) throw error;
      if (pairs.length === 1) return error.message;
      const half = Math.ceil(pairs.length / 2);
      return await this.#subscribeWithinLimit(connection, pairs.slice(0, half)) ??
        await this.#subscribeWithinLimit(connection, pairs.slice(half));
    }
  }

  /**
   * We cannot take in what is sent: half of the symbols, the least important ones, give their quotes
   * and trades up. Bars are kept.
   */
  #shed(reason: string): void {
    const heavy = this.#wanted.pairs(this.#options.byImportance)
      .filter(([channel]) => HEAVY_CHANNELS.includes(channel));
    const symbols = [...new Set(heavy.map(([, symbol]) => symbol))];
    const given = new Set(symbols.slice(Math.floor(symbols.length / 2)));
    this.#acknowledged = new ChannelSets();
    const pairs = heavy.filter(([, symbol]) => given.has(symbol));
    if (pairs.length > 0) this.#lack(pairs, reason);
  }

  #forget(pair: ChannelSymbol): void {
    if (!this.#acknowledged.has(pair)) this.#wanted.delete(pair);
  }

  async #ask(connection: Connection, request: { action: string }): Promise<void> {
    this.#expected.clear();
    connection.send(JSON.stringify(request));
    const answer = await this.#expected.next(connection, `"${request.action}"`);
    if (answer.T !== "subscription") throw new Error(`unexpected answer ${answer.T}`);
  }

  #onText(text: string): void {
    this.#lastFrameUs = this.#options.clock.nowUs();
    try {
      this.#reader.read(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#badFrames++;
      this.#unknown.add("frame that is no JSON", text.slice(0, 32));
    }
  }

  #onOther(message: StreamMessage): void {
    switch (message.T) {
      case "success":
        return this.#expected.take(message);
      case "subscription":
        this.#acknowledged = ChannelSets.of(message);
        return this.#expected.take(message);
      case "error":
        return this.#onError(Number(message.code), String(message.msg));
      case "step":
        return this.#options.sink.step(
          Number(message.n),
          parseRfc3339Us(String(message.t)),
          message.last === true,
        );
      default:
        this.#unknown.add("market-data message", String(message.T));
    }
  }

  #onError(code: number, said: string): void {
    const error = streamError(code, said, this.#options.url);
    if (error === null) this.#options.log.warn("Alpaca says: {said} ({code})", { said, code });
    else if (!(error instanceof StreamRefusal)) {
      if (error instanceof SlowClient) this.#shed(error.message);
      this.#socket.drop(error);
    } else if (!this.#expected.fail(error)) {
      this.#options.log.warn("Alpaca refused a request that was given up: {said}", { said });
    }
  }

  #onInterrupted(reason: string): void {
    this.#lostFromUs = this.#lastFrameUs;
    this.#options.onState({ state: "interrupted", reason });
  }

  #onRestored(): void {
    this.#restored.resolve();
    this.#restored = silenced();
    this.#options.onState({ state: "restored", lostFromUs: this.#lostFromUs });
  }

  #onFailed(error: Error): void {
    this.#failure = error;
    this.#restored.reject(error);
    this.#options.onState({ state: "failed", error });
  }
}

/** A promise whose rejection nobody need look at. */
function silenced(): PromiseWithResolvers<void> {
  const result = Promise.withResolvers<void>();
  result.promise.catch(() => {});
  return result;
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => {
    signal.removeEventListener("abort", abort);
  });
}

/** "AAPL, MSFT and 48 more". */
function describe(pairs: readonly ChannelSymbol[]): string {
  const symbols = [...new Set(pairs.map(([, symbol]) => symbol))];
  const named = symbols.slice(0, 5).join(", ");
  return symbols.length > 5 ? `${named} and ${symbols.length - 5} more` : named;
}
