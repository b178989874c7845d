/** What is to be done at a later market time. */
import type { Monotonic } from "../../wire/monotonic.ts";
import type { Market } from "../market.ts";

export class Later {
  readonly #market: () => Market;
  readonly #clock: Monotonic;
  readonly #due: { us: number; run(): void }[] = [];
  readonly #stops = new Set<() => void>();

  /** `clock`: the one that the market's time runs on. */
  constructor(market: () => Market, clock: Monotonic) {
    this.#market = market;
    this.#clock = clock;
  }

  /** At the first step at or after `us`; where time runs, as soon as it has come. */
  at(us: number, nowUs: number, run: () => void): void {
    this.#due.push({ us, run });
    const { rate } = this.#market();
    if (rate === 0) return;
    const stop = this.#clock.after((us - nowUs) / 1000 / rate, () => {
      this.#stops.delete(stop);
      this.runDue(this.#market().nowUs());
    });
    this.#stops.add(stop);
  }

  runDue(nowUs: number): void {
    for (;;) {
      const at = this.#due.findIndex(({ us }) => us <= nowUs);
      if (at < 0) return;
      this.#due.splice(at, 1)[0].run();
    }
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }
}
