import { strict as assert } from "node:assert";
import fc from "fast-check";
import type { MarketSink } from "../contracts/provider.ts";
import { RowKind } from "../model/market_batch.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { AlpacaReader } from "./alpaca_reader.ts";
import { putRow } from "./alpaca_rows.ts";

const FOLLOWED = ["AAPL", "BTC/USD", "BRK.B", "A", "ZÜ"];

/** Writes down what it is given. */
class Recorder implements MarketSink {
  readonly seen: unknown[] = [];
  bad = 0;
  readonly table = new SymbolTable();

  constructor() {
    for (const symbol of FOLLOWED) this.table.idOf(symbol);
  }
  find(symbol: string): number {
    return this.table.find(symbol);
  }
  row(...row: number[]): void {
    this.seen.push(row);
  }
  frameEnd(): void {}
  step(): void {}
}

function readFast(text: string, times = 1): Recorder {
  const recorder = new Recorder();
  const reader = new AlpacaReader({
    sink: recorder,
    onOther: (message) => recorder.seen.push(message),
  });
  for (let i = 0; i < times; i++) reader.read(text);
  recorder.bad = reader.badRows;
  return recorder;
}

function readPlain(text: string): Recorder {
  const recorder = new Recorder();
  const parsed: unknown = JSON.parse(text);
  for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
    if (typeof message !== "object" || message === null) {
      recorder.bad++;
      continue;
    }
    const outcome = putRow(message, recorder);
    if (outcome === "bad") recorder.bad++;
    if (outcome === "other") recorder.seen.push(message);
  }
  return recorder;
}

function assertSame(text: string): void {
  const fast = readFast(text);
  const plain = readPlain(text);
  assert.deepEqual(fast.seen, plain.seen);
  assert.equal(fast.bad, plain.bad);
}

const space = fc.constantFrom("", "", "", " ", "\n", "\t", "\r\n  ");
const number = fc.oneof(
  fc.integer().map(String),
  fc.nat(100_000_000).map((n) => (n / 100).toFixed(2)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
  fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.nat(30))
    .map(([a, b, e, sign, n]) => `${a}.${b}${e}${sign}${n}`),
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
  fc.tuple(fc.nat(99), fc.bigInt({ min: 0n, max: 10n ** 20n })).map(([a, b]) => `-${a}.0${b}`),
  fc.constantFrom("0", "-0", "0.0", "0.1", "1e400", "9007199254740993", "0.30000000000000004"),
);
const time = fc.oneof(
  fc.tuple(
    fc.integer({ min: 0, max: 4_000_000_000 }),
    fc.constantFrom("", ".5", ".123", ".123456", ".123456789", ".000000999"),
  ).map(([s, fraction]) => `${new Date(s * 1000).toISOString().slice(0, 19)}${fraction}Z`),
  fc.constantFrom(
    "2022-01-03T14:31:00Z",
    "2022-01-03T14:31:59.9Z",
    "2022-01-03T09:31:00-05:00",
    "2022-01-03T24:00:00Z",
    "2022-01-03T24:00:05Z",
    "2022-01-03T14:31:60Z",
    "2022-13-03T14:31:00Z",
    "2022-01-03T14:31:00.1234567890Z",
    "2022-01-03T14:31:00.Z",
    "2022-01-03",
    "",
  ),
).map((text) => JSON.stringify(text));
const string = fc.oneof(
  fc.string().map((text) => JSON.stringify(text)),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0041APL"', '"a\\"b"', '"\\\\"', '"é"', '"{"', '"]"'),
);
const anything = fc.oneof(
  number,
  string,
  fc.constantFrom("null", "true", "false", "[]", "{}"),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom('["@","I"]', '[ "a\\"]" , {"b":[1]} ]', '{"c":"}"}'),
);
const symbol = fc.oneof(
  fc.constantFrom(...FOLLOWED, "UNKNOWN").map((text) => JSON.stringify(text)),
  string,
);
const kind = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('"b"', '"u"', '"d"', '"t"', '"q"') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('"s"', '"l"', '"c"', '"x"', '"step"', '"\\u0062"', '"\\""', "7"),
  },
  { weight: 1, arbitrary: anything },
);
const NUMBERS = "o h l c v n vw p s i bp bs ap as u d oi op os ci cp cs".split(" ");

