/** What the scanners of another batch picked, at its times, in the place of scanners. */
import type { BacktestOptions, RecordedPick } from "./options.ts";

export class Picks {
  readonly #options: Pick<BacktestOptions, "batchId" | "store" | "onEvent">;
  readonly #follow: (symbols: string[], targets: string[]) => Promise<string[]>;
  readonly #picks: readonly RecordedPick[];
  #next = 0;

  constructor(
    options: Pick<BacktestOptions, "batchId" | "store" | "onEvent" | "picks" | "fromUs">,
    /** Lets strategies follow symbols; gives those that are new. */
    follow: (symbols: string[], targets: string[]) => Promise<string[]>,
  ) {
    this.#options = options;
    this.#follow = follow;
    this.#picks = (options.picks ?? []).filter(({ timeUs }) => timeUs >= options.fromUs);
  }

  /** When the next are picked; Infinity without any. */
  get nextUs(): number {
    return this.#next < this.#picks.length ? this.#picks[this.#next].timeUs : Infinity;
  }

  async runDue(nowUs: number): Promise<void> {
    const { batchId, store, onEvent } = this.#options;
    while (this.nextUs <= nowUs) {
      const { scanner, symbols, targets } = this.#picks[this.#next++];
      store.write(symbols.map((symbol) => ({
        table: "trending_tickers",
        row: { batchId, symbol, scannerName: scanner, createUs: nowUs },
      })));
      const added = await this.#follow(symbols, targets);
      onEvent?.({ type: "scan", timeUs: nowUs, scanner, picked: symbols, added });
    }
  }
}
