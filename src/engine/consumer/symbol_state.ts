/**
 * One symbol in a consumer: its bars, its day, its newest quote and second.
 * Invariant: only rows move it, in their order; nothing here is later than the newest row.
 */
import { VolumeOrderImbalance } from "../../fincalcs/voi.ts";
import type { Asset } from "../../model/asset.ts";
import { BarBuffer, BarSeries } from "../../model/bar_series.ts";
import type { BarColumns } from "../../model/bars.ts";
import { resample } from "../../fincalcs/resample.ts";

export const MINUTE_US = 60e6;
const SECOND_US = 1e6;

export class SymbolState {
  readonly buffer = new BarBuffer();
  readonly bars: BarSeries;
  readonly day = new DayState();
  readonly second = new SecondBuilder();
  readonly voi = new VolumeOrderImbalance();
  /** Price of the newest trade, quote middle or bar; NaN before the first. */
  last = NaN;
  bidPrice = NaN;
  bidSize = NaN;
  askPrice = NaN;
  askSize = NaN;
  isHalted = false;
  /** Rows were lost (`markIncomplete`): bars are being refilled, and entries wait. */
  isIncomplete = false;
  /** Start of the newest bar that is complete: the provider's own, not the one in the making. */
  completeUs = -Infinity;
  /** Bars that begin after it may be incomplete. */
  #lostFromUs = Infinity;
  /** Sum of price × size of the minute in the making. */
  #makingTurnover = 0;

  constructor(readonly symbol: string, readonly id: number, readonly asset: Asset) {
    this.bars = new BarSeries(this.buffer, (bars, minutes) => resample(bars, minutes));
  }

  /** A trade: moves the minute and the second in the making, and the day. */
  onTrade(timeUs: number, price: number, size: number): void {
    this.last = price;
    const startUs = Math.floor(timeUs / MINUTE_US) * MINUTE_US;
    // Late for a minute that is complete: the provider sends an updated bar where it matters.
    if (startUs <= this.completeUs) return;
    const lastUs = this.buffer.lastTimeUs;
    if (startUs > lastUs) {
      this.#makingTurnover = price * size;
      this.buffer.append(startUs, price, price, price, price, size, price, 1);
    } else if (startUs === lastUs) {
      this.#growMaking(price, size);
    } else return;
    this.day.onTrade(timeUs, price, size);
  }

  #growMaking(price: number, size: number): void {
    const i = this.buffer.length - 1;
    const c = this.buffer.columns;
    const volume = c.volume[i] + size;
    this.#makingTurnover += price * size;
    this.buffer.set(
      i,
      c.timeUs[i],
      c.open[i],
      Math.max(c.high[i], price),
      Math.min(c.low[i], price),
      price,
      volume,
      volume > 0 ? this.#makingTurnover / volume : price,
      c.trades[i] + 1,
    );
  }

  onQuote(bidPrice: number, bidSize: number, askPrice: number, askSize: number): void {
    this.bidPrice = bidPrice;
    this.bidSize = bidSize;
    this.askPrice = askPrice;
    this.askSize = askSize;
    this.voi.add(bidPrice, bidSize, askPrice, askSize);
    if (!(this.last > 0) && bidPrice > 0 && askPrice > 0) this.last = (bidPrice + askPrice) / 2;
  }

  /** The provider's minute bar takes the place of the one in the making. False: it was there already. */
  onMinuteBar(
    timeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    trades: number,
    vwap: number,
  ): boolean {
    if (timeUs <= this.completeUs) return false;
    const madeUs = this.buffer.lastTimeUs;
    const row = madeUs < timeUs ? -1 : this.buffer.rowAt(timeUs);
    if (row >= 0) this.day.takeBack(this.buffer.columns, row);
    this.#put(row, timeUs, open, high, low, close, volume, vwap > 0 ? vwap : close, trades);
    this.completeUs = timeUs;
    if (madeUs <= timeUs) this.last = close;
    this.day.onBar(timeUs, open, high, low, close, volume, vwap > 0 ? vwap : close);
    return true;
  }

  /** A later version of a bar that was complete. False: that minute is not in memory. */
  onUpdatedBar(
    timeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    trades: number,
    vwap: number,
  ): boolean {
    const row = this.buffer.rowAt(timeUs);
    if (row < 0) return false;
    this.day.takeBack(this.buffer.columns, row);
    this.#put(row, timeUs, open, high, low, close, volume, vwap > 0 ? vwap : close, trades);
    this.day.onBar(timeUs, open, high, low, close, volume, vwap > 0 ? vwap : close);
    return true;
  }

  /** Rows were lost now. */
  markIncomplete(): void {
    if (!this.isIncomplete) this.#lostFromUs = this.completeUs;
    this.isIncomplete = true;
  }

  /** Bars of history go before and between those that are there. */
  onHistory(history: BarColumns): void {
    this.buffer.mergeHistory(history);
    const newest = history.timeUs.length - 1;
    // A bar that was being made when rows were lost is half a bar: here the history's counts.
    for (let i = newest; i >= 0 && history.timeUs[i] > this.#lostFromUs; i--) {
      this.#putHistory(history, i);
    }
    this.#lostFromUs = Infinity;
    this.isIncomplete = false;
    if (newest >= 0) {
      this.completeUs = Math.max(this.completeUs, history.timeUs[newest]);
      if (Number.isNaN(this.last)) this.last = history.close[newest];
    }
    this.day.rebuild(this.buffer);
  }

  #putHistory(h: BarColumns, i: number): void {
    const row = this.buffer.rowAt(h.timeUs[i]);
    if (row < 0) return;
    this.buffer.set(
      row,
      h.timeUs[i],
      h.open[i],
      h.high[i],
      h.low[i],
      h.close[i],
      h.volume[i],
      h.vwap[i],
      h.trades[i],
    );
  }

  #put(
    row: number,
    timeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    vwap: number,
    trades: number,
  ): void {
    if (row >= 0) this.buffer.set(row, timeUs, open, high, low, close, volume, vwap, trades);
    else if (timeUs > this.buffer.lastTimeUs) {
      this.buffer.append(timeUs, open, high, low, close, volume, vwap, trades);
    } else this.buffer.mergeHistory(oneBar(timeUs, open, high, low, close, volume, vwap, trades));
  }
}

