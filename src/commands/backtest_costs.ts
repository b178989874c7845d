/** What `liu backtest` can be told of fills and costs: options go before the plan's [backtest]. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import type { BacktestSettings } from "../backtest/options.ts";
import { bpsOf } from "../config/backtest_plan.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { AssetClass } from "../model/asset.ts";
import { FILL_MODELS, type FillModelName } from "../model/trading_costs.ts";
import { ConfigError } from "../util/errors.ts";

export interface CostOptions {
  cash?: string;
  fill?: FillModelName;
  volumeShare?: number;
  buyFeePercentage?: number;
  sellFeePercentage?: number;
  borrowRate?: number;
  latencyMs?: number;
  asset?: "equity" | "crypto";
}

export function declareCostOptions(command: Commander): Commander {
  return command
    .option("--cash <USD>", "what the account begins with (default: the plan's, 100000)", money)
    .option(
      "--fill <MODEL>",
      `${FILL_MODELS.join(", ")} (default: the plan's, next_open)`,
      choice(...FILL_MODELS),
    )
    .option(
      "--volume-share <SHARE>",
      "of an event's size that orders take (default: bars give all)",
      share,
    )
    .option("--buy-fee-percentage <P>", "of the notional of purchases", percentage)
    .option("--sell-fee-percentage <P>", "of the notional of sales", percentage)
    .option("--borrow-rate <P>", "per cent a year of what is sold short", rate)
    .option("--latency-ms <MS>", "how long an order is on its way", milliseconds)
    .option("--asset <CLASS>", "only equity, or only crypto", choice("equity", "crypto"));
}

/** How orders fill and what that costs, as options and plan say it. */
export function costsOf(cli: CostOptions, { backtest: plan }: TradePlan) {
  const { buyFeePercentage, sellFeePercentage } = cli;
  return {
    cash: cli.cash ?? plan.cash,
    fillModel: cli.fill ?? plan.fill,
    volumeShare: cli.volumeShare ?? plan.volumeShare,
    fees: {
      ...plan.fees,
      ...(buyFeePercentage === undefined ? {} : { buyBps: bpsOf(buyFeePercentage) }),
      ...(sellFeePercentage === undefined ? {} : { sellBps: bpsOf(sellFeePercentage) }),
    },
    slippage: plan.slippage,
    nightRates: { ...plan.nightRates, borrow: cli.borrowRate ?? plan.nightRates.borrow },
    latencyUs: (cli.latencyMs ?? plan.latencyMs) * 1000,
  } satisfies Partial<BacktestSettings>;
}

/** The plan, of one class of assets alone. Throws ConfigError where it has none of it. */
export function planOfAsset(plan: TradePlan, asset: CostOptions["asset"]): TradePlan {
  if (asset === undefined) return plan;
  const only: AssetClass = asset === "crypto" ? "crypto" : "us_equity";
  if (!plan.assets.includes(only)) {
    throw new ConfigError(
      `Cannot backtest --asset ${asset}: ${plan.file} has assets = [${
        plan.assets.map((one) => `"${one}"`).join(", ")
      }]`,
    );
  }
  const scanners = plan.scanners.filter(({ assetClass }) => assetClass === only);
  return { ...plan, assets: [only], scanners };
}

export function choice(...choices: string[]) {
  return (text: string): string => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`It must be ${choices.join(" or ")}.`);
  };
}

function money(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  throw new InvalidArgumentError("It must be an amount ≥ 0 in USD, such as 100000.");
}

function percentage(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value < 100) return value;
  throw new InvalidArgumentError("It must be per cent, from 0 to 100, such as 0.25.");
}

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1000) return value;
  throw new InvalidArgumentError("It must be per cent a year, from 0 to 1000, such as 0.5.");
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 60_000) return value;
  throw new InvalidArgumentError("It must be milliseconds, from 0 to 60000.");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a share, above 0 and at most 1.");
}
