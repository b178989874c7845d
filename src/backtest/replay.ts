/**
 * Recorded data on its way to exchange and consumer, step by step.
 * Invariants: within a step bars come before quotes before trades, each by symbol, and all of them
 * meet the open orders before any is seen by a strategy. The exchange hears of a bar where it has
 * an order to meet; else of its close, before anybody asks what the account is worth.
 */
import type { Consumer } from "../engine/consumer/consumer.ts";
import type { Exchange } from "../matching/exchange.ts";
import { MarketBatch, RowKind } from "../model/market_batch.ts";
import { type MarketData, MINUTE_US } from "../recorded/market_data.ts";
import type { SymbolTable } from "../util/symbol_table.ts";
import { SymbolFeed } from "./symbol_feed.ts";

export class Replay {
  readonly #feeds = new Map<string, SymbolFeed>();
  /** Those that are followed, held or ordered, in the symbols' order. */
  #active: SymbolFeed[] = [];
  #fine = 0;
  #ordered = 0;
  #watched = 0;
  /** Due time of the next event of an active symbol. */
  nextUs = Infinity;
  /** Rows given to the consumer. */
  rows = 0;
  readonly #exchange: Exchange;
  /** Rows of watched symbols in this step. */
  readonly #watchRows: {
    id: number;
    kind: RowKind;
    timeUs: number;
    a: number;
    b: number;
    c: number;
    d: number;
  }[] = [];

  readonly #givesQuotes: boolean;
  readonly #givesTrades: boolean;

  constructor(options: {
    data: MarketData;
    symbols: SymbolTable;
    exchange: Exchange;
    events: readonly string[];
    /** From a bar's time to when it is due. */
    barUs: number;
    /** Of daily bars: when each begins. */
    opensUs: ReadonlyMap<string, Float64Array> | null;
  }) {
    const { data, symbols, exchange, events, barUs, opensUs } = options;
    this.#exchange = exchange;
    // What a trader would subscribe to; the exchange fills by all that there is.
    this.#givesQuotes = events.includes("quote");
    this.#givesTrades = events.includes("trade") || events.includes("second");
    for (const one of data.values()) {
      this.#feeds.set(
        one.symbol,
        new SymbolFeed(symbols.idOf(one.symbol), one, barUs, opensUs?.get(one.symbol) ?? null),
      );
    }
  }

  feed(symbol: string): SymbolFeed | undefined {
    return this.#feeds.get(symbol);
  }

  get active(): readonly SymbolFeed[] {
    return this.#active;
  }

  /** From now on what is due after `afterUs` is given out. */
  follow(symbol: string, afterUs: number): void {
    const feed = this.#feeds.get(symbol);
    if (feed === undefined || this.#active.includes(feed)) return;
    feed.seek(afterUs);
    this.#setActive([...this.#active, feed].sort((a, b) => a.symbol < b.symbol ? -1 : 1));
  }

  /** Takes those out that nobody wants rows of any more. */
  prune(isFollowed: (id: number) => boolean): void {
    this.#setActive(
      this.#active.filter((feed) => feed.hasOrders || feed.heldQty !== 0 || isFollowed(feed.id)),
    );
  }

  #setActive(active: SymbolFeed[]): void {
    this.#active = active;
    this.#fine = active.filter(({ isFine }) => isFine).length;
    this.nextUs = active.reduce((next, feed) => Math.min(next, feed.nextUs), Infinity);
    this.markOrders();
  }

  get isFine(): boolean {
    return this.#fine > 0;
  }

  /** After the gateway or a fill has changed what is open. */
  markOrders(): void {
    this.#ordered = 0;
    for (const feed of this.#active) {
      feed.hasOrders = this.#exchange.hasOpen(feed.symbol);
      if (feed.hasOrders) this.#ordered++;
    }
  }

  watch(symbols: readonly string[]): void {
    for (const feed of this.#feeds.values()) feed.isWatched = false;
    this.#watched = symbols.length;
    for (const symbol of symbols) {
      const feed = this.#feeds.get(symbol);
      if (feed) feed.isWatched = true;
    }
  }

  /** The step's events meet the open orders. */
  match(timeUs: number): void {
    if (this.#ordered === 0 && this.#fine === 0) return;
    const exchange = this.#exchange;
    for (const feed of this.#active) {
      if (feed.barDueUs !== timeUs || !(feed.hasOrders || feed.isFine)) continue;
      const { bars: { timeUs: start, open, high, low, close, volume }, bar: i, opensUs } = feed;
      exchange.onBar(
        feed.symbol,
        opensUs?.[i] ?? start[i],
        open[i],
        high[i],
        low[i],
        close[i],
        volume[i],
        opensUs ? timeUs - opensUs[i] : MINUTE_US,
      );
      feed.notedBars = i + 1;
    }
    if (this.#fine > 0) this.#matchFine(timeUs);
  }

  #matchFine(timeUs: number): void {
    const exchange = this.#exchange;
    for (const { symbol, quoteDueUs, quote, data: { quotes } } of this.#active) {
      if (quoteDueUs !== timeUs) continue;
      for (let i = quote; quotes.timeUs[i] === timeUs; i++) {
        const { bidPrice, bidSize, askPrice, askSize } = quotes;
        exchange.onQuote(symbol, timeUs, bidPrice[i], bidSize[i], askPrice[i], askSize[i]);
      }
    }
    for (const { symbol, tradeDueUs, trade, data: { trades } } of this.#active) {
      if (tradeDueUs !== timeUs) continue;
      for (let i = trade; trades.timeUs[i] === timeUs; i++) {
        exchange.onTrade(symbol, timeUs, trades.price[i], trades.size[i]);
      }
    }
  }

  /** The step's events reach the consumer, and the cursors go on. True: a watched symbol was among them. */
  give(timeUs: number, consumer: Consumer): boolean {
    const active = this.#active;
    this.#watchRows.length = 0;
    let nextUs = Infinity;
    for (let n = 0; n < active.length; n++) {
      const feed = active[n];
      if (feed.barDueUs === timeUs) this.#giveBar(feed, consumer);
      if (feed.nextUs < nextUs) nextUs = feed.nextUs;
    }
    this.nextUs = nextUs;
    if (this.#fine > 0) this.#giveFine(timeUs, consumer);
    return this.#watchRows.length > 0;
  }

  #giveBar(feed: SymbolFeed, consumer: Consumer): void {
    const { bars, bar: i, id } = feed;
    const { timeUs, open, high, low, close, volume, trades, vwap } = bars;
    const next = feed.bar = i + 1;
    if (feed.isFine) feed.setDue();
    else {
      feed.nextUs = feed.barDueUs = next < timeUs.length ? timeUs[next] + feed.barUs : Infinity;
    }
    this.rows++;
    consumer.row(
      RowKind.minuteBar,
      id,
      timeUs[i],
      open[i],
      high[i],
      low[i],
      close[i],
      volume[i],
      trades[i],
      vwap[i],
    );
    if (feed.isWatched) {
      this.#see(id, RowKind.minuteBar, timeUs[i], open[i], high[i], low[i], close[i]);
    }
  }

  #giveFine(timeUs: number, consumer: Consumer): void {
    for (const feed of this.#active) {
      const { quotes } = feed.data;
      while (feed.quoteDueUs === timeUs) {
        const { bidPrice: { [feed.quote]: bid }, askPrice: { [feed.quote]: ask } } = quotes;
        const [bidSize, askSize] = [quotes.bidSize[feed.quote], quotes.askSize[feed.quote]];
        feed.quote++;
        feed.setDue();
        if (!this.#givesQuotes) continue;
        this.rows++;
        consumer.row(RowKind.quote, feed.id, timeUs, bid, bidSize, ask, askSize, 0, 0, 0);
        if (feed.isWatched) this.#see(feed.id, RowKind.quote, timeUs, bid, bidSize, ask, askSize);
      }
    }
    let nextUs = Infinity;
    for (const feed of this.#active) {
      const { trades } = feed.data;
      while (feed.tradeDueUs === timeUs) {
        const i = feed.trade++;
        feed.setDue();
        if (!this.#givesTrades) continue;
        this.rows++;
        const [price, size] = [trades.price[i], trades.size[i]];
        consumer.row(RowKind.trade, feed.id, timeUs, price, size, i + 1, 0, 0, 0, 0);
        if (feed.isWatched) this.#see(feed.id, RowKind.trade, timeUs, price, size, i + 1, 0);
      }
      nextUs = Math.min(nextUs, feed.nextUs);
    }
    this.nextUs = nextUs;
  }

  #see(id: number, kind: RowKind, timeUs: number, a: number, b: number, c: number, d: number) {
    this.#watchRows.push({ id, kind, timeUs, a, b, c, d });
  }

  /** The step's rows of watched symbols, as main routes them to the gateway. */
  watchBatch(n: number, timeUs: number): MarketBatch {
    const batch = new MarketBatch(this.#watchRows.length + 1);
    for (const { id, kind, timeUs, a, b, c, d } of this.#watchRows) {
      batch.push(kind, id, timeUs, a, b, c, d, 0, 0, 0);
    }
    batch.push(RowKind.step, 0, timeUs, n, 0, 0, 0, 0, 0, 0);
    return batch;
  }

  get hasWatched(): boolean {
    return this.#watched > 0;
  }

  /** Closes that the exchange has not heard of. */
  notePrices(): void {
    for (const feed of this.#active) {
      if (feed.notedBars >= feed.bar) continue;
      const i = feed.bar - 1;
      feed.notedBars = feed.bar;
      this.#exchange.notePrice(feed.symbol, feed.bars.close[i], feed.bars.timeUs[i] + MINUTE_US);
    }
  }

  /** Orders that were accepted at a bar's end trade at its close. */
  matchCloses(nowUs: number): void {
    for (const { symbol, bars, bar } of this.#active) {
      const i = bar - 1;
      if (i < 0 || bars.timeUs[i] + MINUTE_US !== nowUs || !this.#exchange.hasOpen(symbol)) {
        continue;
      }
      this.#exchange.onClose(symbol, nowUs, bars.close[i], bars.volume[i]);
    }
  }

  /** Signed value of what is held, at the last closes. */
  heldValue(): number {
    let value = 0;
    for (const feed of this.#active) {
      if (feed.heldQty !== 0) value += feed.heldQty * feed.lastClose;
    }
    return value;
  }
}
