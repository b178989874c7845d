/**
 * Nanoseconds an operation of Decimal takes, beside big.js, on numbers as a backtest has them. Both
 * must give the same before a figure is printed.
 *
 *   deno run -A tests/bench/decimal.ts
 */
import assert from "node:assert/strict";
// @ts-types="npm:@types/big.js@7.0.0"
import Big from "big.js";
import { type Decimal, decimal } from "../../src/util/decimal.ts";

const ROUNDS = 300;
const SIZE = 1000;

const prices = Array.from({ length: SIZE }, (_, i) => Math.round(10_000 + i * 7.3) / 100);
const averages = Array.from({ length: SIZE }, (_, i) => `${100 + i}.${123456789012 + i}`);
const texts = prices.map(String);
const ours = prices.map((price) => decimal(price));
const theirs = prices.map((price) => new Big(price));
const ourAverages = averages.map((text) => decimal(text));
const theirAverages = averages.map((text) => new Big(text));
const next = (i: number) => (i + 1) % SIZE;

/** By name: what Decimal does to the i-th number, and what big.js does. */
const OPERATIONS: Record<string, [(i: number) => unknown, (i: number) => unknown]> = {
  "from a number": [(i) => decimal(prices[i]), (i) => new Big(prices[i])],
  "from a text": [(i) => decimal(texts[i]), (i) => new Big(texts[i])],
  "plus": [(i) => ours[i].plus(ours[next(i)]), (i) => theirs[i].plus(theirs[next(i)])],
  "minus": [(i) => ours[i].minus(ours[next(i)]), (i) => theirs[i].minus(theirs[next(i)])],
  "times": [(i) => ours[i].times(ours[next(i)]), (i) => theirs[i].times(theirs[next(i)])],
  "cmp": [(i) => ours[i].cmp(ours[next(i)]), (i) => theirs[i].cmp(theirs[next(i)])],
  "cmp with a number": [(i) => ours[i].cmp(150), (i) => theirs[i].cmp(150)],
  "div": [(i) => ours[i].div(ours[next(i)]), (i) => theirs[i].div(theirs[next(i)])],
  "round": [(i) => ours[i].round(0), (i) => theirs[i].round(0)],
  "toFixed": [(i) => ours[i].toFixed(), (i) => theirs[i].toFixed()],
  "toNumber": [(i) => ours[i].toNumber(), (i) => theirs[i].toNumber()],
  "product of 12 decimals": [
    (i) => ourAverages[i].times(ourAverages[next(i)]),
    (i) => theirAverages[i].times(theirAverages[next(i)]),
  ],
};

function nanoseconds(operation: (i: number) => unknown): number {
  let last: unknown = null;
  const run = () => {
    const startMs = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < SIZE; i++) last = operation(i);
    }
    return performance.now() - startMs;
  };
  run();
  const ms = run();
  assert.ok(last !== null);
  return ms * 1e6 / (ROUNDS * SIZE);
}

const textOf = (value: unknown) =>
  typeof value === "object" ? (value as Decimal | Big).toFixed() : String(value);
for (const [name, [own, other]] of Object.entries(OPERATIONS)) {
  for (let i = 0; i < SIZE; i++) assert.equal(textOf(own(i)), textOf(other(i)), name);
  const [mine, theirs] = [nanoseconds(own), nanoseconds(other)];
  const ratio = (theirs / mine).toFixed(1);
  console.log(
    `${name.padEnd(24)} ${mine.toFixed(1).padStart(8)} ns   big.js ${
      theirs.toFixed(1).padStart(8)
    } ns   ${ratio} times`,
  );
}
