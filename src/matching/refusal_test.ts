import assert from "node:assert/strict";
import { type Ask, at, TestMarket } from "./fixture.ts";

/**
 * Each of these is refused with this status, code and message, in a session in which AAPL stands at
 * 100.
 */
function check(name: string, cases: [Ask, number, number, string][]): void {
  Deno.test(name, () => {
    for (const [ask, status, code, message] of cases) {
      const market = new TestMarket({ time: "10:00" });
      market.exchange.seedPrice("AAPL", 100);
      market.exchange.seedPrice("HARD", 100);
      market.exchange.seedPrice("BTC/USD", 40000);
      const refusal = market.refused(ask);
      assert.deepEqual([refusal.status, refusal.code, refusal.message], [status, code, message]);
      assert.deepEqual(market.exchange.orders("test", { status: "all" }), []);
    }
  });
}

const PENNY = "sub-penny increment does not fulfill minimum pricing criteria";
const crypto: Ask = { symbol: "BTC/USD", qty: "0.1", timeInForce: "gtc" };
const bracket: Ask = {
  takeProfit: { limitPrice: "110" },
  stopLoss: { triggerPrice: "95", limitPrice: null },
};

check("parameters that are missing, too many or no numbers", [
  [{ qty: null }, 422, 40010001, "qty or notional is required"],
  [{ qty: "1", notional: "100" }, 422, 40010001, "only one of qty or notional is accepted"],
  [{ qty: "0" }, 422, 40010001, "qty must be > 0"],
  [{ qty: "-3" }, 422, 40010001, "qty must be > 0"],
  [{ qty: "ten" }, 422, 40010001, "qty is not a number"],
  [{ limitPrice: "1" }, 422, 40010001, "market orders require no stop or limit price"],
  [{ type: "limit" }, 422, 40010001, "limit orders require a limit price"],
  [{ type: "stop" }, 422, 40010001, "stop orders require a stop price"],
  [
    { type: "stop_limit", limitPrice: "1" },
    422,
    40010001,
    "stop limit orders require both stop and limit price",
  ],
  [
    { type: "trailing_stop" },
    422,
    40010001,
    "trailing stop orders must specify one of trail_price or trail_percent",
  ],
  [
    { clientOrderId: "x".repeat(129) },
    422,
    40010001,
    "client_order_id must be no more than 128 characters",
  ],
]);

check("prices off the tick", [
  [
    { type: "limit", limitPrice: "100.001" },
    422,
    42210000,
    `invalid limit_price 100.001. ${PENNY}`,
  ],
  [
    { type: "limit", limitPrice: "0.12345" },
    422,
    42210000,
    `invalid limit_price 0.12345. ${PENNY}`,
  ],
  [{ type: "stop", triggerPrice: "99.999" }, 422, 42210000, `invalid stop_price 99.999. ${PENNY}`],
  [
    { ...bracket, takeProfit: { limitPrice: "110.005" } },
    422,
    42210000,
    `invalid take_profit.limit_price 110.005. ${PENNY}`,
  ],
]);

check("fractions of shares", [
  [{ qty: "0.5", timeInForce: "gtc" }, 422, 42210000, "fractional orders must be DAY orders"],
  [{ qty: "0.5", symbol: "HARD" }, 422, 42210000, 'asset "HARD" is not fractionable'],
  [{ ...bracket, qty: "0.5" }, 422, 42210000, "fractional orders must be simple orders"],
  [{ qty: "0.5", side: "sell" }, 422, 42210000, "fractional orders cannot be sold short"],
  [{ notional: "0.99" }, 403, 40310000, "cost basis must be >= minimal amount of order 1"],
  [{ notional: "10.001" }, 422, 42210000, "notional value must be limited to 2 decimal places"],
  [{ qty: "0.0000000001" }, 422, 40010001, "qty must be limited to 9 decimal places"],
]);

