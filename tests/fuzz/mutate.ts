import type { Random } from "../../src/simulator/random.ts";

/** Bytes and texts that parsers are known to stumble over. */
const NASTY = [
  "",
  "0",
  "-0",
  "-1",
  "1e400",
  "1e-400",
  "9007199254740993",
  "0.1",
  "NaN",
  "Infinity",
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"',
  "'",
  "\\",
  "\\u0000",
  "\0",
  "\r\n",
  "\n\n",
  "\ufeff",
  "é",
  "𝄞",
  "\ud800",
  "__proto__",
  "constructor",
  "[[[[[[[[",
  '{"a":{"a":',
  ",",
  ",,",
  ";",
  "\t",
  "0x10",
  "2022-02-30T25:61:61Z",
  "1970-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999Z",
];
/** Values that stand in the place of another. */
const VALUES = [
  "0",
  "-0",
  "-1",
  "1",
  "0.0001",
  "700000",
  "1e400",
  "1e-400",
  "9007199254740993",
  "null",
  "true",
  '""',
  '"0"',
  '"-1"',
  '"0.0001"',
  '"1e400"',
  '"NaN"',
  '"filled"',
  '"canceled"',
  '"AAPL"',
  "[]",
  "{}",
  '"2022-01-03T14:31:00.123456789Z"',
  '"2022-01-03"',
  "12345678901234567890",
  '"sell"',
  '"x"',
];
/** Of JSON, TOML and CSV alike: space, quotes and braces are not among them. */
const SEPARATORS = new Set(",:=\n{}[]".split("").map((char) => char.charCodeAt(0)));
const encoder = new TextEncoder();
/** Longer inputs take time and find no more. */
const LENGTH_MAX = 4096;

/** A changed copy of `input`: one to six changes, in places and of kinds that `random` says. */
export function mutate(
  input: Uint8Array,
  { random, words, others }: {
    random: Random;
    words: readonly string[];
    /** What pieces are taken from. */
    others: readonly Uint8Array[];
  },
): Uint8Array {
  let bytes = input;
  // Most often one alone, which leaves the rest as it was right.
  for (let changes = Math.max(1, random.int(-3, 6)); changes > 0; changes--) {
    bytes = change(bytes, random, words, others);
  }
  return bytes.length > LENGTH_MAX ? bytes.subarray(0, LENGTH_MAX) : bytes;
}

function change(
  bytes: Uint8Array,
  random: Random,
  words: readonly string[],
  others: readonly Uint8Array[],
): Uint8Array {
  const { length } = bytes;
  const at = random.int(0, length);
  const span = random.int(0, Math.min(length - at, random.int(1, 32)));
  switch (random.int(0, 13)) {
    case 0: { // one bit
      const copy = bytes.slice();
      if (at < length) copy[at] ^= 1 << random.int(0, 7);
      return copy;
    }
    case 1: { // one byte
      const copy = bytes.slice();
      if (at < length) copy[at] = random.int(0, 255);
      return copy;
    }
    case 2: // cut off
      return bytes.slice(0, at);
    case 3: // cut out
      return splice(bytes, at, span, new Uint8Array());
    case 4: // said twice
      return splice(bytes, at, 0, bytes.subarray(at, at + span));
    case 5: // a piece of another
    {
      const other = others[random.int(0, others.length - 1)];
      const from = random.int(0, other.length);
      return splice(bytes, at, span, other.subarray(from, from + random.int(0, 64)));
    }
    case 6: // moved
      return splice(
        splice(bytes, at, span, new Uint8Array()),
        random.int(0, length - span),
        0,
        bytes.subarray(at, at + span),
      );
    case 7:
      return splice(bytes, at, span, encoder.encode(NASTY[random.int(0, NASTY.length - 1)]));
    case 8: {
      const word = words.length === 0 ? "" : words[random.int(0, words.length - 1)];
      return splice(bytes, at, random.int(0, 1) * span, encoder.encode(word));
    }
    default: { // another value, the text around it as it was
      const [from, to] = valueAfter(bytes, at);
      const value = random.int(0, 2) === 0 && words.length > 0
        ? words[random.int(0, words.length - 1)]
        : VALUES[random.int(0, VALUES.length - 1)];
      return splice(bytes, from, to - from, encoder.encode(value));
    }
  }
}

/** Where what stands between two separators, the first at `at` or after it, begins and ends. */
function valueAfter(bytes: Uint8Array, at: number): [from: number, to: number] {
  let from = at;
  while (from < bytes.length && !SEPARATORS.has(bytes[from])) from++;
  let to = ++from;
  while (to < bytes.length && !SEPARATORS.has(bytes[to])) to++;
  return [Math.min(from, bytes.length), Math.min(to, bytes.length)];
}

/** `insert` in the place of `count` bytes from `at`. */
export function splice(
  bytes: Uint8Array,
  at: number,
  count: number,
  insert: Uint8Array,
): Uint8Array {
  const made = new Uint8Array(bytes.length - count + insert.length);
  made.set(bytes.subarray(0, at));
  made.set(insert, at);
  made.set(bytes.subarray(at + count), at + insert.length);
  return made;
}
