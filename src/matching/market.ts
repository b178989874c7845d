import { type Decimal, decimal } from "../util/decimal.ts";
import type { FillSource } from "./types.ts";

const RANK: Record<FillSource, number> = { bars: 0, trades: 1, quotes: 2 };

/** What the exchange has seen of one symbol. NaN: nothing yet. */
export class SymbolMarket {
  /** The last trade's price or bar's close; a quote's middle where neither is known. */
  lastPrice = NaN;
  /** When `lastPrice` was made; −∞ for a seeded one. */
  lastUs = -Infinity;
  bidPrice = NaN;
  askPrice = NaN;
  isHalted = false;
  /** Number of the newest bar among the exchange's events. */
  barNumber = 0;
  /** Open orders in it, of all accounts. */
  openOrders = 0;
  #source: FillSource | null = null;
  #hasTraded = false;
  #decimal: Decimal | null = null;
  #decimalOf = NaN;

  constructor(private readonly fixedSource: FillSource | null) {}

  /** Whether an event of this source fills orders. */
  isFilledBy(source: FillSource): boolean {
    if (this.fixedSource !== null) return this.fixedSource === source;
    if (this.#source === null || RANK[source] > RANK[this.#source]) this.#source = source;
    return this.#source === source;
  }

  /** `lastPrice`; null: none is known. */
  get lastDecimal(): Decimal | null {
    const { lastPrice } = this;
    if (lastPrice !== this.#decimalOf) {
      this.#decimalOf = lastPrice;
      this.#decimal = Number.isNaN(lastPrice) ? null : decimal(lastPrice);
    }
    return this.#decimal;
  }

  /** What fills orders; null: nothing has been seen yet. */
  get source(): FillSource | null {
    return this.fixedSource ?? this.#source;
  }

  /** By a trade or a bar. */
  setLast(price: number, timeUs: number): void {
    this.lastPrice = price;
    this.lastUs = timeUs;
    this.#hasTraded = true;
  }

  setQuote(bidPrice: number, askPrice: number, timeUs: number): void {
    this.bidPrice = bidPrice;
    this.askPrice = askPrice;
    if (this.#hasTraded || !(bidPrice > 0 && askPrice > 0)) return;
    this.lastPrice = (bidPrice + askPrice) / 2;
    this.lastUs = timeUs;
  }

  seed(price: number): void {
    if (Number.isNaN(this.lastPrice)) this.lastPrice = price;
  }

  /** What a buyer is asked for now; NaN: no price is known. */
  get buyPrice(): number {
    return this.askPrice > 0 ? this.askPrice : this.lastPrice;
  }

  /** What a seller is offered now; NaN: no price is known. */
  get sellPrice(): number {
    return this.bidPrice > 0 ? this.bidPrice : this.lastPrice;
  }
}
