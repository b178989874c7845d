/** What backtests of all kinds take on the command line. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import type { BacktestScale } from "../backtest/options.ts";
import { ConfigError } from "../util/errors.ts";
import { choice, type CostOptions, declareCostOptions } from "./backtest_costs.ts";
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

/** Which data, how fine. */
export interface DataOptions {
  scale: BacktestScale;
  symbols?: string[];
  scanners?: string[];
}

export function declareDataOptions(command: Commander): Commander {
  return command
    .option(
      "--scale <SCALE>",
      "day, minute, second (bars of seconds, or trades) or trade (every print)",
      choice("day", "minute", "second", "trade"),
      "minute",
    )
    .option(
      "--symbols <LIST>",
      "only these, of files or history (default: what scanners name, else all)",
      names,
    )
    .option("--scanners <LIST>", "scanners of the plan to run (default: all)", names);
}

/** Options before a subcommand's name would have no effect. */
export function refuseOptionsBefore(command: Commander, subcommand: Commander): void {
  const given = Object.keys(command.opts())
    .filter((name) => command.getOptionValueSource(name) === "cli");
  if (given.length === 0) return;
  throw new ConfigError(
    `Cannot use options before ${subcommand.name()}: write them behind it`,
  );
}
