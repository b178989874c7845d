/** A bracket whose bar fills its entry: what the rest of that bar does to its legs, by hand. */
import assert from "node:assert/strict";
import type { FillModelName } from "../model/trading_costs.ts";
import { fillModelOf } from "./fill_model.ts";
import { type Ask, TestMarket } from "./fixture.ts";

type Bar = [open: number, high: number, low: number, close: number];

const LONG: Ask = {
  orderClass: "bracket",
  takeProfit: { limitPrice: "105" },
  stopLoss: { triggerPrice: "97", limitPrice: null },
};
const SHORT: Ask = {
  side: "sell",
  orderClass: "bracket",
  takeProfit: { limitPrice: "95" },
  stopLoss: { triggerPrice: "103", limitPrice: null },
};

const CASES: [what: string, ask: Ask, bar: Bar, fills: string[], model?: FillModelName][] = [
  ["neither leg is reached", LONG, [100, 104, 98, 103], ["buy 100"]],
  ["entered at the open, the low reaches the stop", LONG, [100, 104, 96, 103], [
    "buy 100",
    "sell 97",
  ]],
  ["entered at the open, the high reaches the target", LONG, [100, 106, 98, 104], [
    "buy 100",
    "sell 105",
  ]],
  ["entered at the open, both are reached: the stop counts", LONG, [100, 106, 96, 104], [
    "buy 100",
    "sell 97",
  ]],
  ["short at the open, the high reaches the stop", SHORT, [100, 104, 96, 99], [
    "sell 100",
    "buy 103",
  ]],
  ["short at the open, the low reaches the target", SHORT, [100, 102, 94, 96], [
    "sell 100",
    "buy 95",
  ]],
  [
    "a limit within the bar, and the low reaches the stop",
    { ...LONG, type: "limit", limitPrice: "99" },
    [100, 101, 96, 98],
    ["buy 99", "sell 97"],
  ],
  [
    "a limit within the bar, and the high reaches the target: nobody knows whether after it",
    { ...LONG, type: "limit", limitPrice: "99" },
    [100, 106, 98, 104],
    ["buy 99"],
  ],
  [
    "a stop within the bar, whose low may have come after it: the worse is taken",
    { ...LONG, type: "stop", triggerPrice: "101" },
    [96, 102, 95, 101],
    ["buy 101", "sell 97"],
  ],
  [
    "a stop with a limit below it fills at the stop, which is within the limit",
    { ...LONG, stopLoss: { triggerPrice: "97", limitPrice: "96.5" } },
    [100, 101, 96, 98],
    ["buy 100", "sell 97"],
  ],
  ["by opens alone the bar's way is not looked at", LONG, [100, 106, 96, 104], [
    "buy 100",
  ], "next_open"],
  ["by closes alone the bar's way is not looked at", LONG, [100, 106, 96, 104], [
    "buy 104",
  ], "close"],
];

for (const [what, ask, bar, fills, model = "intrabar"] of CASES) {
  Deno.test(`in the bar of the entry: ${what}`, () => {
    const market = new TestMarket({ fillModel: fillModelOf(model) });
    market.flatBar("09:30", 100);
    market.order(ask);
    market.bar("09:31", bar);
    assert.deepEqual(market.fills.map(({ side, price }) => `${side} ${price}`), fills);
  });
}
