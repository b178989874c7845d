/**
 * Market-data frames (JSON text) to rows, without an object per event: bars, trades and quotes are
 * read straight from the text.
 * Invariant: gives what JSON.parse and putRow would give. Whatever this reader does not know
 * (escapes in a key, another form of time, other messages) it leaves to them. Values of fields that
 * nobody asked for are skipped, not checked.
 */
import type { MarketSink } from "../contracts/provider.ts";
import { RowKind } from "../model/market_batch.ts";
import { isPossible, putRow, type StreamMessage } from "./alpaca_rows.ts";
import { NumberText } from "./number_text.ts";
import { TimeText } from "./time_text.ts";
import { SymbolText } from "./symbol_text.ts";

export interface AlpacaReaderOptions {
  sink: MarketSink;
  /** Messages that are no rows: successes, errors, subscriptions, steps; in order with rows. */
  onOther(message: StreamMessage): void;
}

// Numbers of a message by field; a bit each in `seen` and `odd`.
const O = 1, H = 2, L = 3, C = 4, V = 5, N = 6, P = 7, S = 8, I = 9;
const VW = 10, BP = 11, BS = 12, AP = 13, AS = 14;
const NEEDED_BAR = 1 << O | 1 << H | 1 << L | 1 << C | 1 << V;
const USED_BAR = NEEDED_BAR | 1 << N | 1 << VW;
const NEEDED_TRADE = 1 << P | 1 << S;
const USED_TRADE = NEEDED_TRADE | 1 << I;
const NEEDED_QUOTE = 1 << BP | 1 << BS | 1 << AP | 1 << AS;

/** By the char code of a name of one letter; 0: not wanted. */
const FIELD_OF_LETTER = new Uint8Array(128);
for (
  const [letter, field] of Object.entries({ o: O, h: H, l: L, c: C, v: V, n: N, p: P, s: S, i: I })
) {
  FIELD_OF_LETTER[letter.charCodeAt(0)] = field;
}

const QUOTE = 34, COMMA = 44, MINUS = 45, COLON = 58, BACKSLASH = 92;
const OPEN_LIST = 91, CLOSE_LIST = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;
const LETTER_S = 83, LETTER_T = 84, LETTER_t = 116;

export class AlpacaReader {
  /** Rows that lacked something or had something of the wrong type, and were left out. */
  badRows = 0;
  readonly #sink: MarketSink;
  readonly #onOther: (message: StreamMessage) => void;
  readonly #numbers = new NumberText();
  readonly #times = new TimeText();
  readonly #symbols: SymbolText;
  readonly #values = new Float64Array(16);
  readonly #encoder = new TextEncoder();
  #text = "";
  /** #text as bytes, of the same length (plain ASCII only), and a zero. */
  #bytes = new Uint8Array(1 << 16);
  #seen = 0;
  #odd = 0;
  /** Char code of the message's "T"; 0: none, or one that this reader leaves to putRow. */
  #kind = 0;
  #symbol = NO_SYMBOL;
  #timeUs = NaN;

  constructor(options: AlpacaReaderOptions) {
    this.#sink = options.sink;
    this.#onOther = options.onOther;
    this.#symbols = new SymbolText((symbol) => options.sink.find(symbol));
  }

  /** Asks the sink anew for each symbol: after what is followed has changed. */
  forgetSymbols(): void {
    this.#symbols.clear();
  }

  /** Puts a frame's rows. Throws SyntaxError where it is no JSON; rows before that were put. */
  read(text: string): void {
    this.#text = text;
    const messages = this.#encode(text) ? this.#readKnown() : 0;
    if (messages >= 0) this.#readPlain(text, messages);
    this.#text = "";
    this.#sink.frameEnd();
  }

  /** False: not plain ASCII. Bytes are read several times faster than a string's characters. */
  #encode(text: string): boolean {
    if (this.#bytes.length <= text.length) this.#bytes = new Uint8Array(text.length * 2);
    const { read, written } = this.#encoder.encodeInto(text, this.#bytes);
    this.#bytes[written] = 0;
    return read === text.length && written === read;
  }

