/**
 * Exact decimals for money, quantities and prices that are stored or sent.
 * Invariant: nothing that reaches the broker or the database was rounded by float64 arithmetic.
 */
// @ts-types="npm:@types/big.js@7.0.0"
import Big from "big.js";

export { Big as Decimal };

/** The exact decimal of the shortest text that reads back as this float64 (0.1 is "0.1"). */
export function decimal(value: number | string | Big): Big {
  // They never change: one can stand for itself.
  return value instanceof Big ? value : new Big(value);
}

/** Plain notation, no exponent, no trailing zeros: "0.00000001", "700000". */
export function plain(value: number | string | Big): string {
  return decimal(value).toFixed();
}

/** `value` rounded to a multiple of `tick` (> 0): "down" is towards zero, "nearest" is half away from zero. */
export function roundToTick(
  value: number | string | Big,
  tick: number | string,
  mode: "nearest" | "down" | "up" = "nearest",
): Big {
  const rounding = mode === "nearest"
    ? Big.roundHalfUp
    : mode === "down"
    ? Big.roundDown
    : Big.roundUp;
  return decimal(value).div(tick).round(0, rounding).times(tick);
}