check("times in force and hours", [
  [
    { type: "stop", triggerPrice: "90", timeInForce: "ioc" },
    422,
    42210000,
    "stop orders must be DAY or GTC orders",
  ],
  [{ extendedHours: true }, 422, 42210000, "extended hours order must be DAY or GTC limit orders"],
  [
    { extendedHours: true, type: "limit", limitPrice: "99", timeInForce: "ioc" },
    422,
    42210000,
    "extended hours order must be DAY or GTC limit orders",
  ],
  [
    { timeInForce: "opg" },
    403,
    40310000,
    "opg orders must be submitted after 7:00pm and before 9:28am",
  ],
  [{ ...crypto, timeInForce: "day" }, 422, 42210000, "invalid crypto time_in_force"],
  [
    { ...crypto, type: "stop", triggerPrice: "40000" },
    422,
    42210000,
    "invalid order type for crypto order",
  ],
]);

check("assets", [
  [{ symbol: "NONE" }, 422, 42210000, 'asset "NONE" not found'],
  [{ symbol: "GONE" }, 422, 42210000, 'asset "GONE" is not tradable'],
  [{ symbol: "HARD", side: "sell" }, 422, 42210000, 'asset "HARD" cannot be sold short'],
  [{ symbol: "RARE", side: "sell" }, 422, 42210000, 'asset "RARE" cannot be sold short'],
  [
    { ...crypto, side: "sell" },
    403,
    40310000,
    "insufficient balance for BTC (requested: 0.1, available: 0)",
  ],
  [{ ...crypto, qty: "0.00015" }, 422, 42210000, "qty must be a multiple of 0.0001"],
  [{ ...crypto, qty: "0.00001" }, 422, 42210000, "qty must be >= 0.0001"],
]);

check("brackets", [
  [{ orderClass: "bracket" }, 422, 40010001, "bracket orders require take_profit.limit_price"],
  [
    { orderClass: "bracket", takeProfit: { limitPrice: "110" } },
    422,
    40010001,
    "bracket orders require stop_loss.stop_price",
  ],
  [
    { ...bracket, stopLoss: { triggerPrice: "100", limitPrice: null } },
    422,
    42210000,
    "stop_loss.stop_price must be <= base_price - 0.01",
  ],
  [
    { ...bracket, takeProfit: { limitPrice: "100" } },
    422,
    42210000,
    "take_profit.limit_price must be >= base_price + 0.01",
  ],
  [
    { ...bracket, takeProfit: { limitPrice: "90" } },
    422,
    42210000,
    "take_profit.limit_price must be >= stop_loss.stop_price + 0.01",
  ],
  [{ ...bracket, timeInForce: "ioc" }, 422, 42210000, "complex orders must be DAY or GTC orders"],
  [
    { ...bracket, side: "sell" },
    422,
    42210000,
    "take_profit.limit_price must be <= stop_loss.stop_price - 0.01",
  ],
]);

check("buying power", [
  [{ qty: "2001" }, 403, 40310000, "insufficient buying power"],
  [{ qty: "1942", side: "sell" }, 403, 40310000, "insufficient buying power"],
  [{ notional: "200000.01" }, 403, 40310000, "insufficient buying power"],
  [
    { ...crypto, qty: "2.6" },
    403,
    40310000,
    "insufficient balance for USD (requested: 104000, available: 100000)",
  ],
]);

check("what the request says of its own effect", [
  [
    { positionIntent: "buy_to_close" },
    422,
    42210000,
    "position intent mismatch, inferred: buy_to_open, specified: buy_to_close",
  ],
]);

Deno.test("a client order id is used once, whatever became of its order", () => {
  const market = new TestMarket();
  const order = market.order({ clientOrderId: "a" });
  market.cancel(order);
  const refusal = market.refused({ clientOrderId: "a" });
  assert.deepEqual(
    [refusal.status, refusal.code, refusal.message],
    [422, 40010001, "client_order_id must be unique"],
  );
});

