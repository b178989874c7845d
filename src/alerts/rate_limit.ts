import type { Alert } from "./alert.ts";

const MINUTE_MS = 60_000;
/** Codes that are counted at once; beyond them all are one. */
const CODES_MAX = 200;

interface Code {
  /** When it may be told again. */
  freeMs: number;
  held: number;
  last: Alert;
}

/**
 * Which alerts are told: each code once in a time, and not more than so many a minute in all. What is
 * held back is counted, and told of in a line when its time is over.
 */
export class RateLimit {
  readonly #codes = new Map<string, Code>();
  #sentMs: number[] = [];
  #heldInAll = 0;

  constructor(readonly limits: { maxPerMinute: number; repeatMinutes: number }) {}

  /** True: it is told now. */
  admits(alert: Alert, nowMs: number): boolean {
    const known = this.#codes.get(alert.code);
    if (known !== undefined && nowMs < known.freeMs) {
      known.held++;
      known.last = alert;
      return false;
    }
    if (!this.#hasRoom(nowMs)) {
      this.#heldInAll++;
      return false;
    }
    this.#sentMs.push(nowMs);
    if (this.#codes.size < CODES_MAX) {
      const freeMs = nowMs + this.limits.repeatMinutes * MINUTE_MS;
      this.#codes.set(alert.code, { freeMs, held: 0, last: alert });
    }
    return true;
  }

  /** Lines about what was held back and may be told of now. `all`: whatever its time. */
  summaries(nowMs: number, all = false): Alert[] {
    const lines: Alert[] = [];
    for (const [code, { freeMs, held, last }] of this.#codes) {
      if (!all && nowMs < freeMs) continue;
      this.#codes.delete(code);
      if (held > 0) lines.push({ ...last, text: `${held} more, the last: ${last.text}` });
    }
    if (this.#heldInAll === 0 || !(all || this.#hasRoom(nowMs))) return lines;
    const text = `${this.#heldInAll} alerts were held back: more than ` +
      `${this.limits.maxPerMinute} in a minute; the log has them`;
    this.#heldInAll = 0;
    this.#sentMs.push(nowMs);
    lines.push({
      code: "alerts_held_back",
      level: "error",
      text,
      timeMs: Date.now(),
      properties: {},
    });
    return lines;
  }

  /** When summaries may be due; Infinity: nothing is held back. */
  get nextMs(): number {
    let next = this.#heldInAll > 0 ? this.#sentMs[0] + MINUTE_MS : Infinity;
    for (const { freeMs, held } of this.#codes.values()) {
      if (held > 0) next = Math.min(next, freeMs);
    }
    return next;
  }

  #hasRoom(nowMs: number): boolean {
    this.#sentMs = this.#sentMs.filter((sentMs) => nowMs - sentMs < MINUTE_MS);
    return this.#sentMs.length < this.limits.maxPerMinute;
  }
}