  /** Returns −1 when all was read, else how many messages were before it met something unknown. */
  #readKnown(): number {
    const bytes = this.#bytes;
    let at = pastSpace(bytes, 0);
    if (bytes[at]! !== OPEN_LIST) return 0;
    for (let messages = 0;; messages++) {
      const start = pastSpace(bytes, at + 1);
      if (bytes[start]! !== OPEN_OBJECT) return messages;
      const end = this.#readFields(start);
      if (end < 0) return messages;
      // Nothing is put before the text after it is seen to be right: else it would be put twice.
      at = pastSpace(bytes, end);
      const after = bytes[at]!;
      if (after !== COMMA && after !== CLOSE_LIST) return messages;
      if (!this.#put()) this.#putPlain(JSON.parse(this.#text.slice(start, end)));
      if (after === CLOSE_LIST) break;
    }
    // The messages have been put; what follows a list is no JSON.
    if (pastSpace(bytes, at + 1) < this.#text.length) JSON.parse(this.#text);
    return -1;
  }

  #readPlain(text: string, from: number): void {
    const parsed: unknown = JSON.parse(text);
    const messages = Array.isArray(parsed) ? parsed : [parsed];
    for (let i = from; i < messages.length; i++) this.#putPlain(messages[i]);
  }

  #putPlain(message: unknown): void {
    if (typeof message !== "object" || message === null) {
      this.badRows++;
      return;
    }
    const outcome = putRow(message as StreamMessage, this.#sink);
    if (outcome === "bad") this.badRows++;
    else if (outcome === "other") this.#onOther(message as StreamMessage);
  }

  // Each of the following is given where something begins, and returns where it ends; −1: unknown.

  /** From "{" to past its "}". */
  #readFields(start: number): number {
    const bytes = this.#bytes;
    this.#seen = 0;
    this.#odd = 0;
    this.#kind = 0;
    this.#symbol = NO_SYMBOL;
    this.#timeUs = NaN;
    for (let at = start;;) {
      at = placeOf(QUOTE, bytes, at + 1);
      if (at < 0) return -1;
      const name = at + 1;
      let end = name;
      for (let code = bytes[end]!; code !== QUOTE; code = bytes[++end]!) {
        if (code === BACKSLASH || code < 32) return -1;
      }
      at = placeOf(COLON, bytes, end + 1);
      if (at < 0) return -1;
      at = this.#readField(name, end - name, pastSpace(bytes, at + 1));
      if (at < 0) return -1;
      if (bytes[at]! === COMMA) continue;
      at = pastSpace(bytes, at);
      const after = bytes[at]!;
      if (after === CLOSE_OBJECT) return at + 1;
      if (after !== COMMA) return -1;
    }
  }

  /** `at`: the value's first character. */
  #readField(name: number, length: number, at: number): number {
    const bytes = this.#bytes;
    const first = bytes[name]!;
    let field = 0;
    if (length === 1) {
      if (first === LETTER_t) return this.#readTime(at);
      if (first === LETTER_S) return this.#readSymbol(at);
      if (first === LETTER_T) return this.#readKind(at);
      if (first < 128) field = FIELD_OF_LETTER[first]!;
    } else if (length === 2) {
      field = fieldOfPair(first, bytes[name + 1]!);
    }
    if (field === 0) return this.#skip(at);
    const code = bytes[at]!;
    if (code === MINUS || (code >= 48 && code <= 57)) {
      const value = this.#numbers.read(this.#text, bytes, at);
      if (Number.isNaN(value)) return -1;
      this.#values[field] = value;
      this.#seen |= 1 << field;
      this.#odd &= ~(1 << field);
      return this.#numbers.end;
    }
    this.#odd |= 1 << field;
    return this.#skip(at);
  }

  #readTime(at: number): number {
    this.#timeUs = NaN;
    if (this.#bytes[at]! !== QUOTE) return this.#skip(at);
    const timeUs = this.#times.read(this.#text, this.#bytes, at + 1);
    if (Number.isNaN(timeUs)) return this.#skip(at);
    this.#timeUs = timeUs;
    return this.#times.end + 1;
  }

  #readSymbol(at: number): number {
    this.#symbol = NO_SYMBOL;
    if (this.#bytes[at]! !== QUOTE) return this.#skip(at);
    const id = this.#symbols.read(this.#text, this.#bytes, at + 1);
    if (this.#symbols.end < 0) return -1;
    this.#symbol = id;
    return this.#symbols.end + 1;
  }

  #readKind(at: number): number {
    const bytes = this.#bytes;
    this.#kind = 0;
    if (bytes[at]! !== QUOTE || bytes[at + 2]! !== QUOTE) return this.#skip(at);
    const kind = bytes[at + 1]!;
    if (kind === BACKSLASH || kind === QUOTE) return -1;
    this.#kind = kind;
    return at + 3;
  }

  /** Past a value of any type. */
  #skip(start: number): number {
    const bytes = this.#bytes;
    const code = bytes[start]!;
    if (code === QUOTE) return this.#skipString(start);
    if (code !== OPEN_LIST && code !== OPEN_OBJECT) return skipWord(bytes, start);
    const length = this.#text.length;
    let depth = 0;
    for (let at = start; at < length; at++) {
      const here = bytes[at]!;
      if (here === QUOTE) {
        at = this.#skipString(at) - 1;
        if (at < 0) return -1;
      } else if (here === OPEN_LIST || here === OPEN_OBJECT) depth++;
      else if ((here === CLOSE_LIST || here === CLOSE_OBJECT) && --depth === 0) return at + 1;
    }
    return -1;
  }

  #skipString(start: number): number {
    const bytes = this.#bytes;
    const length = this.#text.length;
    for (let at = start + 1; at < length; at++) {
      const code = bytes[at]!;
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) return at + 1;
    }
    return -1;
  }

  /** Puts the message just read. False: it is for putRow. */
  #put(): boolean {
    const kind = KIND_OF_LETTER[this.#kind < 128 ? this.#kind : 0]!;
    if (kind === 0 || this.#symbol === NO_SYMBOL || Number.isNaN(this.#timeUs)) return false;
    const seen = this.#seen;
    const odd = this.#odd;
    const at = this.#values;
    const symbol = this.#symbol;
    const { trade, quote } = RowKind;
    if (kind === trade) {
      if ((seen & NEEDED_TRADE) !== NEEDED_TRADE || (odd & USED_TRADE) !== 0) return false;
      if (symbol >= 0 && !isPossible(trade, at[P]!, at[S]!, 0, 0, 0, 0)) return false;
      const id = seen & (1 << I) ? at[I]! : 0;
      if (symbol >= 0) this.#sink.row(trade, symbol, this.#timeUs, at[P]!, at[S]!, id, 0, 0, 0, 0);
      return true;
    }
    if (kind === quote) {
      if ((seen & NEEDED_QUOTE) !== NEEDED_QUOTE || (odd & NEEDED_QUOTE) !== 0) return false;
      if (symbol < 0) return true;
      const [bp, bs, ap, as] = [at[BP]!, at[BS]!, at[AP]!, at[AS]!];
      if (!isPossible(quote, bp, bs, ap, as, 0, 0)) return false;
      this.#sink.row(quote, symbol, this.#timeUs, bp, bs, ap, as, 0, 0, 0);
      return true;
    }
    if ((seen & NEEDED_BAR) !== NEEDED_BAR || (odd & USED_BAR) !== 0) return false;
    if (symbol < 0) return true;
    const n = seen & (1 << N) ? at[N]! : 0;
    const vw = seen & (1 << VW) ? at[VW]! : at[C]!;
    const rowKind = kind as RowKind;
    if (!isPossible(rowKind, at[O]!, at[H]!, at[L]!, at[C]!, at[V]!, vw)) return false;
    this.#sink.row(rowKind, symbol, this.#timeUs, at[O]!, at[H]!, at[L]!, at[C]!, at[V]!, n, vw);
    return true;
  }
}

