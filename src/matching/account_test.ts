import assert from "node:assert/strict";
import { plain } from "../util/decimal.ts";
import { ACCOUNT, at, TestMarket } from "./fixture.ts";
import type { AccountFigures } from "./types.ts";

function figures(market: TestMarket, ...names: (keyof AccountFigures)[]): unknown[] {
  const account = market.account;
  return names.map((name) => account[name]);
}

Deno.test("a margin account buys for twice its equity", () => {
  const market = new TestMarket({ cash: "10000" });
  assert.deepEqual(figures(market, "buyingPower", "multiplier"), ["20000", 2]);
  market.order({ type: "limit", limitPrice: "100", qty: "150" });
  assert.deepEqual(figures(market, "buyingPower", "reserved"), ["5000", "15000"]);
  market.flatBar("09:30", 100);
  assert.deepEqual(
    figures(
      market,
      "cash",
      "equity",
      "longMarketValue",
      "initialMargin",
      "buyingPower",
      "reserved",
    ),
    ["-5000", "10000", "15000", "7500", "5000", "0"],
  );
  market.flatBar("09:31", 110);
  assert.deepEqual(figures(market, "equity", "buyingPower"), ["11500", "6500"]);
});

Deno.test("without margin, or below $2,000, an account spends cash and sells nothing short", () => {
  for (const market of [new TestMarket({ margin: false }), new TestMarket({ cash: "1999.99" })]) {
    assert.deepEqual(figures(market, "multiplier", "shortingEnabled"), [1, false]);
    assert.equal(market.account.buyingPower, market.account.cash);
    assert.equal(
      market.refused({ side: "sell", qty: "1" }).message,
      "account is not allowed to short",
    );
  }
});

Deno.test("a short sale is valued 3 % above the ask, or at its limit where that is more", () => {
  const market = new TestMarket();
  market.quote("09:30", 0, [99, 10], [100, 10]);
  market.order({ side: "sell", qty: "10" });
  assert.equal(market.account.reserved, "1030");
  market.order({ side: "sell", qty: "10", type: "limit", limitPrice: "120" });
  assert.equal(market.account.reserved, "2230");
});

Deno.test("proceeds of a short sale are no buying power", () => {
  const market = new TestMarket({ cash: "10000" });
  market.order({ side: "sell", qty: "100" });
  market.flatBar("09:30", 100);
  assert.deepEqual(
    figures(
      market,
      "cash",
      "equity",
      "shortMarketValue",
      "buyingPower",
      "nonMarginableBuyingPower",
    ),
    ["20000", "10000", "-10000", "10000", "5000"],
  );
});

Deno.test("crypto is bought with cash alone", () => {
  const market = new TestMarket({ cash: "10000" });
  market.exchange.seedPrice("BTC/USD", 40000);
  market.order({ symbol: "BTC/USD", qty: "0.2", timeInForce: "gtc" });
  assert.deepEqual(figures(market, "buyingPower", "nonMarginableBuyingPower"), ["4000", "2000"]);
  market.flatBar("09:30", 40000, 1e6, "BTC/USD");
  assert.deepEqual(
    figures(market, "equity", "initialMargin", "buyingPower", "nonMarginableBuyingPower"),
    ["10000", "8000", "4000", "2000"],
  );
});

Deno.test("what a canceled order held is free again", () => {
  const market = new TestMarket({ cash: "10000", volumeShare: 1 });
  const order = market.order({ type: "limit", limitPrice: "100", qty: "100" });
  market.flatBar("09:30", 100, 40);
  assert.deepEqual(figures(market, "buyingPower", "reserved"), ["10000", "6000"]);
  market.cancel(order);
  assert.deepEqual(figures(market, "buyingPower", "reserved"), ["16000", "0"]);
});

Deno.test("positions keep their average price while they shrink, and are exact", () => {
  const market = new TestMarket();
  market.order({ qty: "10" });
  market.flatBar("09:30", 100.1);
  market.order({ qty: "20" });
  market.flatBar("09:31", 100.2);
  market.order({ side: "sell", qty: "5" });
  market.flatBar("09:32", 103);
  assert.deepEqual(market.exchange.position(ACCOUNT, "AAPL"), {
    symbol: "AAPL",
    assetClass: "us_equity",
    qty: "25",
    qtyAvailable: "25",
    averagePrice: "100.166666666667",
    currentPrice: "103",
    marketValue: "2575",
    costBasis: "2504.166666666675",
    unrealizedPl: "70.833333333325",
  });
  assert.equal(market.account.cash, "97510");
});

