const MINUTE_US = 60e6;

/** Orders and shares of the last 60 seconds of market time. */
export class RateWindow {
  readonly #timesUs: number[] = [];
  readonly #sizes: number[] = [];
  /** Those before it are too old. */
  #first = 0;
  #shares = 0;

  /** `shares`: 0 where they are not counted. */
  add(nowUs: number, shares: number): void {
    this.#forget(nowUs);
    this.#timesUs.push(nowUs);
    this.#sizes.push(shares);
    this.#shares += shares;
  }

  orders(nowUs: number): number {
    this.#forget(nowUs);
    return this.#timesUs.length - this.#first;
  }

  shares(nowUs: number): number {
    this.#forget(nowUs);
    return this.#shares;
  }

  #forget(nowUs: number): void {
    const times = this.#timesUs;
    let first = this.#first;
    while (first < times.length && times[first] <= nowUs - MINUTE_US) {
      this.#shares -= this.#sizes[first++];
    }
    // What is left of a sum of fractions is no share.
    if (first === times.length) this.#shares = 0;
    this.#first = first;
    if (first * 2 <= times.length || first === 0) return;
    times.splice(0, first);
    this.#sizes.splice(0, first);
    this.#first = 0;
  }
}
