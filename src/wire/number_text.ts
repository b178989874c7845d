/** Reads a JSON number out of a longer text; equal, bit for bit, to what JSON.parse gives. */
export class NumberText {
  /** Where the number that was read last ends. */
  end = 0;

  /** NaN where there is no number at `start`. */
  read(text: string, bytes: Uint8Array, start: number): number {
    let at = start;
    let code = bytes[at]!;
    const isNegative = code === MINUS;
    if (isNegative) code = bytes[++at]!;
    const first = at;
    // In 32 bits, which is quicker, and wrong from the tenth digit on: then it is read again.
    let small = 0;
    for (; code >= ZERO && code <= NINE; code = bytes[++at]!) {
      small = (Math.imul(small, 10) + (code - ZERO)) | 0;
    }
    let digits = at - first;
    // No digit, or a leading zero that JSON does not allow.
    if (digits === 0 || (digits > 1 && bytes[first]! === ZERO)) return NaN;
    let decimals = 0;
    if (code === POINT) {
      code = bytes[++at]!;
      const point = at;
      for (; code >= ZERO && code <= NINE; code = bytes[++at]!) {
        small = (Math.imul(small, 10) + (code - ZERO)) | 0;
      }
      decimals = at - point;
      if (decimals === 0) return NaN;
      digits += decimals;
    }
    this.end = at;
    if (code === LOWER_E || code === UPPER_E) return this.#withExponent(text, bytes, start);
    // Both the digits and the power of ten are exact in float64: so one division rounds once.
    if (digits > DIGITS_EXACT) return Number(text.slice(start, at));
    let mantissa = digits <= DIGITS_SMALL ? small : digitsOf(bytes, first, at);
    if (decimals > 0) mantissa /= POWERS_OF_TEN[decimals]!;
    return isNegative ? -mantissa : mantissa;
  }

  #withExponent(text: string, bytes: Uint8Array, start: number): number {
    let at = this.end + 1;
    let code = bytes[at]!;
    if (code === PLUS || code === MINUS) code = bytes[++at]!;
    const first = at;
    while (code >= ZERO && code <= NINE) code = bytes[++at]!;
    if (at === first) return NaN;
    this.end = at;
    return Number(text.slice(start, at));
  }
}

/** The digits from `at` to `end` as one number, a point among them left out. */
function digitsOf(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (; at < end; at++) if (bytes[at]! !== POINT) value = value * 10 + (bytes[at]! - ZERO);
  return value;
}

const ZERO = 48, NINE = 57, PLUS = 43, MINUS = 45, POINT = 46, UPPER_E = 69, LOWER_E = 101;
const DIGITS_EXACT = 15;
const DIGITS_SMALL = 9;
const POWERS_OF_TEN = Float64Array.from({ length: DIGITS_EXACT + 1 }, (_, i) => Number(`1e${i}`));
