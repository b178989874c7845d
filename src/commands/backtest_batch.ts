import type { Command as Commander } from "commander";
import type { Command } from "../contracts/command.ts";
import { whole } from "./backtest_check_options.ts";
import { declareMarketOptions, type MarketOptions, names } from "./backtest_options.ts";
import type { PickOptions } from "./backtest_picks.ts";

export interface BatchOptions extends MarketOptions, PickOptions {
  debug?: boolean;
  equity?: string;
}

export const command: Command = {
  examples: [
    {
      line: "liu backtest batch last",
      does: "the plan's strategies over what the newest live batch picked, at its times",
    },
    {
      line: "liu backtest batch BATCH_ID --symbol AAPL,MSFT --duration 60",
      does: "of these symbols alone, for an hour",
    },
    {
      line: "liu backtest batch BATCH_ID --strict --bars bars.csv --debug",
      does: "of what it traded alone, from a file, with each decision in the log",
    },
  ],

  configure(command) {
    declareMarketOptions(command);
    declareBatchOptions(command);
  },

  async run({ operands, options }, host) {
    // What reads plans, users' code and data is large: other backtests do not wait for it.
    const { backtestOfBatch } = await import("./backtest_of_batch.ts");
    await backtestOfBatch(operands[0], options as BatchOptions, host);
  },
};

function declareBatchOptions(command: Commander): void {
  command.argument("<BATCH>", 'a batch id, what it begins with, or "last", the newest live one')
    .option("--symbol <LIST>", "only these of the picked symbols", names)
    .option("--strict", "only symbols that the batch traded")
    .option(
      "--duration <MINUTES>",
      "from the open, or the batch's start where that was later (default: as long as the batch)",
      whole(1),
    )
    .option("--debug", "log each decision, with its line")
    .option("--equity <FILE>", "write the account's value over time as CSV");
}
