import type { BarSource } from "./indicators.ts";
import { type Candle, sourceOf, StreamIndicator } from "./stream_indicator.ts";

/** Where in its numbers the window begins; before it the two sums. */
const FIRST = 2;

/**
 * The one indicator of its own: as the library's, to 1e-9 of the value, at a fraction of its time.
 * The sum is taken anew once in each period, so that rounding does not pile up.
 */
export class Sma extends StreamIndicator {
  /**
   * Sum of the window, sum of what has come since the window was begun anew, window. In one piece of
   * memory: a field that is a number is an object of its own.
   */
  #numbers = new Float64Array();
  #at = FIRST;
  #source: BarSource = "close";

  // Not parameter properties: those have all fields begin as undefined, and a number in a field that
  // once was undefined is allocated each time that it is set.
  constructor(period: number, source: BarSource) {
    super();
    this.#numbers = new Float64Array(FIRST + period);
    this.#source = source;
  }

  override get takesCandles(): boolean {
    return this.#source !== "close";
  }

  add(candle: Candle): void {
    const numbers = this.#numbers;
    const value = this.#source === "close" ? candle.close : sourceOf(candle, this.#source);
    numbers[0] += value - numbers[this.#at];
    numbers[this.#at] = value;
    this.#taken();
  }

  override addRow(rows: Float64Array, at: number, candle: Candle): void {
    if (this.#source !== "close") return this.add(candle);
    const numbers = this.#numbers;
    const value = rows[at + 4];
    numbers[0] += value - numbers[this.#at];
    numbers[this.#at] = value;
    this.#taken();
  }

  /** The newest value stands in the window, and the sum has it. */
  #taken(): void {
    const numbers = this.#numbers;
    const at = this.#at;
    numbers[1] += numbers[at];
    if (at + 1 < numbers.length) this.#at = at + 1;
    else {
      this.#at = FIRST;
      numbers[0] = numbers[1];
      numbers[1] = 0;
      this.isReady = true;
    }
    if (!this.isReady) return;
    this.previous = this.value;
    this.value = numbers[0] / (numbers.length - FIRST);
  }
}