Deno.test("simple orders of one account that could meet each other are refused", () => {
  const wash = (first: Ask, second: Ask): string | null => {
    const market = new TestMarket();
    market.order({ qty: "10" });
    market.flatBar("09:30", 100);
    const { id } = market.order({ qty: "1", ...first });
    const outcome = market.submit({ qty: "1", ...second });
    if ("order" in outcome) return null;
    assert.equal(outcome.error.message, "potential wash trade detected. use complex orders");
    assert.deepEqual([outcome.error.status, outcome.error.code], [403, 40310000]);
    assert.equal(outcome.error.details.existing_order_id, id);
    return outcome.error.details.reject_reason;
  };
  const limit = (side: "buy" | "sell", limitPrice: string): Ask => ({
    side,
    type: "limit",
    limitPrice,
  });
  const stop: Ask = { side: "sell", type: "stop", triggerPrice: "95" };
  const trail: Ask = { side: "sell", type: "trailing_stop", trailPrice: "3" };
  const marketStop = "opposite side market/stop order exists";
  assert.equal(wash({ side: "buy" }, { side: "sell" }), marketStop);
  assert.equal(wash(stop, limit("buy", "90")), marketStop);
  assert.equal(wash(limit("sell", "101"), { side: "buy" }), "opposite side limit order exists");
  assert.equal(wash(limit("sell", "101"), limit("buy", "101")), "opposite side limit order exists");
  assert.equal(wash(limit("buy", "99"), stop), "opposite side limit order exists");
  assert.equal(wash(limit("sell", "101"), limit("buy", "100.99")), null);
  assert.equal(wash(trail, { side: "buy" }), null);
  assert.equal(wash({ side: "buy" }, trail), null);
});

Deno.test("a long buy and a short sale are not opened at once", () => {
  const market = new TestMarket();
  market.order({ type: "limit", limitPrice: "90" });
  assert.equal(
    market.refused({ side: "sell", type: "limit", limitPrice: "110" }).message,
    "cannot open a short sell while a long buy order is open",
  );
});

Deno.test("no order takes a position across zero", () => {
  const market = new TestMarket();
  market.order({ qty: "10" });
  market.flatBar("09:30", 100);
  const refusal = market.refused({ side: "sell", qty: "11" });
  assert.equal(
    refusal.message,
    "insufficient qty available for order (requested: 11, available: 10)",
  );
});

Deno.test("auction orders keep their hours", () => {
  const refusedAt = (time: string, timeInForce: "opg" | "cls") =>
    "error" in new TestMarket({ time }).submit({ timeInForce });
  assert.deepEqual(["09:27", "09:28", "18:59", "19:00"].map((time) => refusedAt(time, "opg")), [
    false,
    true,
    true,
    false,
  ]);
  assert.deepEqual(["15:49", "15:50", "18:59", "19:00"].map((time) => refusedAt(time, "cls")), [
    false,
    true,
    true,
    false,
  ]);
  const late = new TestMarket({ time: "19:00" }).order({ timeInForce: "cls" });
  assert.equal(late.expiresUs, at("16:00", "2022-01-04"));
});

Deno.test("what is not there, or is over, can't be canceled or replaced", () => {
  const market = new TestMarket();
  const order = market.order({});
  market.flatBar("09:30", 100);
  const over = market.cancel(order)!;
  assert.deepEqual(
    [over.status, over.code, over.message],
    [422, 42210000, 'order is already in "filled" state'],
  );
  const missing = market.exchange.cancel("test", "no-such-id")!;
  assert.deepEqual(
    [missing.status, missing.code, missing.message],
    [404, 40410000, "order not found for no-such-id"],
  );
  const outcome = market.exchange.replace("test", order.id, { qty: "5" });
  assert.ok("error" in outcome);
  assert.equal(outcome.error.message, "unable to replace order, order is not open");
  const queued = new TestMarket({ time: "08:00" });
  const early = queued.exchange.replace("test", queued.order({}).id, { qty: "5" });
  assert.ok("error" in early && early.error.message.includes("isn't sent to exchange yet"));
});