function oneBar(
  timeUs: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  vwap: number,
  trades: number,
): BarColumns {
  return {
    timeUs: Float64Array.of(timeUs),
    open: Float64Array.of(open),
    high: Float64Array.of(high),
    low: Float64Array.of(low),
    close: Float64Array.of(close),
    volume: Float64Array.of(volume),
    vwap: Float64Array.of(vwap),
    trades: Float64Array.of(trades),
  };
}

/** The session so far. Bars and trades before its open do not count, but for the last price. */
export class DayState {
  openUs = -Infinity;
  closeUs = Infinity;
  previousClose = NaN;
  open = NaN;
  high = NaN;
  low = NaN;
  volume = 0;
  #turnover = 0;

  get vwap(): number {
    return this.volume > 0 ? this.#turnover / this.volume : NaN;
  }

  startSession(openUs: number, closeUs: number, previousClose: number): void {
    this.openUs = openUs;
    this.closeUs = closeUs;
    this.previousClose = previousClose;
    this.open = this.high = this.low = NaN;
    this.volume = this.#turnover = 0;
  }

  onTrade(timeUs: number, price: number, size: number): void {
    this.#add(timeUs, price, price, price, size, price);
  }

  onBar(
    timeUs: number,
    open: number,
    high: number,
    low: number,
    _close: number,
    volume: number,
    vwap: number,
  ): void {
    this.#add(timeUs, open, high, low, volume, vwap);
  }

  /** Takes a bar's volume out again, before a better version of it comes. */
  takeBack(columns: BarColumns, row: number): void {
    if (!this.#isInSession(columns.timeUs[row])) return;
    this.volume -= columns.volume[row];
    this.#turnover -= columns.volume[row] * columns.vwap[row];
  }

  rebuild(buffer: BarBuffer): void {
    this.open = this.high = this.low = NaN;
    this.volume = this.#turnover = 0;
    const c = buffer.columns;
    for (let i = 0; i < buffer.length; i++) {
      this.#add(c.timeUs[i], c.open[i], c.high[i], c.low[i], c.volume[i], c.vwap[i]);
    }
  }

  #isInSession(timeUs: number): boolean {
    return timeUs >= this.openUs && timeUs < this.closeUs;
  }

  #add(
    timeUs: number,
    open: number,
    high: number,
    low: number,
    volume: number,
    vwap: number,
  ): void {
    if (!this.#isInSession(timeUs)) return;
    if (Number.isNaN(this.open)) this.open = open;
    if (!(high <= this.high)) this.high = high;
    if (!(low >= this.low)) this.low = low;
    this.volume += volume;
    this.#turnover += volume * vwap;
  }
}

/** Second bars, which no provider sends: built from trades, complete when a later second begins. */
export class SecondBuilder {
  /** The newest complete second; NaN before it. */
  timeUs = NaN;
  open = NaN;
  high = NaN;
  low = NaN;
  close = NaN;
  volume = NaN;
  vwap = NaN;
  #startUs = NaN;
  #open = 0;
  #high = 0;
  #low = 0;
  #close = 0;
  #volume = 0;
  #turnover = 0;

  /** True while trades of a second have come that is not complete yet. */
  get isMaking(): boolean {
    return !Number.isNaN(this.#startUs);
  }

  /** Closes the second in the making where `nowUs` lies after it. True: a new complete second is there. */
  closeBefore(nowUs: number): boolean {
    if (!this.isMaking || nowUs < this.#startUs + SECOND_US) return false;
    this.timeUs = this.#startUs;
    this.open = this.#open;
    this.high = this.#high;
    this.low = this.#low;
    this.close = this.#close;
    this.volume = this.#volume;
    this.vwap = this.#volume > 0 ? this.#turnover / this.#volume : this.#close;
    this.#startUs = NaN;
    return true;
  }

  onTrade(timeUs: number, price: number, size: number): void {
    if (!this.isMaking) {
      this.#startUs = Math.floor(timeUs / SECOND_US) * SECOND_US;
      this.#open = this.#high = this.#low = price;
      this.#volume = this.#turnover = 0;
    }
    this.#high = Math.max(this.#high, price);
    this.#low = Math.min(this.#low, price);
    this.#close = price;
    this.#volume += size;
    this.#turnover += price * size;
  }
}
