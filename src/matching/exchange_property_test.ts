// The exchange under random orders and markets: what must hold whatever is done to it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isFinal, type OrderType, type Side, type TimeInForce } from "../model/order.ts";
import { type Decimal, decimal } from "../util/decimal.ts";
import { ACCOUNT, type Ask, ASSETS, at, shownOf, TestMarket } from "./fixture.ts";
import type { FeeSchedule } from "../model/trading_costs.ts";
import type { ExchangeExecution, ExchangeOrder, FillSource, OrderClass } from "./types.ts";

const MINUTE_US = 60e6;
const SEED = 20220103;
const CASH = "30000";
const SYMBOLS = ["AAPL", "HARD", "RARE", "BTC/USD"];
const FEES: Partial<FeeSchedule> = {
  equityBps: 3,
  cryptoBps: 25,
  secPerMillion: 8,
  perShare: 0.005,
};

interface Wish {
  symbol: string;
  side: Side;
  type: OrderType;
  timeInForce: TimeInForce;
  orderClass: OrderClass;
  qty: number;
  isNotional: boolean;
  isFractional: boolean;
  extendedHours: boolean;
  /** Left as it is, most likely to be refused; else made into an order that has a chance. */
  isRaw: boolean;
  /** Cents from 100. */
  limit: number;
  trigger: number;
}

type Action =
  | { do: "submit"; wish: Wish }
  | { do: "cancel" | "replace"; pick: number; cents: number }
  | { do: "close"; symbol: string }
  /** A bar of each symbol. */
  | { do: "bar"; minutes: number; cents: number[]; volume: number }
  | { do: "tick"; cents: number; spread: number; size: number };

interface Story {
  /** What fills AAPL. */
  source: FillSource;
  actions: Action[];
}

const symbol = fc.constantFrom(...SYMBOLS);
const cents = fc.integer({ min: -300, max: 300 });
const wish: fc.Arbitrary<Wish> = fc.record({
  symbol,
  side: fc.constantFrom<Side>("buy", "buy", "sell"),
  type: fc.constantFrom<OrderType>(
    "market",
    "market",
    "limit",
    "stop",
    "stop_limit",
    "trailing_stop",
  ),
  timeInForce: fc.constantFrom<TimeInForce>("day", "day", "gtc", "gtc", "ioc", "fok", "opg", "cls"),
  orderClass: fc.constantFrom<OrderClass>("simple", "simple", "bracket", "oco", "oto"),
  qty: fc.integer({ min: 1, max: 60 }),
  isNotional: fc.constantFrom(false, false, false, true),
  isFractional: fc.constantFrom(false, false, true),
  extendedHours: fc.constantFrom(false, false, false, true),
  isRaw: fc.constantFrom(false, false, false, false, false, true),
  limit: cents,
  trigger: cents,
});
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("submit" as const), wish }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("cancel" as const, "replace" as const),
      pick: fc.nat(20),
      cents,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), symbol }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("bar" as const),
      minutes: fc.constantFrom(...Array(40).fill(1), 30, 240, 900),
      cents: fc.array(cents, { minLength: 4, maxLength: 4 }),
      volume: fc.oneof(fc.nat(60), fc.constant(5000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("tick" as const),
      cents,
      spread: fc.integer({ min: 1, max: 20 }),
      size: fc.oneof(fc.nat(60), fc.constant(5000)),
    }),
  },
);

const price = (cents: number) => (10000 + cents) / 100;
/** Crypto's tick is a dollar. */
const priceText = (symbol: string, cents: number) =>
  symbol === "BTC/USD" ? String(100 + Math.round(cents / 100)) : String(price(cents));

function tidy(wish: Wish): Wish {
  if (wish.isRaw) return wish;
  const isCrypto = wish.symbol === "BTC/USD";
  const orderClass = isCrypto ? "simple" : wish.orderClass;
  const isComplex = orderClass !== "simple";
  let { type, timeInForce } = wish;
  if (isComplex && type === "trailing_stop") type = "market";
  if (isCrypto && (type === "stop" || type === "trailing_stop")) type = "stop_limit";
  if (isCrypto) timeInForce = timeInForce === "ioc" && type !== "stop_limit" ? "ioc" : "gtc";
  else if (type.includes("stop") || isComplex) timeInForce = timeInForce === "gtc" ? "gtc" : "day";
  const canBePart = !isCrypto && !isComplex && timeInForce === "day" && wish.symbol === "AAPL" &&
    type !== "trailing_stop";
  const isNotional = wish.isNotional && canBePart && (type === "market" || type === "limit");
  const extendedHours = wish.extendedHours && !isCrypto && !isComplex && type === "limit" &&
    (timeInForce === "day" || timeInForce === "gtc");
  const isFractional = wish.isFractional && canBePart && wish.side === "buy";
  return { ...wish, type, timeInForce, orderClass, isNotional, isFractional, extendedHours };
}

