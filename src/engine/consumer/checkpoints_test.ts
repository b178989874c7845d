import assert from "node:assert/strict";
import { buy, type Decision, Strategy, type Tick } from "../../mod.ts";
import { OPEN_US, position, Rig } from "./test_rig.ts";

/** Buys in minute 1, and counts what it sees of the symbol. */
class Counting extends Strategy {
  override setup() {
    return { bars: 0, fills: 0, isBought: false };
  }
  override run({ state }: Tick<this>): Decision | void {
    state.bars++;
    if (state.bars !== 2) return;
    state.isBought = true;
    return buy({ qty: 1 });
  }
  override onFill(_fill: unknown, { state }: Tick<this>) {
    state.fills++;
  }
}

function bar(minute: number) {
  return { bar: [minute, 10, 10, 10, 10, 100] as [number, number, number, number, number, number] };
}

function toldBy(rig: Rig): unknown[] {
  const told = rig.sent("checkpoint").flatMap(({ states }) => states);
  rig.main.length = 0;
  return told;
}

function kept(bars: number, fills: number, isBought: boolean) {
  return { runId: 1, symbol: "AAPL", state: { bars, fills, isBought } };
}

Deno.test("state is told at a minute's end, at a decision, at a fill, and at the end", () => {
  const rig = new Rig({ strategies: [Counting], checkpoints: true });
  rig.send([bar(0)]);
  assert.deepEqual(toldBy(rig), [kept(1, 0, false)]);
  rig.send([bar(1)]);
  // The decision, and the minute's end.
  assert.deepEqual(toldBy(rig), [kept(2, 0, true), kept(2, 0, true)]);
  const fill = { side: "buy", qty: 1, price: 10, fee: 0, timeUs: OPEN_US, partial: false } as const;
  rig.report({ event: "fill", fill, position: position(1) });
  assert.deepEqual(toldBy(rig), [kept(2, 1, true)]);
  rig.consumer.onMain({ type: "stop" });
  assert.deepEqual(toldBy(rig), [kept(2, 1, true)]);
});

Deno.test("where nobody takes a consumer's place, as in a backtest, nothing is told", () => {
  const rig = new Rig({ strategies: [Counting] });
  for (let minute = 0; minute < 3; minute++) rig.send([bar(minute)]);
  rig.consumer.onMain({ type: "stop" });
  assert.deepEqual(toldBy(rig), []);
});