/** Where `wanted` stands, white space before it left out; −1: something else does. */
function placeOf(wanted: number, bytes: Uint8Array, at: number): number {
  if (bytes[at]! === wanted) return at;
  at = pastSpace(bytes, at);
  return bytes[at]! === wanted ? at : -1;
}

/** Where the next character that is no white space stands; a zero ends the text. */
function pastSpace(bytes: Uint8Array, at: number): number {
  let code = bytes[at]!;
  while (code <= 32 && (code === 32 || code === 10 || code === 13 || code === 9)) {
    code = bytes[++at]!;
  }
  return at;
}

/** Past a number, true, false or null. −1: there is none. */
function skipWord(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isOfWord(bytes[at]!)) at++;
  return at > start ? at : -1;
}

const NO_SYMBOL = -2;

const KIND_OF_LETTER = new Uint8Array(128);
KIND_OF_LETTER["b".charCodeAt(0)] = RowKind.minuteBar;
KIND_OF_LETTER["u".charCodeAt(0)] = RowKind.updatedBar;
KIND_OF_LETTER["d".charCodeAt(0)] = RowKind.dailyBar;
KIND_OF_LETTER["t".charCodeAt(0)] = RowKind.trade;
KIND_OF_LETTER["q".charCodeAt(0)] = RowKind.quote;

const LETTER_a = 97, LETTER_b = 98, LETTER_p = 112, LETTER_s = 115, LETTER_v = 118, LETTER_w = 119;

function fieldOfPair(first: number, second: number): number {
  if (first === LETTER_v) return second === LETTER_w ? VW : 0;
  if (first === LETTER_b) return second === LETTER_p ? BP : second === LETTER_s ? BS : 0;
  if (first === LETTER_a) return second === LETTER_p ? AP : second === LETTER_s ? AS : 0;
  return 0;
}

/** Letters, digits, "+", "-", ".": what numbers, true, false and null are made of. */
function isOfWord(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || code === 69 ||
    code === 43 || code === 45 || code === 46;
}
