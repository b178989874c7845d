import type { Clock } from "../contracts/clock.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import type { SessionLog } from "./session_options.ts";

const MINUTE_US = 60e6;
/** A provider's history has a bar so long after its end. */
const HISTORY_LAG_US = 5e6;
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];
/** Corrections of a symbol come in bunches. */
const CORRECTION_WAIT_MS = 30_000;

export interface RefillsOptions {
  history(symbols: string[]): Promise<Map<string, BarColumns>>;
  refill(consumer: number, symbol: string, history: BarColumns, fillsGap: boolean): void;
  clock(): Clock & { readonly rate: number };
  /** Resolves after `ms`, or when the session is over. */
  wait(ms: number): Promise<void>;
  isOver(): boolean;
  log: SessionLog;
}

/**
 * Bars for symbols whose rows were lost, from history, in as few requests as it can be: after an
 * interruption every symbol wants them. Invariant: a gap is filled or asked for again, for as long
 * as the session lasts; entries in its symbols wait until then.
 */
export class Refills {
  readonly #options: RefillsOptions;
  /** Symbols that wait, by consumer; true: rows were lost, false: they were corrected. */
  readonly #waiting = new Map<number, Map<string, boolean>>();
  readonly #corrected = new Map<number, Set<string>>();
  #isRunning = false;

  constructor(options: RefillsOptions) {
    this.#options = options;
  }

  /** Resolves when these have been refilled, or at once where a call before sees to it. */
  add(consumer: number, symbols: string[]): Promise<void> {
    return this.#add(consumer, symbols, true);
  }

  /**
   * Trades of this symbol were corrected. Resolves when its bars have been sent anew, or at once
   * where a call before sees to it.
   */
  async correct(consumer: number, symbol: string): Promise<void> {
    const corrected = this.#corrected.get(consumer) ?? new Set();
    corrected.add(symbol);
    if (this.#corrected.has(consumer)) return;
    this.#corrected.set(consumer, corrected);
    if (this.#options.clock().rate > 0) await this.#options.wait(CORRECTION_WAIT_MS);
    this.#corrected.delete(consumer);
    await this.#add(consumer, [...corrected], false);
  }

  async #add(consumer: number, symbols: string[], fillsGap: boolean): Promise<void> {
    const waiting = this.#waiting.get(consumer) ?? new Map<string, boolean>();
    this.#waiting.set(consumer, waiting);
    for (const symbol of symbols) waiting.set(symbol, fillsGap || waiting.get(symbol) === true);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#waiting.size > 0 && !this.#options.isOver()) await this.#round();
    } finally {
      this.#isRunning = false;
    }
  }

  async #round(): Promise<void> {
    await this.#untilBarsAreThere();
    const round = [...this.#waiting];
    this.#waiting.clear();
    const symbols = [...new Set(round.flatMap(([, some]) => [...some.keys()]))];
    const history = await this.#history(symbols);
    if (history === null) return;
    for (const [consumer, wanted] of round) {
      for (const [symbol, fillsGap] of wanted) {
        // Lost again meanwhile: what is known now may end before that.
        if (this.#waiting.get(consumer)?.get(symbol)) continue;
        this.#options.refill(consumer, symbol, history.get(symbol) ?? emptyBars(), fillsGap);
      }
    }
  }

  /** Right after a minute's end its bar may not be in the history yet, nor come once more. */
  async #untilBarsAreThere(): Promise<void> {
    const clock = this.#options.clock();
    const sinceUs = clock.nowUs() % MINUTE_US;
    if (clock.rate === 0 || sinceUs >= HISTORY_LAG_US) return;
    await this.#options.wait((HISTORY_LAG_US - sinceUs) / 1000 / clock.rate);
  }

  /** null: the session is over. */
  async #history(symbols: string[]): Promise<Map<string, BarColumns> | null> {
    for (let attempt = 0; !this.#options.isOver(); attempt++) {
      try {
        return await this.#options.history(symbols);
      } catch (error) {
        if (this.#options.isOver()) return null;
        const level = attempt === 0 || attempt >= RETRY_MS.length ? "warning" : "debug";
        this.#options.log(level, "Bars that were lost cannot be read yet, entries wait: {reason}", {
          symbols: symbols.length,
          reason: error instanceof Error ? error.message : String(error),
        });
        await this.#options.wait(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      }
    }
    return null;
  }
}
