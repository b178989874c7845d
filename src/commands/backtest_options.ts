/** What backtests of all kinds take on the command line. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import { type CostOptions, declareCostOptions } from "./backtest_costs.ts";
import { declareFileOptions, type FileOptions } from "./data_files.ts";
import { declarePlanOption } from "./plan_option.ts";

/** The plan, the data, the account and the fills. */
export interface MarketOptions extends FileOptions, CostOptions {
  plan?: string;
  strats?: string[];
  json?: boolean;
}

export function declareMarketOptions(command: Commander): Commander {
  declarePlanOption(command);
  declareFileOptions(command);
  return declareCostOptions(command)
    .option("--strats <LIST>", "strategies of the plan to run (default: all)", names)
    .option("--json", "print one JSON object");
}

/** Names with commas between them. */
export function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (list.length > 0) return list;
  throw new InvalidArgumentError("It must be names with commas between them.");
}
