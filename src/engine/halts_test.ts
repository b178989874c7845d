import assert from "node:assert/strict";
import { RowKind, TradingStatus } from "../model/market_batch.ts";
import { Halts } from "./halts.ts";

const NAMES = ["AAPL", "MSFT"];

function rig() {
  const told: string[] = [];
  const resumed: number[] = [];
  const halts = new Halts({
    nameOf: (id) => NAMES[id],
    tell: (symbol, isHalted) => told.push(`${symbol} ${isHalted ? "halted" : "trades"}`),
    resume: (id) => resumed.push(id),
    log() {},
  });
  return { halts, told, resumed };
}

Deno.test("fault 42: each change of a symbol's status is told once", () => {
  const { halts, told } = rig();
  const { halted, luldPause, trading } = TradingStatus;
  for (const status of [trading, luldPause, halted, trading, trading]) {
    halts.hear(RowKind.status, 0, 1, status);
  }
  halts.hear(RowKind.status, 1, 1, TradingStatus.marketWideHalt);
  assert.deepEqual(told, ["AAPL halted", "AAPL trades", "MSFT halted"]);
});

Deno.test("fault 42: a resumption that was missed is seen by the first later trade or bar", () => {
  const { halts, told, resumed } = rig();
  halts.hear(RowKind.status, 0, 10, TradingStatus.luldPause);
  halts.hear(RowKind.trade, 0, 20, 0);
  assert.equal(halts.isUnsure, false);
  halts.onRestored(() => true, 100);
  assert.equal(halts.isUnsure, true);
  // One of before, and what is no trade.
  halts.hear(RowKind.minuteBar, 0, 60, 0);
  halts.hear(RowKind.quote, 0, 120, 0);
  halts.hear(RowKind.trade, 1, 120, 0);
  assert.deepEqual(told, ["AAPL halted"]);
  halts.hear(RowKind.trade, 0, 120, 0);
  assert.deepEqual(told, ["AAPL halted", "AAPL trades"]);
  assert.deepEqual(resumed, [0]);
  assert.equal(halts.isUnsure, false);
});
