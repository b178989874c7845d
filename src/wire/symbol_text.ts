/** Reads a symbol out of a longer text as its id, without making a string of one seen before. */
export class SymbolText {
  /** Where the closing quotation mark stands; −1: not readable (an escape, a text without end). */
  end = 0;
  readonly #find: (symbol: string) => number;
  readonly #names: string[] = new Array(SLOTS).fill("");
  readonly #ids = new Int32Array(SLOTS);

  constructor(find: (symbol: string) => number) {
    this.#find = find;
  }

  clear(): void {
    this.#names.fill("");
  }

  /** `start`: after the opening quotation mark. −1: not wanted. */
  read(text: string, bytes: Uint8Array, start: number): number {
    let hash = 0;
    let end = start;
    for (let code = bytes[end]!; code !== QUOTE; code = bytes[++end]!) {
      if (code === BACKSLASH || code < 32) {
        this.end = -1;
        return -1;
      }
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    this.end = end;
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    if (isAt(bytes, start, end, this.#names[slot]!)) return this.#ids[slot]!;
    const symbol = text.slice(start, end);
    const id = this.#find(symbol);
    // Only ids that were given are kept: a symbol that is not wanted now may be later.
    if (id >= 0 && symbol !== "") {
      this.#names[slot] = symbol;
      this.#ids[slot] = id;
    }
    return id < 0 ? -1 : id;
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  const length = name.length;
  if (length === 0 || length !== end - start) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i]! !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** A power of two, well above the symbols of one market-data socket. */
const SLOTS = 1 << 14;
const QUOTE = 34, BACKSLASH = 92;
