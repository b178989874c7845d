/**
 * Exact decimals for money, quantities and prices that are stored or sent.
 * Invariant: nothing that reaches the broker or the database was rounded by float64 arithmetic. A
 * decimal is a whole number of 10^-scale: a safe integer of float64, whose products, sums and
 * remainders are exact while they are safe, and a bigint as soon as they are not.
 */
import {
  type Digits,
  digitsOf,
  goesUp,
  isSafe,
  roundedQuotient,
  type Rounding,
  SAFE_MAX,
  stripped,
  tenTo,
  textOf,
  wholeUnits,
} from "./decimal_digits.ts";

export type { Rounding };

/** Decimal places that quotients which do not end are rounded to, half up. */
const QUOTIENT_DECIMALS = 20;
/** Greatest power of ten that float64 has. */
const SCALE_MAX = 22;
/** Two decimals of so many digits are never the same float64. */
const TELLING_MAX = 999_999_999_999_999;
const POWERS = Array.from({ length: SCALE_MAX + 1 }, (_, exponent) => Number(`1e${exponent}`));

/** Never changes. Methods take decimals, their texts, and numbers as `decimal` takes them. */
export class Decimal {
  static readonly roundDown: Rounding = "down";
  static readonly roundHalfUp: Rounding = "half_up";
  static readonly roundHalfEven: Rounding = "half_even";
  static readonly roundUp: Rounding = "up";

  // Only declared: a field that begins as undefined could hold anything, and V8 would look each time.
  declare readonly mantissa: number;
  declare readonly scale: number;
  declare private readonly long: bigint | null;

  /**
   * @param mantissa Safe integer, not −0; NaN where `long` has the value.
   * @param scale At most SCALE_MAX, but for a `long` value.
   * @param long Only for what is no safe integer at any scale that is allowed.
   */
  private constructor(mantissa: number, scale: number, long: bigint | null) {
    this.mantissa = mantissa;
    this.scale = scale;
    this.long = long;
  }

  /** As `decimal`. */
  static of(value: number | string): Decimal {
    return typeof value === "number" ? ofNumber(value) : ofText(value);
  }

  /** `mantissa` × 10^−`scale`; a safe integer, and a scale from 0 to 22. */
  static scaled(mantissa: number, scale: number): Decimal {
    return new Decimal(mantissa + 0, scale, null);
  }

  static ofDigits(value: Digits): Decimal {
    const { digits, scale } = stripped(value);
    const mantissa = Number(digits);
    return scale <= SCALE_MAX && mantissa <= SAFE_MAX && mantissa >= -SAFE_MAX
      ? new Decimal(mantissa, scale, null)
      : new Decimal(NaN, scale, digits);
  }

  /** −1 below zero, else 1. */
  get s(): 1 | -1 {
    return this.long === null ? this.mantissa < 0 ? -1 : 1 : this.long < 0n ? -1 : 1;
  }

  get isZero(): boolean {
    return this.mantissa === 0;
  }

  get isPositive(): boolean {
    return this.long === null ? this.mantissa > 0 : this.long > 0n;
  }

  get isWhole(): boolean {
    if (this.scale === 0) return true;
    if (this.long !== null) return this.long % tenTo(this.scale) === 0n;
    return this.mantissa % POWERS[this.scale] === 0;
  }

  plus(other: number | string | Decimal): Decimal {
    const that = decimal(other);
    // Sums begin with nothing.
    if (this.mantissa === 0) return that;
    if (that.mantissa === 0) return this;
    if (this.scale !== that.scale) return this.#plusScaled(that);
    const sum = this.mantissa + that.mantissa;
    return isSafe(sum) ? new Decimal(sum, this.scale, null) : this.#plusLong(that);
  }

  minus(other: number | string | Decimal): Decimal {
    const that = decimal(other);
    if (that.mantissa === 0) return this;
    if (this.scale !== that.scale) return this.#plusScaled(that.neg());
    const difference = this.mantissa - that.mantissa;
    return isSafe(difference)
      ? new Decimal(difference, this.scale, null)
      : this.#plusLong(that.neg());
  }

