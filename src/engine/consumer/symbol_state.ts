/**
 * One symbol in a consumer: its bars, its day, its newest quote and second.
 * Invariant: only rows move it, in their order; nothing here is later than the newest row.
 */
import { VolumeOrderImbalance } from "../../fincalcs/voi.ts";
import type { Asset } from "../../model/asset.ts";
import { BarBuffer, BarSeries } from "../../model/bar_series.ts";
import { BAR_ROW, type BarColumns } from "../../model/bars.ts";
import type { GivenBars } from "../../model/given_bars.ts";
import { resample } from "../../fincalcs/resample.ts";

export const MINUTE_US = 60e6;
export const SECOND_US = 1e6;

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
  /** More are being lost: a refill would not help yet. */
  isAway = false;
  /** Start of the newest bar that is complete: the provider's own, not the one in the making. */
  completeUs = -Infinity;
  /** Start of the bar before the newest complete one; ∞ where that one was not put at the end. */
  beforeUs = Infinity;
  /** Bars that begin after it may be incomplete. */
  #lostFromUs = Infinity;
  /** Sum of price × size of the minute in the making. */
  #makingTurnover = 0;
  readonly #makingRow = new Float64Array(BAR_ROW);

  readonly symbol: string;
  readonly id: number;
  readonly asset: Asset;

  // Not parameter properties: those have all fields begin as undefined, and a number in a field that
  // once was undefined is allocated each time that it is set.
  constructor(symbol: string, id: number, asset: Asset) {
    this.symbol = symbol;
    this.id = id;
    this.asset = asset;
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
      const row = this.#makingRow.fill(price);
      row[0] = startUs;
      row[5] = size;
      row[7] = 1;
      this.buffer.append(row, 0);
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
    c.high[i] = Math.max(c.high[i], price);
    c.low[i] = Math.min(c.low[i], price);
    c.close[i] = price;
    c.volume[i] = volume;
    c.vwap[i] = volume > 0 ? this.#makingTurnover / volume : price;
    c.trades[i] += 1;
  }

  /** A complete second, row `i`: moves the minute in the making and the day, as its trades would. */
  onSecondBar(bars: BarColumns, i: number): void {
    this.second.give(bars, i);
    const row = this.#makingRow;
    copyBar(bars, i, row);
    this.last = row[4];
    const startUs = Math.floor(row[0] / MINUTE_US) * MINUTE_US;
    if (startUs <= this.completeUs || startUs < this.buffer.lastTimeUs) return;
    this.day.onBar(row, 0);
    if (startUs > this.buffer.lastTimeUs) {
      this.#makingTurnover = row[5] * row[6];
      row[0] = startUs;
      this.buffer.append(row, 0);
    } else this.#growBySecond(row);
  }

  #growBySecond(row: Float64Array): void {
    const i = this.buffer.length - 1;
    const c = this.buffer.columns;
    const volume = c.volume[i] + row[5];
    this.#makingTurnover += row[5] * row[6];
    c.high[i] = Math.max(c.high[i], row[2]);
    c.low[i] = Math.min(c.low[i], row[3]);
    c.close[i] = row[4];
    c.volume[i] = volume;
    c.vwap[i] = volume > 0 ? this.#makingTurnover / volume : row[4];
    c.trades[i] += row[7];
  }

  onQuote(bidPrice: number, bidSize: number, askPrice: number, askSize: number): void {
    this.bidPrice = bidPrice;
    this.bidSize = bidSize;
    this.askPrice = askPrice;
    this.askSize = askSize;
    this.voi.add(bidPrice, bidSize, askPrice, askSize);
    if (!(this.last > 0) && bidPrice > 0 && askPrice > 0) this.last = (bidPrice + askPrice) / 2;
  }

  /**
   * The provider's minute bar, at `at` of `rows`, takes the place of the one in the making. False: it
   * was there already. `given`: where it is recorded, as the newest of those given out.
   */
  onMinuteBar(rows: Float64Array, at: number, given: GivenBars | null = null): boolean {
    const timeUs = rows[at];
    if (timeUs <= this.completeUs) return false;
    const { buffer } = this;
    const madeUs = buffer.lastTimeUs;
    if (madeUs < timeUs) {
      this.beforeUs = madeUs;
      if (given === null) buffer.append(rows, at);
      else buffer.appendGiven(given, rows, at);
    } else {
      this.beforeUs = Infinity;
      this.#putAmong(rows, at);
    }
    this.completeUs = timeUs;
    if (madeUs <= timeUs) this.last = rows[at + 4];
    this.day.onBar(rows, at);
    return true;
  }

  /** A later version of a bar that was complete. False: that minute is not in memory. */
  onUpdatedBar(rows: Float64Array, at: number): boolean {
    if (this.buffer.rowAt(rows[at]) < 0) return false;
    this.#putAmong(rows, at);
    // What was the day's high or low may have been wrong: it is looked for anew.
    this.day.rebuild(this.buffer);
    if (rows[at] === this.completeUs && this.buffer.lastTimeUs === rows[at]) {
      this.last = rows[at + 4];
    }
    return true;
  }

  /** A bar of a minute that is there, or lies before the newest. */
  #putAmong(rows: Float64Array, at: number): void {
    const row = this.buffer.rowAt(rows[at]);
    if (row < 0) return this.buffer.mergeHistory(oneBar(rows, at));
    this.day.takeBack(this.buffer.columns, row);
    this.buffer.set(row, rows, at);
  }

  /** Rows were lost now. What was quoted, and the second in the making, are of before. */
  markIncomplete(): void {
    if (!this.isIncomplete) this.#lostFromUs = this.completeUs;
    this.isIncomplete = true;
    this.bidPrice =
      this.bidSize =
      this.askPrice =
      this.askSize =
        NaN;
    this.second.drop();
    this.voi.interrupt();
  }

  /**
   * Bars of history go before and between those that are there. `fillsGap`: what was lost is in it,
   * if no more has been lost since.
   */
  onHistory(history: BarColumns, fillsGap = true): void {
    this.buffer.mergeHistory(history);
    const newest = history.timeUs.length - 1;
    // A bar that was being made when rows were lost is half a bar: here the history's counts.
    for (let i = newest; i >= 0 && history.timeUs[i] > this.#lostFromUs; i--) {
      this.#putHistory(history, i);
    }
    if (fillsGap && !this.isAway) {
      this.#lostFromUs = Infinity;
      this.isIncomplete = false;
    }
    if (newest >= 0) {
      this.completeUs = Math.max(this.completeUs, history.timeUs[newest]);
      if (Number.isNaN(this.last)) this.last = history.close[newest];
    }
    this.day.rebuild(this.buffer);
  }

  #putHistory(history: BarColumns, i: number): void {
    const row = this.buffer.rowAt(history.timeUs[i]);
    if (row >= 0) this.buffer.copyRow(row, history, i);
  }
}

