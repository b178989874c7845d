/**
 * Ids of orders and executions: counted, so that every run has the same, and written in the form of
 * a random UUID. Most are never read: what is kept is the number.
 */
const PREFIX = "00000000-0000-4000-8000-";
const DIGITS = 12;
/** Numbers that share a text's beginning: so few that their ends stay in the processor's cache. */
const BLOCK = 256;
const END_DIGITS = 2;
const ENDS = Array.from({ length: BLOCK }, (_, n) => n.toString(16).padStart(END_DIGITS, "0"));

export class Ids {
  #count = 0;
  #block = -1;
  #start = "";

  next(): number {
    return ++this.#count;
  }

  textOf(id: number): string {
    const block = Math.floor(id / BLOCK);
    if (block !== this.#block) {
      this.#block = block;
      this.#start = PREFIX + block.toString(16).padStart(DIGITS - END_DIGITS, "0");
    }
    return this.#start + ENDS[id % BLOCK];
  }

  /** −1: no id was given this text. */
  numberOf(text: string): number {
    const id = Number.parseInt(text.slice(PREFIX.length), 16);
    return id > 0 && id <= this.#count && this.textOf(id) === text ? id : -1;
  }
}
