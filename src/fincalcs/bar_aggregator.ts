import { minutesSinceMidnight } from "../model/calendar.ts";

type Receive = (
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  timeUs: number,
) => void;

const MINUTE_US = 60e6;

/**
 * Puts minute bars of a stream together to bars of `minutes`, which start at multiples of it since
 * the exchange's midnight, as resample() does. A bar is handed on with its last minute, or, where
 * that one has no bar, as soon as a later bar shows that it is over.
 * Invariant: a bar is handed on once, complete, and nothing is allocated for it.
 */
export class BarAggregator {
  #startUs = NaN;
  #open = NaN;
  #high = NaN;
  #low = NaN;
  #close = NaN;
  #volume = 0;

  constructor(private readonly minutes: number, private readonly receive: Receive) {}

  feed(
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    timeUs: number,
  ): void {
    const minute = minutesSinceMidnight(timeUs);
    const startUs = Math.floor(timeUs / MINUTE_US) * MINUTE_US - minute % this.minutes * MINUTE_US;
    if (startUs !== this.#startUs) {
      this.#handOn();
      this.#startUs = startUs;
      this.#open = open;
      this.#high = high;
      this.#low = low;
      this.#volume = 0;
    }
    this.#high = Math.max(this.#high, high);
    this.#low = Math.min(this.#low, low);
    this.#close = close;
    this.#volume += volume;
    const isLast = (minute + 1) % this.minutes === 0 || minute === 24 * 60 - 1;
    if (isLast) this.#handOn();
  }

  #handOn(): void {
    if (Number.isNaN(this.#startUs)) return;
    const startUs = this.#startUs;
    this.#startUs = NaN;
    this.receive(this.#open, this.#high, this.#low, this.#close, this.#volume, startUs);
  }
}
