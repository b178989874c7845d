/**
 * When the next bar of each symbol is due.
 * Invariant: `blockUs` has the earliest time of each block of `BLOCK` symbols, so that a step looks
 * only into blocks in which a bar is due: at 2,000 symbols of few bars as at 20 with one each
 * minute.
 */
export const BLOCK = 32;

export class DueBars {
  /** By place; Infinity where there is none. */
  readonly us: Float64Array;
  readonly blockUs: Float64Array;

  constructor(feeds: readonly { readonly barDueUs: number }[]) {
    this.us = new Float64Array(feeds.length);
    this.blockUs = new Float64Array(Math.ceil(feeds.length / BLOCK)).fill(Infinity);
    for (let place = 0; place < feeds.length; place++) {
      const us = this.us[place] = feeds[place].barDueUs;
      const block = Math.floor(place / BLOCK);
      if (us < this.blockUs[block]) this.blockUs[block] = us;
    }
  }

  /** The earliest of all. */
  get nextUs(): number {
    const { blockUs } = this;
    let nextUs = Infinity;
    for (let block = 0; block < blockUs.length; block++) {
      if (blockUs[block] < nextUs) nextUs = blockUs[block];
    }
    return nextUs;
  }
}