  times(other: number | string | Decimal): Decimal {
    const that = decimal(other);
    const product = this.mantissa * that.mantissa;
    const scale = this.scale + that.scale;
    if (isSafe(product) && scale <= SCALE_MAX) return new Decimal(product + 0, scale, null);
    return Decimal.ofDigits({ digits: this.#digits() * that.#digits(), scale });
  }

  /** Exact where the quotient ends within 20 decimal places, else rounded to them, half up. */
  div(other: number | string | Decimal): Decimal {
    return this.quotient(other, QUOTIENT_DECIMALS, "half_up");
  }

  /** The quotient, rounded once, to `decimals` places. */
  quotient(
    other: number | string | Decimal,
    decimals: number,
    rounding: Rounding = "half_up",
  ): Decimal {
    const that = decimal(other);
    if (that.mantissa === 0) throw new RangeError("Division by zero");
    return this.#shortQuotient(that, decimals, rounding) ??
      this.#longQuotient(that, decimals, rounding);
  }

  /** The remainder of the division towards zero: it has the sign of this. */
  mod(other: number | string | Decimal): Decimal {
    const that = decimal(other);
    if (that.mantissa === 0) throw new RangeError("Division by zero");
    const scale = Math.max(this.scale, that.scale);
    const a = this.mantissa * POWERS[scale - this.scale];
    const b = that.mantissa * POWERS[scale - that.scale];
    if (isSafe(a) && isSafe(b)) return new Decimal(a % b + 0, scale, null);
    return Decimal.ofDigits({ digits: this.#digits(scale) % that.#digits(scale), scale });
  }

  /** To `decimals` ≥ 0 places. */
  round(decimals = 0, rounding: Rounding = "half_up"): Decimal {
    const cut = this.scale - decimals;
    if (cut <= 0) return this;
    if (this.long !== null || cut > SCALE_MAX) {
      const digits = roundedQuotient(this.#digits(), tenTo(cut), rounding);
      return Decimal.ofDigits({ digits, scale: decimals });
    }
    return new Decimal(wholeUnits(this.mantissa, POWERS[cut], rounding), decimals, null);
  }

  /** Rounded to a multiple of `tick` > 0. */
  roundTo(tick: number | string | Decimal, rounding: Rounding): Decimal {
    const that = decimal(tick);
    const scale = Math.max(this.scale, that.scale);
    const a = this.mantissa * POWERS[scale - this.scale];
    const unit = that.mantissa * POWERS[scale - that.scale];
    if (isSafe(a) && isSafe(unit)) {
      const rounded = wholeUnits(a, unit, rounding) * unit;
      if (isSafe(rounded)) return rounded === a ? this : new Decimal(rounded + 0, scale, null);
    }
    const long = that.#digits(scale);
    return Decimal.ofDigits({
      digits: roundedQuotient(this.#digits(scale), long, rounding) * long,
      scale,
    });
  }

  abs(): Decimal {
    return this.s < 0 ? this.neg() : this;
  }

  neg(): Decimal {
    return this.long === null
      ? new Decimal(0 - this.mantissa, this.scale, null)
      : new Decimal(NaN, this.scale, -this.long);
  }

  /** −1, 0, 1: below, equal to, above the other. */
  cmp(other: number | string | Decimal): -1 | 0 | 1 {
    const that = decimal(other);
    if (this === that) return 0;
    if (this.scale !== that.scale || this.long !== null || that.long !== null) {
      return this.#cmpScaled(that);
    }
    const { mantissa } = this;
    return mantissa < that.mantissa ? -1 : mantissa > that.mantissa ? 1 : 0;
  }

  // Most are of one scale: what is rarer is kept out of the way of what is put inline everywhere.
  #cmpScaled(that: Decimal): -1 | 0 | 1 {
    let a = this.mantissa;
    let b = that.mantissa;
    if (this.scale < that.scale) a *= POWERS[that.scale - this.scale];
    else if (this.scale > that.scale) b *= POWERS[this.scale - that.scale];
    // Where one is safe the other may be rounded: it is beyond, on the same side as before.
    if ((isSafe(a) || isSafe(b)) && this.long === null && that.long === null) {
      return a < b ? -1 : a > b ? 1 : 0;
    }
    const scale = Math.max(this.scale, that.scale);
    const [longA, longB] = [this.#digits(scale), that.#digits(scale)];
    return longA < longB ? -1 : longA > longB ? 1 : 0;
  }

  eq(other: number | string | Decimal): boolean {
    return this.cmp(other) === 0;
  }

  gt(other: number | string | Decimal): boolean {
    return this.cmp(other) > 0;
  }

  gte(other: number | string | Decimal): boolean {
    return this.cmp(other) >= 0;
  }

  lt(other: number | string | Decimal): boolean {
    return this.cmp(other) < 0;
  }

  lte(other: number | string | Decimal): boolean {
    return this.cmp(other) <= 0;
  }

  /** The nearest float64. */
  toNumber(): number {
    return this.long === null ? this.mantissa / POWERS[this.scale] : Number(this.toFixed());
  }

  /** Plain notation, no exponent, no trailing zeros: "0.00000001", "700000". */
  toFixed(): string {
    const { mantissa, scale, long } = this;
    if (long !== null) return textOf(long, scale);
    if (scale === 0) return String(mantissa);
    if (scale === 2 && mantissa >= 0) {
      const whole = Math.floor(mantissa / 100);
      return String(whole) + CENTS[mantissa - whole * 100];
    }
    if (mantissa <= TELLING_MAX && mantissa >= -TELLING_MAX) {
      const value = mantissa / POWERS[scale];
      // Below that String takes to exponents.
      if (value >= 1e-6 || value <= -1e-6 || value === 0) return String(value);
    }
    return textOf(BigInt(mantissa), scale);
  }

  toString(): string {
    return this.toFixed();
  }

  toJSON(): string {
    return this.toFixed();
  }

  #plusScaled(that: Decimal): Decimal {
    const scale = Math.max(this.scale, that.scale);
    const a = this.mantissa * POWERS[scale - this.scale];
    const b = that.mantissa * POWERS[scale - that.scale];
    const sum = a + b;
    // What was not safe before makes no safe sum but by rounding.
    return isSafe(a) && isSafe(b) && isSafe(sum)
      ? new Decimal(sum, scale, null)
      : this.#plusLong(that);
  }

  #plusLong(that: Decimal): Decimal {
    const scale = Math.max(this.scale, that.scale);
    return Decimal.ofDigits({ digits: this.#digits(scale) + that.#digits(scale), scale });
  }

  /** At a scale that is no less than its own. */
  #digits(scale = this.scale): bigint {
    const own = this.long ?? BigInt(this.mantissa);
    return scale === this.scale ? own : own * tenTo(scale - this.scale);
  }

  /** Long division, in steps of as many digits as stay safe; null: a bigint is needed. */
  #shortQuotient(that: Decimal, decimals: number, rounding: Rounding): Decimal | null {
    let scale = this.scale - that.scale;
    let rest = this.mantissa;
    if (scale < 0) {
      rest *= POWERS[-scale];
      scale = 0;
    }
    if (!isSafe(rest) || this.long !== null || that.long !== null || scale > decimals) return null;
    const isNegative = (rest < 0) !== (that.mantissa < 0);
    const divisor = Math.abs(that.mantissa);
    rest = Math.abs(rest);
    let quotient = wholeUnits(rest, divisor, "down");
    rest -= quotient * divisor;
    while (rest !== 0 && scale < decimals) {
      const digits = Math.min(4, decimals - scale);
      const more = rest * POWERS[digits];
      if (!isSafe(more)) return null;
      const next = wholeUnits(more, divisor, "down");
      quotient = quotient * POWERS[digits] + next;
      if (!isSafe(quotient)) return null;
      rest = more - next * divisor;
      scale += digits;
    }
    if (rest !== 0 && goesUp(2 * rest - divisor, quotient % 2 !== 0, rounding)) quotient++;
    if (!isSafe(quotient) || scale > SCALE_MAX) return null;
    return new Decimal(isNegative ? 0 - quotient : quotient, scale, null);
  }

  #longQuotient(that: Decimal, decimals: number, rounding: Rounding): Decimal {
    const shift = decimals + that.scale - this.scale;
    const a = this.#digits() * (shift > 0 ? tenTo(shift) : 1n);
    const b = that.#digits() * (shift < 0 ? tenTo(-shift) : 1n);
    return Decimal.ofDigits({ digits: roundedQuotient(a, b, rounding), scale: decimals });
  }
}

/** What stands behind the whole part of a price: "", ".01", …, ".1", …, ".99". */
const CENTS = Array.from({ length: 100 }, (_, cents) => String(cents / 100).slice(1));

// The first of all is one of each field's widest kind: so V8 lays out all others as it from the start.
Decimal.ofDigits({ digits: 10n ** 30n + 1n, scale: 0 });
/** Interned: the most frequent of all. */
const ZERO = Decimal.scaled(0, 0);
const ONE = Decimal.scaled(1, 0);

/** The exact decimal of the shortest text that reads back as this float64 (0.1 is "0.1"). */
export function decimal(value: number | string | Decimal): Decimal {
  // They never change: one can stand for itself.
  return typeof value === "object" ? value : Decimal.of(value);
}

/** A number in plain notation, as people and programs send it; null: it is none. */
export function readDecimal(text: string): Decimal | null {
  return shortText(text) ?? (PLAIN.test(text) ? Decimal.ofDigits(digitsOf(text)) : null);
}

/** Plain notation, no exponent, no trailing zeros: "0.00000001", "700000". */
export function plain(value: number | string | Decimal): string {
  return decimal(value).toFixed();
}

/** `value` rounded to a multiple of `tick` (> 0): "down" is towards zero, "nearest" is half away from zero. */
export function roundToTick(
  value: number | string | Decimal,
  tick: number | string | Decimal,
  mode: "nearest" | "down" | "up" = "nearest",
): Decimal {
  return decimal(value).roundTo(tick, mode === "nearest" ? "half_up" : mode);
}

function ofNumber(value: number): Decimal {
  if (value === 0) return ZERO;
  if (value === 1) return ONE;
  const size = Math.abs(value);
  if (size <= SAFE_MAX && Math.floor(size) === size) return Decimal.scaled(value, 0);
  // A decimal of at most 15 digits that reads back as the number is its shortest: there is only one.
  const cents = Math.round(value * 100);
  if (cents / 100 === value && size < TELLING_MAX / 100) return Decimal.scaled(cents, 2);
  for (const scale of SHORT_SCALES) {
    const mantissa = Math.round(value * POWERS[scale]);
    if (mantissa > TELLING_MAX || mantissa < -TELLING_MAX) break;
    if (mantissa / POWERS[scale] === value) return Decimal.scaled(mantissa, scale);
  }
  return Decimal.ofDigits(digitsOf(String(value)));
}

/** After whole numbers and cents: ten-thousandths, and the quantities of coins. */
const SHORT_SCALES = [4, 9];

const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)$/;

function ofText(text: string): Decimal {
  return shortText(text) ?? Decimal.ofDigits(digitsOf(text));
}

/** Of digits with at most one point among them, so few that a safe integer has them; else null. */
function shortText(text: string): Decimal | null {
  const { length } = text;
  const isNegative = text.charCodeAt(0) === 45;
  const first = isNegative ? 1 : 0;
  if (length > 15 || length === first) return null;
  let mantissa = 0;
  let point = -1;
  for (let i = first; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) mantissa = mantissa * 10 + (code - 48);
    else if (code === 46 && point < 0 && i > first && i < length - 1) point = i;
    else return null;
  }
  if (mantissa === 0) return ZERO;
  return Decimal.scaled(isNegative ? -mantissa : mantissa, point < 0 ? 0 : length - 1 - point);
}
