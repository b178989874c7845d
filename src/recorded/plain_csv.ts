/**
 * CSV as programs write it: no quotes, no blanks, plain numbers, rows of a symbol in the order of
 * time. Invariant: what is accepted here gives what the general reader (csv.ts) gives; of all else
 * nothing is said here, not even what is wrong with it.
 *
 * It reads bytes straight into columns: a year of minutes in a tenth of the general reader's time.
 */
import {
  COLUMNS,
  type Header,
  isAmount,
  OPTIONAL,
  readHeader,
  SYMBOL,
  symbolDataOf,
} from "./csv_columns.ts";
import { parseTimeUs } from "./csv_time.ts";
import type { SymbolData } from "./market_data.ts";
import type { FileSource } from "./source.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
/** So many digits are exact in float64, and so is a power of ten below. */
const DIGITS_MAX = 15;
const POWERS = Array.from({ length: DIGITS_MAX + 1 }, (_, power) => 10 ** power);

/** null: the general reader has to read it. Throws ConfigError for columns that are wrong. */
export function readPlainCsv(bytes: Uint8Array, source: FileSource): SymbolData[] | null {
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const start = hasBom ? 3 : 0;
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) return null;
  const line = new TextDecoder().decode(bytes.subarray(start, end));
  const hasReturns = line.endsWith("\r");
  const text = hasReturns ? line.slice(0, -1) : line;
  if (text.trim() === "" || /["\r]/.test(text)) return null;
  const header = readHeader(text.split(",").map((name) => name.trim()), source);
  const reader = new PlainReader(bytes, end + 1, header, source, hasReturns);
  return reader.readAll() ? reader.finish() : null;
}

/** The rows of one symbol so far. */
class Rows {
  length = 0;
  timeUs = new Float64Array(1024);
  values: Float64Array[];

  constructor(columns: number) {
    this.values = Array.from({ length: columns }, () => new Float64Array(1024));
  }

  /** False: it comes before the row before, or at its time where that must not be. */
  add(timeUs: number, row: Float64Array, isTimeUnique: boolean): boolean {
    const i = this.length++;
    if (i === this.timeUs.length) this.#grow();
    const beforeUs = i === 0 ? -Infinity : this.timeUs[i - 1];
    if (isTimeUnique ? timeUs <= beforeUs : timeUs < beforeUs) return false;
    this.timeUs[i] = timeUs;
    for (let column = 0; column < row.length; column++) this.values[column][i] = row[column];
    return true;
  }

  #grow(): void {
    const grown = (column: Float64Array) => {
      const twice = new Float64Array(2 * column.length);
      twice.set(column);
      return twice;
    };
    this.timeUs = grown(this.timeUs);
    this.values = this.values.map(grown);
  }

  columns() {
    const cut = (column: Float64Array) => column.slice(0, this.length);
    return { timeUs: cut(this.timeUs), values: this.values.map(cut) };
  }
}

/** What a field is: a value's place in the row from 0 on, or one of these. */
const Role = { symbol: -1, time: -2, unused: -3 } as const;

class PlainReader {
  readonly #bytes: Uint8Array;
  readonly #source: FileSource;
  readonly #header: Header;
  readonly #hasReturns: boolean;
  readonly #roles: number[];
  /** From this place on values are optional. */
  readonly #optionalFrom: number;
  readonly #mayBe0: boolean[];
  readonly #row: Float64Array;
  readonly #bySymbol = new Map<string, Rows>();
  readonly #decoder = new TextDecoder();
  #at: number;
  #rows: Rows | null = null;
  /** Where the symbol stands whose rows these are. */
  #symbolAt = 0;
  #symbolLength = -1;
  #timeUs = 0;
  #dateKey = 0;
  #dateUs = 0;

