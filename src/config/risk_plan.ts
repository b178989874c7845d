/** [risk]: the limits that all strategies are held to together. docs/risk.md says what each does. */
import { z } from "zod";
import type { Limit, LossStreak } from "../model/limit.ts";
import { must } from "./must.ts";
import type { TomlFile } from "./toml_file.ts";

/** null: no limit. */
export interface RiskPlan {
  /** Share of the portfolio's value that a trade may lose; the original's `risk`. */
  perTrade: number;
  maxNotionalPerOrder: Limit | null;
  maxNotionalPerSymbol: Limit | null;
  maxNotionalPerStrategy: Limit | null;
  maxGrossExposure: Limit | null;
  maxSharesPerOrder: number | null;
  maxOrdersPerMinute: number | null;
  maxSharesPerMinute: number | null;
  /** Entries are denied for the rest of the day once the day's loss is this. */
  maxDailyLoss: Limit | null;
  maxDrawdown: Limit | null;
  /** What follows when one of these two is reached. */
  onLoss: "reduce" | "flatten";
  maxOpenOrders: number;
  /** How far a limit price may be from the market's, per cent; null: any. */
  priceCollarPercent: number | null;
  lossStreak: LossStreak | null;
  isPatternDayTrader: boolean;
  reduceOnly: "all" | string[];
  /** What is done about positions of the account that are not Liu's: they are left alone, or nothing is sent. */
  unknownPositions: "external" | "halt";
}

const PERCENT = z.string().regex(/^\d+(\.\d+)?%$/).transform((text) => Number(text.slice(0, -1)));
const MONEY = z.number().positive().transform((money): Limit => ({ money }));
const limit = must(
  z.union([
    PERCENT.pipe(z.number().positive()).transform((percent): Limit => ({ percent })),
    MONEY,
  ]),
  'a share of the portfolio ("10%") or money > 0',
);
/** More than all cannot be lost: such a limit would be none. */
const loss = must(
  z.union([
    PERCENT.pipe(z.number().positive().max(100)).transform((percent): Limit => ({ percent })),
    MONEY,
  ]),
  'a share of the portfolio ("2%", at most "100%") or money > 0',
);
const count = must(z.int().positive(), "a whole number > 0");
const RISK_PER_TRADE = must(
  z.number().positive().max(1),
  "the share of the portfolio that a trade may lose, > 0 and ≤ 1",
);

const RISK = z.object({
  per_trade: RISK_PER_TRADE.default(0.001),
  max_notional_per_order: limit.optional(),
  max_notional_per_symbol: limit.optional(),
  max_notional_per_strategy: limit.optional(),
  max_gross_exposure: limit.optional(),
  max_shares_per_order: count.optional(),
  max_orders_per_minute: count.optional(),
  max_shares_per_minute: count.optional(),
  max_daily_loss: loss.optional(),
  max_drawdown: loss.optional(),
  on_loss: must(z.enum(["reduce", "flatten"]), '"reduce" or "flatten"').default("reduce"),
  max_open_orders: count.default(1000),
  unknown_positions: must(z.enum(["external", "halt"]), '"external" or "halt"').default("external"),
  price_collar: must(
    PERCENT.pipe(z.number().positive().max(100)),
    'per cent > 0 and ≤ 100 ("10%")',
  ).optional(),
  loss_streak: must(
    z.strictObject({ trades: z.int().positive(), minutes: z.number().positive() }),
    "{ trades = 3, minutes = 30 }: so many trades lost in a row, so many minutes without entries",
  ).optional(),
  pattern_day_trader: must(z.boolean(), "true or false").default(false),
  reduce_only: must(
    z.union([
      z.boolean().transform((isAll): "all" | string[] => isAll ? "all" : []),
      z.array(z.string().min(1)),
    ]),
    'a list of symbols (["GME"]), or true for all',
  ).default([]),
});

const LIMIT_KEYS = [
  "max_notional_per_order",
  "max_notional_per_symbol",
  "max_notional_per_strategy",
  "max_gross_exposure",
  "max_daily_loss",
  "max_drawdown",
] as const;

/** A number alone is the original's `risk`: what a trade may lose. */
export function readRisk(toml: TomlFile, value: unknown): RiskPlan {
  const isNumber = typeof value === "number";
  const table = isNumber ? {} : toml.table(value, ["risk"]);
  toml.unknownKeys(table, Object.keys(RISK.shape), ["risk"]);
  const perTrade = isNumber ? toml.read(RISK_PER_TRADE, value, ["risk"]) : undefined;
  const read = toml.read(RISK, table, ["risk"]);
  if (isNumber || table.per_trade !== undefined) {
    toml.warn(
      isNumber ? ["risk"] : ["risk", "per_trade"],
      "is only kept: what a trade may lose is a parameter of each strategy",
    );
  }
  if (table.on_loss !== undefined && !table.max_daily_loss && !table.max_drawdown) {
    toml.warn(["risk", "on_loss"], "has no effect without max_daily_loss or max_drawdown");
  }
  for (const key of LIMIT_KEYS) {
    const limit = read?.[key];
    if (limit !== undefined && "money" in limit && limit.money < 1) {
      toml.warn(
        ["risk", key],
        `is an amount of money, ${limit.money}, less than one unit of it; ` +
          `a share of the portfolio is written "${Number((limit.money * 100).toPrecision(12))}%"`,
      );
    }
  }
  return {
    perTrade: perTrade ?? read?.per_trade ?? 0,
    maxNotionalPerOrder: read?.max_notional_per_order ?? null,
    maxNotionalPerSymbol: read?.max_notional_per_symbol ?? null,
    maxNotionalPerStrategy: read?.max_notional_per_strategy ?? null,
    maxGrossExposure: read?.max_gross_exposure ?? null,
    maxSharesPerOrder: read?.max_shares_per_order ?? null,
    maxOrdersPerMinute: read?.max_orders_per_minute ?? null,
    maxSharesPerMinute: read?.max_shares_per_minute ?? null,
    maxDailyLoss: read?.max_daily_loss ?? null,
    maxDrawdown: read?.max_drawdown ?? null,
    onLoss: read?.on_loss ?? "reduce",
    maxOpenOrders: read?.max_open_orders ?? 0,
    priceCollarPercent: read?.price_collar ?? null,
    lossStreak: read?.loss_streak ?? null,
    isPatternDayTrader: read?.pattern_day_trader ?? false,
    reduceOnly: read?.reduce_only ?? [],
    unknownPositions: read?.unknown_positions ?? "external",
  };
}
