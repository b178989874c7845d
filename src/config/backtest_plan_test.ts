import assert from "node:assert/strict";
import { readTradePlan } from "./tradeplan.ts";

function read(text: string) {
  const plan = `[strategies.sma_cross]\n${text}`;
  return readTradePlan(plan, "/plans/tradeplan.toml", "tradeplan.toml").backtest;
}

Deno.test("what [backtest] does not say has its default", () => {
  const plan = read("");
  assert.equal(plan.fill, "next_open");
  assert.equal(plan.cash, "100000");
  assert.equal(plan.volumeShare, null);
  assert.deepEqual(plan, read("[backtest]\n[backtest.fees]\n[backtest.slippage]"));
});

Deno.test("[backtest] is read whole", () => {
  const plan = read(`
[backtest]
fill = "quote"
cash = 2_500.5
volume_share = 0.25
latency_ms = 40
borrow_rate = 2.5
borrow_lot = 100
margin_rate = 7
[backtest.borrow_rates]
GME = 80
[backtest.slippage]
per_share = 0.01
ticks = 2
spread_share = 0.5
spread_bps = 3
impact = 1.0
daily_volatility = 0.02
daily_volume = 1_000_000
[backtest.fees]
buy_percentage = 0.07
sell_percentage = 0.25
per_share = 0.005
per_share_min = 1
sec_per_million = 27.8
taf_per_share = 0.000166
taf_max = 8.3
`);
  assert.deepEqual(plan, {
    fill: "quote",
    cash: "2500.5",
    volumeShare: 0.25,
    latencyMs: 40,
    nightRates: { borrow: 2.5, borrowBySymbol: { GME: 80 }, borrowLot: 100, margin: 7 },
    slippage: {
      perShare: 0.01,
      ticks: 2,
      spreadShare: 0.5,
      spreadBps: 3,
      impact: 1,
      dailyVolatility: 0.02,
      dailyVolume: 1_000_000,
    },
    fees: {
      equityBps: 0,
      cryptoBps: 0,
      buyBps: 7,
      sellBps: 25,
      perShare: 0.005,
      perShareMin: 1,
      secPerMillion: 27.8,
      tafPerShare: 0.000166,
      tafMax: 8.3,
    },
  });
  assert.deepEqual(structuredClone(plan), plan);
});

const WRONG: [text: string, says: string][] = [
  [
    '[backtest]\nfill = "open"',
    '[backtest] line 3: "fill" must be "close", "next_open", "intrabar", "quote", "trade", ' +
    '"finest", got "open"',
  ],
  [
    "[backtest]\nvolume_share = 1.5",
    '[backtest] line 3: "volume_share" must be a share > 0 and ≤ 1 (0.1 is a tenth), got 1.5',
  ],
  [
    "[backtest]\nlatency_s = 5",
    '[backtest] line 3: "latency_s" is not known here; did you mean "latency_ms"?',
  ],
  [
    "[backtest]\ncash = -1",
    '[backtest] line 3: "cash" must be money ≥ 0, got -1',
  ],
  [
    "[backtest.slippage]\n\ntick = 1",
    '[backtest.slippage] line 4: "tick" is not known here; did you mean "ticks"?',
  ],
  [
    "[backtest.fees]\nbuy_percentage = 100",
    '[backtest.fees] line 3: "buy_percentage" must be per cent of the notional, from 0 to 100 ' +
    "(0.25 is a quarter per cent), got 100",
  ],
  [
    '[backtest.borrow_rates]\nGME = "80%"',
    '[backtest.borrow_rates] line 3: "GME" must be per cent a year, from 0 to 1000, got "80%"',
  ],
  [
    "[backtest]\nfees = 3",
    '[backtest] line 3: "fees" must be a table, got 3',
  ],
];

for (const [text, says] of WRONG) {
  Deno.test(`what is wrong is said with its line: ${text.replaceAll("\n", " ")}`, () => {
    assert.throws(() => read(text), {
      name: "ConfigError",
      message: `Cannot read tradeplan.toml: ${says}`,
    });
  });
}