  constructor(
    bytes: Uint8Array,
    at: number,
    header: Header,
    source: FileSource,
    hasReturns: boolean,
  ) {
    this.#bytes = bytes;
    this.#at = at;
    this.#header = header;
    this.#source = source;
    this.#hasReturns = hasReturns;
    const { valuesAt, optionalAt } = header;
    const places = [...valuesAt, ...optionalAt];
    this.#optionalFrom = valuesAt.length;
    this.#row = new Float64Array(places.length);
    this.#mayBe0 = [
      ...COLUMNS[source.kind].map(isAmount),
      ...OPTIONAL[source.kind].map(() => true),
    ];
    this.#roles = Array.from({ length: header.fields }, (_, field) => {
      if (field === header.symbolAt) return Role.symbol;
      if (field === header.timeAt) return Role.time;
      return places.includes(field) ? places.indexOf(field) : Role.unused;
    });
    if (header.symbolAt < 0) this.#setRows(source.symbol!);
  }

  /** False: not all of it is plain. */
  readAll(): boolean {
    const bytes = this.#bytes;
    while (this.#at < bytes.length) {
      // Empty lines say nothing.
      if (bytes[this.#at] === NEWLINE && !this.#hasReturns) this.#at++;
      else if (!this.#readRow()) return false;
    }
    return this.#bySymbol.size > 0;
  }

  finish(): SymbolData[] | null {
    const { symbol: named } = this.#source;
    const found = [...this.#bySymbol];
    if (named !== undefined && found.length > 1) return null;
    if (found.some(([, rows]) => rows.length === 0)) return null;
    return found.map(([symbol, rows]) =>
      symbolDataOf(named ?? symbol, this.#source, this.#header.isDaily, rows.columns())
    );
  }

  #readRow(): boolean {
    const roles = this.#roles;
    const last = roles.length - 1;
    this.#row.fill(NaN);
    for (let field = 0; field <= last; field++) {
      const role = roles[field];
      const isRead = role >= 0
        ? this.#readNumber(role)
        : role === Role.time
        ? this.#readTime()
        : role === Role.symbol
        ? this.#readSymbol()
        : this.#skipField();
      if (!isRead || !this.#endField(field === last)) return false;
    }
    return this.#isBarValid() &&
      this.#rows!.add(this.#timeUs, this.#row, this.#source.kind === "bars");
  }

  /** Steps over what ends a field, a row where it is the last one. */
  #endField(isLast: boolean): boolean {
    const bytes = this.#bytes;
    if (!isLast) return bytes[this.#at++] === COMMA;
    if (this.#at === bytes.length) return true;
    if (this.#hasReturns && bytes[this.#at++] !== RETURN) return false;
    return bytes[this.#at++] === NEWLINE;
  }

  /** Plain digits, with a point between some; nothing, where the value is optional. */
  #readNumber(place: number): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let number = 0;
    let pointAt = -1;
    for (; at < bytes.length; at++) {
      const digit = bytes[at] - ZERO;
      if (digit >= 0 && digit <= 9) number = number * 10 + digit;
      else if (bytes[at] === POINT && pointAt < 0 && at > start) pointAt = at;
      else break;
    }
    this.#at = at;
    if (at === start) return place >= this.#optionalFrom;
    const decimals = pointAt < 0 ? 0 : at - pointAt - 1;
    if (pointAt >= 0 && decimals === 0) return false;
    // A quotient of two exact numbers is rounded once, as the whole text would be.
    const digits = at - start - (pointAt < 0 ? 0 : 1);
    const value = digits <= DIGITS_MAX ? number / POWERS[decimals] : Number(this.#text(start, at));
    this.#row[place] = value;
    return value > 0 ? value < Infinity : this.#mayBe0[place];
  }

  #readSymbol(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    const length = this.#symbolLength;
    let same = 0;
    while (same < length && bytes[start + same] === bytes[this.#symbolAt + same]) same++;
    if (same === length && isFieldEnd(bytes[start + length])) {
      this.#at = start + length;
      return true;
    }
    this.#skipField();
    const symbol = this.#text(start, this.#at);
    if (!SYMBOL.test(symbol)) return false;
    this.#symbolAt = start;
    this.#symbolLength = this.#at - start;
    this.#setRows(symbol);
    return true;
  }

  #setRows(symbol: string): void {
    let rows = this.#bySymbol.get(symbol);
    if (rows === undefined) this.#bySymbol.set(symbol, rows = new Rows(this.#row.length));
    this.#rows = rows;
  }

  /** 2022-01-03T14:30:00Z, with a blank for the T, without the Z, seconds of zeros: without a text. */
  #readTime(): boolean {
    const start = this.#at;
    this.#skipField();
    const bytes = this.#bytes;
    const isUtc = bytes[start + 4] === 0x2d && bytes[start + 7] === 0x2d &&
      (bytes[start + 10] === 0x54 || bytes[start + 10] === 0x20) &&
      bytes[start + 13] === 0x3a && bytes[start + 16] === 0x3a && this.#at >= start + 19 &&
      this.#isZeroFraction(start + 19);
    const [hour, minute, second] = [
      this.#two(start + 11),
      this.#two(start + 14),
      this.#two(start + 17),
    ];
    if (!isUtc || !(hour < 24 && minute < 60 && second < 60) || !this.#readDate(start)) {
      const timeUs = parseTimeUs(this.#text(start, this.#at));
      this.#timeUs = timeUs ?? NaN;
      return timeUs !== null;
    }
    this.#timeUs = this.#dateUs + ((hour * 60 + minute) * 60 + second) * 1e6;
    return true;
  }

  /** What is left of the time says that it is UTC, to the second. */
  #isZeroFraction(from: number): boolean {
    const bytes = this.#bytes;
    const end = bytes[this.#at - 1] === 0x5a ? this.#at - 1 : this.#at;
    if (from === end) return true;
    if (bytes[from] !== POINT || from + 1 === end || end - from > 10) return false;
    for (let at = from + 1; at < end; at++) if (bytes[at] !== ZERO) return false;
    return true;
  }

  /** Into dateUs; rows of one date follow one another. */
  #readDate(at: number): boolean {
    const year = this.#two(at) * 100 + this.#two(at + 2);
    const key = (year * 100 + this.#two(at + 5)) * 100 + this.#two(at + 8);
    if (key === this.#dateKey) return true;
    const dateUs = Number.isNaN(key) ? null : parseTimeUs(this.#text(at, at + 10));
    if (dateUs === null) return false;
    this.#dateKey = key;
    this.#dateUs = dateUs;
    return true;
  }

  /** A number of two digits, or NaN. */
  #two(at: number): number {
    const tens = this.#bytes[at] - ZERO;
    const ones = this.#bytes[at + 1] - ZERO;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
  }

  /** False: it has a quote, whose rules are not known here. */
  #skipField(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && !isFieldEnd(bytes[at])) {
      if (bytes[at++] === QUOTE) return false;
    }
    this.#at = at;
    return true;
  }

  #text(from: number, to: number): string {
    return this.#decoder.decode(this.#bytes.subarray(from, to));
  }

  /** As the general reader checks it; of daily bars the range is widened. */
  #isBarValid(): boolean {
    if (this.#source.kind !== "bars") return true;
    const row = this.#row;
    const [open, high, low, close] = row;
    if (this.#header.isDaily) {
      row[1] = Math.max(open, high, low, close);
      row[2] = Math.min(open, high, low, close);
      return true;
    }
    return high >= Math.max(open, close, low) && low <= Math.min(open, close) &&
      this.#timeUs % this.#header.barUnitUs === 0;
  }
}

function isFieldEnd(byte: number | undefined): boolean {
  return byte === COMMA || byte === NEWLINE || byte === RETURN || byte === undefined;
}
