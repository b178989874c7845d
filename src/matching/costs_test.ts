/** Fees, slippage, nights and latency, each case worked by hand: the arithmetic is its name. */
import assert from "node:assert/strict";
import type { FeeSchedule, NightRates, SlippageSettings } from "../model/trading_costs.ts";
import { fillModelOf } from "./fill_model.ts";
import { ACCOUNT, type Ask, at, TestMarket } from "./fixture.ts";

/** Fees of a purchase and a sale of `qty` at `price`, each in one execution. */
const FEES: [arithmetic: string, Partial<FeeSchedule>, {
  qty: string;
  price: number;
  buy: string;
  sell: string;
}][] = [
  ["0.25 % of 10 × 33.33 = 0.83325 → 0.83", { buyBps: 25, sellBps: 25 }, {
    qty: "10",
    price: 33.33,
    buy: "0.83",
    sell: "0.83",
  }],
  ["0.1 % of 1000 to buy, 0.2 % to sell", { buyBps: 10, sellBps: 20 }, {
    qty: "10",
    price: 100,
    buy: "1",
    sell: "2",
  }],
  ["300 × 0.005 = 1.50 is more than the least, 1", { perShare: 0.005, perShareMin: 1 }, {
    qty: "300",
    price: 20,
    buy: "1.5",
    sell: "1.5",
  }],
  ["10 × 0.005 = 0.05 is less than the least, 1", { perShare: 0.005, perShareMin: 1 }, {
    qty: "10",
    price: 20,
    buy: "1",
    sell: "1",
  }],
  ["SEC: 27.80 × 12,345.60 / 1,000,000 = 0.34320768 → 0.35, of sales", { secPerMillion: 27.8 }, {
    qty: "100",
    price: 123.456,
    buy: "0",
    sell: "0.35",
  }],
  ["TAF: 100 × 0.000166 = 0.0166 → 0.02, of sales", { tafPerShare: 0.000166, tafMax: 8.3 }, {
    qty: "100",
    price: 20,
    buy: "0",
    sell: "0.02",
  }],
  ["TAF: 60,000 × 0.000166 = 9.96 is at most 8.30", { tafPerShare: 0.000166, tafMax: 8.3 }, {
    qty: "60000",
    price: 1.5,
    buy: "0",
    sell: "8.3",
  }],
  [
    "commission 0.05 and, of sales, SEC 0.0278 → 0.03, TAF 0.00166 → 0.01: 0.09",
    { perShare: 0.005, secPerMillion: 27.8, tafPerShare: 0.000166, tafMax: 8.3 },
    { qty: "10", price: 100, buy: "0.05", sell: "0.09" },
  ],
];

for (const [arithmetic, fees, { qty, price, buy, sell }] of FEES) {
  Deno.test(`fees: ${arithmetic}`, () => {
    const market = new TestMarket({ fees, cash: "1000000" });
    market.order({ qty });
    market.flatBar("09:30", price);
    market.order({ qty, side: "sell" });
    market.flatBar("09:31", price);
    assert.deepEqual(market.fills.map(({ fee }) => fee), [buy, sell]);
  });
}

Deno.test("fees: two executions of an order pay as one: 1 and then 2 × 0.02 over the least", () => {
  const market = new TestMarket({ fees: { perShare: 0.02, perShareMin: 1 } });
  market.order({ qty: "52" });
  market.flatBar("09:30", 10, 30);
  market.flatBar("09:31", 10, 30);
  // 30 × 0.02 = 0.60 < 1; 52 × 0.02 = 1.04.
  assert.deepEqual(market.fills.map(({ qty, fee }) => [qty, fee]), [["30", "1"], [
    "22",
    "0.04",
  ]]);
});

Deno.test("fees: crypto pays 0.25 % of 0.0123 × 43,001 = 1.32228075", () => {
  const market = new TestMarket({ fees: { buyBps: 25, perShare: 1, secPerMillion: 100 } });
  market.order({ symbol: "BTC/USD", qty: "0.0123", timeInForce: "gtc" });
  market.flatBar("09:30", 43_001, 1e6, "BTC/USD");
  assert.equal(market.fills[0].fee, "1.32228075");
});

Deno.test("fees: commission and regulatory fees are told apart: 0.05 + 0.05, and 0.03 + 0.01", () => {
  const fees = { perShare: 0.005, secPerMillion: 27.8, tafPerShare: 0.000166, tafMax: 8.3 };
  const market = new TestMarket({ fees });
  market.order({ qty: "10" });
  market.flatBar("09:30", 100);
  market.order({ qty: "10", side: "sell" });
  market.flatBar("09:31", 100);
  const { feesPaid, regulatoryFeesPaid, cash } = market.account;
  assert.deepEqual([feesPaid, regulatoryFeesPaid, cash], ["0.14", "0.04", "99999.86"]);
});

