import assert from "node:assert/strict";
import { decimal } from "../../util/decimal.ts";
import type { Intent } from "../../protocol.ts";
import { checkRisk, DENIALS, qtyRules, type RiskView } from "./risk.ts";
import { TestBroker } from "./test_broker.ts";
import { testAsset } from "./test_orders.ts";
import { NO_LIMITS, testIntent } from "./test_world.ts";

function view(intent: Partial<Intent>, more: Partial<RiskView> = {}): RiskView {
  return {
    intent: testIntent({ action: "buy", symbol: "A", ...intent }),
    asset: testAsset("A"),
    qtyRules,
    capabilities: new TestBroker().capabilities,
    limits: NO_LIMITS,
    position: null,
    hasOpenOrder: false,
    isOppositeOpen: false,
    isRegularSession: true,
    isConnected: true,
    isBlocked: false,
    isShortingEnabled: true,
    isOtherLong: false,
    isNoEntries: false,
    isHalted: false,
    lock: null,
    surelyAffords: () => false,
    buyingPower: 1e6,
    symbolNotional: 0,
    dailyLoss: 0,
    openOrders: 0,
    lastPrice: NaN,
    tradingState: "active",
    restriction: "",
    ...more,
  };
}

const held = (qty: number) => ({
  qty: decimal(qty),
  cost: decimal(1),
  fees: decimal(0),
  openedUs: 0,
  averagePrice: 1,
});

const HARD = { ...testAsset("A"), easyToBorrow: false };

const CASES: [code: keyof typeof DENIALS, intent: Partial<Intent>, more?: Partial<RiskView>][] = [
  ["invalid_order", { qty: NaN }],
  ["invalid_order", { qty: 1, notional: 5 }],
  ["invalid_order", { limitPrice: -1 }],
  ["invalid_order", { problem: "qty is not a number" }],
  ["invalid_order", { referencePrice: NaN }],
  ["not_tradable", {}, { asset: null }],
  ["trading_halted", {}, { tradingState: "halted" }],
  ["trading_halted", { action: "sell" }, { tradingState: "halted", position: held(5) }],
  ["no_connection", {}, { isConnected: false }],
  ["trading_blocked", {}, { isBlocked: true }],
  ["reducing", {}, { tradingState: "reducing" }],
  ["no_entries", {}, { isNoEntries: true }],
  ["halted", {}, { isHalted: true }],
  ["symbol_locked", {}, { lock: "a cancel is not confirmed" }],
  ["order_open", {}, { hasOpenOrder: true }],
  ["no_position", { action: "sell" }],
  ["no_position", { action: "cover" }, { position: held(5) }],
  ["exceeds_position", { action: "sell", qty: 6 }, { position: held(5) }],
  ["exceeds_position", { action: "cover", qty: 6 }, { position: held(-5) }],
  ["opposite_position", {}, { position: held(-5) }],
  ["opposite_position", { action: "short" }, { position: held(5) }],
  ["opposite_order_open", {}, { isOppositeOpen: true }],
  ["borrow_needed", { action: "short" }, { isOtherLong: true, asset: HARD }],
  ["not_shortable", { action: "short" }, { asset: { ...testAsset("A"), shortable: false } }],
  ["not_shortable", { action: "short" }, { isShortingEnabled: false }],
  ["market_closed", {}, { isRegularSession: false }],
  ["extended_hours", { extendedHours: true }],
  ["extended_hours", { extendedHours: true, limitPrice: 99, timeInForce: "ioc" }],
  ["qty_too_small", { qty: 0.4 }, { asset: { ...testAsset("A"), fractionable: false } }],
  ["qty_too_small", { qty: 1e-10 }],
  ["qty_too_small", { qty: 0 }],
  ["bad_protection", { stopPrice: 100 }],
  ["bad_protection", { targetPrice: 99 }],
  ["bad_protection", { action: "short", stopPrice: 99 }],
  ["price_collar", { limitPrice: 151 }],
  ["price_collar", { action: "short", limitPrice: 49 }],
  ["price_collar", {}, { lastPrice: 201 }],
  ["max_daily_loss", {}, { limits: { ...NO_LIMITS, maxDailyLoss: 100 }, dailyLoss: 100 }],
  ["max_open_orders", {}, { limits: { ...NO_LIMITS, maxOpenOrders: 2 }, openOrders: 2 }],
  ["max_notional_per_order", {}, { limits: { ...NO_LIMITS, maxNotionalPerOrder: 999 } }],
  [
    "max_notional_per_symbol",
    {},
    { limits: { ...NO_LIMITS, maxNotionalPerSymbol: 1999 }, symbolNotional: 1000 },
  ],
  ["buying_power", {}, { buyingPower: 999 }],
  ["buying_power", { action: "short" }, { buyingPower: 1029 }],
];

Deno.test("each denial has its code", () => {
  for (const [code, intent, more] of CASES) {
    const result = checkRisk(view(intent, more));
    const told = `${code}: ${JSON.stringify(intent)}`;
    assert.equal(result.result === "denied" ? result.code : "passed", code, told);
  }
  const tested = new Set(CASES.map(([code]) => code));
  assert.deepEqual([...tested], Object.keys(DENIALS), "every code, in the order of the table");
});

Deno.test("exits pass what binds entries only", () => {
  const limits = {
    maxNotionalPerOrder: 0,
    maxNotionalPerSymbol: 0,
    maxDailyLoss: Infinity,
    maxOpenOrders: 0,
    priceCollarPercent: 1,
  };
  const result = checkRisk(view({ action: "sell", qty: 5 }, {
    position: held(5),
    limits,
    isNoEntries: true,
    tradingState: "reducing",
    isHalted: true,
    isConnected: false,
    isBlocked: true,
    buyingPower: 0,
    lastPrice: 50,
  }));
  assert.equal(result.result, "passed");
});

Deno.test("prices are rounded to the tick in the safe direction, quantities down", () => {
  const order = (intent: Partial<Intent>, more: Partial<RiskView> = {}) => {
    const result = checkRisk(view(intent, more));
    assert.equal(result.result, "passed");
    return result;
  };
  assert.equal(order({ limitPrice: 99.999 }).terms.limitPrice, "99.99");
  assert.equal(order({ action: "short", limitPrice: 99.991 }).terms.limitPrice, "100");
  assert.equal(order({ triggerPrice: 101.001 }).terms.triggerPrice, "101.01");
  assert.equal(order({ stopPrice: 95.001 }).stopPrice, "95.01");
  assert.equal(order({ action: "short", stopPrice: 105.009 }).stopPrice, "105");
  assert.equal(order({ limitPrice: 0.12345, referencePrice: 0.12 }).terms.limitPrice, "0.1234");
  assert.equal(order({ action: "short", qty: 3.7 }).qty.toFixed(), "3");
  const short = { position: held(-10) };
  assert.equal(order({ action: "cover", qty: 3.7 }, short).qty.toFixed(), "3");
  const tooSmall = checkRisk(view({ action: "short", qty: 0.7 }));
  assert.equal(tooSmall.result === "denied" && tooSmall.code, "qty_too_small");
  assert.equal(order({ notional: 333 }).qty.toFixed(), "3.33");
  // What is held goes whole, though it is no multiple of anything.
  const asset = { ...testAsset("A"), fractionable: false };
  const position = held(2.5);
  assert.equal(order({ action: "sell", qty: 2.5 }, { asset, position }).qty.toFixed(), "2.5");
});
