/**
 * Times in force, groups and kinds of quantities by each bar model, by hand. Ordered at 9:31, when
 * the bar of 9:30 has closed at 100; then come 9:31: open 101, high 104, low 99, close 103; and 9:32:
 * open 105, high 106, low 96, close 97, each of 1,000 shares.
 */
import assert from "node:assert/strict";
import type { FillModelName } from "../model/trading_costs.ts";
import { fillModelOf } from "./fill_model.ts";
import { type Ask, at, TestMarket } from "./fixture.ts";

type Fills = string[];
interface Case {
  what: string;
  ask: Ask;
  close: Fills;
  next_open: Fills;
  intrabar: Fills;
  /** Held before, bought or sold short at 100. */
  held?: "100" | "-100";
  volumeShare?: number;
}

const CASES: Case[] = [
  {
    what: "500 wanted, a fifth of 1,000 a bar: 200, 200 and by closes 100 more",
    ask: { qty: "500" },
    volumeShare: 0.2,
    close: ["200 @ 100", "200 @ 103", "100 @ 97"],
    next_open: ["200 @ 101", "200 @ 105"],
    intrabar: ["200 @ 101", "200 @ 105"],
  },
  {
    what: "ioc: a fifth of 1,000 at once, the rest is canceled",
    ask: { qty: "500", type: "limit", limitPrice: "110", timeInForce: "ioc" },
    volumeShare: 0.2,
    close: ["200 @ 100"],
    next_open: ["200 @ 101"],
    intrabar: ["200 @ 101"],
  },
  {
    what: "fok: 500 at once or nothing",
    ask: { qty: "500", type: "limit", limitPrice: "110", timeInForce: "fok" },
    volumeShare: 0.2,
    close: [],
    next_open: [],
    intrabar: [],
  },
  {
    what: "1,000 dollars: 10 at 100, 1000 / 101 = 9.900990099",
    ask: { notional: "1000" },
    close: ["10 @ 100"],
    next_open: ["9.900990099 @ 101"],
    intrabar: ["9.900990099 @ 101"],
  },
  {
    what: "half a share",
    ask: { qty: "0.5" },
    close: ["0.5 @ 100"],
    next_open: ["0.5 @ 101"],
    intrabar: ["0.5 @ 101"],
  },
  {
    what: "a short sale",
    ask: { side: "sell", qty: "7" },
    close: ["7 @ 100"],
    next_open: ["7 @ 101"],
    intrabar: ["7 @ 101"],
  },
  {
    what: "a short's cover by a stop of 104.50",
    ask: { side: "buy", qty: "100", type: "stop", triggerPrice: "104.5" },
    held: "-100",
    close: [],
    next_open: ["100 @ 105"],
    intrabar: ["100 @ 105"],
  },
  {
    what: "an oco of 103.50 and 98: by bars the target comes first, by closes the stop",
    ask: {
      side: "sell",
      qty: "100",
      type: "limit",
      orderClass: "oco",
      takeProfit: { limitPrice: "103.5" },
      stopLoss: { triggerPrice: "98", limitPrice: null },
    },
    held: "100",
    close: ["100 @ 97"],
    next_open: ["100 @ 105"],
    intrabar: ["100 @ 103.5"],
  },
  {
    what: "an oco of 105.50 and 98, both in the second bar: the stop counts",
    ask: {
      side: "sell",
      qty: "100",
      type: "limit",
      orderClass: "oco",
      takeProfit: { limitPrice: "105.5" },
      stopLoss: { triggerPrice: "98", limitPrice: null },
    },
    held: "100",
    close: ["100 @ 97"],
    next_open: [],
    intrabar: ["100 @ 98"],
  },
  {
    what: "an oto with a stop of 98",
    ask: { qty: "10", orderClass: "oto", stopLoss: { triggerPrice: "98", limitPrice: null } },
    close: ["10 @ 100", "10 @ 97"],
    next_open: ["10 @ 101"],
    intrabar: ["10 @ 101", "10 @ 98"],
  },
  {
    what:
      "a trailing stop of 2 % below 105, the second open, is 102.90; below 103, a close, 100.94",
    ask: { side: "sell", qty: "100", type: "trailing_stop", trailPercent: "2" },
    held: "100",
    close: ["100 @ 97"],
    next_open: [],
    intrabar: ["100 @ 102.9"],
  },
];