Deno.test("an order's average price is that of its executions", () => {
  const market = new TestMarket();
  const order = market.order({ qty: "3" });
  market.flatBar("09:30", 100, 1);
  market.flatBar("09:31", 100.01, 2);
  assert.equal(market.now(order).filledAveragePrice, "100.006666666667");
  assert.deepEqual(
    market.fills.map((
      one,
    ) => [one.qty, one.price, one.cumulativeQty, one.leavesQty, one.isLast]),
    [["1", "100", "1", "2", false], ["2", "100.01", "3", "0", true]],
  );
  assert.notEqual(market.executions[0].executionId, market.executions[1].executionId);
});

Deno.test("fees are taken from cash with each execution", () => {
  const market = new TestMarket({
    fees: { equityBps: 10, cryptoBps: 25, secPerMillion: 8, tafPerShare: 0.000166, tafMax: 8.3 },
  });
  market.order({ qty: "7" });
  market.flatBar("09:30", 33.5);
  // 0.1 % of 234.50 is 0.2345
  assert.deepEqual(figures(market, "cash", "feesPaid"), ["99765.27", "0.23"]);
  market.order({ side: "sell", qty: "7" });
  market.flatBar("09:31", 33.5);
  // 0.2345 → 0.23; SEC 0.001876 and TAF 0.001162 → a cent each.
  assert.deepEqual(figures(market, "cash", "feesPaid"), ["99999.52", "0.48"]);
  market.order({ symbol: "BTC/USD", qty: "0.0123", timeInForce: "gtc" });
  market.flatBar("09:32", 43001, 1e6, "BTC/USD");
  assert.equal(market.fills[2].fee, "1.32228075");
});

Deno.test("half of a position, or all of it, is closed at the market", () => {
  const market = new TestMarket();
  market.order({ side: "sell", qty: "10" });
  market.flatBar("09:30", 100);
  const half = market.exchange.closePosition(ACCOUNT, "AAPL", { percentage: "50" });
  assert.ok("order" in half && half.order.side === "buy" && half.order.qty === "5");
  market.flatBar("09:31", 100);
  market.exchange.closePosition(ACCOUNT, "AAPL");
  market.flatBar("09:32", 100);
  assert.deepEqual(market.exchange.positions(ACCOUNT), []);
  const none = market.exchange.closePosition(ACCOUNT, "AAPL");
  assert.ok("error" in none && none.error.code === 40410000);
});

Deno.test("last equity is that of the last close", () => {
  const market = new TestMarket({ cash: "10000" });
  market.order({ qty: "10" });
  market.flatBar("09:30", 100);
  market.flatBar("15:59", 105);
  assert.equal(market.account.lastEquity, "10000");
  market.advance("16:01");
  market.flatBar("16:10", 200);
  assert.equal(market.account.lastEquity, "10050");
});

Deno.test("a replaced order is a new one for what had not filled", () => {
  const market = new TestMarket();
  const order = market.order({
    type: "limit",
    limitPrice: "100",
    qty: "10",
    clientOrderId: "first",
  });
  market.flatBar("09:30", 100, 4);
  const next = market.replace(order, { limitPrice: "101", clientOrderId: "second" });
  const old = market.now(order);
  assert.deepEqual([old.status, old.replacedBy, plain(old.filledQty)], ["replaced", next.id, "4"]);
  assert.deepEqual(
    [
      next.status,
      next.replaces,
      next.qty,
      plain(next.filledQty),
      next.limitPrice,
      next.clientOrderId,
    ],
    ["new", order.id, "6", "0", "101", "second"],
  );
  assert.equal(market.account.reserved, "606");
  const smaller = market.replace(next, { qty: "2" });
  market.flatBar("09:31", 100);
  assert.equal(market.now(smaller).status, "filled");
  assert.equal(market.position, "6");
  assert.deepEqual(market.log, [
    "new buy limit",
    "partial_fill buy limit 4 @ 100",
    "replaced buy limit",
    "new buy limit",
    "replaced buy limit",
    "new buy limit",
    "fill buy limit 2 @ 100",
  ]);
});

