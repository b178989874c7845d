import assert from "node:assert/strict";
import { decimal } from "../../util/decimal.ts";
import { exchangeUs } from "../../model/calendar.ts";
import type { RiskLimits } from "../../model/limit.ts";
import type { Intent } from "../../protocol.ts";
import { DENIALS } from "./denials.ts";
import { checkRisk } from "./risk.ts";
import { qtyRules } from "./risk_terms.ts";
import type { RiskView } from "./risk_view.ts";
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
    nowUs: us("10:00"),
    isNoEntries: false,
    isHalted: false,
    closedOutside: null,
    lock: null,
    surelyAffords: () => false,
    buyingPower: 1e6,
    symbolNotional: 0,
    strategyNotional: 0,
    grossExposure: 0,
    dailyLoss: 0,
    drawdown: 0,
    openOrders: 0,
    ordersLastMinute: 0,
    sharesLastMinute: 0,
    pausedUntilUs: 0,
    dayTradeProblem: null,
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

/** A session's time, and one of the day of an early close. */
const us = (time: string) => exchangeUs("2022-01-03", time);
const earlyUs = (time: string) => exchangeUs("2022-11-25", time);

const HARD = { ...testAsset("A"), easyToBorrow: false };

const limit = (limits: Partial<RiskLimits>) => ({ limits: { ...NO_LIMITS, ...limits } });
const AT_OPEN = { timeInForce: "opg" } as const;
const AT_CLOSE = { timeInForce: "cls" } as const;
const COIN = { ...testAsset("A"), assetClass: "crypto" as const, priceIncrement: "0.01" };

const CASES: [code: keyof typeof DENIALS, intent: Partial<Intent>, more?: Partial<RiskView>][] = [
  ["invalid_order", { qty: NaN }],
  ["invalid_order", { qty: 1, notional: 5 }],
  ["invalid_order", { limitPrice: -1 }],
  ["invalid_order", { problem: "qty is not a number" }],
  ["invalid_order", { referencePrice: NaN }],
  ["not_tradable", {}, { asset: null }],
  ["not_tradable", { action: "sell" }, { asset: null, position: held(5) }],
  ["not_tradable", {}, { asset: { ...testAsset("A"), tradable: false } }],
  ["trading_blocked", {}, { isBlocked: true }],
  ["trading_blocked", { action: "sell" }, { isBlocked: true, position: held(5) }],
  ["trading_halted", {}, { tradingState: "halted" }],
  ["trading_halted", { action: "sell" }, { tradingState: "halted", position: held(5) }],
  ["no_connection", {}, { isConnected: false }],
  ["max_daily_loss", {}, { ...limit({ maxDailyLoss: 100 }), dailyLoss: 100 }],
  ["max_drawdown", {}, { ...limit({ maxDrawdown: 100 }), drawdown: 100, dailyLoss: -50 }],
  ["reducing", {}, { tradingState: "reducing" }],
  ["no_entries", {}, { isNoEntries: true }],
  ["reduce_only", {}, limit({ reduceOnly: ["B", "A"] })],
  ["reduce_only", {}, limit({ reduceOnly: "all" })],
  ["halted", {}, { isHalted: true }],
  ["closed_outside", {}, { closedOutside: "the broker closed it" }],
  ["symbol_locked", {}, { lock: "a cancel is not confirmed" }],
  ["order_open", {}, { hasOpenOrder: true }],
  ["no_position", { action: "sell" }],
  ["no_position", { action: "cover" }, { position: held(5) }],
  ["exceeds_position", { action: "sell", qty: 6 }, { position: held(5) }],
  ["exceeds_position", { action: "cover", qty: 6 }, { position: held(-5) }],
  ["opposite_position", {}, { position: held(-5) }],
  ["opposite_position", { action: "short" }, { position: held(5) }],
  ["opposite_order_open", {}, { isOppositeOpen: true }],
  ["not_shortable", { action: "short" }, { asset: { ...testAsset("A"), shortable: false } }],
  ["not_shortable", { action: "short" }, { isShortingEnabled: false }],
  ["hard_to_borrow", { action: "short" }, { asset: HARD }],
  [
    "loss_streak",
    {},
    { ...limit({ lossStreak: { trades: 3, minutes: 30 } }), pausedUntilUs: us("10:01") },
  ],
  ["auction_closed", AT_OPEN, { nowUs: us("09:28") }],
  ["auction_closed", AT_OPEN, { nowUs: us("18:59") }],
  ["auction_closed", AT_CLOSE, { nowUs: us("15:50") }],
  ["auction_closed", AT_CLOSE, { nowUs: earlyUs("12:50") }],
  ["auction_closed", { ...AT_CLOSE, action: "sell" }, { nowUs: us("15:50"), position: held(10) }],
  ["extended_hours", { ...AT_OPEN, limitPrice: 99, extendedHours: true }],
  ["invalid_order", { ...AT_OPEN, triggerPrice: 101 }],
  ["invalid_order", AT_OPEN, { asset: COIN }],
  ["market_closed", {}, { isRegularSession: false }],
  ["extended_hours", { extendedHours: true }],
  ["extended_hours", { extendedHours: true }, { isRegularSession: false }],
  ["extended_hours", { extendedHours: true, limitPrice: 99, timeInForce: "ioc" }],
  ["qty_too_small", { qty: 0.4 }, { asset: { ...testAsset("A"), fractionable: false } }],
  ["qty_too_small", { qty: 1e-10 }],
  ["qty_too_small", { qty: 0 }],
  ["below_tick", { limitPrice: 0.00009 }],
  ["bad_protection", { stopPrice: 100 }],
  ["bad_protection", { targetPrice: 99 }],
  ["bad_protection", { action: "short", stopPrice: 99 }],
  ["price_collar", { limitPrice: 151 }],
  ["price_collar", { action: "short", limitPrice: 49 }],
  ["price_collar", {}, { lastPrice: 201 }],
  ["day_trades", {}, { ...limit({ isPatternDayTrader: true }), dayTradeProblem: "3 day trades" }],
  ["max_open_orders", {}, { ...limit({ maxOpenOrders: 2 }), openOrders: 2 }],
  ["max_orders_per_minute", {}, { ...limit({ maxOrdersPerMinute: 5 }), ordersLastMinute: 5 }],
  ["max_shares_per_order", {}, limit({ maxSharesPerOrder: 9 })],
  ["max_shares_per_minute", {}, { ...limit({ maxSharesPerMinute: 99 }), sharesLastMinute: 90 }],
  ["max_notional_per_order", {}, limit({ maxNotionalPerOrder: 999 })],
  [
    "max_notional_per_symbol",
    {},
    { ...limit({ maxNotionalPerSymbol: 1999 }), symbolNotional: 1000 },
  ],
  [
    "max_notional_per_strategy",
    {},
    { ...limit({ maxNotionalPerStrategy: 1999 }), strategyNotional: 1000 },
  ],
  ["max_gross_exposure", {}, { ...limit({ maxGrossExposure: 1999 }), grossExposure: 1000 }],
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
  assert.deepEqual([...tested].sort(), Object.keys(DENIALS).sort(), "every code");
});