const BAR: Record<string, string> = { o: "10.5", h: "11e0", l: "9.99", c: "10.123456789" };

/** Texts of fields, in any order; a few lacking, of the wrong type, twice, or unknown. */
const message = fc.record({
  T: kind,
  S: symbol,
  t: time,
  numbers: fc.array(number, { minLength: NUMBERS.length, maxLength: NUMBERS.length }),
  /** Prices within a bar's range, and no sizes below 0. */
  isPossible: fc.boolean(),
  lacking: fc.oneof(
    fc.constant<string[]>([]),
    fc.subarray(["T", "S", "t", ...NUMBERS], { maxLength: 2 }),
  ),
  odd: fc.array(fc.tuple(fc.constantFrom("T", "S", "t", ...NUMBERS), anything), { maxLength: 1 }),
  extra: fc.array(
    fc.tuple(
      fc.oneof(
        string,
        fc.constantFrom('"x"', '"c"', '"z"', '"tks"', '"sc"', '"vx"', '"\\u0054"', '""'),
      ),
      anything,
    ),
    { maxLength: 4 },
  ),
  shuffle: fc.infiniteStream(fc.nat()),
  space,
}).map(({ T, S, t, numbers, isPossible, lacking, odd, extra, shuffle, space }) => {
  const known: [string, string][] = [["T", T], ["S", S], ["t", t]];
  NUMBERS.forEach((name, i) => {
    const text = numbers[i]!;
    known.push([name, isPossible ? BAR[name] ?? text.replace("-", "") : text]);
  });
  const fields = [...known.filter(([name]) => !lacking.includes(name)), ...odd]
    .map(([name, value]): [string, string] => [`"${name}"`, value]);
  // A name twice, once of them escaped, is left out: of such V8's JSON.parse gives now the one
  // value, now the other.
  const names = new Set(fields.map(([name]) => JSON.parse(name)));
  for (const field of extra) {
    const name = JSON.parse(field[0]);
    if (!names.has(name)) fields.push(field);
    names.add(name);
  }
  const keyed = fields.map((field) => ({ field, key: shuffle.next().value }));
  keyed.sort((a, b) => a.key - b.key);
  const texts = keyed.map(({ field: [name, value] }) => `${name}${space}:${space}${value}`);
  return `{${space}${texts.join(`${space},${space}`)}${space}}`;
});
const frame = fc.tuple(fc.array(fc.oneof({ weight: 9, arbitrary: message }, anything)), space)
  .map(([messages, space]) => `${space}[${space}${messages.join(`${space},`)}${space}]${space}`);

Deno.test("the reader gives what JSON.parse gives, whatever a frame holds", () => {
  fc.assert(fc.property(fc.oneof(frame, message, anything), assertSame), { numRuns: 3000 });
});

Deno.test("a damaged frame that is still JSON is read as such, and a cut one throws", () => {
  const broken = fc.tuple(frame, fc.nat(), fc.constantFrom("", "]", "}", ",", '"', "0", "[", "\0"))
    .map(([text, at, put]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + 1);
    });
  fc.assert(
    fc.property(broken, (text) => {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      if (isJson) assertSame(text);
    }),
    { numRuns: 3000 },
  );
  for (const text of ["", "[", "[{", '[{"T":"b"', '[{"T":"b"}', "[] x", '[{"T":"b"},]', "[1 2]"]) {
    assert.throws(() => readFast(text), SyntaxError, text);
  }
});