/** An order accepted before a bar that is flat at `price`, with the price that it gets. */
const SLIPPAGES: [arithmetic: string, Partial<SlippageSettings>, {
  ask: Ask;
  price: number;
  gets: string;
  quote?: [bid: number, ask: number];
}][] = [
  ["100 + 0.02 a share", { perShare: 0.02 }, { ask: {}, price: 100, gets: "100.02" }],
  ["100 − 0.02 a share", { perShare: 0.02 }, {
    ask: { side: "sell" },
    price: 100,
    gets: "99.98",
  }],
  ["100 + 0.013, rounded up to the cent", { perShare: 0.013 }, {
    ask: {},
    price: 100,
    gets: "100.02",
  }],
  ["100 − 0.013, rounded down to the cent", { perShare: 0.013 }, {
    ask: { side: "sell" },
    price: 100,
    gets: "99.98",
  }],
  ["two ticks of a cent", { ticks: 2 }, { ask: {}, price: 100, gets: "100.02" }],
  ["two ticks of 0.0001 below a dollar", { ticks: 2 }, {
    ask: { side: "buy" },
    price: 0.5,
    gets: "0.5002",
  }],
  ["a tick up from 0.0001", { ticks: 1 }, { ask: {}, price: 0.0001, gets: "0.0002" }],
  ["a tick down from 0.0001 is no price: 0.0001 stays", { ticks: 1 }, {
    ask: { side: "sell" },
    price: 0.0001,
    gets: "0.0001",
  }],
  ["700,000 + 3 cents", { ticks: 3 }, { ask: { qty: "1" }, price: 700_000, gets: "700000.03" }],
  ["half of the spread 99.90–100.10", { spreadShare: 0.5 }, {
    ask: {},
    price: 100,
    gets: "100.1",
    quote: [99.9, 100.1],
  }],
  ["half of a spread of 4 bps of 100, 0.04", { spreadShare: 0.5, spreadBps: 4 }, {
    ask: { side: "sell" },
    price: 100,
    gets: "99.98",
  }],
  [
    "impact: 1 × 0.02 × √(100 / 1,000,000) = 0.0002 of 100 is 0.02",
    { impact: 1, dailyVolatility: 0.02, dailyVolume: 1e6 },
    { ask: { qty: "100" }, price: 100, gets: "100.02" },
  ],
  [
    "impact: 2 × 0.02 × √(2,500 / 1,000,000) = 0.002 of 50 is 0.10",
    { impact: 2, dailyVolatility: 0.02, dailyVolume: 1e6 },
    { ask: { side: "sell", qty: "2500" }, price: 50, gets: "49.9" },
  ],
  [
    "they add up: 0.01 + a tick of 0.01 + half of 0.04 + an impact of 0.02 = 0.06",
    {
      perShare: 0.01,
      ticks: 1,
      spreadShare: 0.5,
      spreadBps: 4,
      impact: 1,
      dailyVolatility: 0.02,
      dailyVolume: 1e6,
    },
    { ask: { qty: "100" }, price: 100, gets: "100.06" },
  ],
  ["a limit of 100.01 is not passed", { perShare: 0.05 }, {
    ask: { type: "limit", limitPrice: "100.01" },
    price: 100,
    gets: "100.01",
  }],
  ["a limit of 99.99 is not passed by a sale", { perShare: 0.05 }, {
    ask: { side: "sell", type: "limit", limitPrice: "99.99" },
    price: 100,
    gets: "99.99",
  }],
  ["a limit that is met exactly costs nothing more", { ticks: 5 }, {
    ask: { type: "limit", limitPrice: "100" },
    price: 100,
    gets: "100",
  }],
  ["a stop is a market order: 100 + 0.02", { perShare: 0.02 }, {
    ask: { type: "stop", triggerPrice: "99" },
    price: 100,
    gets: "100.02",
  }],
  ["a stop with a limit of 100.01 stays within it", { perShare: 0.02 }, {
    ask: { type: "stop_limit", triggerPrice: "99", limitPrice: "100.01" },
    price: 100,
    gets: "100.01",
  }],
  ["fractions slip too: 100 + 0.02", { perShare: 0.02 }, {
    ask: { qty: "0.5" },
    price: 100,
    gets: "100.02",
  }],
];

