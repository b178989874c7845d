/**
 * Who fills the heap of a consumer. Nothing is measured before it is half full: from then on each
 * call's growth is counted for its strategy, so that the one that filled it can be named.
 */
export interface HeapMeterOptions {
  /** What the heap holds now, bytes. */
  heapBytes(): number;
  budgetBytes: number;
}

export class HeapMeter {
  /** Calls are to be measured. */
  isOn = false;
  readonly #options: HeapMeterOptions;
  /** By strategy. */
  readonly #grownBytes: number[] = [];
  #before = 0;

  constructor(options: HeapMeterOptions) {
    this.#options = options;
  }

  /** Before a call of user code. */
  begin(): void {
    this.#before = this.#options.heapBytes();
  }

  /** After it. A collection of garbage within it says nothing of the strategy. */
  end(strategy: number): void {
    const grown = this.#options.heapBytes() - this.#before;
    if (grown > 0) this.#grownBytes[strategy] = (this.#grownBytes[strategy] ?? 0) + grown;
  }

  /** To be asked now and then. null: within the budget, or not known yet who it is. */
  look(): { strategy: number | null; heapBytes: number } | null {
    const { budgetBytes } = this.#options;
    const heapBytes = this.#options.heapBytes();
    if (heapBytes < budgetBytes / 2) {
      this.isOn = false;
      this.#grownBytes.length = 0;
      return null;
    }
    this.isOn = true;
    if (heapBytes <= budgetBytes) return null;
    let most = -1;
    this.#grownBytes.forEach((bytes, i) => {
      if (most < 0 || bytes > this.#grownBytes[most]) most = i;
    });
    if (most >= 0 && this.#grownBytes[most] > budgetBytes / 20) {
      return { strategy: most, heapBytes };
    }
    // It came over the budget before anybody was measured: there is some room to find out.
    return heapBytes > budgetBytes * 1.5 ? { strategy: null, heapBytes } : null;
  }
}
