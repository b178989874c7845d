/**
 * Market-data frames as text. The reader that makes no objects must give what JSON.parse and putRow
 * give, for whatever is JSON; of what is not, it may put rows that stood before the fault only.
 */
import assert from "node:assert/strict";
import type { MarketSink } from "../../../src/contracts/provider.ts";
import { RowKind } from "../../../src/model/market_batch.ts";
import { SymbolTable } from "../../../src/util/symbol_table.ts";
import { AlpacaReader } from "../../../src/wire/alpaca_reader.ts";
import { putRow, type StreamMessage } from "../../../src/wire/alpaca_rows.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";

const BARS = new Set<number>([RowKind.minuteBar, RowKind.updatedBar, RowKind.dailyBar]);
const SYMBOLS = ["AAPL", "BTC/USD", "BRK.B", "A"];

class Row {
  readonly values: readonly number[];
  constructor(values: readonly number[]) {
    this.values = values;
  }
}

class Rows implements MarketSink {
  readonly seen: unknown[] = [];
  readonly #table = new SymbolTable();

  constructor() {
    for (const symbol of SYMBOLS) this.#table.idOf(symbol);
  }
  find(symbol: string): number {
    return this.#table.find(symbol);
  }
  row(...row: number[]): void {
    this.seen.push(new Row(row));
  }
  frameEnd(): void {}
  step(): void {}
}

const rows = new Rows();
const reader = new AlpacaReader({
  sink: rows,
  onOther: (message) => void rows.seen.push(message),
});

function run(input: Uint8Array): Outcome {
  const text = textOf(input);
  const plain = readPlain(text);
  rows.seen.length = 0;
  const badBefore = reader.badRows;
  try {
    reader.read(text);
  } catch (error) {
    assert.ok(error instanceof SyntaxError, `not said clearly: ${error}`);
    assert.equal(plain, null, "JSON.parse takes it, the reader does not");
    checkRows(rows.seen);
    return "refused";
  }
  checkRows(rows.seen);
  if (plain === null) return "refused"; // a field that nobody asked for is not checked
  assert.deepEqual(rows.seen, plain.seen);
  assert.equal(reader.badRows - badBefore, plain.bad);
  return rows.seen.length > 0 ? "taken" : "refused";
}

/** null: no JSON. */
function readPlain(text: string): { seen: unknown[]; bad: number } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const plain = new Rows();
  let bad = 0;
  for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
    const isObject = typeof message === "object" && message !== null;
    const outcome = isObject ? putRow(message as StreamMessage, plain) : "bad";
    if (outcome === "bad") bad++;
    if (outcome === "other") plain.seen.push(message);
  }
  return { seen: plain.seen, bad };
}

function checkRows(seen: readonly unknown[]): void {
  for (const one of seen) {
    if (!(one instanceof Row)) continue; // a message as it came
    const row = one.values;
    assert.ok(row[1] >= 0 && row[1] < SYMBOLS.length, `no symbol ${row[1]}`);
    assert.ok(row.slice(2).every((value) => typeof value === "number"), JSON.stringify(row));
    assert.ok(Number.isFinite(row[2]), `time ${row[2]}`);
    const [kind, , , a, b, c, d, e] = row;
    if (kind === RowKind.trade) assert.ok(a > 0 && a < Infinity, `traded at ${a}`);
    if (BARS.has(kind)) assert.ok(c > 0 && c <= b && a <= b && d >= c && e >= 0, `bar ${row}`);
  }
}

export const target: Target = {
  name: "frames",
  seeds: [
    '[{"T":"b","S":"AAPL","o":170.1,"h":171,"l":169.95,"c":170.5,"v":1200,"n":31,"vw":170.3,"t":"2022-01-03T14:31:00Z"}]',
    '[{"T":"t","S":"BRK.B","i":52983525029461,"x":"V","p":300.01,"s":100,"c":["@","I"],"z":"B","t":"2022-01-03T14:31:00.123456789Z"},{"T":"q","S":"A","bx":"V","bp":1,"bs":2,"ax":"V","ap":1.02,"as":3,"c":["R"],"z":"A","t":"2022-01-03T14:31:00.5Z"}]',
    '[{"T":"u","S":"BTC/USD","o":47000,"h":47010.5,"l":46990,"c":47000,"v":0.0001,"t":"2022-01-03T00:01:00Z"},{"T":"success","msg":"connected"},{"T":"error","code":406,"msg":"connection limit exceeded"}]',
    '[{"T":"s","S":"AAPL","sc":"H","sm":"Halted","rc":"T1","rm":"News","t":"2022-01-03T14:31:00Z","z":"C"},{"T":"c","S":"AAPL","x":"V","oi":1,"op":1,"os":1,"oc":[],"ci":2,"cp":2,"cs":2,"cc":[],"t":"2022-01-03T14:31:00Z","z":"C"}]',
  ].map(bytesOf),
  words: [
    '"T":"b"',
    '"T":"t"',
    '"T":"q"',
    '"T":"u"',
    '"T":"d"',
    '"S":"AAPL"',
    '"S":"BTC/USD"',
    '"t":"2022-01-03T14:31:00Z"',
    '"t":"2022-01-03T09:31:00-05:00"',
    '"o":1',
    '"h":2',
    '"l":0.5',
    '"c":1.5',
    '"v":100',
    '"p":10.01',
    '"s":3',
    '"bp":1',
    '"bs":1',
    '"ap":2',
    '"as":2',
    '"i":7',
    '"\\u0054":"b"',
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "[{",
    "}]",
    "},{",
    '"x":{"y":[1,"]"]}',
  ],
  run,
};
