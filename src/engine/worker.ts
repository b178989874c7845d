/** What all workers' entries share. */
import type { FailedMessage, LogMessage } from "../protocol.ts";

/** Why a worker could not go on, as a message. */
export function failedMessage(error: unknown): FailedMessage {
  const isError = error instanceof Error;
  return {
    type: "failed",
    errorName: isError ? error.name : "Error",
    message: isError ? error.message : String(error),
    stack: isError ? error.stack ?? null : null,
  };
}

/** Numbers in [0, 1) that are the same in each run (Mulberry32). What user code gets as Math.random. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Records of user code that go to main between two refills; a loop that logs must not fill main's memory. */
const LOGS_MAX = 5_000;

/** Lets so many log records of user code through at a time; the rest is counted, and told as one. */
export class LogBudget {
  #left = LOGS_MAX;
  #dropped = 0;
  readonly toMain: (message: LogMessage) => void;

  constructor(toMain: (message: LogMessage) => void) {
    this.toMain = (message) => {
      if (this.#left > 0) {
        this.#left--;
        toMain(message);
      } else this.#dropped++;
    };
  }

  refill(): void {
    this.#left = LOGS_MAX;
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped === 0) return;
    this.toMain({
      type: "log",
      level: "warning",
      category: ["liu", "strategy"],
      message: "{dropped} log records are left out: user code writes more than can be read",
      properties: { dropped },
    });
  }
}
