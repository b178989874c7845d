import type { ConsumerLink } from "./session_workers.ts";

const PERIOD_MS = 1000;
/** A call that is seen running so many times in a row is stopped. */
const SEEN_MAX = 3;
/** One that is seen so many times in a row has not heard of it, and never will. */
const SEEN_DEAF = 8;

/**
 * Stops strategies that do not return. Each consumer shows what it calls in shared memory; a call that is still the same
 * after some seconds meets its stop flag at the head of its loop. What does not return inside of the language's own code
 * (a regular expression that tries for ever) meets no flag: `onDeaf` is told, some seconds later.
 */
export class Watchdog {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    consumers: readonly Pick<ConsumerLink, "index" | "control">[],
    onHung: (consumer: number, strategy: number) => void,
    onDeaf: (consumer: number, strategy: number) => void = () => {},
  ) {
    const seen = consumers.map(() => ({ calls: -1, times: 0 }));
    this.#timer = setInterval(() => {
      for (const [place, { index, control }] of consumers.entries()) {
        const running = Atomics.load(control, 0);
        const calls = Atomics.load(control, 1);
        const last = seen[place];
        last.times = running !== 0 && calls === last.calls ? last.times + 1 : 0;
        last.calls = calls;
        if (last.times === SEEN_MAX) {
          Atomics.store(control, 1 + running, 1);
          onHung(index, running - 1);
        }
        if (last.times === SEEN_DEAF) onDeaf(index, running - 1);
      }
    }, PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
