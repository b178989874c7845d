import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Environment } from "../contracts/store.ts";
import type { ScheduleWindow } from "../contracts/strategy.ts";
import type { AssetClass } from "../model/asset.ts";
import type { ReconcilePeriods } from "../model/reconcile_periods.ts";
import { closest } from "../util/closest.ts";
import { type AlertsPlan, readAlertsPlan } from "./alerts_plan.ts";
import { type BacktestPlan, readBacktestPlan } from "./backtest_plan.ts";
import { isTable, must } from "./must.ts";
import { type OptimizerPlan, readOptimizer } from "./optimizer_plan.ts";
import { type PluginSection, readSection, sectionsOf } from "./plugin_section.ts";
import { readReconcilePlan } from "./reconcile_plan.ts";
import { readRisk, type RiskPlan } from "./risk_plan.ts";
import { type OnFailure, onFailure, readSessionPlan, type SessionPlan } from "./session_plan.ts";
import { TomlFile } from "./toml_file.ts";

/** What is to be traded and how: tradeplan.toml, read and checked. Plain data, it crosses ports. */
export interface TradePlan {
  /** The file as messages name it, and the folder that its file names are relative to. */
  file: string;
  folder: string;
  environment: Environment;
  /** In account currency; null: the account's equity at the session's start. */
  portfolioValue: number | null;
  risk: RiskPlan;
  session: SessionPlan;
  /** Where problems are told, beside the log. */
  alerts: AlertsPlan;
  /** How often the broker is asked for what is open and held. */
  reconcile: ReconcilePeriods;
  /** Day trades are closed this long before the close. */
  marketLiquidationEndTimeMinutes: number;
  events: PlanEvent[];
  /** Scanners run, nothing trades. */
  testScanners: boolean;
  /** Positions that the account already has are left alone. */
  skipExisting: boolean;
  assets: AssetClass[];
  /** End of a crypto session, minutes since midnight, exchange time; null: it runs until it is stopped. */
  endTimeMinutes: number | null;
  /** A session begins, and takes entries, only where clocks are this near to the broker's. */
  clockSkewSecondsMax: number;
  scanners: ScannerPlan[];
  strategies: StrategyPlan[];
  /** How backtests fill orders, and what that costs. */
  backtest: BacktestPlan;
  optimizer: OptimizerPlan;
  /** What was read but has no effect any more; to be shown. */
  warnings: string[];
}

export type PlanEvent = "second" | "minute" | "trade" | "quote";

export interface ScannerPlan extends PluginSection {
  /** null: it runs once. */
  recurrenceMinutes: number | null;
  /** null: what it picks is for all strategies. */
  targetStrategyName: string | null;
  /** Whose session it runs in. */
  assetClass: AssetClass;
}

export interface StrategyPlan extends PluginSection {
  /** When it may buy, minutes since the open; empty: the whole session. */
  schedule: ScheduleWindow[];
  /** What becomes of its positions when it is stopped for what it did; null: as [session] says. */
  onFailure: OnFailure | null;
  /** The portfolio that it trades towards; null: none. */
  targetPortfolio: string | null;
}

/**
 * Reads a plan's text. `path` is the file's absolute path, `file` what messages call it.
 * Throws one ConfigError with all problems, each with table, line and key.
 */
export function readTradePlan(text: string, path: string, file: string): TradePlan {
  const toml = new TomlFile(text, file);
  const { scanners: _, strategies: __, optimizer: ___, ...others } = toml.data;
  const { risk, session, reconcile, alerts, backtest, ...top } = others;
  for (const [key, why] of Object.entries(OBSOLETE_TOP)) {
    if (key in top) toml.warn([key], why);
    delete top[key];
  }
  toml.unknownKeys(
    top,
    [
      ...Object.keys(TOP.shape),
      "risk",
      "session",
      "reconcile",
      "alerts",
      "scanners",
      "strategies",
      "optimizer",
      "backtest",
    ],
    [],
  );
  const read = toml.read(TOP, { ...top, events: top.events ?? eventsOfScanners(toml) }, []);
  const folder = dirname(resolve(path));
  const strategies = readStrategies(toml, folder);
  const plan = {
    file,
    folder,
    risk: readRisk(toml, risk),
    session: readSessionPlan(toml, session),
    alerts: readAlertsPlan(toml, alerts),
    reconcile: readReconcilePlan(toml, reconcile),
    scanners: readScanners(toml, folder, strategies.map(({ name }) => name), read?.assets ?? []),
    strategies,
    backtest: readBacktestPlan(toml, backtest),
    optimizer: readOptimizer(toml, strategies.map(({ name }) => name)),
  };
  if (strategies.length === 0 && !read?.test_scanners) {
    toml.problem(["strategies"], "is missing: at least one [strategies.NAME]");
  }
  if (read?.end_time !== undefined && !read.assets.includes("crypto")) {
    toml.warn(
      ["end_time"],
      'has no effect: only a session with assets = ["crypto"] has an end time',
    );
  }
  toml.throwProblems();
  return {
    ...plan,
    environment: read!.environment,
    portfolioValue: read!.portfolio_value ?? null,
    marketLiquidationEndTimeMinutes: read!.market_liquidation_end_time_minutes,
    events: read!.events,
    testScanners: read!.test_scanners,
    skipExisting: read!.skip_existing,
    assets: read!.assets,
    endTimeMinutes: read!.end_time ?? null,
    clockSkewSecondsMax: read!.max_clock_skew_seconds,
    warnings: toml.warnings,
  };
}

