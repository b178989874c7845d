/**
 * One symbol's recorded data on its way to the consumer, row by row.
 * Invariant: what lies behind the cursors has been given out, and nothing else can be seen.
 */
import type { BarColumns } from "../model/bars.ts";
import type { SymbolData } from "../recorded/market_data.ts";

export class SymbolFeed {
  readonly bars: BarColumns;
  /** Cursors: rows that are next. */
  bar = 0;
  quote = 0;
  trade = 0;
  barDueUs = Infinity;
  quoteDueUs = Infinity;
  tradeDueUs = Infinity;
  /** The earliest of them. */
  nextUs = Infinity;
  /** Quotes or trades: the exchange hears of every event. */
  readonly isFine: boolean;
  /** An order of the symbol is open at the exchange. */
  hasOrders = false;
  /** The gateway watches its prices. */
  isWatched = false;
  /** Signed, as the account holds it. */
  heldQty = 0;
  /** Bars that the exchange has heard of. */
  notedBars = 0;

  constructor(
    readonly id: number,
    readonly data: SymbolData,
    /** From a bar's time to when it is due. */
    readonly barUs: number,
    /** Where bars do not begin at their time. */
    readonly opensUs: Float64Array | null,
  ) {
    this.bars = data.minuteBars;
    this.isFine = data.quotes.timeUs.length + data.trades.timeUs.length > 0;
  }

  get symbol(): string {
    return this.data.symbol;
  }

  /** Next is what is due after `us`. */
  seek(us: number): void {
    this.bar = firstAfter(this.bars.timeUs, us - this.barUs);
    this.quote = firstAfter(this.data.quotes.timeUs, us);
    this.trade = firstAfter(this.data.trades.timeUs, us);
    this.setDue();
  }

  /** After a cursor has moved. */
  setDue(): void {
    const { bars, data: { quotes, trades } } = this;
    this.barDueUs = this.bar < bars.timeUs.length ? bars.timeUs[this.bar] + this.barUs : Infinity;
    this.nextUs = this.barDueUs;
    if (!this.isFine) return;
    this.quoteDueUs = this.quote < quotes.timeUs.length ? quotes.timeUs[this.quote] : Infinity;
    this.tradeDueUs = this.trade < trades.timeUs.length ? trades.timeUs[this.trade] : Infinity;
    this.nextUs = Math.min(this.barDueUs, this.quoteDueUs, this.tradeDueUs);
  }

  /** Close of the newest bar given out; NaN before the first. */
  get lastClose(): number {
    return this.bar > 0 ? this.bars.close[this.bar - 1] : NaN;
  }
}

/** Place of the first time after `us` in ascending times. */
export function firstAfter(timeUs: Float64Array, us: number): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeUs[middle] <= us) low = middle + 1;
    else high = middle;
  }
  return low;
}