for (const one of CASES) {
  for (const model of ["close", "next_open", "intrabar"] as FillModelName[]) {
    Deno.test(`${model}: ${one.what}`, () => {
      const market = new TestMarket({
        fillModel: fillModelOf(model),
        volumeShare: one.volumeShare ?? null,
        time: "09:29",
      });
      if (one.held) {
        market.order({ side: one.held === "100" ? "buy" : "sell", qty: "100" });
        market.flatBar("09:30", 100);
      } else market.flatBar("09:30", 100, 1000);
      const before = market.fills.length;
      assert.equal(before, one.held ? 1 : 0);
      market.order(one.ask);
      if (model === "close") market.exchange.onClose("AAPL", at("09:31"), 100, 1000);
      market.bar("09:31", [101, 104, 99, 103], 1000);
      market.bar("09:32", [105, 106, 96, 97], 1000);
      const fills = market.fills.slice(before).map(({ qty, price }) => `${qty} @ ${price}`);
      assert.deepEqual(fills, one[model as "close" | "next_open" | "intrabar"]);
    });
  }
}

/** Ordered on Monday at 15:00; what follows is Monday's last bar and Tuesday's first. */
const AUCTIONS: [what: string, ask: Ask, fills: Fills][] = [
  ["cls fills at the last price of the session, 106", { timeInForce: "cls" }, ["10 @ 106"]],
  ["cls with a limit below 106 is canceled", {
    timeInForce: "cls",
    type: "limit",
    limitPrice: "105",
  }, []],
  ["opg waits for Tuesday's open, 111", { timeInForce: "opg" }, ["10 @ 111"]],
  ["a day order's limit of 104 ends with Monday", { type: "limit", limitPrice: "104" }, []],
  ["a gtc order's limit of 104.50 is met by Tuesday's low of 104.40", {
    timeInForce: "gtc",
    type: "limit",
    limitPrice: "104.5",
    side: "buy",
  }, ["10 @ 104.5"]],
];

for (const [what, ask, fills] of AUCTIONS) {
  Deno.test(`over the night: ${what}`, () => {
    const market = new TestMarket({ fillModel: fillModelOf("intrabar"), time: "15:00" });
    market.flatBar("15:00", 105);
    // Auction orders for the next open are taken from 19:00 on.
    if (ask.timeInForce !== "opg") market.order(ask);
    market.bar("15:59", [107, 107.5, 105.5, 106]);
    if (ask.timeInForce === "opg") {
      market.advance("19:30");
      market.order(ask);
    }
    const { exchange } = market;
    exchange.onBar("AAPL", at("09:30", "2022-01-04"), 111, 112, 104.4, 110, 1000);
    assert.deepEqual(market.fills.map(({ qty, price }) => `${qty} @ ${price}`), fills);
  });
}

Deno.test("crypto fills at night, in fractions, in each model", () => {
  for (const [model, price] of [["close", "43100"], ["next_open", "43050"]] as const) {
    const market = new TestMarket({ fillModel: fillModelOf(model), time: "02:59" });
    market.flatBar("02:59", 43_000, 5, "BTC/USD");
    market.order({ symbol: "BTC/USD", qty: "0.0123", timeInForce: "gtc" });
    market.bar("03:00", [43_050, 43_200, 42_900, 43_100], 5, "BTC/USD");
    assert.deepEqual(market.fills.map(({ qty, price }) => [qty, price]), [["0.0123", price]]);
  }
});
