/** What `liu optimize` takes on the command line. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import { OBJECTIVES } from "../optimizer/figures.ts";
import { type MethodName, METHODS } from "../optimizer/search/methods.ts";
import { TRIALS_DEFAULT, TRIALS_MAX } from "../optimizer/search/search.ts";
import { choice } from "./backtest_costs.ts";
import {
  type DataOptions,
  declareDataOptions,
  declareMarketOptions,
  type MarketOptions,
  refuseOptionsBefore,
} from "./backtest_options.ts";

export interface OptimizeOptions extends MarketOptions, DataOptions {
  from?: string;
  to?: string;
  trials?: number;
  workers?: number;
  objective: string;
  method: MethodName;
  seed: number;
  resume?: string;
  walkForward?: string;
  equity?: string;
}

export function declareOptimizeOptions(command: Commander): void {
  const methods = Object.keys(METHODS);
  // What stands behind a subcommand's name is its own.
  declareDataOptions(declareMarketOptions(command.enablePositionalOptions()))
    .hook("preSubcommand", refuseOptionsBefore)
    .option("--from <DATE>", "first exchange date (default: the plan's start_date)")
    .option("--to <DATE>", "last exchange date (default: the plan's end_date)")
    .option(
      "--trials <N>",
      `how many at most (default: ${TRIALS_DEFAULT}; of a grid: all)`,
      whole(1, TRIALS_MAX),
    )
    .option("--workers <K>", "at the same time (default: one a processor core)", whole(1))
    .option(
      "--objective <NAME>",
      `${OBJECTIVES.join(", ")}, or a TypeScript file of yours`,
      "sharpe",
    )
    .option("--method <NAME>", methods.join(", "), choice(...methods), "random")
    .option("--seed <S>", "of all chance: the same seed, the same trials", whole(0), 1)
    .option(
      "--resume <SESSION>",
      'go on with a session that was cut short: its id, or the first of it; "last": the newest',
    )
    .option(
      "--walk-forward <WINDOWS>",
      "train=6mo,test=1mo (d, w, mo, y; ,anchored): search, then trade what follows",
    )
    .option("--equity <FILE>", "write the best one's value over time as CSV");
}

const WHOLE_MAX = 2 ** 31;

function whole(min: number, max = WHOLE_MAX) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