function askOf(raw: Wish): Ask {
  const wish = tidy(raw);
  const { symbol, side, orderClass } = wish;
  const type = orderClass === "oco" ? "limit" : wish.type;
  /** Where the target is: above a long's entry, and above what an oco sells. */
  const up = (side === "buy") === (orderClass === "oco") ? -1 : 1;
  const isTrailing = type === "trailing_stop";
  const qty = symbol === "BTC/USD" ? wish.qty / 10 : wish.qty + (wish.isFractional ? 0.5 : 0);
  const beyond = (cents: number) => priceText(symbol, up * cents);
  return {
    symbol,
    side,
    type,
    timeInForce: wish.timeInForce,
    orderClass,
    qty: wish.isNotional ? null : String(qty),
    notional: wish.isNotional ? String(wish.qty * 50) : null,
    limitPrice: type.includes("limit") && orderClass !== "oco"
      ? priceText(symbol, wish.limit)
      : null,
    triggerPrice: type.startsWith("stop") ? priceText(symbol, wish.trigger) : null,
    trailPrice: isTrailing && wish.qty % 2 === 0 ? "0.75" : null,
    trailPercent: isTrailing && wish.qty % 2 === 1 ? "1" : null,
    extendedHours: wish.extendedHours,
    takeProfit: orderClass === "simple" ? null : { limitPrice: beyond(150 + wish.qty) },
    stopLoss: orderClass === "simple" || orderClass === "oto"
      ? null
      : { triggerPrice: beyond(-250 - wish.qty), limitPrice: null },
  };
}

function perform(market: TestMarket, action: Action): void {
  const { exchange } = market;
  const startUs = exchange.nowUs;
  switch (action.do) {
    case "submit":
      return void market.submit(askOf(action.wish));
    case "cancel":
    case "replace": {
      const order = exchange.orders(ACCOUNT)[action.pick];
      if (order === undefined) return;
      if (action.do === "cancel") return void market.cancel(order);
      const limitPrice = priceText(order.symbol, action.cents);
      const change = order.limitPrice === null ? { qty: String(action.pick + 1) } : { limitPrice };
      return void exchange.replace(ACCOUNT, order.id, change);
    }
    case "close":
      return void exchange.closePosition(ACCOUNT, action.symbol);
    case "bar": {
      const wholeUs = Math.ceil(startUs / MINUTE_US) * MINUTE_US;
      exchange.advanceTo(wholeUs + (action.minutes - 1) * MINUTE_US);
      const [a, b, c, d] = action.cents.map(price);
      const [high, low] = [Math.max(a, b, c, d), Math.min(a, b, c, d)];
      const barUs = exchange.nowUs;
      for (const symbol of SYMBOLS) exchange.onBar(symbol, barUs, a, high, low, d, action.volume);
      return;
    }
    case "tick": {
      const { size } = action;
      const [bid, ask] = [price(action.cents), price(action.cents + action.spread)];
      exchange.onQuote("AAPL", startUs + 1e6, bid, size, ask, size);
      return exchange.onTrade("AAPL", startUs + 2e6, ask, size);
    }
    default:
      action satisfies never;
  }
}

function run(
  { source, actions }: Story,
  check?: (market: TestMarket) => void,
  forgets = false,
): TestMarket {
  const sourceOf = (symbol: string) => symbol === "AAPL" ? source : "bars";
  const options = { cash: CASH, fees: FEES, volumeShare: 0.5, time: "09:25", sourceOf, forgets };
  const market = new TestMarket(options);
  // An account next to it is not touched by anything.
  market.exchange.openAccount("other", { cash: "1" });
  for (const symbol of SYMBOLS) market.exchange.seedPrice(symbol, 100);
  for (const action of actions) {
    perform(market, action);
    check?.(market);
  }
  return market;
}

