import assert from "node:assert/strict";
import type { FillModelName } from "../model/trading_costs.ts";
import { fillModelOf } from "./fill_model.ts";
import { type Ask, at, TestMarket } from "./fixture.ts";

const MODELS: FillModelName[] = ["close", "next_open", "intrabar"];
const NONE = null;

/**
 * Ordered on the bar that closes at 100. Then come, worked by hand: open 101, high 104, low 99,
 * close 103; and open 105, high 106, low 96, close 97.
 */
function pricesOf(ask: Ask): (number | null)[] {
  return MODELS.map((name) => {
    const market = new TestMarket({ fillModel: fillModelOf(name) });
    market.flatBar("09:30", 100);
    market.order(ask);
    if (name === "close") market.exchange.onClose("AAPL", at("09:31"), 100, 1e6);
    market.bar("09:31", [101, 104, 99, 103]);
    market.bar("09:32", [105, 106, 96, 97]);
    const { executions } = market;
    assert.ok(executions.length <= 1);
    return executions.length === 0 ? NONE : Number(executions[0].price);
  });
}

const cases: [
  what: string,
  ask: Ask,
  close: number | null,
  open: number | null,
  bar: number | null,
][] = [
  ["a market order", { side: "buy" }, 100, 101, 101],
  ["a market sale", { side: "sell" }, 100, 101, 101],
  ["a limit that the price meets at once", limit("buy", "102"), 100, 101, 101],
  ["a limit below, which only the first bar's low reaches", limit("buy", "99.5"), 97, NONE, 99.5],
  ["a limit above, beyond which the second bar opens", limit("sell", "103.5"), NONE, 105, 103.5],
  ["a stop above, within the first bar", stop("buy", "102"), 103, 105, 102],
  ["a stop above, beyond which the second bar opens", stop("buy", "104.5"), NONE, 105, 105],
  ["a stop below, within the second bar", stop("sell", "98"), 97, NONE, 98],
  [
    "a stop with a limit",
    { ...stop("buy", "102"), type: "stop_limit", limitPrice: "102.5" },
    97,
    NONE,
    102,
  ],
  [
    "a trailing stop: the worse end of the bar comes first",
    { side: "sell", type: "trailing_stop", trailPrice: "2" },
    97,
    NONE,
    99,
  ],
];

function limit(side: "buy" | "sell", limitPrice: string): Ask {
  return { side, type: "limit", limitPrice };
}

function stop(side: "buy" | "sell", triggerPrice: string): Ask {
  return { side, type: "stop", triggerPrice };
}

for (const [what, ask, close, open, bar] of cases) {
  Deno.test(`${what} fills as each model says`, () => {
    assert.deepEqual(pricesOf(ask), [close, open, bar]);
  });
}

Deno.test("where one bar reaches stop and target, the stop counts", () => {
  const market = new TestMarket({ fillModel: fillModelOf("intrabar") });
  market.flatBar("09:30", 100);
  market.order({
    orderClass: "bracket",
    takeProfit: { limitPrice: "103" },
    stopLoss: { triggerPrice: "99", limitPrice: null },
  });
  market.bar("09:31", [100, 100, 100, 100]);
  market.bar("09:32", [101, 104, 98, 103]);
  assert.deepEqual(market.fills.map(({ side, price }) => [side, price]), [
    ["buy", "100"],
    ["sell", "99"],
  ]);
});

Deno.test("an order meets the close that it was decided on once", () => {
  const market = new TestMarket({ fillModel: fillModelOf("close"), volumeShare: 0.1 });
  market.flatBar("09:30", 100, 50);
  market.order({ qty: "10" });
  for (let round = 0; round < 3; round++) market.exchange.onClose("AAPL", at("09:31"), 100, 50);
  assert.deepEqual(market.fills.map(({ qty }) => qty), ["5"]);
  market.bar("09:31", [101, 104, 99, 103], 30);
  market.bar("09:32", [105, 106, 96, 97], 100);
  assert.deepEqual(market.fills.map(({ qty, price }) => [qty, price]), [
    ["5", "100"],
    ["3", "103"],
    ["2", "97"],
  ]);
});

Deno.test("without a volume share orders take all they want", () => {
  const market = new TestMarket({ volumeShare: null });
  market.flatBar("09:30", 100);
  market.order({ qty: "500" });
  market.flatBar("09:31", 100, 1);
  assert.deepEqual(market.fills.map(({ qty }) => qty), ["500"]);
});

Deno.test("purchases and sales have fees of their own", () => {
  const market = new TestMarket({ fees: { buyBps: 10, sellBps: 20 } });
  market.flatBar("09:30", 100);
  market.order({ qty: "10" });
  market.flatBar("09:31", 100);
  market.order({ qty: "10", side: "sell" });
  market.flatBar("09:32", 100);
  // 0.1 % and 0.2 % of 1,000.
  assert.deepEqual(market.fills.map(({ fee }) => fee), ["1", "2"]);
});

Deno.test("all orders of a close share it: of half of 100 the first takes 40, the others 10 and 0", () => {
  const market = new TestMarket({ fillModel: fillModelOf("close"), volumeShare: 0.5 });
  market.flatBar("09:30", 100);
  market.order({ qty: "40", type: "limit", limitPrice: "102" });
  market.bar("09:31", [101, 104, 99, 101], 100);
  for (let round = 0; round < 2; round++) {
    market.order({ qty: "30", clientOrderId: `round ${round}` });
    market.exchange.onClose("AAPL", at("09:32"), 101, 100);
  }
  const fills = () => market.fills.map(({ qty, price }) => `${qty} @ ${price}`);
  assert.deepEqual(fills(), ["40 @ 101", "10 @ 101"]);
  market.bar("09:32", [103, 103, 103, 103], 90);
  // Half of 90: the 20 that are left of the second, and 25 of the third.
  assert.deepEqual(fills().slice(2), ["20 @ 103", "25 @ 103"]);
});
