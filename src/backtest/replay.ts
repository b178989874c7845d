/**
 * Recorded data on its way to exchange and consumer, step by step.
 * Invariants: within a step seconds come before minutes before quotes before trades, each by symbol,
 * and all of them
 * meet the open orders before any is seen by a strategy. The exchange hears of a bar where it has
 * an order to meet; else of its close, where the symbol is held and anybody asks what the account
 * is worth, or where it is about to have an order.
 */
import type { Consumer } from "../engine/consumer/consumer.ts";
import type { Exchange } from "../matching/exchange.ts";
import { BAR_ROW, type BarColumns } from "../model/bars.ts";
import { MarketBatch, RowKind } from "../model/market_batch.ts";
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import { type MarketData, MINUTE_US } from "../recorded/market_data.ts";
import type { SymbolTable } from "../util/symbol_table.ts";
import { BLOCK, DueBars } from "./due_bars.ts";
import { SymbolFeed } from "./symbol_feed.ts";

export class Replay {
  readonly #feeds = new Map<string, SymbolFeed>();
  /** Those that are followed, held or ordered, in the symbols' order. */
  #active: SymbolFeed[] = [];
  /** Of them those with seconds, quotes or trades, with open orders, with a position; in the same order. */
  #fine: SymbolFeed[] = [];
  #ordered: SymbolFeed[] = [];
  #held: SymbolFeed[] = [];
  /** Those whose orders have changed since `#ordered` was made. */
  readonly #changed: SymbolFeed[] = [];
  #due = new DueBars([]);
  /** Due time of the next event of an active symbol. */
  nextUs = Infinity;
  /** Time of the step that is on. */
  stepUs = NaN;
  /** Rows given to the consumer. */
  rows = 0;
  readonly #exchange: Exchange;
  readonly #barUs: number;
  /** Rows of watched symbols in this step. */
  #watchRows = new MarketBatch(16);

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
    /** Second bars are given out, and fill orders. */
    hasSeconds: boolean;
  }) {
    const { data, symbols, exchange, events, barUs, opensUs, hasSeconds } = options;
    this.#exchange = exchange;
    this.#barUs = barUs;
    // What a trader would subscribe to; the exchange fills by all that there is.
    this.#givesQuotes = events.includes("quote");
    this.#givesTrades = events.includes("trade") || events.includes("second") && !hasSeconds;
    for (const [symbol, one] of data) {
      const feed = new SymbolFeed({
        id: symbols.idOf(symbol),
        data: one,
        barUs,
        opensUs: opensUs?.get(symbol) ?? null,
        hasSeconds,
        market: exchange.market(symbol),
      });
      this.#feeds.set(symbol, feed);
    }
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
    this.#markOrders();
    const isWanted = (feed: SymbolFeed) =>
      feed.hasOrders || feed.heldQty !== 0 || isFollowed(feed.id);
    if (!this.#active.every(isWanted)) this.#setActive(this.#active.filter(isWanted));
  }

  #setActive(active: SymbolFeed[]): void {
    for (const feed of this.#active) feed.place = -1;
    this.#active = active;
    active.forEach((feed, place) => {
      feed.place = place;
      feed.hasOrders = feed.market.openOrders > 0;
    });
    this.#fine = active.filter(({ isFine }) => isFine);
    this.#held = active.filter(({ heldQty }) => heldQty !== 0);
    this.#ordered = active.filter(({ hasOrders }) => hasOrders);
    this.#changed.length = 0;
    this.#due = new DueBars(active);
    this.#setNext();
  }

  #setNext(): void {
    this.nextUs = this.#due.nextUs;
    for (const { secondDueUs, quoteDueUs, tradeDueUs } of this.#fine) {
      this.nextUs = Math.min(this.nextUs, secondDueUs, quoteDueUs, tradeDueUs);
    }
  }

  get isFine(): boolean {
    return this.#fine.length > 0;
  }

  /** Something became of an order of the symbol. */
  noteOrder(symbol: string): void {
    this.#changed.push(this.#feeds.get(symbol)!);
  }

  #markOrders(): void {
    for (const feed of this.#changed) {
      const hasOrders = feed.place >= 0 && feed.market.openOrders > 0;
      if (hasOrders === feed.hasOrders) continue;
      feed.hasOrders = hasOrders;
      if (hasOrders) insert(this.#ordered, feed);
      else remove(this.#ordered, feed);
    }
    // Popped, so that it keeps its room.
    while (this.#changed.length > 0) this.#changed.pop();
  }

  /** What the account holds of the symbol has changed. */
  noteHeld(symbol: string, qty: number): void {
    const feed = this.#feeds.get(symbol)!;
    const wasHeld = feed.heldQty !== 0;
    feed.heldQty = qty;
    if (wasHeld === (qty !== 0) || feed.place < 0) return;
    if (wasHeld) remove(this.#held, feed);
    else insert(this.#held, feed);
  }

  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Nothing is held, and no order is open. */
  get isFlat(): boolean {
    this.#markOrders();
    return !this.isHolding && this.#ordered.length === 0;
  }

  watch(symbols: readonly string[]): void {
    for (const feed of this.#feeds.values()) feed.isWatched = false;
    for (const symbol of symbols) {
      const feed = this.#feeds.get(symbol);
      if (feed) feed.isWatched = true;
    }
  }

  /** The step's events meet the open orders. */
  match(): void {
    if (this.#changed.length > 0) this.#markOrders();
    if (this.#fine.length === 0) {
      for (const feed of this.#ordered) this.#matchBar(feed);
      return;
    }
    for (const feed of this.#active) {
      if (feed.seconds !== null) this.#matchSecond(feed, feed.seconds, this.stepUs);
      else if (feed.hasOrders || feed.isFine) this.#matchBar(feed);
    }
    this.#matchFine();
  }

  #matchSecond({ symbol, secondDueUs, second: i }: SymbolFeed, bars: BarColumns, timeUs: number) {
    if (secondDueUs !== timeUs) return;
    const { timeUs: start, open, high, low, close, volume } = bars;
    this.#exchange.onBar(
      symbol,
      start[i],
      open[i],
      high[i],
      low[i],
      close[i],
      volume[i],
      SECOND_US,
    );
  }

  #matchBar(feed: SymbolFeed): void {
    const timeUs = this.stepUs;
    if (this.#due.us[feed.place] !== timeUs) return;
    const { bars: { timeUs: start, open, high, low, close, volume }, bar: i, opensUs } = feed;
    this.#exchange.onBar(
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

  #matchFine(): void {
    const timeUs = this.stepUs;
    const exchange = this.#exchange;
    for (const { symbol, quoteDueUs, quote, data: { quotes } } of this.#fine) {
      if (quoteDueUs !== timeUs) continue;
      for (let i = quote; quotes.timeUs[i] === timeUs; i++) {
        const { bidPrice, bidSize, askPrice, askSize } = quotes;
        exchange.onQuote(symbol, timeUs, bidPrice[i], bidSize[i], askPrice[i], askSize[i]);
      }
    }
    for (const { symbol, tradeDueUs, trade, data: { trades } } of this.#fine) {
      if (tradeDueUs !== timeUs) continue;
      for (let i = trade; trades.timeUs[i] === timeUs; i++) {
        exchange.onTrade(symbol, timeUs, trades.price[i], trades.size[i]);
      }
    }
  }

  /** The step's events reach the consumer, and the cursors go on. True: a watched symbol was among them. */
  give(consumer: Consumer): boolean {
    const timeUs = this.stepUs;
    const { blockUs } = this.#due;
    this.#watchRows.length = 0;
    if (this.#fine.length > 0) this.#giveSeconds(timeUs, consumer);
    for (let block = 0; block < blockUs.length; block++) {
      if (blockUs[block] === timeUs) this.#giveBlock(block, consumer);
    }
    if (this.#fine.length > 0) this.#giveFine(consumer);
    this.#setNext();
    return this.#watchRows.length > 0;
  }

  /** The bars of a block that are due at its earliest time. */
  #giveBlock(block: number, consumer: Consumer): void {
    const { us: dueUs, blockUs } = this.#due;
    const active = this.#active;
    const timeUs = blockUs[block];
    const end = Math.min((block + 1) * BLOCK, active.length);
    let nextUs = Infinity;
    for (let place = block * BLOCK; place < end; place++) {
      if (dueUs[place] === timeUs) {
        const feed = active[place];
        const at = feed.takeBar();
        this.rows++;
        const { rows } = feed;
        consumer.bar(feed.id, rows, at, feed.given);
        if (feed.isWatched) this.#seeBar(feed, at);
        const next = at + BAR_ROW;
        if (next < rows.length) dueUs[place] = rows[next] + this.#barUs;
        else dueUs[place] = feed.barDueUs;
      }
      if (dueUs[place] < nextUs) nextUs = dueUs[place];
    }
    blockUs[block] = nextUs;
  }

  #giveSeconds(timeUs: number, consumer: Consumer): void {
    for (const feed of this.#fine) {
      if (feed.secondDueUs !== timeUs) continue;
      const seconds = feed.seconds!;
      const i = feed.second++;
      feed.setFineDue();
      this.rows++;
      feed.finePrice = seconds.close[i];
      consumer.second(feed.id, seconds, i);
      if (!feed.isWatched) continue;
      const { timeUs: start, open, high, low, close } = seconds;
      // To who watches prices a second is a bar as any.
      this.#see(RowKind.minuteBar, feed.id, start[i], open[i], high[i], low[i], close[i]);
    }
  }

  #giveFine(consumer: Consumer): void {
    const timeUs = this.stepUs;
    for (const feed of this.#fine) {
      const { bidPrice, bidSize, askPrice, askSize } = feed.data.quotes;
      while (feed.quoteDueUs === timeUs) {
        const i = feed.quote++;
        feed.setFineDue();
        if (!this.#givesQuotes) continue;
        this.rows++;
        const { id } = feed;
        consumer.row(RowKind.quote, id, timeUs, bidPrice[i], bidSize[i], askPrice[i], askSize[i]);
        if (!feed.isWatched) continue;
        this.#see(RowKind.quote, id, timeUs, bidPrice[i], bidSize[i], askPrice[i], askSize[i]);
      }
    }
    for (const feed of this.#fine) {
      const { price, size } = feed.data.trades;
      while (feed.tradeDueUs === timeUs) {
        const i = feed.trade++;
        feed.finePrice = price[i];
        feed.setFineDue();
        if (!this.#givesTrades) continue;
        this.rows++;
        consumer.row(RowKind.trade, feed.id, timeUs, price[i], size[i], i + 1, 0);
        if (feed.isWatched) this.#see(RowKind.trade, feed.id, timeUs, price[i], size[i], i + 1, 0);
      }
    }
  }

  #seeBar({ id, rows }: SymbolFeed, at: number): void {
    this.#see(
      RowKind.minuteBar,
      id,
      rows[at],
      rows[at + 1],
      rows[at + 2],
      rows[at + 3],
      rows[at + 4],
    );
  }

  #see(kind: RowKind, id: number, timeUs: number, a: number, b: number, c: number, d: number) {
    // One row is kept free for the step's end.
    if (this.#watchRows.length + 1 >= this.#watchRows.capacity) {
      this.#watchRows = this.#watchRows.grown();
    }
    this.#watchRows.push(kind, id, timeUs, a, b, c, d, 0, 0, 0);
  }

  /** The step's rows of watched symbols, as main routes them to the gateway: read before the next step. */
  watchBatch(n: number, timeUs: number): MarketBatch {
    this.#watchRows.push(RowKind.step, 0, timeUs, n, 0, 0, 0, 0, 0, 0);
    return this.#watchRows;
  }

  /** Closes of what is held that the exchange has not heard of: before anybody asks what it is worth. */
  notePrices(): void {
    for (const feed of this.#held) this.#noteClose(feed);
  }

  /** The close of a symbol that is about to have an order. */
  notePrice(symbol: string): void {
    const feed = this.#feeds.get(symbol);
    if (feed !== undefined && feed.place >= 0) this.#noteClose(feed);
  }

  #noteClose(feed: SymbolFeed): void {
    if (feed.notedBars >= feed.bar || feed.seconds !== null) return;
    feed.notedBars = feed.bar;
    this.#exchange.notePrice(feed.market, feed.lastClose, feed.lastBarUs + MINUTE_US);
  }

  /** Orders that were accepted at a bar's end trade at its close. */
  matchCloses(nowUs: number): void {
    this.#markOrders();
    for (const { symbol, seconds, bars, bar, second } of this.#ordered) {
      const [given, i] = seconds === null ? [bars, bar - 1] : [seconds, second - 1];
      const endUs = given.timeUs[i] + (seconds === null ? MINUTE_US : SECOND_US);
      if (endUs === nowUs) this.#exchange.onClose(symbol, nowUs, given.close[i], given.volume[i]);
    }
  }

  /** Signed value of what is held, at the last prices. */
  heldValue(): number {
    let value = 0;
    for (const feed of this.#held) value += feed.heldQty * feed.lastPrice;
    return value;
  }
}

/** Puts a feed among others, by place. Moved one by one: `splice` makes a list each time. */
function insert(feeds: SymbolFeed[], feed: SymbolFeed): void {
  let at = feeds.push(feed) - 1;
  for (; at > 0 && feeds[at - 1].place > feed.place; at--) feeds[at] = feeds[at - 1];
  feeds[at] = feed;
}

function remove(feeds: SymbolFeed[], feed: SymbolFeed): void {
  const last = feeds.length - 1;
  for (let at = feeds.indexOf(feed); at < last; at++) feeds[at] = feeds[at + 1];
  feeds.pop();
}