const sum = (values: Decimal[]) => values.reduce((total, value) => total.plus(value), decimal(0));
const signed = (one: ExchangeExecution) =>
  one.side === "buy" ? decimal(one.qty) : decimal(one.qty).times(-1);
const allOrders = (market: TestMarket): ExchangeOrder[] =>
  market.exchange.orders(ACCOUNT, { status: "all", limit: 1e6 });

const story = (minLength: number, maxLength: number): fc.Arbitrary<Story> =>
  fc.record({
    source: fc.constantFrom<FillSource>("bars", "trades", "quotes"),
    actions: fc.array(action, { minLength, maxLength }),
  });

/** A failing run prints its seed and the smallest actions that break the rule. */
function property(name: string, holds: (story: Story) => void): void {
  Deno.test(name, () => {
    fc.assert(fc.property(story(20, 90), holds), { numRuns: 300, seed: SEED });
  });
}

property("positions and cash are what the executions make, to the last digit", (story) => {
  run(story, (market) => {
    const { executions } = market;
    for (const symbol of SYMBOLS) {
      const bought = sum(executions.filter((one) => one.symbol === symbol).map(signed));
      const position = market.exchange.position(ACCOUNT, symbol)?.qty ?? "0";
      assert.equal(position, bought.toFixed());
      if (symbol === "BTC/USD") assert.ok(bought.gte(0), "crypto is never short");
    }
    const paid = sum(executions.map((one) => signed(one).times(one.price).plus(one.fee)));
    assert.equal(market.account.cash, decimal(CASH).minus(paid).toFixed());
    const reported = market.updates.filter(({ execution }) => execution !== null);
    assert.deepEqual(reported.map(({ execution }) => execution), executions);
  });
});

property("no execution takes a position across zero", (story) => {
  const qtys = new Map(SYMBOLS.map((symbol) => [symbol, 0]));
  for (const one of run(story).executions) {
    const before = qtys.get(one.symbol)!;
    const after = Number(signed(one).plus(before).round(9).toFixed());
    assert.ok(before * after >= 0, `${before} → ${after}`);
    qtys.set(one.symbol, after);
  }
});

property("an order fills no more than it asked for, at its limit or better", (story) => {
  const market = run(story);
  for (const order of allOrders(market)) {
    const own = market.executions.filter((one) => one.brokerOrderId === order.id);
    assert.equal(order.filledQty.toFixed(), sum(own.map((one) => decimal(one.qty))).toFixed());
    if (order.qty !== null) assert.ok(decimal(order.filledQty).lte(order.qty));
    if (order.notional !== null) {
      assert.ok(sum(own.map((one) => decimal(one.qty).times(one.price))).lte(order.notional));
    }
    if (order.status === "filled" && order.qty !== null) {
      assert.equal(order.filledQty.toFixed(), order.qty);
    }
    const cumulative = own.map((one) => Number(one.cumulativeQty));
    assert.deepEqual(cumulative, [...new Set(cumulative)].sort((a, b) => a - b));
    for (const one of own) {
      if (order.limitPrice === null) continue;
      const isBetter = decimal(one.price).cmp(order.limitPrice) * (order.side === "buy" ? 1 : -1);
      assert.ok(isBetter <= 0, `${order.side} limit ${order.limitPrice} filled at ${one.price}`);
    }
  }
});

property("buying power is held by open orders alone, and never negative", (story) => {
  const market = run(story, (market) => {
    const { reserved, buyingPower } = market.account;
    assert.ok(Number(reserved) >= 0 && Number(buyingPower) >= 0);
    if (market.exchange.orders(ACCOUNT).length === 0) assert.equal(reserved, "0");
    for (const position of market.exchange.positions(ACCOUNT)) {
      assert.ok(Number(position.qtyAvailable) >= 0);
    }
  });
  market.exchange.cancelAll(ACCOUNT);
  assert.equal(market.account.reserved, "0");
  for (const position of market.exchange.positions(ACCOUNT)) {
    assert.equal(position.qtyAvailable, position.qty.replace("-", ""));
  }
});

