/**
 * What each side of the benchmark must come to: the sender from what it wrote, the clients from what
 * they read.
 */
export interface Totals {
  events: number;
  /**
   * Bars: close and volume; trades: price; quotes: prices and sizes. Prices are quarters of a
   * dollar, so that a sum is exact in whatever order it is built.
   */
  sum: number;
}

export function assertTotals(who: string, actual: Totals, expected: Totals): void {
  if (actual.events === expected.events && actual.sum === expected.sum) return;
  throw new Error(
    `${who} came to ${actual.sum} over ${actual.events} events, ` +
      `not to ${expected.sum} over ${expected.events}: no figure is worth printing`,
  );
}
