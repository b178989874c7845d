/** The market-data streams of a session, one a class of assets. */
import type { DataProvider, MarketStream, StreamState } from "../contracts/provider.ts";
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import type { Producer } from "./producer.ts";
import type { SessionLog } from "./session_options.ts";

export interface SessionStreamsOptions {
  assets: readonly AssetClass[];
  producer: Producer;
  /** Symbols that are followed just now. */
  symbols(): string[];
  nowUs(): number;
  log: SessionLog;
  onFailure(error: Error): void;
  signal: AbortSignal;
}

export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  readonly #streams = new Map<AssetClass, MarketStream>();

  constructor(options: SessionStreamsOptions) {
    this.#options = options;
  }

  get(assetClass: AssetClass): MarketStream | undefined {
    return this.#streams.get(assetClass);
  }

  async open(provider: DataProvider): Promise<void> {
    const { assets, producer, signal } = this.#options;
    for (const assetClass of assets) {
      const stream = await provider.openStream({
        assetClass,
        sink: producer.addStream(),
        onState: (state) => this.#onState(assetClass, state),
        signal,
      });
      this.#streams.set(assetClass, stream);
    }
    producer.start();
  }

  #onState(assetClass: AssetClass, state: StreamState): void {
    const { log, producer, onFailure, symbols, nowUs } = this.#options;
    if (state.state === "failed") return onFailure(state.error);
    const level = state.state === "interrupted" ? "warning" : "info";
    log(level, "Market data of {assetClass}: {state}", { assetClass, ...state });
    if (state.state !== "restored") return;
    const ofStream = symbols().filter((symbol) => assetClassOf(symbol) === assetClass);
    producer.markGap(ofStream, nowUs());
  }

  /** The exchange's time may go on. */
  ackStep(n: number): void {
    for (const stream of this.#streams.values()) stream.ackStep(n);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams.values()) await stream.close();
  }
}
