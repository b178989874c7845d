import assert from "node:assert/strict";
import { type Ask, at, TestMarket } from "./fixture.ts";
import type { ExchangeOptions } from "./types.ts";

/** One order, given at 09:30 after a bar at 100; what is reported of it must be `log`. */
function check(
  name: string,
  given: {
    ask: Ask;
    /** Held beforehand, bought or sold at 100. */
    position?: string;
    options?: Partial<ExchangeOptions>;
    then(market: TestMarket): void;
    log: string[];
  },
): void {
  Deno.test(name, () => {
    const market = new TestMarket({ time: "09:28", ...given.options });
    if (given.position !== undefined) {
      const side = given.position.startsWith("-") ? "sell" : "buy";
      market.exchange.seedPrice("AAPL", 100);
      market.order({ qty: given.position.replace("-", ""), side });
      market.exchange.onBar("AAPL", at("09:30"), 100, 100, 100, 100, 1e9, 1);
    }
    market.exchange.seedPrice("AAPL", 100);
    market.advance("09:31");
    market.updates.length = 0;
    market.order(given.ask);
    given.then(market);
    assert.deepEqual(market.log, given.log);
  });
}

const gapUp: [number, number, number, number] = [102, 103, 101, 102];
const gapDown: [number, number, number, number] = [98, 99, 97, 98];
const wide: [number, number, number, number] = [100, 105, 95, 101];

check("a market order fills at the next bar's open", {
  ask: { qty: "10" },
  then: (market) => market.bar("09:31", gapUp),
  log: ["new buy market", "fill buy market 10 @ 102"],
});

check("no bar that began before the order fills it", {
  ask: { qty: "10" },
  then: (market) => {
    market.bar("09:30", gapUp);
    market.exchange.onBar("AAPL", at("09:31") - 1, 100, 101, 99, 100, 1e6);
  },
  log: ["new buy market"],
});

check("a buy limit fills at its price where the bar reaches it", {
  ask: { type: "limit", limitPrice: "95" },
  then: (market) => market.bar("09:31", wide),
  log: ["new buy limit", "fill buy limit 10 @ 95"],
});

check("a buy limit that the open betters fills at the open", {
  ask: { type: "limit", limitPrice: "99" },
  then: (market) => market.bar("09:31", gapDown),
  log: ["new buy limit", "fill buy limit 10 @ 98"],
});

check("a sell limit that the open betters fills at the open", {
  position: "10",
  ask: { side: "sell", type: "limit", limitPrice: "101" },
  then: (market) => market.bar("09:31", gapUp),
  log: ["new sell limit", "fill sell limit 10 @ 102"],
});

check("a limit that the bar does not reach stays open, and expires after the close", {
  ask: { type: "limit", limitPrice: "90" },
  then: (market) => {
    market.bar("09:31", wide);
    market.advance("16:00");
    assert.equal(market.log.length, 1);
    market.exchange.advanceTo(at("16:00") + 1);
  },
  log: ["new buy limit", "expired buy limit"],
});

check("a sell stop fills at its trigger", {
  position: "10",
  ask: { side: "sell", type: "stop", triggerPrice: "96" },
  then: (market) => market.bar("09:31", wide),
  log: ["new sell stop", "fill sell stop 10 @ 96"],
});

check("a sell stop that the market gaps through fills at the open", {
  position: "10",
  ask: { side: "sell", type: "stop", triggerPrice: "99" },
  then: (market) => market.bar("09:31", gapDown),
  log: ["new sell stop", "fill sell stop 10 @ 98"],
});

check("what a triggered stop could not sell goes on as a market order", {
  position: "10",
  ask: { side: "sell", type: "stop", triggerPrice: "96" },
  then: (market) => {
    market.bar("09:31", wide, 4);
    market.bar("09:32", gapUp);
  },
  log: ["new sell stop", "partial_fill sell stop 4 @ 96", "fill sell stop 6 @ 102"],
});

check("a buy stop limit that opens beyond its limit fills when the same bar comes back", {
  ask: { type: "stop_limit", triggerPrice: "101", limitPrice: "101.50" },
  then: (market) => market.bar("09:31", gapUp),
  log: ["new buy stop_limit", "fill buy stop_limit 10 @ 101.5"],
});

check("a triggered stop limit whose limit isn't reached waits as a limit order", {
  position: "10",
  ask: { side: "sell", type: "stop_limit", triggerPrice: "99", limitPrice: "99" },
  then: (market) => {
    market.bar("09:31", [98, 98.5, 97, 98]);
    market.flatBar("09:32", 98.9);
    market.flatBar("09:33", 99.1);
  },
  log: ["new sell stop_limit", "fill sell stop_limit 10 @ 99.1"],
});

