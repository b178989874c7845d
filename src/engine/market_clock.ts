import type { Clock } from "../contracts/clock.ts";
import type { ClockSetting } from "../protocol.ts";

/** Market time: an offset and a rate on the machine's time, or set by steps. Never goes back. */
export class MarketClock implements Clock {
  #setting: ClockSetting;
  #latestUs: number;
  readonly #wallMs: () => number;

  /** `wallMs`: milliseconds since the epoch on a clock that never goes back and is the same in all workers. */
  constructor(setting: ClockSetting, wallMs: () => number) {
    this.#setting = setting;
    this.#latestUs = setting.baseUs;
    this.#wallMs = wallMs;
  }

  /** Market seconds in a second; 0: it goes by steps. */
  get rate(): number {
    return this.#setting.rate;
  }

  /** To start the clock of another worker alike. */
  get setting(): ClockSetting {
    return this.#setting;
  }

  nowUs(): number {
    const { baseUs, wallBaseMs, rate } = this.#setting;
    if (rate !== 0) {
      const us = baseUs + (this.#wallMs() - wallBaseMs) * 1000 * rate;
      if (us > this.#latestUs) this.#latestUs = us;
    }
    return this.#latestUs;
  }

  /** A step's time. Earlier ones change nothing. */
  advanceTo(us: number): void {
    if (us > this.#latestUs) this.#latestUs = us;
  }
}

// Taken at import: a worker that runs user code has no such global later.
const { timeOrigin } = performance;
const sinceOriginMs = performance.now.bind(performance);

/** Milliseconds since the epoch, monotonic, equal in all workers of the process. */
export function workerWallMs(): number {
  return timeOrigin + sinceOriginMs();
}
