/**
 * One symbol's recorded data on its way to the consumer, row by row.
 * Invariant: what lies behind the cursors has been given out, and nothing else can be seen.
 */
import { BAR_ROW, type BarColumns } from "../model/bars.ts";
import { GivenBars } from "../model/given_bars.ts";
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import type { SymbolMarket } from "../matching/market.ts";
import type { SymbolData } from "../recorded/market_data.ts";

/** Bars are read ahead column by column, so many at once: columns of many symbols in turn are slow. */
const ROWS = 64;

export class SymbolFeed {
  readonly bars: BarColumns;
  /** Its bars up to the cursor. */
  readonly given: GivenBars;
  /** Cursors: rows that are next. */
  quote = 0;
  trade = 0;
  second = 0;
  secondDueUs = Infinity;
  quoteDueUs = Infinity;
  finePrice = NaN;
  tradeDueUs = Infinity;
  /** Bars as BAR_ROW, read ahead: for the replay alone. */
  rows = new Float64Array();
  /** Where in `rows` the next bar is; at its end they are to be read. */
  #at = 0;
  /** The newest bar given out is in `rows`. */
  #isRead = false;
  /** Its place among the replay's active feeds. */
  place = -1;
  /** Second bars that are given out, and fill orders in the place of minutes; null: none are. */
  readonly seconds: BarColumns | null;
  /** Seconds, quotes or trades: the exchange hears of every event. */
  readonly isFine: boolean;
  /** An order of the symbol is open at the exchange. */
  hasOrders = false;
  /** The gateway watches its prices. */
  isWatched = false;
  /** Signed, as the account holds it. */
  heldQty = 0;
  /** Bars that the exchange has heard of. */
  notedBars = 0;

  readonly id: number;
  readonly data: SymbolData;
  /** From a bar's time to when it is due. */
  readonly barUs: number;
  /** Where bars do not begin at their time. */
  readonly opensUs: Float64Array | null;
  /** The symbol at the exchange. */
  readonly market: SymbolMarket;

  constructor(
    { id, data, barUs, opensUs, hasSeconds, market }:
      & Pick<SymbolFeed, "id" | "data" | "barUs" | "opensUs" | "market">
      & { hasSeconds: boolean },
  ) {
    this.id = id;
    this.market = market;
    this.data = data;
    this.barUs = barUs;
    this.opensUs = opensUs;
    this.bars = data.minuteBars;
    this.given = new GivenBars(data.minuteBars);
    this.seconds = hasSeconds ? data.secondBars : null;
    this.isFine = hasSeconds || data.quotes.timeUs.length + data.trades.timeUs.length > 0;
  }

  get symbol(): string {
    return this.data.symbol;
  }

  /** The bar that is next. */
  get bar(): number {
    return this.given.length;
  }

  /** Next is what is due after `us`. */
  seek(us: number): void {
    this.given.length = firstAfter(this.bars.timeUs, us - this.barUs);
    this.quote = firstAfter(this.data.quotes.timeUs, us);
    this.trade = firstAfter(this.data.trades.timeUs, us);
    if (this.seconds !== null) this.second = firstAfter(this.seconds.timeUs, us - SECOND_US);
    this.#at = this.rows.length;
    this.#isRead = false;
    this.setFineDue();
  }

  /** Moves the cursor past the next bar, and gives where in `rows` that stands. */
  takeBar(): number {
    if (this.#at === this.rows.length) this.#readAhead();
    const at = this.#at;
    this.#at = at + BAR_ROW;
    this.given.length++;
    return at;
  }

  #readAhead(): void {
    const { bars, bar } = this;
    const count = Math.min(ROWS, bars.timeUs.length - bar);
    if (this.rows.length !== count * BAR_ROW) this.rows = new Float64Array(count * BAR_ROW);
    this.#at = 0;
    this.#isRead = true;
    const { rows } = this;
    copyColumn(rows, 0, bars.timeUs, bar, count);
    copyColumn(rows, 1, bars.open, bar, count);
    copyColumn(rows, 2, bars.high, bar, count);
    copyColumn(rows, 3, bars.low, bar, count);
    copyColumn(rows, 4, bars.close, bar, count);
    copyColumn(rows, 5, bars.volume, bar, count);
    copyColumn(rows, 6, bars.vwap, bar, count);
    copyColumn(rows, 7, bars.trades, bar, count);
    for (let at = 0; at < rows.length; at += BAR_ROW) {
      if (!(rows[at + 6] > 0)) rows[at + 6] = rows[at + 4];
    }
  }

  /** When the next bar is due. */
  get barDueUs(): number {
    if (this.#at < this.rows.length) return this.rows[this.#at] + this.barUs;
    const { bar, bars: { timeUs } } = this;
    return bar < timeUs.length ? timeUs[bar] + this.barUs : Infinity;
  }

  /** After a cursor of seconds, quotes or trades has moved. */
  setFineDue(): void {
    if (!this.isFine) return;
    const { data: { quotes, trades }, seconds, second } = this;
    this.secondDueUs = seconds !== null && second < seconds.timeUs.length
      ? seconds.timeUs[second] + SECOND_US
      : Infinity;
    this.quoteDueUs = this.quote < quotes.timeUs.length ? quotes.timeUs[this.quote] : Infinity;
    this.tradeDueUs = this.trade < trades.timeUs.length ? trades.timeUs[this.trade] : Infinity;
  }

  /** Of the newest trade or second that was given out, else the newest bar; NaN before the first. */
  get lastPrice(): number {
    return Number.isNaN(this.finePrice) ? this.lastClose : this.finePrice;
  }

  /** Time of the newest bar given out; NaN before the first. */
  get lastBarUs(): number {
    if (this.#isRead) return this.rows[this.#at - BAR_ROW];
    return this.bar > 0 ? this.bars.timeUs[this.bar - 1] : NaN;
  }

  /** Close of the newest bar given out; NaN before the first. */
  get lastClose(): number {
    // The row is at hand, the column of another symbol's turn ago is not.
    if (this.#isRead) return this.rows[this.#at - BAR_ROW + 4];
    return this.bar > 0 ? this.bars.close[this.bar - 1] : NaN;
  }
}

function copyColumn(
  rows: Float64Array,
  place: number,
  column: Float64Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) rows[i * BAR_ROW + place] = column[from + i];
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