check("a trailing stop follows the high and fills at its trail", {
  position: "10",
  ask: { side: "sell", type: "trailing_stop", trailPrice: "2" },
  then: (market) => {
    market.bar("09:31", [100, 104, 99, 103.5]);
    const [order] = market.exchange.orders("test");
    assert.deepEqual([order.hwm, order.triggerPrice], ["104", "102"]);
    market.bar("09:32", [103, 103, 101, 101]);
  },
  log: ["new sell trailing_stop", "fill sell trailing_stop 10 @ 102"],
});

check("a trailing stop by percentage moves on the tick", {
  position: "-10",
  ask: { side: "buy", type: "trailing_stop", trailPercent: "1.5" },
  then: (market) => {
    market.flatBar("09:31", 97.77);
    const [order] = market.exchange.orders("test");
    assert.deepEqual([order.hwm, order.triggerPrice], ["97.77", "99.24"]);
    market.bar("09:32", [98, 99.5, 98, 98]);
  },
  log: ["new buy trailing_stop", "fill buy trailing_stop 10 @ 99.24"],
});

check("a bar fills no more than the volume share, in whole shares", {
  ask: { qty: "10" },
  options: { volumeShare: 0.1 },
  then: (market) => {
    market.flatBar("09:31", 100, 49);
    market.flatBar("09:32", 100, 9);
    market.flatBar("09:33", 101, 60);
  },
  log: ["new buy market", "partial_fill buy market 4 @ 100", "fill buy market 6 @ 101"],
});

check("an ioc order takes what the next event has, the rest is canceled", {
  ask: { qty: "10", timeInForce: "ioc" },
  then: (market) => market.flatBar("09:31", 100, 7),
  log: ["new buy market", "partial_fill buy market 7 @ 100", "canceled buy market"],
});

check("a fok order takes all or nothing", {
  ask: { qty: "10", timeInForce: "fok" },
  then: (market) => market.flatBar("09:31", 100, 7),
  log: ["new buy market", "canceled buy market"],
});

check("a fok order that finds enough fills", {
  ask: { qty: "10", timeInForce: "fok", type: "limit", limitPrice: "101" },
  then: (market) => market.flatBar("09:31", 100, 10),
  log: ["new buy limit", "fill buy limit 10 @ 100"],
});

check("a cls order fills at the last price before the close", {
  ask: { timeInForce: "cls" },
  then: (market) => {
    market.flatBar("12:00", 90);
    market.flatBar("15:59", 105.5, 1);
    market.advance("16:01");
  },
  log: ["new buy market", "fill buy market 10 @ 105.5"],
});

check("a cls limit that the close does not meet is canceled", {
  ask: { timeInForce: "cls", type: "limit", limitPrice: "105" },
  then: (market) => {
    market.flatBar("15:59", 105.5);
    market.advance("16:01");
  },
  log: ["new buy limit", "canceled buy limit"],
});

check("trades fill at their price, bounded by their size", {
  ask: { type: "limit", limitPrice: "100" },
  then: (market) => {
    market.trade("09:31", 0, 99, 100);
    market.trade("09:31", 1, 100.5, 100);
    market.trade("09:31", 2, 99.5, 6);
    market.trade("09:31", 3, 99.25, 6);
  },
  log: ["new buy limit", "partial_fill buy limit 6 @ 99.5", "fill buy limit 4 @ 99.25"],
});

check("quotes fill against the opposite side, bounded by its size", {
  ask: { qty: "10" },
  then: (market) => {
    market.quote("09:31", 0, [99, 5], [101, 5]);
    market.quote("09:31", 1, [99, 500], [101, 7]);
    market.quote("09:31", 2, [99, 500], [102, 700]);
  },
  log: ["new buy market", "partial_fill buy market 7 @ 101", "fill buy market 3 @ 102"],
});

check("a symbol with quotes is not filled by its trades and bars", {
  ask: { type: "limit", limitPrice: "100" },
  then: (market) => {
    market.quote("09:31", 1, [99, 100], [101, 100]);
    market.trade("09:31", 2, 99, 100);
    market.bar("09:31", gapDown);
    market.quote("09:32", 1, [99, 100], [100, 100]);
  },
  log: ["new buy limit", "fill buy limit 10 @ 100"],
});

check("a stop is triggered by the quote that it would trade with", {
  position: "10",
  ask: { side: "sell", type: "stop", triggerPrice: "99" },
  then: (market) => {
    market.quote("09:31", 1, [99.5, 100], [99.6, 100]);
    market.quote("09:31", 2, [0, 0], [98, 100]);
    market.quote("09:31", 3, [98.9, 100], [99.1, 100]);
  },
  log: ["new sell stop", "fill sell stop 10 @ 98.9"],
});

check("a halted symbol does not fill until it resumes", {
  ask: { qty: "10" },
  then: (market) => {
    market.exchange.onHalt("AAPL");
    market.bar("09:31", gapDown);
    market.exchange.onResume("AAPL");
    market.bar("09:40", gapUp);
  },
  log: ["new buy market", "fill buy market 10 @ 102"],
});

