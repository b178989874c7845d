/** What backtests of all kinds take on the command line. */
import { type Command as Commander, InvalidArgumentError } from "commander";
import type { FillModelName } from "../matching/fill_model.ts";
import { declareFileOptions, type FileOptions } from "./data_files.ts";
import { declarePlanOption } from "./plan_option.ts";

/** The plan, the data, the account and the fills. */
export interface MarketOptions extends FileOptions {
  plan?: string;
  strats?: string[];
  cash: string;
  fill: FillModelName;
  volumeShare?: number;
  buyFeePercentage: number;
  sellFeePercentage: number;
  json?: boolean;
}

export function declareMarketOptions(command: Commander): Commander {
  declarePlanOption(command);
  declareFileOptions(command);
  return command
    .option("--strats <LIST>", "strategies of the plan to run (default: all)", names)
    .option("--cash <USD>", "what the account begins with", money, "100000")
    .option(
      "--fill <MODEL>",
      "close, next_open or intrabar",
      choice("close", "next_open", "intrabar"),
      "next_open",
    )
    .option("--volume-share <SHARE>", "of a bar's volume that orders take (default: all)", share)
    .option("--buy-fee-percentage <P>", "of the notional of purchases", percentage, 0)
    .option("--sell-fee-percentage <P>", "of the notional of sales", percentage, 0)
    .option("--json", "print one JSON object");
}

/** Names with commas between them. */
export function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  if (list.length > 0) return list;
  throw new InvalidArgumentError("It must be names with commas between them.");
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

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("It must be a share, above 0 and at most 1.");
}
