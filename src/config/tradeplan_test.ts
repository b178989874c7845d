import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { sectionError } from "./plugin_section.ts";
import { limitMoney } from "../model/limit.ts";
import { readTradePlan } from "./tradeplan.ts";

const read = (text: string) => readTradePlan(text, "/plans/tradeplan.toml", "tradeplan.toml");

const STRATEGY = `[strategies.s]\nfilename = "s.ts"\n`;

/** Each text must be refused with exactly these problems. */
function checkRefused(cases: [text: string, message: string][]) {
  for (const [text, message] of cases) {
    assert.throws(() => read(text), (error: Error) => {
      assert.ok(error instanceof ConfigError, error.stack);
      assert.equal(error.message, message);
      return true;
    }, text);
  }
}

Deno.test("a plan with everything in it is read whole", () => {
  const { backtest: _, ...plan } = read(`
environment = "PROD"
portfolio_value = 50_000
events = ["minute", "quote"]
market_liquidation_end_time_minutes = 20
assets = ["us_equity", "crypto"]
end_time = "16:30"
skip_existing = true
max_clock_skew_seconds = 2.5
[risk]
max_daily_loss = "2%"
max_notional_per_symbol = 2500.5
price_collar = "7.5%"
max_open_orders = 40

[reconcile]
in_flight = 2.5
positions = 0

[scanners.gappers]
filename = "scanners/gappers.ts"
recurrence = 5
target_strategy_name = "sma_cross"
min_gap = 4

[strategies.sma_cross]
filename = "/abs/sma_cross.ts"
fast = 10
since = 2022-01-03
permissions = { net = ["api.example.com", "localhost:8080"] }
[[strategies.sma_cross.schedule]]
start = 15
duration = 150
[[strategies.sma_cross.schedule]]
start = 300
duration = 30

[strategies.momentum_long]
on_failure = "flatten"
target_portfolio = "momentum"

[session]
on_stop = "keep"
memory_mb = 300

[optimizer]
start_date = "2021-01-01"
`);
  assert.deepEqual(plan, {
    file: "tradeplan.toml",
    folder: "/plans",
    environment: "PROD",
    portfolioValue: 50_000,
    alerts: { maxPerMinute: 10, repeatMinutes: 5, targets: [] },
    risk: {
      perTrade: 0.001,
      maxNotionalPerOrder: null,
      maxNotionalPerSymbol: { money: 2500.5 },
      maxDailyLoss: { percent: 2 },
      maxNotionalPerStrategy: null,
      maxGrossExposure: null,
      maxSharesPerOrder: null,
      maxOrdersPerMinute: null,
      maxSharesPerMinute: null,
      maxDrawdown: null,
      onLoss: "reduce",
      lossStreak: null,
      isPatternDayTrader: false,
      reduceOnly: [],
      maxOpenOrders: 40,
      priceCollarPercent: 7.5,
      unknownPositions: "external",
    },
    session: { onStop: "keep", onFailure: "keep", memoryMb: 300, databaseSeconds: 60 },
    reconcile: { inFlightMs: 2500, openOrdersMs: 30_000, positionsMs: 0 },
    marketLiquidationEndTimeMinutes: 20,
    events: ["minute", "quote"],
    testScanners: false,
    skipExisting: true,
    assets: ["us_equity", "crypto"],
    endTimeMinutes: 16 * 60 + 30,
    clockSkewSecondsMax: 2.5,
    scanners: [{
      name: "gappers",
      table: "scanners.gappers",
      line: 20,
      filename: "/plans/scanners/gappers.ts",
      netHosts: [],
      parameters: { minGap: 4 },
      written: { minGap: { key: "min_gap", line: 24 } },
      recurrenceMinutes: 5,
      targetStrategyName: "sma_cross",
      assetClass: "us_equity",
    }],
    strategies: [{
      name: "sma_cross",
      table: "strategies.sma_cross",
      line: 26,
      filename: "/abs/sma_cross.ts",
      netHosts: ["api.example.com", "localhost:8080"],
      parameters: { fast: 10, since: "2022-01-03" },
      written: { fast: { key: "fast", line: 28 }, since: { key: "since", line: 29 } },
      schedule: [
        { start: 15, duration: 150 },
        { start: 300, duration: 30 },
      ],
      onFailure: null,
      targetPortfolio: null,
    }, {
      name: "momentum_long",
      table: "strategies.momentum_long",
      line: 38,
      filename: null,
      netHosts: [],
      parameters: {},
      written: {},
      schedule: [],
      onFailure: "flatten",
      targetPortfolio: "momentum",
    }],
    optimizer: { startDate: "2021-01-01", endDate: null, parameters: [] },
    warnings: [],
  });
  assert.deepEqual(structuredClone(plan), plan);
});

