import { type BarColumns, emptyBars } from "../model/bars.ts";

/**
 * Bars for symbols whose rows were lost, from history, in as few requests as it can be: after an
 * interruption every
 * symbol wants them.
 */
export class Refills {
  readonly #history: (symbols: string[]) => Promise<Map<string, BarColumns>>;
  readonly #refill: (consumer: number, symbol: string, history: BarColumns) => void;
  /** Symbols that wait, by consumer. */
  readonly #waiting = new Map<number, Set<string>>();
  #isRunning = false;

  constructor(options: {
    history(symbols: string[]): Promise<Map<string, BarColumns>>;
    refill(consumer: number, symbol: string, history: BarColumns): void;
  }) {
    this.#history = options.history;
    this.#refill = options.refill;
  }

  /** Resolves when these have been refilled, or at once where a call before sees to it. */
  async add(consumer: number, symbols: string[]): Promise<void> {
    const waiting = this.#waiting.get(consumer) ?? new Set();
    this.#waiting.set(consumer, waiting);
    for (const symbol of symbols) waiting.add(symbol);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#waiting.size > 0) await this.#round();
    } finally {
      this.#isRunning = false;
    }
  }

  async #round(): Promise<void> {
    const round = [...this.#waiting];
    this.#waiting.clear();
    const history = await this.#history([...new Set(round.flatMap(([, some]) => [...some]))]);
    for (const [consumer, symbols] of round) {
      for (const symbol of symbols) {
        this.#refill(consumer, symbol, history.get(symbol) ?? emptyBars());
      }
    }
  }
}
