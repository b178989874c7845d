/** What bars are to indicators, and the way into one. */
import type { BarSource, Indicator } from "./indicators.ts";

export interface Candle {
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  timeUs: number;
}

/**
 * Candles that are used again in turn, because the library keeps those that it was given.
 * Invariant: a candle comes back only after at least the reserved number of others.
 */
export class CandleRing {
  readonly #candles: Candle[] = [];
  #last = -1;

  reserve(count: number): void {
    while (this.#candles.length < count) {
      const fresh = { open: 0, high: 0, low: 0, close: 0, volume: 0, timeUs: 0 };
      // Behind the newest, so that those in use keep their order.
      this.#candles.splice(this.#last + 1, 0, fresh);
    }
  }

  next(): Candle {
    const next = this.#last + 1;
    this.#last = next < this.#candles.length ? next : 0;
    return this.#candles[this.#last];
  }
}

/** An indicator with its way in. */
export abstract class StreamIndicator implements Indicator {
  value = NaN;
  previous = NaN;
  isReady = false;
  /** False: addRow reads the row, and no candle has to be made for it. */
  get takesCandles(): boolean {
    return true;
  }

  abstract add(candle: Candle): void;

  /** As add(), of the bar at `at` of `rows` (BAR_ROW). */
  addRow(_rows: Float64Array, _at: number, candle: Candle): void {
    this.add(candle);
  }

  protected set(value: number): void {
    this.previous = this.value;
    this.value = value;
    this.isReady = true;
  }

  /** As before the first bar. */
  protected clear(): void {
    this.value = this.previous = NaN;
    this.isReady = false;
  }
}

export function sourceOf(candle: Candle, source: BarSource): number {
  return source === "typical" ? (candle.high + candle.low + candle.close) / 3 : candle[source];
}