for (const [arithmetic, slippage, { ask, price, gets, quote }] of SLIPPAGES) {
  Deno.test(`slippage: ${arithmetic}`, () => {
    const options = { slippage, cash: "1000000", sourceOf: () => "bars" as const };
    const market = new TestMarket(options);
    market.flatBar("09:30", price);
    if (quote) market.quote("09:31", 0, [quote[0], 100], [quote[1], 100]);
    market.order(ask);
    market.flatBar("09:31", price);
    assert.deepEqual(market.fills.map((one) => one.price), [gets]);
  });
}

Deno.test("slippage: BTC at 43,000 with a tick of 1 slips by 2 ticks to 43,002", () => {
  const market = new TestMarket({ slippage: { ticks: 2 } });
  market.order({ symbol: "BTC/USD", qty: "0.1", timeInForce: "gtc" });
  market.flatBar("09:30", 43_000, 1e6, "BTC/USD");
  assert.equal(market.fills[0].price, "43002");
});

Deno.test("slippage: quotes have crossed the spread already: the ask 100.10, and a cent a share", () => {
  const market = new TestMarket({ slippage: { spreadShare: 0.5, perShare: 0.01 } });
  market.quote("09:30", 0, [99.9, 100], [100.1, 100]);
  market.order({ qty: "10" });
  market.quote("09:30", 1, [99.9, 100], [100.1, 100]);
  assert.equal(market.fills[0].price, "100.11");
});

Deno.test("slippage: 1,000 dollars buy 1000 / 100.02 = 9.998000399 shares, and cost no more", () => {
  const market = new TestMarket({ slippage: { perShare: 0.02 } });
  market.flatBar("09:30", 100);
  market.order({ notional: "1000" });
  market.flatBar("09:31", 100);
  const [{ qty, price, isLast }] = market.fills;
  assert.deepEqual([qty, price, isLast], ["9.998000399", "100.02", true]);
});

Deno.test("slippage: what was paid is told: 10 × 0.02 to buy and 10 × 0.02 to sell", () => {
  const market = new TestMarket({ slippage: { perShare: 0.02 } });
  market.order({ qty: "10" });
  market.flatBar("09:30", 100);
  market.order({ qty: "10", side: "sell" });
  market.flatBar("09:31", 100);
  assert.deepEqual([market.account.slippagePaid, market.account.cash], ["0.4", "99999.6"]);
});

Deno.test("slippage: the second half of an order pays for the whole: √(200 / 1e6) × 0.02 × 100", () => {
  const slippage = { impact: 1, dailyVolatility: 0.02, dailyVolume: 1e6 };
  const market = new TestMarket({ slippage });
  market.order({ qty: "200" });
  market.flatBar("09:30", 100, 100);
  market.flatBar("09:31", 100, 100);
  // 0.0002 × 100 = 0.02; 0.000282842712 × 100 = 0.0283 → 0.03.
  assert.deepEqual(market.fills.map(({ price }) => price), ["100.02", "100.03"]);
});

Deno.test("slippage that cannot be worked out is an error, never nothing", () => {
  for (
    const [slippage, says] of [
      [{ spreadShare: 0.5 }, /no quote is known.*spread_bps/],
      [{ impact: 1 }, /no whole day before.*daily_volume/],
    ] as const
  ) {
    const market = new TestMarket({ slippage });
    market.order({});
    assert.throws(() => market.flatBar("09:30", 100), { name: "ConfigError", message: says });
  }
});

/** Short 100 at 50 on Monday 2022-01-03, the price then 60; charged when these days have passed. */
const NIGHTS: [
  arithmetic: string,
  Partial<NightRates>,
  until: [string, string],
  borrow: string,
  qty?: string,
][] = [
  ["before midnight there is none", { borrow: 3 }, ["2022-01-03", "23:59"], "0"],
  [
    "a night: 100 × 60 × 3 % / 360 = 0.50",
    { borrow: 3 },
    ["2022-01-04", "09:30"],
    "0.5",
  ],
  ["four nights to Friday: 4 × 0.50", { borrow: 3 }, ["2022-01-07", "16:00"], "2"],
  ["Friday to Monday are three more: 7 × 0.50", { borrow: 3 }, ["2022-01-10", "09:30"], "3.5"],
  [
    "hard to borrow: 100 × 60 × 36 % / 360 = 6",
    { borrow: 3, borrowBySymbol: { AAPL: 36 } },
    ["2022-01-04", "09:30"],
    "6",
  ],
  ["of another symbol: 0.50", { borrow: 3, borrowBySymbol: { GME: 36 } }, [
    "2022-01-04",
    "09:30",
  ], "0.5"],
  [
    "30 shares are borrowed as a lot of 100: 100 × 60 × 3 % / 360",
    { borrow: 3, borrowLot: 100 },
    ["2022-01-04", "09:30"],
    "0.5",
    "30",
  ],
  ["30 shares: 30 × 60 × 3 % / 360 = 0.15", { borrow: 3 }, ["2022-01-04", "09:30"], "0.15", "30"],
];

