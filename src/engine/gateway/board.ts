import { sortFew } from "../../util/sort_few.ts";
import type { Desk } from "./desk.ts";
import { compare } from "./work.ts";

/** What goes on in all symbols together. */
export class Board {
  /** Those whose plan is to be looked at again. */
  readonly dirty = new Desks();
  /** Those with open orders or protections. */
  readonly busy = new Desks();
  /** Works that are open. */
  openOrders = 0;
}

/** A set of desks that costs next to nothing to change. Its order means nothing. */
class Desks {
  readonly list: Desk[] = [];
  readonly #places: number[] = [];

  has(desk: Desk): boolean {
    return (this.#places[desk.number] ?? -1) >= 0;
  }

  add(desk: Desk): void {
    if (this.has(desk)) return;
    this.#places[desk.number] = this.list.length;
    this.list.push(desk);
  }

  delete(desk: Desk): boolean {
    if (!this.has(desk)) return false;
    const place = this.#places[desk.number];
    this.#places[desk.number] = -1;
    const last = this.list.pop()!;
    if (last !== desk) {
      this.list[place] = last;
      this.#places[last.number] = place;
    }
    return true;
  }

  /** Moves them all into the empty list `taken`, by symbol. */
  moveTo(taken: Desk[]): void {
    const { list } = this;
    while (list.length > 0) {
      const desk = list.pop()!;
      this.#places[desk.number] = -1;
      taken.push(desk);
    }
    sortFew(taken, bySymbol);
  }
}

function bySymbol(a: Desk, b: Desk): number {
  return compare(a.symbol, b.symbol);
}
