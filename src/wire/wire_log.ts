/** What the wire's clients need of a logger; LogTape's has it. Keys never go into it. */
export interface WireLog {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
}

/** Counts by word, and logs each word once: for what the other side says that Liu does not know. */
export class UnknownWords {
  readonly counts = new Map<string, number>();
  readonly #log: WireLog;

  constructor(log: WireLog) {
    this.#log = log;
  }

  add(kind: string, word: string): void {
    const key = `${kind} ${word.slice(0, 64)}`;
    const count = this.counts.get(key);
    if (count === undefined && this.counts.size >= KEYS_MAX) return;
    this.counts.set(key, (count ?? 0) + 1);
    if (count === undefined) {
      {
        this.#log.warn('Unknown to Liu, from Alpaca: {kind} "{word}"', {
          kind,
          word: word.slice(0, 64),
        });
      }
    }
  }
}

const KEYS_MAX = 1000;