const OBSOLETE_TOP = {
  bypass_market_schedule: "has no effect any more: a session waits for the open",
};
const OBSOLETE_SCANNER = {
  provider: "has no effect any more: DATA_CONNECTOR names the provider of all scanners",
};
const OBSOLETE_STRATEGY = {
  debug: "has no effect any more: LIU_LOG=debug logs more",
};

const flag = must(z.boolean(), "true or false");
const timeOfDay = must(
  z.preprocess(
    (value) => value instanceof Date ? value.toISOString().slice(0, 5) : value,
    z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/).transform((text) =>
      Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
    ),
  ),
  'an exchange time, "HH:MM"',
);

const TOP = z.object({
  max_clock_skew_seconds: must(z.number().positive(), "seconds > 0").default(5),
  environment: must(z.enum(["PAPER", "BACKTEST", "PROD"]), '"PAPER", "BACKTEST" or "PROD"')
    .default("PAPER"),
  portfolio_value: must(z.number().positive(), "money > 0").optional(),
  market_liquidation_end_time_minutes: must(z.number().min(0).max(390), "minutes from 0 to 390")
    .default(15),
  events: must(
    z.array(z.enum(["second", "minute", "trade", "quote"])).min(1),
    'a list of "second", "minute", "trade", "quote"',
  ).default(["minute"]),
  test_scanners: flag.default(false),
  skip_existing: flag.default(false),
  assets: must(z.array(z.enum(["us_equity", "crypto"])).min(1), 'a list of "us_equity", "crypto"')
    .default(["us_equity"]),
  end_time: timeOfDay.optional(),
});

/** Old plans have the events inside of [scanners]. */
function eventsOfScanners(toml: TomlFile): unknown {
  const { scanners } = toml.data;
  if (typeof scanners !== "object" || scanners === null || !("events" in scanners)) {
    return undefined;
  }
  if (!Array.isArray(scanners.events)) return undefined;
  toml.warn(["scanners", "events"], "is better written at the top of the file");
  return scanners.events;
}

const minutes = must(z.number().positive(), "minutes > 0");

const SCANNER = z.object({
  asset_class: must(z.enum(["us_equity", "crypto"]), '"us_equity" or "crypto"').optional(),
  recurrence: minutes.optional(),
  target_strategy_name: must(z.string(), "a strategy's name").optional(),
});

function readScanners(
  toml: TomlFile,
  folder: string,
  strategies: string[],
  assets: AssetClass[],
): ScannerPlan[] {
  return sectionsOf(toml, "scanners", ["events"]).map((raw) => {
    const own = toml.read(SCANNER, raw.table, raw.path);
    const target = raw.table.target_strategy_name || null;
    if (typeof target === "string" && !strategies.includes(target)) {
      const meant = closest(target, strategies);
      toml.problem(
        [...raw.path, "target_strategy_name"],
        `must be the name of a [strategies.NAME], got "${target}"` +
          (meant ? `; did you mean "${meant}"?` : ""),
      );
    }
    const assetClass = own?.asset_class ?? assets[0] ?? "us_equity";
    if (assets.length > 0 && !assets.includes(assetClass)) {
      toml.problem(
        [...raw.path, "asset_class"],
        `must be one of the plan's assets (${assets.join(", ")}), got "${assetClass}"`,
      );
    }
    return {
      ...readSection(toml, raw, {
        folder,
        own: Object.keys(SCANNER.shape),
        obsolete: OBSOLETE_SCANNER,
      }),
      recurrenceMinutes: own?.recurrence ?? null,
      targetStrategyName: own?.target_strategy_name || null,
      assetClass,
    };
  });
}

const WINDOW = z.object(
  { start: must(z.number().min(0), "minutes ≥ 0"), duration: minutes },
  "must be a table with start and duration",
);
const STRATEGY = z.object({
  schedule: z.array(WINDOW, "must be [[…schedule]] tables with start and duration").default([]),
  on_failure: onFailure.optional(),
  target_portfolio: must(z.string().min(1), "the name of a portfolio").optional(),
});

function readStrategies(toml: TomlFile, folder: string): StrategyPlan[] {
  return sectionsOf(toml, "strategies").map((raw) => {
    const own = toml.read(STRATEGY, raw.table, raw.path);
    if (Array.isArray(raw.table.schedule)) {
      for (const [i, window] of raw.table.schedule.entries()) {
        if (!isTable(window)) continue;
        toml.unknownKeys(window, Object.keys(WINDOW.shape), [...raw.path, "schedule", i]);
      }
    }
    return {
      ...readSection(toml, raw, {
        folder,
        own: Object.keys(STRATEGY.shape),
        obsolete: OBSOLETE_STRATEGY,
      }),
      schedule: own?.schedule ?? [],
      onFailure: own?.on_failure ?? null,
      targetPortfolio: own?.target_portfolio ?? null,
    };
  });
}
