import type { Alert } from "./alert.ts";

const MINUTE_MS = 60_000;
/** Codes and what they are about that are counted at once; beyond them each is told. */
const KINDS_MAX = 200;
/** Subjects that a line about what was held back names. */
const NAMED_MAX = 10;

/** A code and what it is about. */
interface Kind {
  /** When it may be told again. */
  freeMs: number;
  held: number;
  last: Alert;
}

/**
 * Which alerts are told: each code once in a time of each thing that it is about, and not more than
 * so many a minute in all. What is held back is counted, and told of in a line that names what it was
 * about when its time is over.
 */
export class RateLimit {
  readonly #kinds = new Map<string, Kind>();
  #sentMs: number[] = [];
  #heldInAll = new Subjects();

  constructor(readonly limits: { maxPerMinute: number; repeatMinutes: number }) {}

  /** True: it is told now. */
  admits(alert: Alert, nowMs: number): boolean {
    const key = `${alert.code} ${alert.about}`;
    const known = this.#kinds.get(key);
    if (known !== undefined && nowMs < known.freeMs) {
      known.held++;
      known.last = alert;
      return false;
    }
    if (!this.#hasRoom(nowMs)) {
      this.#heldInAll.add(alert.about === "" ? alert.code : `${alert.code} of ${alert.about}`, 1);
      return false;
    }
    this.#sentMs.push(nowMs);
    if (this.#kinds.size < KINDS_MAX) {
      const freeMs = nowMs + this.limits.repeatMinutes * MINUTE_MS;
      this.#kinds.set(key, { freeMs, held: 0, last: alert });
    }
    return true;
  }

  /** Lines about what was held back and may be told of now. `all`: whatever its time. */
  summaries(nowMs: number, all = false): Alert[] {
    const dueCodes = new Set<string>();
    for (const { freeMs, held, last } of this.#kinds.values()) {
      if (held > 0 && (all || nowMs >= freeMs)) dueCodes.add(last.code);
    }
    const lines = [...dueCodes].map((code) => this.#summary(code));
    for (const [key, { freeMs }] of this.#kinds) {
      if (all || nowMs >= freeMs) this.#kinds.delete(key);
    }
    if (this.#heldInAll.count === 0 || !(all || this.#hasRoom(nowMs))) return lines;
    const text = `${this.#heldInAll.count} alerts were held back, more than ` +
      `${this.limits.maxPerMinute} in a minute: ${this.#heldInAll.text()}; the log has them`;
    this.#heldInAll = new Subjects();
    this.#sentMs.push(nowMs);
    lines.push({
      code: "alerts_held_back",
      about: "",
      level: "error",
      text,
      timeMs: Date.now(),
      properties: {},
    });
    return lines;
  }

  /** Of all that is held back of a code, be its time over or not: one line for many. */
  #summary(code: string): Alert {
    const subjects = new Subjects();
    let last: Alert | null = null;
    for (const kind of this.#kinds.values()) {
      if (kind.last.code !== code || kind.held === 0) continue;
      subjects.add(kind.last.about, kind.held);
      if (last === null || kind.last.timeMs >= last.timeMs) ({ last } = kind);
      kind.held = 0;
    }
    const of = subjects.text();
    const about = of === "" ? "" : ` (${of})`;
    return { ...last!, text: `${subjects.count} more${about}, the last: ${last!.text}` };
  }

  /** When summaries may be due; Infinity: nothing is held back. */
  get nextMs(): number {
    let next = this.#heldInAll.count > 0 ? this.#sentMs[0] + MINUTE_MS : Infinity;
    for (const { freeMs, held } of this.#kinds.values()) {
      if (held > 0) next = Math.min(next, freeMs);
    }
    return next;
  }

  #hasRoom(nowMs: number): boolean {
    this.#sentMs = this.#sentMs.filter((sentMs) => nowMs - sentMs < MINUTE_MS);
    return this.#sentMs.length < this.limits.maxPerMinute;
  }
}

/** What alerts were about, as far as there is room, and how many there were in all. */
class Subjects {
  count = 0;
  readonly #named = new Map<string, number>();
  #others = 0;

  add(subject: string, count: number): void {
    this.count += count;
    const known = this.#named.get(subject);
    if (known !== undefined || this.#named.size < NAMED_MAX) {
      this.#named.set(subject, (known ?? 0) + count);
    } else this.#others += count;
  }

  text(): string {
    const named = [...this.#named].filter(([subject]) => subject !== "")
      .map(([subject, count]) => count === 1 ? subject : `${subject} ${count} times`);
    if (this.#others > 0) named.push(`and ${this.#others} others`);
    return named.join(", ");
  }
}