Deno.test("rows that no market can have are counted as bad", () => {
  const head = '"S":"A","t":"2022-01-03T14:31:00Z"';
  const bar = (o: string, h: string, l: string, c: string, v = "1") =>
    `{"T":"b",${head},"o":${o},"h":${h},"l":${l},"c":${c},"v":${v}}`;
  const bad = [
    bar("0", "1", "0", "1"),
    bar("1", "2", "1", "3"),
    bar("1", "2", "-1", "1"),
    bar("1", "1e400", "1", "1"),
    bar("1", "2", "1", "1", "-1"),
    `{"T":"t",${head},"p":0,"s":1}`,
    `{"T":"t",${head},"p":1e400,"s":1}`,
    `{"T":"q",${head},"bp":-1,"bs":1,"ap":1,"as":1}`,
  ];
  const good = [bar("1", "1", "1", "1", "0"), `{"T":"q",${head},"bp":0,"bs":0,"ap":1,"as":1}`];
  const { seen, bad: counted } = readFast(`[${[...bad, ...good].join()}]`);
  assert.equal(counted, bad.length);
  assert.equal(seen.length, good.length);
});

Deno.test("a number is read bit for bit as JSON.parse reads it", () => {
  fc.assert(
    fc.property(number, (text) => {
      // A trade's id is the one number that nothing is asked of.
      const frame = `[{"T":"t","S":"A","t":"2022-01-03T14:31:00Z","p":1,"s":1,"i":${text}}]`;
      const [row] = readFast(frame).seen as number[][];
      assert.ok(Object.is(row![5], JSON.parse(text)), text);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("each kind of message becomes its row", () => {
  const t = "2022-01-03T14:31:00.123456789Z";
  const us = Date.parse("2022-01-03T14:31:00Z") * 1000 + 123456;
  const table: [Record<string, unknown>, number[]][] = [
    [
      { T: "b", o: 1, h: 2, l: 0.5, c: 1.5, v: 100, n: 7, vw: 1.25 },
      [RowKind.minuteBar, 0, us, 1, 2, 0.5, 1.5, 100, 7, 1.25],
    ],
    [
      { T: "u", o: 1, h: 2, l: 0.5, c: 1.5, v: 100 },
      [RowKind.updatedBar, 0, us, 1, 2, 0.5, 1.5, 100, 0, 1.5],
    ],
    [{ T: "t", p: 1.5, s: 10, i: 99, c: ["@"] }, [RowKind.trade, 0, us, 1.5, 10, 99, 0, 0, 0, 0]],
    [{ T: "q", bp: 1, bs: 2, ap: 3, as: 4 }, [RowKind.quote, 0, us, 1, 2, 3, 4, 0, 0, 0]],
    [{ T: "s", sc: "H", rc: "LUDP" }, [RowKind.status, 0, us, 2, 0, 0, 0, 0, 0, 0]],
    [{ T: "s", sc: "2", rc: "MWC1" }, [RowKind.status, 0, us, 3, 0, 0, 0, 0, 0, 0]],
    [{ T: "s", sc: "T", rc: "" }, [RowKind.status, 0, us, 0, 0, 0, 0, 0, 0, 0]],
    [{ T: "l", u: 2, d: 1 }, [RowKind.luld, 0, us, 2, 1, 0, 0, 0, 0, 0]],
    [
      { T: "c", oi: 1, op: 2, os: 3, ci: 4, cp: 5, cs: 6 },
      [RowKind.correction, 0, us, 1, 2, 3, 4, 5, 6, 0],
    ],
    [{ T: "x", i: 1, p: 2, s: 3 }, [RowKind.cancelTrade, 0, us, 1, 2, 3, 0, 0, 0, 0]],
  ];
  for (const [message, row] of table) {
    const text = JSON.stringify([{ ...message, S: "AAPL", t }]);
    assert.deepEqual(readFast(text).seen, [row], text);
  }
});

Deno.test("a symbol is asked for anew after forgetSymbols", () => {
  const recorder = new Recorder();
  const reader = new AlpacaReader({ sink: recorder, onOther: () => {} });
  const text = '[{"T":"q","S":"AAPL","t":"2022-01-03T14:31:00Z","bp":1,"bs":1,"ap":1,"as":1}]';
  reader.read(text);
  recorder.find = () => -1;
  reader.read(text);
  reader.forgetSymbols();
  reader.read(text);
  assert.equal(recorder.seen.length, 2);
});