property("time ends every order, and the final word is said once", (story) => {
  const market = run(story);
  market.exchange.advanceTo(market.exchange.nowUs + 120 * 24 * 60 * MINUTE_US);
  assert.deepEqual(market.exchange.orders(ACCOUNT), []);
  const ends = new Map<string, number>();
  for (const { event, order } of market.updates) {
    assert.ok(!ends.has(order.id), `an update of a final order: ${event}`);
    if (isFinal(order.status)) ends.set(order.id, 1);
  }
  for (const order of allOrders(market)) {
    assert.ok(isFinal(order.status) && ends.has(order.id));
    assert.ok(order.updatedUs >= order.submittedUs);
  }
});

property("nothing fills before it was accepted, nor outside of its hours", (story) => {
  const market = run(story);
  const submitted = new Map(allOrders(market).map((order) => [order.id, order]));
  let lastUs = 0;
  for (const { timeUs } of market.updates) {
    assert.ok(timeUs >= lastUs, "updates go back in time");
    lastUs = timeUs;
  }
  for (const one of market.executions) {
    const order = submitted.get(one.brokerOrderId)!;
    assert.ok(one.timeUs > order.submittedUs);
    if (order.assetClass === "crypto") continue;
    const dayUs = (one.timeUs - at("00:00")) % (24 * 60 * MINUTE_US);
    const [open, close] = order.extendedHours ? [240, 1200] : [570, 960];
    assert.ok(dayUs > open * MINUTE_US && dayUs <= close * MINUTE_US);
  }
});

property("two legs never close more than their entry opened", (story) => {
  const market = run(story);
  const all = market.exchange.orders(ACCOUNT, { status: "all", limit: 1e6, nested: true });
  for (const parent of all) {
    if (parent.legs === null) continue;
    const exits = parent.orderClass === "oco" ? [parent, ...parent.legs] : parent.legs;
    assert.ok(exits.filter((leg) => leg.status === "filled").length <= 1);
    if (parent.orderClass === "oco" || parent.replaces !== null) continue;
    const closed = sum(exits.map((leg) => decimal(leg.filledQty)));
    assert.ok(closed.lte(parent.filledQty));
  }
});

property("an update shows its order as it stood, whatever has become of it since", (story) => {
  const market = run(story);
  assert.deepEqual(market.updates.map(({ order }) => shownOf(order)), market.shown);
});

property("an exchange that forgets what is final does the same", (story) => {
  const [one, two] = [run(story), run(story, () => {}, true)];
  assert.deepEqual(one.shown, two.shown);
  assert.deepEqual(one.account, two.account);
  assert.ok(allOrders(one).length >= allOrders(two).length);
});

property("what is surely affordable is within the buying power", (story) => {
  let sure = 0;
  run(story, (market) => {
    const { buyingPower } = market.account;
    for (const share of [0.5, 0.999999, 1, 1.000001, 1.5]) {
      const cost = Number(buyingPower) * share;
      if (!market.exchange.surelyAffords(ACCOUNT, cost)) continue;
      assert.ok(decimal(cost).lte(buyingPower), `${cost} of ${buyingPower}`);
      sure++;
    }
  });
  assert.ok(sure > 0);
});

property("the same actions give the same updates, and leave other accounts alone", (story) => {
  const [one, two] = [run(story), run(story)];
  assert.deepEqual(one.updates, two.updates);
  assert.equal(one.exchange.account("other").cash, "1");
});

Deno.test("the random orders reach every type, time in force and class", () => {
  const seen = new Set<string>();
  for (const actions of fc.sample(story(90, 90), { numRuns: 300, seed: SEED })) {
    const market = run(actions);
    for (const order of allOrders(market)) {
      seen.add(order.status);
      if (Number(order.filledQty) === 0) continue;
      const { type, timeInForce, orderClass, symbol, positionIntent } = order;
      for (const what of [type, timeInForce, orderClass, symbol, positionIntent]) seen.add(what);
    }
  }
  const wanted = [
    "market limit stop stop_limit trailing_stop day gtc ioc fok opg cls simple bracket oco oto",
    "filled canceled expired replaced buy_to_open buy_to_close sell_to_open sell_to_close",
  ].join(" ").split(" ");
  assert.deepEqual(wanted.filter((what) => !seen.has(what)), []);
  assert.deepEqual([...ASSETS.keys()].filter((symbol) => !seen.has(symbol)), ["GONE"]);
});
