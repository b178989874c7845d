/**
 * An account's allowance of requests, kept so that the last of them are there for cancels.
 * Invariant: an ordinary request never takes one of the reserved ones.
 */
export class RateBudget {
  readonly #reserved: number;
  #limit: number;
  #remaining: number;
  #resetAtMs = -Infinity;
  #blockedUntilMs = -Infinity;
  #isLifted = false;

  /** @param limit requests in a window of a minute @param reserved of these, kept for cancels */
  constructor(limit: number, reserved: number) {
    this.#limit = limit;
    this.#remaining = limit;
    this.#reserved = reserved;
  }

  /** Takes one and gives 0, or takes none and gives the milliseconds until the next try. */
  take(nowMs: number, forCancel: boolean): number {
    if (nowMs < this.#blockedUntilMs) return Math.ceil(this.#blockedUntilMs - nowMs);
    if (this.#isLifted) return 0;
    if (nowMs >= this.#resetAtMs) {
      this.#remaining = this.#limit;
      this.#resetAtMs = nowMs + WINDOW_MS;
    }
    const floor = forCancel ? 0 : Math.min(this.#reserved, Math.floor(this.#limit / 2));
    if (this.#remaining <= floor) return Math.max(1, Math.ceil(this.#resetAtMs - nowMs));
    this.#remaining--;
    return 0;
  }

  /** What a reply said: the limit, what remains of it, and when it is whole again. */
  learn(nowMs: number, limit: number, remaining: number, resetInMs: number): void {
    const resetAtMs = nowMs + resetInMs;
    const isSameWindow = limit === this.#limit &&
      Math.abs(resetAtMs - this.#resetAtMs) < SAME_WINDOW_MS;
    // Replies overtake one another: within a window only the lower count can be true.
    this.#remaining = isSameWindow ? Math.min(this.#remaining, remaining) : remaining;
    this.#limit = limit;
    this.#resetAtMs = resetAtMs;
  }

  /** The exchange counts in a time of its own (a simulated one): only its refusals are heeded. */
  lift(): void {
    this.#isLifted = true;
  }

  /** Refused (429): nothing is sent until then. */
  block(nowMs: number, waitMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, nowMs + waitMs);
  }
}

const WINDOW_MS = 60_000;
/** Announced in whole seconds, and by a clock that need not be ours. */
const SAME_WINDOW_MS = 3000;
