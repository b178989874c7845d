/**
 * The market-data streams of a session, one a class of assets.
 * Invariant: from the moment when a stream is lost until its gap has been filled from history no
 * entry is decided in its symbols.
 */
import type { Clock } from "../contracts/clock.ts";
import type { DataProvider, MarketStream, StreamState } from "../contracts/provider.ts";
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import { RowKind, TradingStatus } from "../model/market_batch.ts";
import type { MainToGateway, SessionWindow } from "../protocol.ts";
import type { SymbolTable } from "../util/symbol_table.ts";
import { otherTrader } from "./gateway/one_trader.ts";
import { Outage } from "./gateway/outage.ts";
import { Halts } from "./halts.ts";
import type { HeldSymbols } from "./held_symbols.ts";
import { MuteWatch } from "./mute_watch.ts";
import type { Producer, StreamEar } from "./producer.ts";
import type { SessionLog } from "./session_options.ts";

const MUTE_LOOK_MS = 5000;

export interface SessionStreamsOptions {
  assets: readonly AssetClass[];
  producer: Producer;
  symbolTable: SymbolTable;
  /** Symbols that are followed just now. */
  symbols(): string[];
  held: HeldSymbols;
  windows(): readonly SessionWindow[];
  clock(): Clock & { readonly rate: number };
  toGateway(message: MainToGateway): void;
  /** Resolves after `ms`, or when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  log: SessionLog;
  onFailure(error: Error): void;
  signal: AbortSignal;
}

interface Stream {
  assetClass: AssetClass;
  ear: StreamEar;
  isAway: boolean;
  readonly outage: Outage;
  /** Symbols that the other side does not send. */
  readonly lacking: Set<string>;
  stream: MarketStream | null;
}

