import type { BarSource } from "./indicators.ts";
import { type Candle, sourceOf, StreamIndicator } from "./stream_indicator.ts";

/**
 * The one indicator of its own: as the library's, to 1e-9 of the value, at a fraction of its time.
 * The sum is taken anew once in each period, so that rounding does not pile up.
 */
export class Sma extends StreamIndicator {
  #values = new Float64Array();
  #at = 0;
  #sum = NaN;
  /** The value that comes: as an argument it would be allocated. */
  #next = NaN;
  #isFull = false;
  #source: BarSource = "close";

  // Not parameter properties: those have all fields begin as undefined, and a number in a field that
  // once was undefined is allocated each time that it is set.
  constructor(period: number, source: BarSource) {
    super();
    this.#values = new Float64Array(period);
    this.#source = source;
    this.#sum = 0;
  }

  override get takesCandles(): boolean {
    return this.#source !== "close";
  }

  add(candle: Candle): void {
    this.#next = this.#source === "close" ? candle.close : sourceOf(candle, this.#source);
    this.#take();
  }

  override addRow(rows: Float64Array, at: number, candle: Candle): void {
    if (this.#source !== "close") return this.add(candle);
    this.#next = rows[at + 4];
    this.#take();
  }

  #take(): void {
    const value = this.#next;
    const values = this.#values;
    const at = this.#at;
    this.#sum += value - values[at];
    values[at] = value;
    if (at + 1 < values.length) this.#at = at + 1;
    else {
      this.#at = 0;
      this.#isFull = true;
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i];
      this.#sum = sum;
    }
    if (!this.#isFull) return;
    this.previous = this.value;
    this.value = this.#sum / values.length;
    this.isReady = true;
  }
}