Deno.test("a limit that is just kept denies nothing", () => {
  const kept: [Partial<Intent>, Partial<RiskView>][] = [
    [{}, { ...limit({ maxDailyLoss: 100 }), dailyLoss: 99.99 }],
    [{}, { ...limit({ maxDrawdown: 100 }), drawdown: 99.99 }],
    [{}, limit({ reduceOnly: ["AA"] })],
    [{}, {
      ...limit({ lossStreak: { trades: 3, minutes: 30 } }),
      pausedUntilUs: us("10:00"),
    }],
    [AT_OPEN, { nowUs: us("09:28") - 1, isRegularSession: false }],
    [AT_OPEN, { nowUs: us("19:00"), isRegularSession: false }],
    [AT_CLOSE, { nowUs: us("15:50") - 1 }],
    [AT_CLOSE, { nowUs: earlyUs("12:50") - 1 }],
    [{ extendedHours: true, limitPrice: 99 }, { isRegularSession: false }],
    [{ limitPrice: 0.0001 }, {}],
    [{}, { ...limit({ maxOrdersPerMinute: 5 }), ordersLastMinute: 4 }],
    [{}, limit({ maxSharesPerOrder: 10 })],
    [{}, { ...limit({ maxSharesPerMinute: 100 }), sharesLastMinute: 90 }],
    [{}, { ...limit({ maxNotionalPerStrategy: 2000 }), strategyNotional: 1000 }],
    [{}, { ...limit({ maxGrossExposure: 2000 }), grossExposure: 1000 }],
    // Coins are no shares.
    [{}, { ...limit({ maxSharesPerOrder: 1 }), asset: COIN }],
  ];
  for (const [intent, more] of kept) {
    const result = checkRisk(view(intent, more));
    assert.equal(result.result === "denied" ? result.code : "passed", "passed", Deno.inspect(more));
  }
});

Deno.test("exits pass what binds entries only", () => {
  const limits: RiskLimits = {
    ...NO_LIMITS,
    maxNotionalPerOrder: 0,
    maxNotionalPerSymbol: 0,
    maxNotionalPerStrategy: 0,
    maxGrossExposure: 0,
    maxSharesPerOrder: 0,
    maxOrdersPerMinute: 0,
    maxSharesPerMinute: 0,
    maxDailyLoss: 0,
    maxDrawdown: 0,
    maxOpenOrders: 0,
    priceCollarPercent: 1,
    lossStreak: { trades: 1, minutes: 60 },
    isPatternDayTrader: true,
    reduceOnly: "all",
  };
  const result = checkRisk(view({ action: "sell", qty: 5 }, {
    position: held(5),
    limits,
    isNoEntries: true,
    tradingState: "reducing",
    isHalted: true,
    isConnected: false,
    asset: { ...testAsset("A"), tradable: false, easyToBorrow: false },
    pausedUntilUs: Infinity,
    dayTradeProblem: "4 day trades",
    dailyLoss: 1,
    drawdown: 1,
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

Deno.test("docs/risk.md names every code, in the order of the table", async () => {
  const text = await Deno.readTextFile(new URL("../../../docs/risk.md", import.meta.url));
  const named = [...text.split("## Real money")[0].matchAll(/^\| `(\w+)` /gm)].map(([, code]) =>
    code
  );
  assert.deepEqual(named, Object.keys(DENIALS));
});
