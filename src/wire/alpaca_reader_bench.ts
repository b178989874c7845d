/**
 * `deno run src/wire/alpaca_reader_bench.ts`: bar, trade and quote events a second on one core,
 * read by AlpacaReader and by JSON.parse. Checks that both put the same numbers before it prints.
 */
import { strict as assert } from "node:assert";
import type { MarketSink } from "../contracts/provider.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { AlpacaReader } from "./alpaca_reader.ts";
import { putRow } from "./alpaca_rows.ts";

const SYMBOLS = 500;
const FRAMES = 400;
const ROUNDS = 8;

class Sums implements MarketSink {
  rows = 0;
  sum = 0;
  readonly #table = new SymbolTable();

  constructor() {
    for (let i = 0; i < SYMBOLS; i++) this.#table.idOf(symbolAt(i));
  }
  find(symbol: string): number {
    return this.#table.find(symbol);
  }
  row(
    kind: number,
    symbol: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    this.rows++;
    this.sum += kind + symbol + timeUs / 1e9 + a + b + c + d + e + f + g;
  }
  frameEnd(): void {}
  step(): void {}
}

function symbolAt(i: number): string {
  return `S${String.fromCharCode(65 + (i % 26))}${i.toString(36).toUpperCase()}`;
}

function frame(kind: "b" | "t" | "q", n: number): string {
  const messages = [];
  for (let i = 0; i < SYMBOLS; i++) {
    const S = symbolAt(i);
    const t = new Date(1641220260000 + n * 60_000).toISOString().replace(".000", "");
    const p = 100 + ((i * 7919 + n * 104729) % 100_000) / 100;
    const v = (i * 31 + n * 17) % 100_000;
    messages.push(
      kind === "b"
        ? { T: "b", S, o: p, h: p + 0.5, l: p - 0.25, c: p, v, t, n: v % 97, vw: p + 0.0123 }
        : kind === "t"
        ? {
          T: "t",
          S,
          i: v,
          x: "V",
          p,
          s: 100,
          c: ["@", "I"],
          z: "C",
          t: t.replace("Z", ".123456789Z"),
        }
        : { T: "q", S, bx: "V", bp: p, bs: 2, ax: "V", ap: p + 0.01, as: 3, c: ["R"], z: "C", t },
    );
  }
  return JSON.stringify(messages);
}

function measure(frames: string[], read: (text: string) => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (const text of frames) read(text);
    best = Math.min(best, performance.now() - start);
  }
  return (frames.length * SYMBOLS) / best / 1000;
}

for (const kind of ["b", "t", "q"] as const) {
  const frames = Array.from({ length: FRAMES }, (_, n) => frame(kind, n));
  const fast = new Sums();
  const plain = new Sums();
  const reader = new AlpacaReader({ sink: fast, onOther: () => {} });
  const readPlain = (text: string) => {
    for (const message of JSON.parse(text)) putRow(message, plain);
  };
  const fastRate = measure(frames, (text) => reader.read(text));
  const plainRate = measure(frames, readPlain);
  assert.equal(fast.rows, FRAMES * SYMBOLS * ROUNDS);
  assert.deepEqual([fast.rows, fast.sum], [plain.rows, plain.sum]);
  const rates = `${fastRate.toFixed(2)} M events/s, JSON.parse ${plainRate.toFixed(2)} M`;
  console.log(`${{ b: "bars", t: "trades", q: "quotes" }[kind]}: ${rates}`);
}