Deno.test("limits are shares of the portfolio or money", () => {
  assert.equal(limitMoney({ percent: 2 }, 50_000), 1000);
  assert.equal(limitMoney({ money: 300 }, 50_000), 300);
});

Deno.test("a plan of the original loads as it is, and says what has no effect any more", () => {
  const plan = read(`
bypass_market_schedule = true
risk = 0.002
portfolio_value = 25000.0
[scanners]
    events = ["second", "minute"]
    [scanners.momentum]
        provider = 'polygon'
        min_volume = 30000
        min_gap = 3.5
        recurrence = 5
        target_strategy_name = ""
[strategies]
    [strategies.MomentumLong]
        debug = true
        check_patterns = true
        [[strategies.MomentumLong.schedule]]
            start = 15
            duration = 150
`);
  assert.equal(plan.risk.perTrade, 0.002);
  assert.deepEqual(plan.events, ["second", "minute"]);
  assert.deepEqual(plan.scanners.map((s) => [s.name, s.parameters]), [
    ["momentum", { minVolume: 30000, minGap: 3.5 }],
  ]);
  assert.equal(plan.scanners[0]!.targetStrategyName, null);
  assert.deepEqual(plan.strategies.map((s) => [s.name, s.parameters]), [
    ["MomentumLong", { checkPatterns: true }],
  ]);
  assert.deepEqual(plan.warnings, [
    'tradeplan.toml: line 2: "bypass_market_schedule" has no effect any more: a session waits for the open',
    'tradeplan.toml: [scanners] line 6: "events" is better written at the top of the file',
    'tradeplan.toml: [strategies.MomentumLong] line 15: "debug" has no effect any more: LIU_LOG=debug logs more',
    'tradeplan.toml: line 3: "risk" is only kept: what a trade may lose is a parameter of each strategy',
    'tradeplan.toml: [scanners.momentum] line 8: "provider" has no effect any more: DATA_CONNECTOR names the provider of all scanners',
  ]);
});

Deno.test("the original's older form, [[scanners]] and [[strategies]], is read too", () => {
  const plan = read(`[[scanners]]
    [scanners.momentum]
        min_gap = 3.5
[[scanners]]
    [scanners.other]
        filename = "other.ts"
[[strategies]]
    [strategies.MomentumLong]
        [[strategies.MomentumLong.schedule]]
            start = 15
            duration = 400
`);
  assert.deepEqual(plan.scanners.map(({ name, line, table }) => ({ name, line, table })), [
    { name: "momentum", line: 2, table: "scanners.momentum" },
    { name: "other", line: 5, table: "scanners.other" },
  ]);
  assert.equal(plan.strategies[0]!.schedule[0]!.duration, 400);
});

Deno.test("a wrong value is told with file, table, line, key and what would be right", () => {
  checkRefused([
    [
      `${STRATEGY}\n[[strategies.s.schedule]]\nstart = 0\nduration = -5\n`,
      'Cannot read tradeplan.toml: [strategies.s] line 6: "duration" must be minutes > 0, got -5',
    ],
    [
      `${STRATEGY}\n[[strategies.s.schedule]]\nstart = 0\n`,
      'Cannot read tradeplan.toml: [strategies.s] line 4: "duration" is missing: minutes > 0',
    ],
    [
      `${STRATEGY}schedule = 5`,
      'Cannot read tradeplan.toml: [strategies.s] line 3: "schedule" must be [[…schedule]] tables with start and duration',
    ],
    [
      `portfolio_value = "50k"\n${STRATEGY}`,
      'Cannot read tradeplan.toml: line 1: "portfolio_value" must be money > 0, got "50k"',
    ],
    [
      `environment = "LIVE"\n${STRATEGY}`,
      'Cannot read tradeplan.toml: line 1: "environment" must be "PAPER", "BACKTEST" or "PROD", got "LIVE"',
    ],
    [
      `events = ["minutes"]\n${STRATEGY}`,
      `Cannot read tradeplan.toml: line 1: "events" must be a list of "second", "minute", "trade", "quote", got ["minutes"]`,
    ],
    [
      `end_time = "25:00"\n${STRATEGY}`,
      'Cannot read tradeplan.toml: line 1: "end_time" must be an exchange time, "HH:MM", got "25:00"',
    ],
    [
      `risk = 5\n${STRATEGY}`,
      'Cannot read tradeplan.toml: line 1: "risk" must be the share of the portfolio that a trade may lose, > 0 and ≤ 1, got 5',
    ],
    [
      `${STRATEGY}[risk]\nunknown_positions = "sell"`,
      'Cannot read tradeplan.toml: [risk] line 4: "unknown_positions" must be "external" or "halt", got "sell"',
    ],
    [
      `${STRATEGY}[risk]\nmax_daily_loss = "2"`,
      'Cannot read tradeplan.toml: [risk] line 4: "max_daily_loss" must be a share of the portfolio ("2%", at most "100%") or money > 0, got "2"',
    ],
    [
      `${STRATEGY}[reconcile]\npositions = 0.5`,
      'Cannot read tradeplan.toml: [reconcile] line 4: "positions" must be seconds from 1 to 3600, or 0: never, got 0.5',
    ],
    [
      `[strategies.s]\nfilename = "s.py"`,
      'Cannot read tradeplan.toml: [strategies.s] line 2: "filename" must be a TypeScript or JavaScript file (.ts, .js), relative to this file, got "s.py"',
    ],
    [
      `${STRATEGY}permissions = { net = ["https://x/"] }`,
      `Cannot read tradeplan.toml: [strategies.s] line 3: "permissions" must be hosts as in { net = ["api.example.com"] }, got {"net":["https://x/"]}`,
    ],
    [
      `strategies = 5`,
      "Cannot read tradeplan.toml, 2 problems:\n" +
      '  line 1: "strategies" must be a table, got 5\n' +
      '  line 1: "strategies" is missing: at least one [strategies.NAME]',
    ],
    [
      `${STRATEGY}[scanners.g]\nasset_class = "crypto"`,
      'Cannot read tradeplan.toml: [scanners.g] line 4: "asset_class" must be one of the plan\'s assets (us_equity), got "crypto"',
    ],
    [
      `${STRATEGY}min_gap = 1\nminGap = 2`,
      'Cannot read tradeplan.toml: [strategies.s] line 4: "minGap" is the same as "min_gap"',
    ],
  ]);
});

