/** An interruption that lasts is told to a person once, and its end: not each attempt meanwhile. */
import { AbortController } from "../../util/natives.ts";
import type { GatewayOptions } from "./options.ts";
import type { GatewayState } from "./state.ts";

/** Shorter ones happen each day, and mend themselves. */
const TOLD_MS = 10_000;

interface OutageOptions extends Pick<GatewayOptions, "wait" | "log"> {
  /** "Order updates". */
  what: string;
  /** Its alerts' codes: `lost` and `back`. */
  codes: { lost: string; back: string };
  /** Something is open, or could be opened: somebody must know. */
  isNeeded(): boolean;
  signal: AbortSignal;
}

export class Outage {
  readonly #options: OutageOptions;
  #waiting: AbortController | null = null;
  #isTold = false;
  #reason = "";

  constructor(options: OutageOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#waiting?.abort(), { once: true });
  }

  begin(reason: string): void {
    this.#reason = reason;
    if (this.#waiting !== null || this.#options.signal.aborted) return;
    this.#waiting = new AbortController();
    // Whoever waits may be told by a rejection that it is over.
    void this.#watch(this.#waiting.signal).catch(() => {});
  }

  end(): void {
    if (this.#waiting === null) return;
    this.#waiting.abort();
    this.#waiting = null;
    if (!this.#isTold) return;
    this.#isTold = false;
    const { what, codes, log } = this.#options;
    log("warning", "{what} are back", { what, alert: codes.back });
  }

  /** One that begins with nothing open is told when it is needed. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { what, codes, wait, isNeeded, log } = this.#options;
    while (!signal.aborted) {
      await wait(TOLD_MS, signal);
      if (signal.aborted) return;
      if (!isNeeded()) continue;
      this.#isTold = true;
      const text = "{what} have been interrupted for more than {seconds} s, entries wait: {reason}";
      const seconds = TOLD_MS / 1000;
      return log("error", text, { what, seconds, reason: this.#reason, alert: codes.lost });
    }
  }
}

export function updatesOutage(state: GatewayState, signal: AbortSignal): Outage {
  const { wait, log } = state.options;
  return new Outage({
    what: "Order updates",
    codes: { lost: "order_updates_lost", back: "order_updates_back" },
    isNeeded: () => !state.isStopping && isNeeded(state),
    wait,
    log,
    signal,
  });
}

function isNeeded(state: GatewayState): boolean {
  const { book, board, sessions: { us_equity: session } } = state;
  if (!book.isFlat || board.openOrders > 0) return true;
  const nowUs = state.nowUs();
  return session !== undefined && nowUs >= session.openUs && nowUs < session.closeUs;
}