for (const [arithmetic, nightRates, [date, time], borrow, qty = "100"] of NIGHTS) {
  Deno.test(`borrow cost: ${arithmetic}`, () => {
    const costs: string[] = [];
    const market = new TestMarket({ nightRates, onNight: (_id, cost) => costs.push(cost) });
    market.flatBar("09:30", 50);
    market.order({ side: "sell", qty });
    market.flatBar("09:31", 50);
    market.flatBar("09:32", 60);
    const cash = Number(market.account.cash);
    market.advance(time, date);
    assert.equal(market.account.borrowPaid, borrow);
    assert.equal(market.account.interestPaid, "0");
    assert.equal(Number(market.account.cash).toFixed(6), (cash - Number(borrow)).toFixed(6));
    assert.equal(costs.length, borrow === "0" ? 0 : 1);
  });
}

Deno.test("a night at midnight itself is not over yet", () => {
  const market = new TestMarket({ nightRates: { borrow: 3 } });
  market.order({ side: "sell", qty: "100" });
  market.flatBar("09:30", 60);
  market.advance("00:00", "2022-01-04");
  assert.equal(market.account.borrowPaid, "0");
  market.exchange.advanceTo(at("00:00", "2022-01-04") + 1);
  assert.equal(market.account.borrowPaid, "0.5");
});

Deno.test("a long position borrows nothing, and money that is owed bears interest", () => {
  const market = new TestMarket({ nightRates: { borrow: 3, margin: 7.2 } });
  market.order({ qty: "1500" });
  market.flatBar("09:30", 100);
  market.advance("09:30", "2022-01-04");
  // 50,000 are owed: × 7.2 % / 360 = 10.
  const { borrowPaid, interestPaid, cash } = market.account;
  assert.deepEqual([borrowPaid, interestPaid, cash], ["0", "10", "-50010"]);
});

Deno.test("latency: an order of 09:31:00 that takes 500 ms meets no trade before 09:31:00.5", () => {
  const market = new TestMarket({ latencyUs: 500_000 });
  market.trade("09:30", 59, 100, 100);
  market.advance("09:31");
  market.order({ qty: "10" });
  market.trade("09:31", 0.4, 101, 100);
  market.trade("09:31", 0.5, 102, 100);
  market.trade("09:31", 0.6, 103, 100);
  // Only what comes after its arrival: 103.
  assert.deepEqual(market.fills.map(({ price }) => price), ["103"]);
});

Deno.test("latency: by bars an order that arrives after an open meets the next one", () => {
  const prices = (latencyUs: number) => {
    const market = new TestMarket({ latencyUs, fillModel: fillModelOf("next_open") });
    market.flatBar("09:30", 100);
    market.order({ qty: "10" });
    market.bar("09:31", [101, 101, 101, 101]);
    market.bar("09:32", [102, 102, 102, 102]);
    return market.fills.map(({ price }) => price);
  };
  assert.deepEqual(prices(0), ["101"]);
  assert.deepEqual(prices(1000), ["102"]);
});

Deno.test("latency: by closes it meets the close of the bar in which it arrives", () => {
  const market = new TestMarket({ latencyUs: 1000, fillModel: fillModelOf("close") });
  market.flatBar("09:30", 100);
  market.order({ qty: "10" });
  market.exchange.onClose("AAPL", at("09:31"), 100, 1e6);
  market.bar("09:31", [101, 104, 99, 103]);
  assert.deepEqual(market.fills.map(({ price }) => price), ["103"]);
});

Deno.test("latency: an order that arrives after the close waits for the next session", () => {
  const market = new TestMarket({ latencyUs: 2_000_000 });
  market.advance("15:59");
  market.exchange.advanceTo(at("16:00") - 1e6);
  const order = market.order({ timeInForce: "day" });
  assert.equal(order.status, "accepted");
  assert.equal(market.exchange.order(ACCOUNT, order.id)!.expiresUs, at("16:00", "2022-01-04"));
});
