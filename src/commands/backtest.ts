import type { Command as Commander } from "commander";
import type { Settings } from "../config/environment.ts";
import type { Command, Host } from "../contracts/command.ts";
import { cryptoSession } from "../model/calendar.ts";
import { ConfigError } from "../util/errors.ts";
import {
  type CheckOptions,
  declareCheckOptions,
  refuseWithoutCheck,
} from "./backtest_check_options.ts";
import { command as batchCommand } from "./backtest_batch.ts";
import { command as listCommand } from "./backtest_list.ts";
import {
  type DataOptions,
  declareDataOptions,
  declareMarketOptions,
  type MarketOptions,
  refuseOptionsBefore,
} from "./backtest_options.ts";
import { backtestJson } from "./backtest_report.ts";
import { runAndReport } from "./backtest_run.ts";
import { startSettings } from "./settings.ts";

export const command: Command = {
  examples: [
    { line: "liu backtest 2022-01-03 --bars bars.csv", does: "one day, by minutes, from a file" },
    {
      line: "liu backtest 2021-01-04 --to 2021-12-31 --symbols AAPL,MSFT",
      does: "a year from the history in LIU_DATA, or the provider",
    },
    {
      line: "liu backtest 2015-01-02 --to 2020-12-31 --scale day --bars spy.csv --json",
      does: "by daily bars; one JSON object",
    },
    {
      line: "liu backtest 2022-01-03 --to 2022-01-14 --bars bars.csv --check",
      does: "then again on cut data: ends with 1 where decisions knew the future, or lack history",
    },
    { line: "liu backtest batch last", does: "over what the newest live batch picked" },
    {
      line: "liu backtest 2024-01-02 --scale trade --fill quote --symbols AAPL",
      does: "every print and quote of the history; fills by quotes",
    },
    ...listCommand.examples.slice(0, 1),
  ],
  subcommands: {
    batch: { summary: "run again over what a live batch picked", command: batchCommand },
    list: { summary: "show the newest backtests", command: listCommand },
  },

  configure(command) {
    declareMarketOptions(command);
    declareRangeOptions(command);
    declareCheckOptions(command);
  },

  async run({ operands, options }, host) {
    const { settings, logSink } = startSettings(host);
    const cli = options as RangeOptions;
    refuseWithoutCheck(cli);
    const preparing = prepare(operands[0], cli, settings, host);
    if (cli.check) {
      const { checkedRun } = await import("./backtest_check.ts");
      return await checkedRun(preparing, cli, settings, logSink, host);
    }
    const run = await runAndReport(preparing, cli, settings, logSink, host);
    if (cli.json) host.out(JSON.stringify(backtestJson(run.result)) + "\n");
    await run.writeEquity();
  },
};

async function prepare(from: string, cli: RangeOptions, settings: Settings, host: Host) {
  // What reads plans and users' code is large; the store is opened meanwhile.
  const { backtestSettings, chosen } = await import("./backtest_settings.ts");
  const { loadTradePlan } = await import("./plan.ts");
  const plan = await loadTradePlan({ plan: cli.plan, settings, host });
  const [fromUs, toUs] = range(from, cli.to);
  const scanners = chosen("--scanners", plan.scanners, cli.scanners);
  const wanted = { fromUs, toUs, scale: cli.scale, symbols: cli.symbols };
  return await backtestSettings(wanted, cli, { ...plan, scanners }, settings, host);
}

interface RangeOptions extends MarketOptions, DataOptions, CheckOptions {
  to?: string;
  equity?: string;
}

function declareRangeOptions(command: Commander): void {
  // What stands behind a subcommand's name is its own.
  declareDataOptions(command.enablePositionalOptions())
    .hook("preSubcommand", refuseOptionsBefore)
    .argument("<FROM>", 'first exchange date, "YYYY-MM-DD"')
    .option("--to <DATE>", "last exchange date (default: FROM)", date)
    .option("--equity <FILE>", "write the account's value over time as CSV");
}

function range(from: string, to: string = from): [number, number] {
  const fromUs = cryptoSession(date(from)).openUs;
  const toUs = cryptoSession(to).closeUs;
  if (fromUs < toUs) return [fromUs, toUs];
  throw new ConfigError(`Cannot backtest from ${from} to ${to}: the end must not be before`);
}

function date(text: string): string {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text) &&
    new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
  if (isDate) return text;
  throw new ConfigError(`Cannot backtest from or to "${text}": give a date such as 2022-01-03`);
}