function copyBar(bars: BarColumns, i: number, row: Float64Array): void {
  row[0] = bars.timeUs[i];
  row[1] = bars.open[i];
  row[2] = bars.high[i];
  row[3] = bars.low[i];
  row[4] = bars.close[i];
  row[5] = bars.volume[i];
  row[6] = bars.vwap[i] > 0 ? bars.vwap[i] : bars.close[i];
  row[7] = bars.trades[i];
}

function oneBar(rows: Float64Array, at: number): BarColumns {
  return {
    timeUs: Float64Array.of(rows[at]),
    open: Float64Array.of(rows[at + 1]),
    high: Float64Array.of(rows[at + 2]),
    low: Float64Array.of(rows[at + 3]),
    close: Float64Array.of(rows[at + 4]),
    volume: Float64Array.of(rows[at + 5]),
    vwap: Float64Array.of(rows[at + 6]),
    trades: Float64Array.of(rows[at + 7]),
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
  /** For what does not come as a row. */
  readonly #row = new Float64Array(BAR_ROW);

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
    const row = this.#row.fill(price);
    row[0] = timeUs;
    row[5] = size;
    this.onBar(row, 0);
  }

  onBar(rows: Float64Array, at: number): void {
    if (!this.#isInSession(rows[at])) return;
    const high = rows[at + 2];
    const low = rows[at + 3];
    const volume = rows[at + 5];
    if (Number.isNaN(this.open)) this.open = rows[at + 1];
    if (!(high <= this.high)) this.high = high;
    if (!(low >= this.low)) this.low = low;
    this.volume += volume;
    this.#turnover += volume * rows[at + 6];
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
    const { timeUs, open, high, low, volume, vwap } = buffer.columns;
    const row = this.#row;
    for (let i = 0; i < buffer.length; i++) {
      row[0] = timeUs[i];
      row[1] = open[i];
      row[2] = high[i];
      row[3] = low[i];
      row[5] = volume[i];
      row[6] = vwap[i];
      this.onBar(row, 0);
    }
  }

  #isInSession(timeUs: number): boolean {
    return timeUs >= this.openUs && timeUs < this.closeUs;
  }
}

/**
 * Second bars, which no provider sends: built from trades, complete when a later second begins; or
 * given, and then trades build none.
 */
export class SecondBuilder {
  /** The newest complete second; NaN before it. */
  timeUs = NaN;
  open = NaN;
  high = NaN;
  low = NaN;
  close = NaN;
  volume = NaN;
  vwap = NaN;
  #isGiven = false;
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

  /** Trades of it were lost. */
  drop(): void {
    this.#startUs = NaN;
  }

  give(bars: BarColumns, i: number): void {
    this.#isGiven = true;
    this.#startUs = NaN;
    this.timeUs = bars.timeUs[i];
    this.open = bars.open[i];
    this.high = bars.high[i];
    this.low = bars.low[i];
    this.close = bars.close[i];
    this.volume = bars.volume[i];
    this.vwap = bars.vwap[i] > 0 ? bars.vwap[i] : bars.close[i];
  }

  onTrade(timeUs: number, price: number, size: number): void {
    if (this.#isGiven) return;
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
