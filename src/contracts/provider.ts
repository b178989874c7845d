import type { Asset, AssetClass } from "../model/asset.ts";
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { RowKind } from "../model/market_batch.ts";
import type { QuoteColumns, TradeColumns } from "../model/ticks.ts";

/**
 * Where a provider's stream puts what it reads: numbers only, nothing allocated per event.
 * `symbol` is an id that the sink gave for a text (idOf), so that rows of unknown symbols are refused by −1.
 */
export interface MarketSink {
  /** The id of a followed symbol, or −1: its rows are not wanted. */
  find(symbol: string): number;
  row(
    kind: RowKind,
    symbol: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void;
  /** All rows of one socket frame have been put. */
  frameEnd(): void;
  /**
   * A stepping exchange has sent all of step `n`; it waits for `ackStep(n)` on every socket. After the last step its
   * clock stands still.
   */
  step(n: number, timeUs: number, isLast: boolean): void;
}

/** What is asked of, or acknowledged by, a market-data stream: symbols by channel. */
export interface Channels {
  trades: string[];
  quotes: string[];
  bars: string[];
  updatedBars: string[];
  dailyBars: string[];
  statuses: string[];
  lulds: string[];
}

export type StreamState =
  | { state: "connected" }
  /** The socket was lost; it is being reconnected, rows in between are lost. */
  | { state: "interrupted"; reason: string }
  /** Connected again with the same subscription, but for what "lacks" has told. */
  | { state: "restored"; lostFromUs: number }
  /** Of what was asked for, or had, these are not sent (any more). */
  | { state: "lacks"; channels: Partial<Channels>; reason: string }
  /** Interrupted, and somebody else holds the account's only place, longer than a dead socket would. */
  | { state: "taken"; reason: string }
  /** It will not come back: `error` says what to do. */
  | { state: "failed"; error: Error };

export interface MarketStream {
  readonly assetClass: AssetClass;
  /** Resolves with the whole acknowledged subscription; symbols that were refused are missing in it. */
  subscribe(channels: Partial<Channels>, signal: AbortSignal): Promise<Channels>;
  unsubscribe(channels: Partial<Channels>, signal: AbortSignal): Promise<Channels>;
  /** Gives the connection up for a new one: it is open, but does not send what it should. */
  reconnect(reason: string): void;
  /** Lets a stepping exchange go on; does nothing elsewhere. */
  ackStep(n: number): void;
  close(): Promise<void>;
}

/** The day so far of one symbol. Columns of a scanner's market snapshot. */
export interface Snapshot {
  symbol: string;
  last: number;
  bidPrice: number;
  askPrice: number;
  todayOpen: number;
  todayHigh: number;
  todayLow: number;
  todayVolume: number;
  todayVwap: number;
  previousClose: number;
  previousVolume: number;
}

export interface BarsQuery {
  symbols: string[];
  scale: BarScale;
  fromUs: number;
  /** Exclusive: bars that start before it. */
  toUs: number;
  adjustment: "raw" | "split" | "all";
}

export interface TicksQuery {
  symbols: string[];
  fromUs: number;
  /** Exclusive. */
  toUs: number;
}

/** What a provider says of a symbol beside its prices; what it does not know is missing. */
export interface TickerReference {
  name?: string;
  exchange?: string;
  description?: string;
  industry?: string;
  sector?: string;
  tags?: string[];
  /** Symbols that it calls similar, the nearest first. */
  similar?: string[];
}

/** Delivers market data. One file in src/providers/ and a line in its registry. */
export interface DataProvider {
  readonly name: string;
  /** Hosts it speaks to, "host:port"; nothing else is let out for it. */
  readonly hosts: string[];
  readonly assetClasses: readonly AssetClass[];
  openStream(options: {
    assetClass: AssetClass;
    sink: MarketSink;
    onState(state: StreamState): void;
    /** The same symbols, the most important first: where not all can be had, the last go. */
    byImportance?(symbols: string[]): string[];
    signal: AbortSignal;
  }): Promise<MarketStream>;
  /** History by symbol; a symbol without bars in the range has empty columns. Never later than the provider's clock. */
  bars(query: BarsQuery, signal: AbortSignal): Promise<Map<string, BarColumns>>;
  /** Prints and quotes as they were, by symbol, as `bars`; missing: the provider has no such history. */
  trades?(query: TicksQuery, signal: AbortSignal): Promise<Map<string, TradeColumns>>;
  quotes?(query: TicksQuery, signal: AbortSignal): Promise<Map<string, QuoteColumns>>;
  snapshots(symbols: string[], signal: AbortSignal): Promise<Snapshot[]>;
  assets(assetClass: AssetClass, signal: AbortSignal): Promise<Asset[]>;
  /** Of these symbols, beside name and exchange, which `assets` has; missing: it knows nothing more. */
  reference?(
    symbols: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, TickerReference>>;
}
