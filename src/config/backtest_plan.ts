import { z } from "zod";
import {
  type FeeSchedule,
  FILL_MODELS,
  type FillModelName,
  type NightRates,
  NO_FEES,
  type SlippageSettings,
} from "../model/trading_costs.ts";
import { must } from "./must.ts";
import type { TomlFile } from "./toml_file.ts";

/** How a backtest's orders fill, and what that costs: [backtest] of the plan. Plain data. */
export interface BacktestPlan {
  fill: FillModelName;
  /** What the account begins with, a decimal text. */
  cash: string;
  /** Of an event's size that orders may take; null: the fill model's own (see docs/backtesting.md). */
  volumeShare: number | null;
  /** How long an order is on its way to the exchange. */
  latencyMs: number;
  slippage: SlippageSettings;
  fees: FeeSchedule;
  nightRates: NightRates;
}

const CASH_DEFAULT = "100000";

const atLeastZero = (what: string) => must(z.number().min(0), `${what} ≥ 0`);
const percentAYear = must(z.number().min(0).max(1000), "per cent a year, from 0 to 1000");
const percentage = must(
  z.number().min(0).lt(100),
  "per cent of the notional, from 0 to 100 (0.25 is a quarter per cent)",
);

const TOP = z.object({
  fill: must(z.enum(FILL_MODELS), FILL_MODELS.map((name) => `"${name}"`).join(", "))
    .default("next_open"),
  cash: must(
    z.number().min(0).max(1e15).transform((money) => money.toFixed(2).replace(/\.?0+$/, "")),
    "money ≥ 0",
  ).default(CASH_DEFAULT),
  volume_share: must(z.number().positive().max(1), "a share > 0 and ≤ 1 (0.1 is a tenth)")
    .optional(),
  latency_ms: must(z.number().min(0).max(60_000), "milliseconds from 0 to 60000").default(0),
  borrow_rate: percentAYear.default(0),
  borrow_lot: must(z.int().positive(), "a whole number of shares > 0").default(1),
  margin_rate: percentAYear.default(0),
});

const SLIPPAGE = z.object({
  per_share: atLeastZero("money per share").default(0),
  ticks: atLeastZero("a number of ticks").default(0),
  spread_share: must(z.number().min(0).max(10), "a share of the spread, from 0 to 10").default(0),
  spread_bps: atLeastZero("hundredths of a percent").optional(),
  impact: must(z.number().min(0).max(100), "a number from 0 to 100, usually about 1").default(0),
  daily_volatility: must(z.number().positive().max(10), "a share > 0 (0.02 is 2 %)").optional(),
  daily_volume: must(z.number().positive(), "shares > 0").optional(),
});

const FEES = z.object({
  buy_percentage: percentage.default(0),
  sell_percentage: percentage.default(0),
  per_share: atLeastZero("money per share").default(0),
  per_share_min: atLeastZero("money per order").default(0),
  sec_per_million: atLeastZero("money per million sold").default(0),
  taf_per_share: atLeastZero("money per share sold").default(0),
  taf_max: atLeastZero("money per order").optional(),
});

const TABLES = ["slippage", "fees", "borrow_rates"];

/** Reads the [backtest] table; what is missing has its default. Problems are noted in `toml`. */
export function readBacktestPlan(toml: TomlFile, value: unknown): BacktestPlan {
  const path = ["backtest"];
  const { slippage, fees, borrow_rates, ...top } = toml.table(value, path);
  toml.unknownKeys(top, [...Object.keys(TOP.shape), ...TABLES], path);
  const read = toml.read(TOP, top, path) ?? TOP.parse({});
  return {
    fill: read.fill,
    cash: read.cash,
    volumeShare: read.volume_share ?? null,
    latencyMs: read.latency_ms,
    slippage: readSlippage(toml, slippage),
    fees: readFees(toml, fees),
    nightRates: {
      borrow: read.borrow_rate,
      borrowBySymbol: readRates(toml, borrow_rates),
      borrowLot: read.borrow_lot,
      margin: read.margin_rate,
    },
  };
}

function readSlippage(toml: TomlFile, value: unknown): SlippageSettings {
  const path = ["backtest", "slippage"];
  const table = toml.table(value, path);
  toml.unknownKeys(table, Object.keys(SLIPPAGE.shape), path);
  const read = toml.read(SLIPPAGE, table, path) ?? SLIPPAGE.parse({});
  return {
    perShare: read.per_share,
    ticks: read.ticks,
    spreadShare: read.spread_share,
    spreadBps: read.spread_bps ?? null,
    impact: read.impact,
    dailyVolatility: read.daily_volatility ?? null,
    dailyVolume: read.daily_volume ?? null,
  };
}

function readFees(toml: TomlFile, value: unknown): FeeSchedule {
  const path = ["backtest", "fees"];
  const table = toml.table(value, path);
  toml.unknownKeys(table, Object.keys(FEES.shape), path);
  const read = toml.read(FEES, table, path) ?? FEES.parse({});
  return {
    ...NO_FEES,
    buyBps: bpsOf(read.buy_percentage),
    sellBps: bpsOf(read.sell_percentage),
    perShare: read.per_share,
    perShareMin: read.per_share_min,
    secPerMillion: read.sec_per_million,
    tafPerShare: read.taf_per_share,
    tafMax: read.taf_max ?? NO_FEES.tafMax,
  };
}

function readRates(toml: TomlFile, value: unknown): Record<string, number> {
  const path = ["backtest", "borrow_rates"];
  const rates: Record<string, number> = {};
  for (const [symbol, rate] of Object.entries(toml.table(value, path))) {
    const read = toml.read(percentAYear, rate, [...path, symbol]);
    if (read !== undefined) rates[symbol] = read;
  }
  return rates;
}

/** Per cent as hundredths of it, without float64's noise (0.07 × 100). */
export function bpsOf(percentage: number): number {
  return Number((percentage * 100).toPrecision(12));
}
