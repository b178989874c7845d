/** Symbols as small integers, so that a row of market data is numbers only. Ids are never reused. */
export class SymbolTable {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** The symbol's id, given on first sight. */
  idOf(symbol: string): number {
    const known = this.#ids.get(symbol);
    if (known !== undefined) return known;
    const id = this.#names.length;
    this.#names.push(symbol);
    this.#ids.set(symbol, id);
    return id;
  }

  /** The symbol's id, or −1 where it has none. */
  find(symbol: string): number {
    return this.#ids.get(symbol) ?? -1;
  }

  nameOf(id: number): string {
    const name = this.#names[id];
    if (name === undefined) throw new Error(`symbol id ${id} was never given`);
    return name;
  }

  /** Names from id `first` on; a worker's copy is kept whole by adding them in order. */
  namesFrom(first: number): string[] {
    return this.#names.slice(first);
  }
}
