/** Orders of all types met by recorded quotes and trades, by hand. */
import assert from "node:assert/strict";
import { type Ask, TestMarket } from "./fixture.ts";

/** Seconds after 09:30, then what came; "order" is the case's own. */
type Event = ["quote", number, [number, number], [number, number]] | [
  "trade",
  number,
  number,
  number,
] | ["order"];

const QUOTES: Event[] = [
  ["quote", 0, [99.9, 500], [100.1, 300]],
  ["order"],
  ["quote", 1, [99.8, 200], [100, 400]],
  ["quote", 2, [99.5, 100], [99.7, 200]],
  ["quote", 3, [101, 600], [101.2, 50]],
];
const TRADES: Event[] = [
  ["trade", 0, 100, 10],
  ["order"],
  ["trade", 1, 100.5, 40],
  ["trade", 2, 99, 20],
  ["trade", 3, 102, 100],
];

/** "qty @ price" of each execution; orders take half of what is shown. */
const CASES: [arithmetic: string, events: Event[], ask: Ask, fills: string[]][] = [
  ["a purchase pays the ask", QUOTES, { qty: "100" }, ["100 @ 100"]],
  ["a sale gets the bid", QUOTES, { side: "sell", qty: "100" }, ["100 @ 99.8"]],
  ["half of 400, half of 200, half of 50", QUOTES, { qty: "325" }, [
    "200 @ 100",
    "100 @ 99.7",
    "25 @ 101.2",
  ]],
  ["a limit of 99.75 waits for an ask of 99.70", QUOTES, {
    qty: "100",
    type: "limit",
    limitPrice: "99.75",
  }, ["100 @ 99.7"]],
  ["a limit of 99.60 is never met by an ask", QUOTES, {
    qty: "100",
    type: "limit",
    limitPrice: "99.6",
  }, []],
  ["a sale's limit of 100.5 waits for a bid of 101", QUOTES, {
    side: "sell",
    qty: "100",
    type: "limit",
    limitPrice: "100.5",
  }, ["100 @ 101"]],
  ["a stop to sell at 99.60 is reached by a bid of 99.50", QUOTES, {
    side: "sell",
    qty: "50",
    type: "stop",
    triggerPrice: "99.6",
  }, ["50 @ 99.5"]],
  ["a stop to buy at 101 is reached by an ask of 101.20", QUOTES, {
    qty: "25",
    type: "stop",
    triggerPrice: "101",
  }, ["25 @ 101.2"]],
  ["a stop at 99.60 with a limit of 100.9 waits for a bid of 101", QUOTES, {
    side: "sell",
    qty: "50",
    type: "stop_limit",
    triggerPrice: "99.6",
    limitPrice: "100.9",
  }, ["50 @ 101"]],
  ["a trailing stop of 0.35 below 99.90 stops at 99.55", QUOTES, {
    side: "sell",
    qty: "50",
    type: "trailing_stop",
    trailPrice: "0.35",
  }, ["50 @ 99.5"]],
  ["what an ioc order does not get of half of 400 at once is canceled", QUOTES, {
    qty: "300",
    type: "limit",
    limitPrice: "101",
    timeInForce: "ioc",
  }, ["200 @ 100"]],
  ["a fok order wants all of 300 at once, and half of 400 is not that", QUOTES, {
    qty: "300",
    type: "limit",
    limitPrice: "101",
    timeInForce: "fok",
  }, []],
  ["a fok order of 200 gets half of 400", QUOTES, {
    qty: "200",
    type: "limit",
    limitPrice: "101",
    timeInForce: "fok",
  }, ["200 @ 100"]],
  ["1,000 dollars are 1000 / 100 = 10 shares", QUOTES, { notional: "1000" }, ["10 @ 100"]],
  ["half a share", QUOTES, { qty: "0.5" }, ["0.5 @ 100"]],
  ["a trade's price, half of its 40", TRADES, { qty: "20" }, ["20 @ 100.5"]],
  ["half of 40, half of 20, half of 100", TRADES, { qty: "80" }, [
    "20 @ 100.5",
    "10 @ 99",
    "50 @ 102",
  ]],
  ["a limit of 99.5 fills by the trade of 99", TRADES, {
    qty: "10",
    type: "limit",
    limitPrice: "99.5",
  }, ["10 @ 99"]],
  ["a stop to buy at 101 fills by the trade of 102", TRADES, {
    qty: "10",
    type: "stop",
    triggerPrice: "101",
  }, ["10 @ 102"]],
  ["a trailing stop of 1 % below 100.50 stops at 99.49", TRADES, {
    side: "sell",
    qty: "10",
    type: "trailing_stop",
    trailPercent: "1",
  }, ["10 @ 99"]],
  ["a bracket: bought at 100.50, stopped by the trade of 99", TRADES, {
    qty: "10",
    orderClass: "bracket",
    takeProfit: { limitPrice: "101.5" },
    stopLoss: { triggerPrice: "99.5", limitPrice: null },
  }, ["10 @ 100.5", "10 @ 99"]],
  ["an oto: bought at 100.50, its target of 101.50 met by 102", TRADES, {
    qty: "10",
    orderClass: "oto",
    takeProfit: { limitPrice: "101.5" },
  }, ["10 @ 100.5", "10 @ 102"]],
];

for (const [arithmetic, events, ask, fills] of CASES) {
  const source = events === QUOTES ? "quotes" : "trades";
  Deno.test(`by ${source}: ${arithmetic}`, () => {
    const market = new TestMarket({ volumeShare: 0.5, sourceOf: () => source });
    for (const event of events) {
      if (event[0] === "order") market.order(ask);
      else if (event[0] === "quote") market.quote("09:30", event[1], event[2], event[3]);
      else market.trade("09:30", event[1], event[2], event[3]);
    }
    assert.deepEqual(market.fills.map(({ qty, price }) => `${qty} @ ${price}`), fills);
  });
}

Deno.test("two orders share what a quote shows: half of 400 is 200, 150 and 50", () => {
  const market = new TestMarket({ volumeShare: 0.5, sourceOf: () => "quotes" });
  market.quote("09:30", 0, [99.9, 500], [100.1, 300]);
  market.order({ qty: "150" });
  market.order({ qty: "100" });
  market.quote("09:30", 1, [99.8, 200], [100, 400]);
  assert.deepEqual(market.fills.map(({ qty }) => qty), ["150", "50"]);
});

Deno.test("only the source that is named fills orders, whatever else comes", () => {
  const market = new TestMarket({ sourceOf: () => "quotes" });
  market.order({ qty: "10" });
  market.trade("09:30", 1, 100, 1000);
  market.bar("09:30", [100, 101, 99, 100]);
  assert.deepEqual(market.fills, []);
  market.quote("09:31", 1, [99, 10], [101, 10]);
  assert.deepEqual(market.fills.map(({ price }) => price), ["101"]);
});
