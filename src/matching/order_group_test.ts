import assert from "node:assert/strict";
import { type Ask, at, TestMarket } from "./fixture.ts";

const BRACKET: Ask = {
  takeProfit: { limitPrice: "110" },
  stopLoss: { triggerPrice: "95", limitPrice: null },
  orderClass: "bracket",
};
const OCO: Ask = {
  ...BRACKET,
  side: "sell",
  type: "limit",
  orderClass: "oco",
};

/** A bracket for 10 that was filled at 100 at 09:31. */
function openBracket(ask: Ask = {}) {
  const market = new TestMarket();
  const entry = market.order({ ...BRACKET, ...ask });
  market.flatBar("09:30", 100);
  const [takeProfit, stopLoss] = market.now(entry).legs!;
  market.updates.length = 0;
  return { market, entry, takeProfit, stopLoss };
}

Deno.test("legs are held until the entry has filled whole", () => {
  const market = new TestMarket();
  const entry = market.order(BRACKET);
  assert.deepEqual(entry.legs!.map((leg) => [leg.type, leg.side, leg.status, leg.qty]), [
    ["limit", "sell", "held", "10"],
    ["stop", "sell", "held", "10"],
  ]);
  assert.deepEqual(entry.legs!.map((leg) => leg.parentId), [entry.id, entry.id]);
  market.flatBar("09:30", 100, 4);
  // Beyond the target, but the legs are held.
  market.flatBar("09:31", 111, 3);
  assert.equal(market.position, "7");
  market.flatBar("09:32", 100, 3);
  assert.deepEqual(market.log, [
    "new buy market",
    "partial_fill buy market 4 @ 100",
    "partial_fill buy market 3 @ 111",
    "fill buy market 3 @ 100",
    "new sell limit",
    "new sell stop",
  ]);
});

Deno.test("a filled target cancels the stop", () => {
  const { market } = openBracket();
  market.bar("09:31", [105, 112, 104, 111]);
  assert.deepEqual(market.log, ["fill sell limit 10 @ 110", "canceled sell stop"]);
  assert.equal(market.position, "0");
});

Deno.test("of a bar that reaches both legs only the stop is taken", () => {
  const { market } = openBracket();
  market.bar("09:31", [100, 112, 94, 111]);
  assert.deepEqual(market.log, ["fill sell stop 10 @ 95", "canceled sell limit"]);
});

Deno.test("a target that fills in part makes the stop smaller", () => {
  const { market, stopLoss } = openBracket();
  market.flatBar("09:31", 110, 4);
  assert.deepEqual(market.log, ["partial_fill sell limit 4 @ 110", "restated sell stop"]);
  assert.equal(market.now(stopLoss).qty, "6");
  market.flatBar("09:32", 94);
  assert.deepEqual(market.log.slice(2), ["fill sell stop 6 @ 94", "canceled sell limit"]);
  assert.equal(market.position, "0");
});

Deno.test("legs close no more than other orders leave of the position", () => {
  const market = new TestMarket();
  const entry = market.order(BRACKET);
  market.flatBar("09:30", 100, 6);
  // Complex orders are no wash trades, so an exit can be given while the entry still fills.
  market.order({ ...OCO, qty: "4" });
  market.flatBar("09:31", 100);
  assert.deepEqual(market.now(entry).legs!.map((leg) => leg.qty), ["6", "6"]);
  market.flatBar("09:32", 111);
  assert.equal(market.position, "0");
});

Deno.test("legs leave alone what was closed before they were live", () => {
  const market = new TestMarket();
  const entry = market.order(BRACKET);
  market.flatBar("09:30", 100, 9);
  market.order({ side: "sell", type: "trailing_stop", trailPrice: "1", qty: "9" });
  market.flatBar("09:31", 99, 0);
  market.flatBar("09:32", 99, 1);
  market.flatBar("09:33", 99);
  assert.equal(market.position, "1");
  assert.deepEqual(market.now(entry).legs!.map((leg) => leg.qty), ["1", "1"]);
});

Deno.test("a short's bracket is turned around", () => {
  const { market } = openBracket({
    side: "sell",
    takeProfit: { limitPrice: "90" },
    stopLoss: { triggerPrice: "105", limitPrice: "106" },
  });
  assert.equal(market.position, "-10");
  market.bar("09:31", [100, 105, 99, 100]);
  assert.deepEqual(market.log, ["fill buy stop_limit 10 @ 105", "canceled buy limit"]);
});

Deno.test("the position is held once by both legs", () => {
  const { market } = openBracket();
  assert.equal(market.exchange.position("test", "AAPL")!.qtyAvailable, "0");
  const refusal = market.refused({ side: "sell", qty: "1" });
  assert.equal(
    refusal.message,
    "insufficient qty available for order (requested: 1, available: 0)",
  );
  assert.deepEqual(refusal.details, {
    symbol: "AAPL",
    available: "0",
    existing_qty: "10",
    held_for_orders: "10",
  });
});

