import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { readTradePlan } from "./tradeplan.ts";

const STRATEGY = `[strategies.momentum_long]\n`;

function read(risk: string) {
  return readTradePlan(`${STRATEGY}[risk]\n${risk}`, "/plans/tradeplan.toml", "tradeplan.toml");
}

Deno.test("every limit of [risk] is read", () => {
  const { risk } = read(`
max_notional_per_order = "5%"
max_notional_per_symbol = 2500.5
max_notional_per_strategy = "25%"
max_gross_exposure = 100_000
max_shares_per_order = 500
max_orders_per_minute = 30
max_shares_per_minute = 2000
max_open_orders = 40
price_collar = "7.5%"
max_daily_loss = "2%"
max_drawdown = "3%"
on_loss = "flatten"
loss_streak = { trades = 3, minutes = 30 }
pattern_day_trader = true
reduce_only = ["GME", "AMC"]
unknown_positions = "halt"
`);
  assert.deepEqual(risk, {
    perTrade: 0.001,
    maxNotionalPerOrder: { percent: 5 },
    maxNotionalPerSymbol: { money: 2500.5 },
    maxNotionalPerStrategy: { percent: 25 },
    maxGrossExposure: { money: 100_000 },
    maxSharesPerOrder: 500,
    maxOrdersPerMinute: 30,
    maxSharesPerMinute: 2000,
    maxDailyLoss: { percent: 2 },
    maxDrawdown: { percent: 3 },
    onLoss: "flatten",
    maxOpenOrders: 40,
    priceCollarPercent: 7.5,
    lossStreak: { trades: 3, minutes: 30 },
    isPatternDayTrader: true,
    reduceOnly: ["GME", "AMC"],
    unknownPositions: "halt",
  });
  assert.equal(read("reduce_only = true").risk.reduceOnly, "all");
  assert.deepEqual(read("reduce_only = false").risk.reduceOnly, []);
});

Deno.test("a limit that cannot be one is told with its line", () => {
  const wrong: [risk: string, message: RegExp][] = [
    ["max_drawdown = 0", /\[risk\] line 3: "max_drawdown" must be a share .* got 0/],
    ['max_daily_loss = "200%"', /"max_daily_loss" must be .* at most "100%".* got "200%"/],
    ['max_drawdown = "100.5%"', /"max_drawdown" must be .* at most "100%"/],
    ['price_collar = "101%"', /"price_collar" must be per cent > 0 and ≤ 100/],
    ["max_shares_per_order = 1.5", /"max_shares_per_order" must be a whole number > 0, got 1.5/],
    ['on_loss = "sell"', /"on_loss" must be "reduce" or "flatten", got "sell"/],
    ["loss_streak = 3", /"loss_streak" must be \{ trades = 3, minutes = 30 \}: .* got 3/],
    ["loss_streak = { trades = 3 }", /"loss_streak" must be/],
    ["loss_streak = { trades = 3, minute = 5 }", /"loss_streak" must be/],
    ['reduce_only = "GME"', /"reduce_only" must be a list of symbols \(\["GME"\]\), or true/],
    ["max_orders_minute = 5", /"max_orders_minute" is not known here; did you mean/],
  ];
  for (const [risk, message] of wrong) {
    assert.throws(
      () => read(risk),
      (error) => error instanceof ConfigError && !!message.exec(error.message),
      risk,
    );
  }
});

Deno.test("on_loss without a loss limit is told to be useless", () => {
  assert.match(read('on_loss = "flatten"').warnings.join(), /on_loss.*has no effect without/);
  assert.deepEqual(read('on_loss = "flatten"\nmax_drawdown = 100').warnings, []);
});

Deno.test("a limit of less than one unit of money is told to be money, and how a share is written", () => {
  const { warnings, risk } = read("max_daily_loss = 0.02\nmax_gross_exposure = 1.5");
  assert.deepEqual(risk.maxDailyLoss, { money: 0.02 });
  assert.equal(warnings.length, 1, warnings.join());
  assert.match(warnings[0], /line 3.*max_daily_loss.* is an amount of money, 0\.02, .* "2%"$/);
  assert.deepEqual(read("max_notional_per_symbol = 1\nmax_drawdown = 100").warnings, []);
});

Deno.test("exposure may be more than the portfolio, losses may be all of it", () => {
  const { warnings, risk } = read('max_gross_exposure = "150%"\nmax_drawdown = "100%"');
  assert.deepEqual(warnings, []);
  assert.deepEqual(risk.maxGrossExposure, { percent: 150 });
  assert.deepEqual(risk.maxDrawdown, { percent: 100 });
});
