/**
 * Decimals of any length, as a bigint and how many of its digits stand behind the point: the slow
 * way of `Decimal`, for what float64 cannot hold. And what float64 can.
 */

/** How what lies between two representable values becomes one of them; signs do not matter. */
export type Rounding = "down" | "up" | "half_up" | "half_even";

export interface Digits {
  /** Signed. */
  digits: bigint;
  /** How many of the digits are decimal places, ≥ 0. */
  scale: number;
}

export const SAFE_MAX = Number.MAX_SAFE_INTEGER;

const NUMERIC = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
/** Of a text's exponent, so that "1e999999999" is an error and not the end of memory. */
const EXPONENT_MAX = 10_000;

/** "1.5", ".5", "-2e-9"; throws where it is no number. */
export function digitsOf(text: string): Digits {
  const match = NUMERIC.exec(text);
  if (match === null) throw new TypeError(`Not a decimal number: ${JSON.stringify(text)}`);
  const [, sign, whole = "", places = "", bare = "", exponent = "0"] = match;
  const fraction = places + bare;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > EXPONENT_MAX) {
    throw new RangeError(`Exponent out of range: ${JSON.stringify(text)}`);
  }
  const unsigned = BigInt(whole + fraction);
  const digits = sign === "-" ? -unsigned : unsigned;
  return scale < 0 ? { digits: digits * tenTo(-scale), scale: 0 } : { digits, scale };
}

/** Plain notation without trailing zeros. */
export function textOf(digits: bigint, scale: number): string {
  if (scale === 0) return digits.toString();
  const isNegative = digits < 0n;
  const text = (isNegative ? -digits : digits).toString().padStart(scale + 1, "0");
  const point = text.length - scale;
  let end = text.length;
  while (end > point && text.charCodeAt(end - 1) === 48) end--;
  const whole = text.slice(0, point);
  const plain = end === point ? whole : `${whole}.${text.slice(point, end)}`;
  return isNegative ? `-${plain}` : plain;
}

/** The same value, with no zeros at the end of its decimal places. */
export function stripped({ digits, scale }: Digits): Digits {
  while (scale >= 8 && digits % 100_000_000n === 0n) {
    digits /= 100_000_000n;
    scale -= 8;
  }
  while (scale > 0 && digits % 10n === 0n) {
    digits /= 10n;
    scale--;
  }
  return { digits, scale };
}

/** a / b as a whole number. */
export function roundedQuotient(a: bigint, b: bigint, rounding: Rounding): bigint {
  const quotient = a / b;
  const rest = a % b;
  if (rest === 0n) return quotient;
  const away = (a < 0n) === (b < 0n) ? 1n : -1n;
  const twice = 2n * (rest < 0n ? -rest : rest);
  const isUp = goesUp(twice - (b < 0n ? -b : b), quotient % 2n !== 0n, rounding);
  return isUp ? quotient + away : quotient;
}

/** `beyondHalf`: what is cut off, doubled, less the unit; its sign says on which side of half it is. */
export function goesUp(beyondHalf: number | bigint, isOdd: boolean, rounding: Rounding): boolean {
  switch (rounding) {
    case "down":
      return false;
    case "up":
      return true;
    case "half_up":
      return beyondHalf >= 0;
    case "half_even":
      return beyondHalf > 0 || (beyondHalf >= 0 && isOdd);
    default:
      return rounding satisfies never;
  }
}

export function tenTo(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

export function isSafe(value: number): boolean {
  return value <= SAFE_MAX && value >= -SAFE_MAX;
}

/** How many `unit`s > 0 there are in `value`, both whole: exact, without a remainder's cost. */
export function wholeUnits(value: number, unit: number, rounding: Rounding): number {
  const size = Math.abs(value);
  // A quotient just below n is rounded to n only where n × unit is 2^53 or more: size is less.
  let units = Math.floor(size / unit);
  const rest = size - units * unit;
  if (rest !== 0 && goesUp(2 * rest - unit, units % 2 !== 0, rounding)) units++;
  return value < 0 ? 0 - units : units;
}
