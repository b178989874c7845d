/**
 * Volume order imbalance: on which side of the best quotes orders pile up.
 * Invariant: nothing is allocated per quote.
 */

/** Averages kept. */
const KEPT = 10;
/** Weight of the newest imbalance: that of an exponential average over 100 quotes. */
const WEIGHT = 2 / (100 + 1);

/**
 * Follows the quotes of one symbol. The imbalance of a quote is its bid delta volume − its ask
 * delta volume (Shen, Order Imbalance Based Strategy in High Frequency Trading, 2015):
 *
 * - bid price fell: 0 · rose: the new bid size · stayed: the change of the bid size
 * - ask price rose: 0 · fell: the new ask size · stayed: the change of the ask size
 *
 * `value` is its exponential average, k = 2 ÷ 101, starting from 0: above 0 buyers press, below
 * sellers. Unit: that of the sizes, shares or coins.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const voi = new VolumeOrderImbalance();
 * voi.add(100.00, 500, 100.05, 300);
 * assert.ok(Number.isNaN(voi.value));
 * voi.add(100.01, 700, 100.05, 200); // bid rose: 700; ask size fell by 100: −100
 * assert.equal(voi.value, 800 * 2 / 101);
 * ```
 */
export class VolumeOrderImbalance {
  #bidPrice = NaN;
  #bidSize = 0;
  #askPrice = NaN;
  #askSize = 0;
  readonly #kept = new Float64Array(KEPT);
  #count = 0;

  /** The exponential average, NaN before the second quote. */
  get value(): number {
    return this.#count === 0 ? NaN : this.#kept[(this.#count - 1) % KEPT];
  }

  /**
   * One quote, prices > 0, sizes ≥ 0. A quote with a side missing (price 0 or not a number) says
   * nothing about it and is left out.
   */
  add(bidPrice: number, bidSize: number, askPrice: number, askSize: number): void {
    if (!(bidPrice > 0 && askPrice > 0)) return;
    if (this.#bidPrice > 0) {
      const bidDelta = bidPrice < this.#bidPrice
        ? 0
        : bidPrice > this.#bidPrice
        ? bidSize
        : bidSize - this.#bidSize;
      const askDelta = askPrice > this.#askPrice
        ? 0
        : askPrice < this.#askPrice
        ? askSize
        : askSize - this.#askSize;
      const last = this.#count === 0 ? 0 : this.value;
      this.#kept[this.#count++ % KEPT] = last * (1 - WEIGHT) + WEIGHT * (bidDelta - askDelta);
    }
    this.#bidPrice = bidPrice;
    this.#bidSize = bidSize;
    this.#askPrice = askPrice;
    this.#askSize = askSize;
  }

  /** Quotes were lost: the next is not compared with the last. */
  interrupt(): void {
    this.#bidPrice = this.#askPrice = NaN;
  }

  /** The last 10 averages or fewer, oldest first (a copy). */
  last(): Float64Array {
    const length = Math.min(this.#count, KEPT);
    const out = new Float64Array(length);
    for (let i = 0; i < length; i++) out[i] = this.#kept[(this.#count - length + i) % KEPT];
    return out;
  }
}