Deno.test("a replacement must be allowed as if it were new", () => {
  const market = new TestMarket({ cash: "10000" });
  const order = market.order({ type: "limit", limitPrice: "100", qty: "200" });
  const dearer = market.exchange.replace(ACCOUNT, order.id, { limitPrice: "100.01" });
  assert.ok("error" in dearer && dearer.error.message === "insufficient buying power");
  assert.equal(market.now(order).status, "new");
  assert.equal(market.replace(order, { limitPrice: "99" }).limitPrice, "99");
});

Deno.test("a trailing stop's trail is replaced, its mark stays", () => {
  const market = new TestMarket();
  market.order({});
  market.flatBar("09:30", 100);
  const order = market.order({ side: "sell", type: "trailing_stop", trailPrice: "5" });
  market.flatBar("09:31", 104);
  const next = market.replace(order, { trail: "2" });
  assert.deepEqual([next.hwm, next.triggerPrice, next.trailPrice], ["104", "102", "2"]);
});

Deno.test("all open orders are canceled at once", () => {
  const market = new TestMarket();
  market.order({ type: "limit", limitPrice: "90" });
  market.order({
    takeProfit: { limitPrice: "110" },
    stopLoss: { triggerPrice: "90", limitPrice: null },
  });
  assert.equal(market.exchange.cancelAll(ACCOUNT).length, 4);
  assert.deepEqual(market.exchange.orders(ACCOUNT), []);
  assert.equal(market.account.reserved, "0");
});

Deno.test("orders are listed by state, symbol, side and time, newest first", () => {
  const market = new TestMarket();
  const first = market.order({ type: "limit", limitPrice: "90" });
  market.advance("09:31");
  const second = market.order({ symbol: "HARD", type: "limit", limitPrice: "90" });
  market.cancel(second);
  market.advance("09:32");
  const third = market.order({ type: "limit", limitPrice: "91" });
  const ids = (filter: Parameters<typeof market.exchange.orders>[1]) =>
    market.exchange.orders(ACCOUNT, filter).map(({ id }) => id);
  assert.deepEqual(ids({}), [third.id, first.id]);
  assert.deepEqual(ids({ status: "closed" }), [second.id]);
  assert.deepEqual(ids({ status: "all", direction: "asc", limit: 2 }), [first.id, second.id]);
  assert.deepEqual(ids({ status: "all", symbols: ["HARD"] }), [second.id]);
  assert.deepEqual(ids({ status: "all", afterUs: at("09:30"), untilUs: at("09:32") }), [second.id]);
  assert.deepEqual(ids({ side: "sell" }), []);
  assert.equal(market.exchange.orderByClientId(ACCOUNT, first.clientOrderId)!.id, first.id);
});

Deno.test("where it forgets, what is final is gone after the close, and what is open stays whole", () => {
  const market = new TestMarket({ forgets: true });
  const done = market.order({ timeInForce: "gtc", clientOrderId: "mine" });
  const bracket = market.order({
    timeInForce: "gtc",
    takeProfit: { limitPrice: "120" },
    stopLoss: { triggerPrice: "80", limitPrice: null },
  });
  market.flatBar("09:30", 100);
  assert.deepEqual([market.now(done).status, market.executions.length], ["filled", 2]);
  assert.equal(market.exchange.orderByClientId(ACCOUNT, "mine")?.id, done.id);
  market.advance("10:00", "2022-01-04");
  assert.equal(market.exchange.order(ACCOUNT, done.id), null);
  assert.equal(market.exchange.orderByClientId(ACCOUNT, "mine"), null);
  assert.deepEqual(market.executions, []);
  // The bracket's entry is final, but heads legs that are not.
  assert.deepEqual(market.now(bracket).legs!.map(({ status }) => status), ["new", "new"]);
  assert.equal(market.position, "20");
  market.exchange.onBar("AAPL", at("10:00", "2022-01-04"), 125, 125, 125, 125, 1e6);
  assert.deepEqual(market.log.slice(-2), ["fill sell limit 10 @ 125", "canceled sell stop"]);
  assert.equal(market.position, "10");
});
