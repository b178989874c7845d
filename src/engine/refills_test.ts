import assert from "node:assert/strict";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { RetryableError } from "../util/errors.ts";
import { Refills } from "./refills.ts";

/** Refills whose waits are over at once, and written down. */
class Rig {
  readonly asked: string[] = [];
  readonly refilled: string[] = [];
  readonly waited: number[] = [];
  readonly logged: string[] = [];
  nowUs = 30e6;
  rate = 1;
  isOver = false;
  onAsked: () => void = () => {};
  readonly refills = new Refills({
    history: (symbols) => {
      this.asked.push(symbols.join(" "));
      this.onAsked();
      return Promise.resolve(new Map<string, BarColumns>([["A", emptyBars(3)]]));
    },
    refill: (consumer, symbol, { timeUs }, fillsGap) =>
      this.refilled.push(`${symbol} on ${consumer}: ${timeUs.length}${fillsGap ? "" : " again"}`),
    clock: () => ({ nowUs: () => this.nowUs, rate: this.rate }),
    wait: (ms) => {
      this.waited.push(ms);
      return Promise.resolve();
    },
    isOver: () => this.isOver,
    log: (level, text) => this.logged.push(`${level} ${text}`),
  });
}

Deno.test("symbols that wait for bars at the same time are asked for together", async () => {
  const { refills, asked, refilled } = new Rig();
  await Promise.all([
    refills.add(0, ["A"]),
    refills.add(1, ["A", "B"]),
    refills.add(0, ["C"]),
    refills.add(0, ["C"]),
  ]);
  assert.deepEqual(asked, ["A C B"]);
  assert.deepEqual(refilled, ["A on 0: 3", "C on 0: 0", "A on 1: 3", "B on 1: 0"]);
});

Deno.test("right after a minute's end the history is waited for, as long as it takes there", async () => {
  const rig = new Rig();
  rig.nowUs = 60e6 + 2e6;
  rig.rate = 60;
  await rig.refills.add(0, ["A"]);
  assert.deepEqual(rig.waited, [3000 / 60]);
  rig.rate = 0;
  await rig.refills.add(0, ["A"]);
  assert.equal(rig.waited.length, 1);
});

Deno.test("history that is away is asked for until it is there, or the session over", async () => {
  const rig = new Rig();
  rig.onAsked = () => {
    if (rig.asked.length < 4) throw new RetryableError("no network");
  };
  await rig.refills.add(0, ["A"]);
  assert.deepEqual(rig.asked, ["A", "A", "A", "A"]);
  assert.deepEqual(rig.refilled, ["A on 0: 3"]);
  assert.deepEqual(rig.waited, [1000, 2000, 5000]);
  assert.equal(rig.logged.filter((line) => line.startsWith("warning")).length, 1);
  rig.onAsked = () => {
    rig.isOver = true;
    throw new RetryableError("no network");
  };
  await rig.refills.add(0, ["A"]);
  assert.equal(rig.refilled.length, 1);
});

Deno.test("what was lost again meanwhile is not filled by the answer to the first question", async () => {
  const rig = new Rig();
  rig.onAsked = () => {
    if (rig.asked.length === 1) void rig.refills.add(0, ["A"]);
  };
  await rig.refills.add(0, ["A", "B"]);
  assert.deepEqual(rig.asked, ["A B", "A"]);
  assert.deepEqual(rig.refilled, ["B on 0: 0", "A on 0: 3"]);
});

Deno.test("fault 30: corrections are collected, and the bars sent anew once", async () => {
  const rig = new Rig();
  await Promise.all([1, 2, 3].map(() => rig.refills.correct(0, "A")));
  assert.deepEqual(rig.waited, [30_000]);
  assert.deepEqual(rig.refilled, ["A on 0: 3 again"]);
  // Rows that were lost count for more than a correction.
  await Promise.all([rig.refills.correct(0, "A"), rig.refills.add(0, ["A"])]);
  assert.equal(rig.refilled.includes("A on 0: 3"), true);
});