Deno.test("a position can be added to while its bracket rests", () => {
  const { market } = openBracket();
  market.order({ qty: "5" });
  market.flatBar("09:31", 101);
  assert.equal(market.position, "15");
  assert.equal(market.exchange.position("test", "AAPL")!.qtyAvailable, "5");
});

Deno.test("canceling one of a group cancels the rest of it", () => {
  const { market, takeProfit } = openBracket();
  assert.equal(market.cancel(takeProfit), null);
  assert.deepEqual(market.log, ["canceled sell limit", "canceled sell stop"]);

  const waiting = new TestMarket();
  const entry = waiting.order(BRACKET);
  waiting.cancel(entry.legs![1]);
  assert.deepEqual(waiting.log, [
    "new buy market",
    "canceled sell stop",
    "canceled buy market",
    "canceled sell limit",
  ]);
});

Deno.test("day legs expire with the day of their entry", () => {
  const { market } = openBracket();
  market.advance("16:01");
  assert.deepEqual(market.log, ["expired sell limit", "expired sell stop"]);
});

Deno.test("gtc legs stay for the next session", () => {
  const { market } = openBracket({ timeInForce: "gtc" });
  market.exchange.onBar("AAPL", at("09:30", "2022-01-04"), 90, 91, 89, 90, 1e6);
  assert.deepEqual(market.log, ["fill sell stop 10 @ 90", "canceled sell limit"]);
});

Deno.test("a leg is replaced in its group", () => {
  const { market, entry, stopLoss } = openBracket();
  const next = market.replace(stopLoss, { triggerPrice: "99" });
  assert.equal(next.replaces, stopLoss.id);
  assert.deepEqual(market.log, ["replaced sell stop", "new sell stop"]);
  assert.deepEqual(market.now(entry).legs!.map((leg) => leg.triggerPrice), [null, "99"]);
  market.flatBar("09:31", 98);
  assert.deepEqual(market.log.slice(2), ["fill sell stop 10 @ 98", "canceled sell limit"]);
});

Deno.test("a held leg is replaced without leaving its wait", () => {
  const market = new TestMarket();
  const entry = market.order(BRACKET);
  assert.equal(market.replace(entry.legs![0], { limitPrice: "120" }).status, "held");
  market.flatBar("09:30", 100);
  market.flatBar("09:31", 119);
  assert.equal(market.position, "10");
  market.flatBar("09:32", 120);
  assert.equal(market.position, "0");
});

Deno.test("of complex orders only prices are replaced", () => {
  const { market, takeProfit } = openBracket();
  const outcome = market.exchange.replace("test", takeProfit.id, { qty: "5" });
  assert.ok("error" in outcome && outcome.error.code === 42210000);
});

Deno.test("a stop can be drawn behind the market, but not past its target", () => {
  const { market, stopLoss } = openBracket({ type: "limit", limitPrice: "101" });
  const higher = market.replace(stopLoss, { triggerPrice: "109.99" });
  const outcome = market.exchange.replace("test", higher.id, { triggerPrice: "110" });
  assert.ok("error" in outcome);
  assert.equal(outcome.error.message, "take_profit.limit_price must be > stop_loss.stop_price");
});

Deno.test("an oto has one leg", () => {
  const market = new TestMarket();
  const entry = market.order({ orderClass: "oto", takeProfit: { limitPrice: "110" } });
  market.flatBar("09:30", 100);
  market.flatBar("09:31", 110);
  assert.equal(market.now(entry).legs!.length, 1);
  assert.equal(market.position, "0");
});

Deno.test("an oco's take-profit is the parent of its stop, and both are live at once", () => {
  const market = new TestMarket();
  market.order({ qty: "10" });
  market.flatBar("09:30", 100);
  const target = market.order(OCO);
  assert.deepEqual(target.legs!.map((leg) => [leg.type, leg.status]), [["stop", "new"]]);
  assert.equal(target.limitPrice, "110");
  market.updates.length = 0;
  market.flatBar("09:31", 94);
  assert.deepEqual(market.log, ["fill sell stop 10 @ 94", "canceled sell limit"]);
});

Deno.test("an oco needs a position to close", () => {
  assert.equal(new TestMarket().refused(OCO).message, "oco orders must be exit orders");
});

Deno.test("lists show legs under their parents, or by themselves", () => {
  const { market, entry, takeProfit, stopLoss } = openBracket();
  const ids = (nested: boolean) =>
    market.exchange.orders("test", { status: "all", nested }).map((order) => order.id);
  assert.deepEqual(ids(true), [entry.id]);
  assert.deepEqual(ids(false), [stopLoss.id, takeProfit.id, entry.id]);
  // The parent is closed, so open legs stand by themselves.
  const open = market.exchange.orders("test", { nested: true });
  assert.deepEqual(open.map((order) => order.id), [stopLoss.id, takeProfit.id]);
});
