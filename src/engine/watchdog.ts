import type { ConsumerLink } from "./session_workers.ts";

const PERIOD_MS = 1000;
/** A call that is seen running so many times in a row is stopped. */
const SEEN_MAX = 3;

/**
 * Stops strategies that do not return. Each consumer shows what it calls in shared memory; a call that is still the same
 * after some seconds meets its stop flag at the head of its loop.
 */
export class Watchdog {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(
    consumers: readonly Pick<ConsumerLink, "index" | "control">[],
    onHung: (consumer: number, strategy: number) => void,
  ) {
    const seen = consumers.map(() => ({ calls: -1, times: 0 }));
    this.#timer = setInterval(() => {
      for (const { index, control } of consumers) {
        const running = Atomics.load(control, 0);
        const calls = Atomics.load(control, 1);
        const last = seen[index];
        last.times = running !== 0 && calls === last.calls ? last.times + 1 : 0;
        last.calls = calls;
        if (last.times !== SEEN_MAX) continue;
        Atomics.store(control, 1 + running, 1);
        onHung(index, running - 1);
      }
    }, PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