export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  readonly #streams = new Map<AssetClass, Stream>();
  readonly #halts: Halts;

  constructor(options: SessionStreamsOptions) {
    this.#options = options;
    this.#halts = new Halts({
      nameOf: (symbol) => options.symbolTable.nameOf(symbol),
      tell: (symbol, isHalted) => options.toGateway({ type: "halted", symbol, isHalted }),
      resume: (symbol, timeUs) => this.#putStatus(symbol, timeUs, TradingStatus.trading),
      log: options.log,
    });
  }

  /** What symbols are subscribed with. */
  get(assetClass: AssetClass): Pick<MarketStream, "subscribe" | "unsubscribe"> | undefined {
    const stream = this.#streams.get(assetClass);
    const open = stream?.stream;
    if (!stream || !open) return undefined;
    return {
      subscribe: (channels, signal) => {
        // Asked for once more: where it is refused again that is told again.
        for (const symbol of channels.bars ?? []) stream.lacking.delete(symbol);
        return open.subscribe(channels, signal);
      },
      unsubscribe: (channels, signal) => open.unsubscribe(channels, signal),
    };
  }

  async open(provider: DataProvider): Promise<void> {
    const { assets, producer, signal, held } = this.#options;
    for (const assetClass of assets) {
      const stream: Stream = {
        assetClass,
        ear: this.#ear(),
        isAway: false,
        outage: this.#outage(assetClass),
        lacking: new Set(),
        stream: null,
      };
      this.#streams.set(assetClass, stream);
      stream.stream = await provider.openStream({
        assetClass,
        sink: producer.addStream(stream.ear),
        onState: (state) => this.#onState(stream, state),
        byImportance: (symbols) => held.first(symbols),
        signal,
      });
      void this.#watch(stream, provider);
    }
    producer.start();
  }

  /** A consumer has begun to follow the symbol: what no row will tell it again. */
  onFollowed(symbol: string): void {
    const { producer, symbolTable, clock } = this.#options;
    const stream = this.#streams.get(assetClassOf(symbol));
    const nowUs = clock().nowUs();
    if (stream?.isAway || stream?.lacking.has(symbol)) producer.markGap([symbol], nowUs, true);
    const id = symbolTable.find(symbol);
    const status = this.#halts.statusOf(id);
    if (status === TradingStatus.trading) return;
    this.#putStatus(id, nowUs, status);
    producer.frameEnd();
  }

  #putStatus(symbol: number, timeUs: number, status: number): void {
    this.#options.producer.row(RowKind.status, symbol, timeUs, status, 0, 0, 0, 0, 0, 0);
  }

  /** The exchange's time may go on. */
  ackStep(n: number): void {
    for (const { stream } of this.#streams.values()) stream?.ackStep(n);
  }

  async close(): Promise<void> {
    for (const { stream } of this.#streams.values()) await stream?.close();
  }

  #ear(): StreamEar {
    const halts = this.#halts;
    return {
      rows: 0,
      hearsAll: false,
      hear(kind, symbol, timeUs, a) {
        halts.hear(kind, symbol, timeUs, a);
        this.hearsAll = halts.isUnsure;
      },
    };
  }

  #onState(stream: Stream, state: StreamState): void {
    const { log, producer, onFailure, toGateway } = this.#options;
    const { assetClass } = stream;
    const nowUs = this.#options.clock().nowUs();
    switch (state.state) {
      case "failed":
        return onFailure(state.error);
      case "connected":
        return log("info", "Market data of {assetClass}: connected", { assetClass });
      case "interrupted": {
        stream.isAway = true;
        stream.outage.begin(state.reason);
        const { reason } = state;
        log("warning", "Market data of {assetClass}: interrupted, entries wait: {reason}", {
          assetClass,
          reason,
        });
        return producer.markGap(this.#symbolsOf(assetClass), nowUs, true);
      }
      case "restored":
        return this.#onRestored(stream, state.lostFromUs, nowUs);
      case "lacks":
        return this.#onLacks(stream, state, nowUs);
      case "taken": {
        const reason = otherTrader(`market data: ${state.reason}`);
        return toGateway({ type: "restrict", cause: "other_trader", state: "halted", reason });
      }
      default:
        state satisfies never;
    }
  }

  #onRestored(stream: Stream, lostFromUs: number, nowUs: number): void {
    const { log, producer, symbolTable } = this.#options;
    const { assetClass } = stream;
    stream.isAway = false;
    stream.outage.end();
    this.#halts.onRestored((id) => assetClassOf(symbolTable.nameOf(id)) === assetClass, nowUs);
    stream.ear.hearsAll = this.#halts.isUnsure;
    const symbols = this.#symbolsOf(assetClass).filter((symbol) => !stream.lacking.has(symbol));
    const seconds = Math.max(0, (nowUs - lostFromUs) / 1e6);
    const text = "Market data of {assetClass}: restored after {seconds} s; {symbols} symbols " +
      "are filled up from history, trades and quotes of that time are lost";
    const properties = { assetClass, seconds: seconds.toFixed(1), symbols: symbols.length };
    log("warning", text, { ...properties, lostFromUs, restoredUs: nowUs });
    producer.markGap(symbols, nowUs, false);
  }

  /** Of a symbol without bars nothing is known any more; one that is held must be told loudly. */
  #onLacks(
    stream: Stream,
    { channels, reason }: Extract<StreamState, { state: "lacks" }>,
    nowUs: number,
  ): void {
    const { log, producer, held } = this.#options;
    const known = new Set(this.#symbolsOf(stream.assetClass));
    const lacking = (channels.bars ?? []).filter((symbol) => known.has(symbol));
    for (const symbol of lacking) stream.lacking.add(symbol);
    if (lacking.length === 0) return;
    const level = lacking.some((symbol) => held.has(symbol)) ? "error" : "warning";
    log(level, "No market data of {symbols}, entries in them wait: {reason}", {
      symbols: held.first(lacking).join(", "),
      reason,
      ...(level === "error" ? { alert: "no_market_data" } : {}),
    });
    if (!stream.isAway) producer.markGap(lacking, nowUs, true);
  }

  #symbolsOf(assetClass: AssetClass): string[] {
    return this.#options.symbols().filter((symbol) => assetClassOf(symbol) === assetClass);
  }

  #outage(assetClass: AssetClass): Outage {
    const { held, clock, wait, log, signal } = this.#options;
    return new Outage({
      what: `Market data of ${assetClass}`,
      codes: { lost: "market_data_lost", back: "market_data_back" },
      isNeeded: () =>
        this.#isOpen(assetClass, clock().nowUs()) ||
        this.#symbolsOf(assetClass).some((symbol) => held.has(symbol)),
      wait,
      log,
      signal,
    });
  }

  #isOpen(assetClass: AssetClass, nowUs: number): boolean {
    return assetClass === "crypto" ||
      this.#options.windows().some((window) =>
        window.assetClass === assetClass && nowUs >= window.openUs && nowUs < window.closeUs
      );
  }

  async #watch(stream: Stream, provider: DataProvider): Promise<void> {
    const { clock, wait, signal, log } = this.#options;
    const { assetClass, ear } = stream;
    // The exchange waits for us: it is silent for as long as we take.
    if (clock().rate === 0) return;
    const watch = new MuteWatch({
      clock: clock(),
      isOpen: (nowUs) => this.#isOpen(assetClass, nowUs),
      symbols: () => this.#symbolsOf(assetClass),
      history: (query) => provider.bars(query, signal),
    });
    while (!signal.aborted) {
      try {
        const missing = await watch.look(stream.isAway ? -1 : ear.rows);
        if (missing !== null && !stream.isAway) stream.stream?.reconnect(missing);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("debug", "Whether {assetClass} is mute is not known: {reason}", { assetClass, reason });
      }
      await wait(MUTE_LOOK_MS, signal);
    }
  }
}