check("an order by notional fills the fraction that it pays for", {
  ask: { notional: "1000" },
  then: (market) => market.flatBar("09:31", 300),
  log: ["new buy market", "fill buy market 3.333333333 @ 300"],
});

check("a gtc order lives through the night, and fills in regular hours only", {
  ask: { timeInForce: "gtc", type: "limit", limitPrice: "95" },
  then: (market) => {
    market.flatBar("16:30", 90);
    market.exchange.onBar("AAPL", at("09:00", "2022-01-04"), 90, 90, 90, 90, 1e6);
    market.exchange.onBar("AAPL", at("09:30", "2022-01-04"), 94, 94, 94, 94, 1e6);
  },
  log: ["new buy limit", "fill buy limit 10 @ 94"],
});

check("a gtc order is canceled after 90 days", {
  ask: { timeInForce: "gtc", type: "limit", limitPrice: "95" },
  then: (market) => market.advance("10:00", "2022-04-04"),
  log: ["new buy limit", "canceled buy limit"],
});

check("an order with extended hours fills after the close, and expires after them", {
  ask: { extendedHours: true, type: "limit", limitPrice: "95", qty: "20" },
  then: (market) => {
    market.flatBar("16:30", 94, 5);
    market.advance("20:01");
  },
  log: ["new buy limit", "partial_fill buy limit 5 @ 94", "expired buy limit"],
});

Deno.test("an order for a closed market is accepted, and new at the open", () => {
  const market = new TestMarket({ time: "08:00" });
  const order = market.order({ qty: "10" });
  assert.equal(order.status, "accepted");
  market.flatBar("08:30", 99);
  market.flatBar("09:30", 100);
  assert.deepEqual(market.log, [
    "accepted buy market",
    "new buy market",
    "fill buy market 10 @ 100",
  ]);
  const { status, submittedUs, filledUs, expiresUs } = market.now(order);
  assert.deepEqual(
    [status, submittedUs, filledUs, expiresUs],
    ["filled", at("08:00"), at("09:31"), at("16:00")],
  );
});

Deno.test("a day order given after the close is for the next session", () => {
  const market = new TestMarket({ time: "16:00" });
  market.order({ qty: "10" });
  market.flatBar("16:30", 99);
  market.exchange.onBar("AAPL", at("09:30", "2022-01-04"), 101, 102, 100, 101, 1e6);
  assert.deepEqual(market.log, [
    "accepted buy market",
    "new buy market",
    "fill buy market 10 @ 101",
  ]);
});

Deno.test("an opg order fills whole at the opening price, or is canceled", () => {
  const market = new TestMarket({ time: "09:00" });
  market.order({ timeInForce: "opg" });
  market.order({ timeInForce: "opg", type: "limit", limitPrice: "98" });
  market.bar("09:30", [99, 100, 90, 95], 1);
  assert.deepEqual(market.log.slice(4), ["fill buy market 10 @ 99", "canceled buy limit"]);
});

Deno.test("the opening trade itself fills an opg order", () => {
  const market = new TestMarket({ time: "09:00" });
  market.order({ timeInForce: "opg" });
  market.trade("09:29", 0, 98, 1);
  market.trade("09:30", 0, 99, 1);
  assert.equal(market.log.at(-1), "fill buy market 10 @ 99");
});

Deno.test("crypto fills at night and on holidays, in steps of its increment", () => {
  const market = new TestMarket({ volumeShare: 0.1 });
  market.exchange.advanceTo(at("03:00", "2022-01-17"));
  market.order({ symbol: "BTC/USD", qty: "0.5", timeInForce: "gtc" });
  market.exchange.onBar("BTC/USD", at("03:00", "2022-01-17"), 43000, 43000, 43000, 43000, 1.23456);
  market.exchange.onBar("BTC/USD", at("03:01", "2022-01-17"), 43001, 43001, 43001, 43001, 100);
  assert.deepEqual(market.log.slice(1), [
    "partial_fill buy market 0.1234 @ 43000",
    "fill buy market 0.3766 @ 43001",
  ]);
});

Deno.test("two orders of one account share the volume of a bar, in the order of acceptance", () => {
  const market = new TestMarket();
  market.order({ qty: "6" });
  market.order({ qty: "6" });
  market.flatBar("09:30", 100, 8);
  assert.deepEqual(market.log.slice(2), [
    "fill buy market 6 @ 100",
    "partial_fill buy market 2 @ 100",
  ]);
});

Deno.test("an order given from within an update is not matched with the same event", () => {
  const market: TestMarket = new TestMarket({
    onUpdate: (update) => {
      market.updates.push(update);
      if (update.event === "fill" && update.order.side === "buy") market.order({ side: "sell" });
    },
  });
  market.order({});
  market.trade("09:30", 1, 100, 1000);
  assert.deepEqual(market.log, ["new buy market", "fill buy market 10 @ 100", "new sell market"]);
  market.trade("09:30", 2, 101, 1000);
  assert.equal(market.log.at(-1), "fill sell market 10 @ 101");
});
