import { parseRfc3339Us } from "./rfc3339.ts";

/**
 * Reads a UTC time ("2022-01-03T14:31:00.5Z") out of a longer text, in microseconds. Remembers the
 * last minute, which most events share.
 */
export class TimeText {
  /** Where the closing quotation mark of the time that was read last stands. */
  end = 0;
  readonly #minute = new Uint8Array(MINUTE_LENGTH);
  #minuteUs = NaN;

  /** `start`: after the opening quotation mark. NaN: not of this form. */
  read(text: string, bytes: Uint8Array, start: number): number {
    const minute = this.#minute;
    for (let i = 0; i < MINUTE_LENGTH; i++) {
      if (bytes[start + i]! !== minute[i]) {
        if (!this.#remember(text, bytes, start)) return NaN;
        break;
      }
    }
    let at = start + MINUTE_LENGTH;
    const tens = bytes[at]! - ZERO;
    const ones = bytes[at + 1]! - ZERO;
    if (!(tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9)) return NaN;
    at += 2;
    let us = 0;
    let code = bytes[at]!;
    if (code === POINT) {
      const first = ++at;
      for (code = bytes[at]!; code >= ZERO && code <= NINE; code = bytes[++at]!) {
        if (at - first < 6) us = us * 10 + (code - ZERO);
      }
      if (at === first || at - first > 9) return NaN;
      for (let digits = at - first; digits < 6; digits++) us *= 10;
    }
    if (code !== ZULU || bytes[at + 1]! !== QUOTE) return NaN;
    this.end = at + 1;
    return this.#minuteUs + (tens * 10 + ones) * 1e6 + us;
  }

  #remember(text: string, bytes: Uint8Array, start: number): boolean {
    const minuteUs = parseRfc3339Us(`${text.slice(start, start + MINUTE_LENGTH)}00Z`);
    // "24:00" is a time of its own that has no seconds.
    if (Number.isNaN(minuteUs) || text.startsWith("24", start + 11)) return false;
    for (let i = 0; i < MINUTE_LENGTH; i++) this.#minute[i] = bytes[start + i]!;
    this.#minuteUs = minuteUs;
    return true;
  }
}

/** "2022-01-03T14:31:" */
const MINUTE_LENGTH = 17;
const QUOTE = 34, POINT = 46, ZERO = 48, NINE = 57, ZULU = 90;
