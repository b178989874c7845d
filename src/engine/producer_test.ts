import assert from "node:assert/strict";
import { MarketBatch, RowKind } from "../model/market_batch.ts";
import type { MarketMessage } from "../protocol.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { Producer, RECEIVERS_MAX } from "./producer.ts";

const BATCH_ROWS = 2048;
const OUTSTANDING_MAX = 16;

interface Row {
  kind: number;
  symbol: string;
  price: number;
  seq: number;
}

/** A producer, and receivers that keep what they are given until they are asked to return it. */
class Rig {
  readonly symbols = new SymbolTable();
  readonly producer: Producer;
  readonly steps: number[] = [];
  readonly given: MarketMessage[][] = [];
  readonly names: string[][] = [];
  readonly sequences: Float64Array[] = [];

  constructor(receivers: number, isLossless = false) {
    this.producer = new Producer({
      symbols: this.symbols,
      isLossless: () => isLossless,
      onStep: (n) => this.steps.push(n),
    });
    for (let i = 0; i < receivers; i++) this.#addReceiver();
  }

  #addReceiver(): void {
    const sequence = new SharedArrayBuffer(8);
    const given: MarketMessage[] = [];
    const names: string[] = [];
    this.given.push(given);
    this.names.push(names);
    this.sequences.push(new Float64Array(sequence));
    this.producer.addReceiver({
      // The row must be readable afterwards: a real port takes the buffer away.
      post: (message) =>
        message.type === "market"
          ? given.push({ ...message, buffer: message.buffer.slice(0) })
          : names.push(...message.names),
    }, sequence);
  }

  trades(symbol: string, count: number): void {
    const id = this.symbols.find(symbol);
    for (let i = 0; i < count; i++) {
      this.producer.row(RowKind.trade, id, 0, i, 1, 0, 0, 0, 0, 0);
    }
    this.producer.frameEnd();
  }

  /** All that a receiver has been given, and not yet read. */
  read(receiver: number): Row[] {
    return this.given[receiver].splice(0).flatMap(({ buffer, length, firstSeq }) => {
      const batch = MarketBatch.over(buffer, length, firstSeq);
      return Array.from({ length }, (_, i) => ({
        kind: batch.kind[i],
        symbol: this.names[receiver][batch.symbol[i]],
        price: batch.a[i],
        seq: firstSeq + i,
      }));
    });
  }

  giveBack(receiver: number): void {
    this.producer.returned(receiver, new MarketBatch(BATCH_ROWS).buffer);
  }
}

Deno.test("rows go to all receivers of their symbol, and to no others", () => {
  const rig = new Rig(3);
  rig.producer.route("AAA", 0);
  rig.producer.route("AAA", 2);
  rig.producer.route("BBB", 1);
  rig.trades("AAA", 1);
  rig.trades("BBB", 2);
  assert.deepEqual([0, 1, 2].map((i) => rig.read(i).map(({ symbol }) => symbol)), [
    ["AAA"],
    // The second waits until the first batch is returned.
    ["BBB", "BBB"],
    ["AAA"],
  ]);
  assert.equal(rig.producer.unroute("AAA", 0), false);
  assert.equal(rig.producer.unroute("AAA", 2), true);
  rig.giveBack(0);
  rig.trades("AAA", 1);
  assert.deepEqual(rig.read(0), []);
  assert.equal(rig.producer.isRouted("AAA"), false);
  assert.equal(rig.producer.isRouted("BBB"), true);
});

Deno.test("the last receiver's bit is as good as the first's, and more are refused", () => {
  const rig = new Rig(RECEIVERS_MAX);
  rig.producer.route("AAA", RECEIVERS_MAX - 1);
  rig.trades("AAA", 1);
  assert.equal(rig.read(RECEIVERS_MAX - 1).length, 1);
  assert.throws(() => rig.producer.addReceiver({ post() {} }, new SharedArrayBuffer(8)));
});

Deno.test("a full queue drops market rows, counts them, and marks their symbols", () => {
  const rig = new Rig(2);
  const room = BATCH_ROWS * (OUTSTANDING_MAX + 1);
  for (const receiver of [0, 1]) rig.producer.route("AAA", receiver);
  rig.producer.route("BBB", 0);
  // Receiver 1 returns each batch, receiver 0 none.
  for (let sent = 0; sent < room; sent += BATCH_ROWS) {
    rig.trades("AAA", BATCH_ROWS);
    rig.giveBack(1);
  }
  assert.equal(rig.producer.counts.dropped, 0);
  rig.trades("AAA", 3);
  rig.trades("BBB", 4);
  assert.equal(rig.producer.counts.dropped, 7);
  const before = rig.read(0);
  assert.equal(before.length, BATCH_ROWS * OUTSTANDING_MAX);
  assert.equal(rig.sequences[0][0], room);

  rig.giveBack(0);
  const after = rig.read(0);
  assert.equal(after.length, BATCH_ROWS);
  rig.giveBack(0);
  const gaps = rig.read(0);
  assert.deepEqual(gaps.map(({ kind, symbol, price }) => [kind, symbol, price]), [
    [RowKind.gap, "AAA", -1],
    [RowKind.gap, "BBB", -1],
  ]);
  // No number is used twice or left out.
  assert.deepEqual([...before, ...after, ...gaps].map(({ seq }) => seq), [
    ...Array(room + 2).keys(),
  ]);
  // The other receiver has lost nothing.
  assert.equal(rig.read(1).length, room + 3);
});

Deno.test("in steps nothing is dropped; a step ends when all streams have it", async () => {
  const rig = new Rig(1, true);
  const streams = [rig.producer.addStream(), rig.producer.addStream()];
  rig.producer.route("AAA", 0);
  for (const stream of streams) stream.step(0, 0, false);
  assert.deepEqual(rig.steps, []);
  rig.producer.start();
  assert.deepEqual(rig.steps, [0]);
  rig.trades("AAA", BATCH_ROWS * (OUTSTANDING_MAX + 5));
  streams[0].step(1, 60e6, false);
  assert.deepEqual(rig.steps, [0]);
  streams[1].step(1, 60e6, false);
  assert.deepEqual(rig.steps, [0, 1]);
  const rows = rig.read(0);
  assert.equal(rig.producer.counts.dropped, 0);
  assert.equal(rows.length, BATCH_ROWS * (OUTSTANDING_MAX + 5) + 2);
  assert.deepEqual([rows.at(-1)!.kind, rows.at(-1)!.price], [RowKind.step, 1]);

  let isWorkedOff = false;
  const workedOff = rig.producer.allReturned().then(() => isWorkedOff = true);
  for (let left = OUTSTANDING_MAX + 7; left > 0; left--) {
    assert.equal(isWorkedOff, false);
    rig.giveBack(0);
    await Promise.resolve();
  }
  await workedOff;
});

Deno.test("a stream that comes back gives the step again: it is told, its rows are not", () => {
  const rig = new Rig(1, true);
  const stream = rig.producer.addStream();
  rig.producer.start();
  stream.step(1, 0, false);
  stream.step(1, 0, false);
  assert.deepEqual(rig.steps, [1, 1]);
  assert.equal(rig.read(0).length, 1);
});
