/**
 * What a split of a stock makes of quantities and prices.
 * Invariant: what is held is worth the same, up to the shares that the broker pays out in cash.
 */
import { type Decimal, decimal } from "../util/decimal.ts";

export interface Split {
  symbol: string;
  /** So many new shares for `oldShares`: 4 and 1, of a reverse split 1 and 10. Decimal texts > 0. */
  newShares: string;
  oldShares: string;
  /** The exchange's date of the first session with new shares. */
  date: string;
}

const PRICE_DECIMALS = 10;
const ZERO = decimal(0);

/**
 * Signed quantities of one symbol after a split. What is left of a multiple of `increment` is paid
 * out, of all together, as the broker sees them: whose exact quantity misses the least gets a whole
 * one more.
 */
export function splitShares(qtys: readonly Decimal[], split: Split, increment: Decimal): Decimal[] {
  const exact = qtys.map((qty) => qty.times(split.newShares));
  const unit = increment.times(split.oldShares);
  const down = exact.map((qty) => qty.roundTo(unit, "down"));
  const sum = exact.reduce((sum, qty) => sum.plus(qty), ZERO);
  const given = down.reduce((sum, qty) => sum.plus(qty), ZERO);
  let missing = sum.roundTo(unit, "down").minus(given).abs();
  const rest = (i: number) => exact[i].minus(down[i]).abs();
  const byRest = qtys.map((_, i) => i)
    .filter((i) => exact[i].s === sum.s && !rest(i).isZero)
    .sort((a, b) => rest(b).cmp(rest(a)));
  for (const i of byRest) {
    if (missing.lt(unit)) break;
    down[i] = sum.s > 0 ? down[i].plus(unit) : down[i].minus(unit);
    missing = missing.minus(unit);
  }
  return down.map((qty) => qty.div(split.oldShares));
}

/** `isWhole`: the broker keeps no parts of shares; else to the nine decimals that it keeps. */
export function splitIncrement(isWhole: boolean): Decimal {
  return decimal(isWhole ? "1" : "0.000000001");
}

/** To 10 decimals. */
export function splitPrice(price: Decimal | string, { newShares, oldShares }: Split): Decimal {
  return decimal(price).times(oldShares).quotient(newShares, PRICE_DECIMALS);
}