Deno.test("unknown keys are refused with the one that was meant", () => {
  checkRefused([
    [
      `portfolio_valu = 5\n${STRATEGY}`,
      'Cannot read tradeplan.toml: line 1: "portfolio_valu" is not known here; did you mean "portfolio_value"?',
    ],
    [
      `${STRATEGY}[risk]\nmax_dayly_loss = "2%"`,
      'Cannot read tradeplan.toml: [risk] line 4: "max_dayly_loss" is not known here; did you mean "max_daily_loss"?',
    ],
    [
      `${STRATEGY}[[strategies.s.schedule]]\nstart = 1\nduration = 2\ncolour = "red"`,
      'Cannot read tradeplan.toml: [strategies.s] line 6: "colour" is not known here; known are start, duration',
    ],
    [
      `${STRATEGY}[strategys.t]`,
      'Cannot read tradeplan.toml: line 3: "strategys" is not known here; did you mean "strategies"?',
    ],
  ]);
});

Deno.test("all problems are told at once, in the order of the file", () => {
  checkRefused([[
    `portfolio_valu = 5
[scanners.g]
recurrence = 0
target_strategy_name = "sma_cros"
[strategies.sma_cross]
filename = 7
[risk]
max_open_orders = 1.5
`,
    `Cannot read tradeplan.toml, 5 problems:
  line 1: "portfolio_valu" is not known here; did you mean "portfolio_value"?
  [scanners.g] line 3: "recurrence" must be minutes > 0, got 0
  [scanners.g] line 4: "target_strategy_name" must be the name of a [strategies.NAME], got "sma_cros"; did you mean "sma_cross"?
  [strategies.sma_cross] line 6: "filename" must be a TypeScript or JavaScript file (.ts, .js), relative to this file, got 7
  [risk] line 8: "max_open_orders" must be a whole number > 0, got 1.5`,
  ]]);
});

Deno.test("what is no TOML is told with line and column", () => {
  assert.throws(() => read('portfolio_value = 5\nevents = ["minute"\n[risk]\n'), {
    name: "ConfigError",
    message: /^Cannot read tradeplan\.toml: line \d, column \d+: [^\n]+$/,
  });
});

Deno.test("an empty plan asks for a strategy", () => {
  checkRefused([[
    "",
    'Cannot read tradeplan.toml: line 1: "strategies" is missing: at least one [strategies.NAME]',
  ]]);
  assert.equal(read("test_scanners = true\n[scanners.momentum]").strategies.length, 0);
});

Deno.test("an error in a parameter names the key as it is written", () => {
  const plan = read(`${STRATEGY}min_gap = -1\n`);
  const [section] = plan.strategies;
  assert.equal(
    sectionError(plan.file, section!, "minGap", "must be ≥ 0, got -1").message,
    'Cannot read tradeplan.toml: [strategies.s] line 3: "min_gap" must be ≥ 0, got -1',
  );
  assert.equal(
    sectionError(plan.file, section!, null, "there is no built-in strategy of this name").message,
    "Cannot read tradeplan.toml: [strategies.s] line 1: there is no built-in strategy of this name",
  );
});
