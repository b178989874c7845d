/** What liu batch and liu run ask for, and how they tell it. */
import { type Command as Commander, InvalidArgumentError, Option } from "commander";
import type { Settings } from "../config/environment.ts";
import type { BatchFilter, Environment } from "../contracts/store.ts";
import { ControlClient } from "../control/control_client.ts";
import { findTraders } from "../control/trader_file.ts";
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import { OperationError } from "../util/errors.ts";
import { fromTime, toTime } from "./operands.ts";

export interface ListOptions {
  env?: Environment;
  from?: number;
  to?: number;
  strategy?: string;
  limit: number;
  json?: boolean;
}

export function declareListOptions(command: Commander): Commander {
  return command
    .addOption(
      new Option("--env <NAME>", "only of this environment").choices([
        "PAPER",
        "BACKTEST",
        "PROD",
      ]),
    )
    .option("--from <TIME>", "only those that began then or later: a date, or a time", fromTime)
    .option("--to <TIME>", "only those that began before; a date is in it whole", toTime)
    .option("--strategy <NAME>", "only those of this strategy")
    .option("--limit <N>", "the newest N", count, 30)
    .option("--json", "print one JSON array");
}

export function filterOf({ env, from, to, strategy }: ListOptions): BatchFilter {
  return { environment: env, fromUs: from, toUs: to, strategy };
}

export interface Running {
  /** Ids of batches that traders of this data folder run now. */
  ids: Set<string>;
  /** One that does not answer runs something, but cannot say what. Empty: all answered. */
  problems: string[];
}

export async function runningBatches(settings: Settings): Promise<Running> {
  const running: Running = { ids: new Set(), problems: [] };
  for (const trader of findTraders(settings.dataFolder)) {
    try {
      running.ids.add((await new ControlClient(trader).status()).batchId);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      running.problems.push(error.message);
    }
  }
  return running;
}

/** "2022-01-03 09:30" */
export function minuteText(us: number): string {
  return `${exchangeDate(us)} ${exchangeTime(us).slice(0, 5)}`;
}

/** How something ended that may run yet. */
export function endText(
  { endUs, reasons, isRunning }: { endUs: number | null; reasons: string[]; isRunning: boolean },
): string {
  if (isRunning) return "runs now";
  return endUs === null ? "cut short" : reasons.join(", ") || "ended";
}

const PREFIX_MIN = 8;

/** What each id begins with that no other of these does: enough to name it by. */
export function shortIds(ids: readonly string[]): Map<string, string> {
  const all = [...new Set(ids)].sort();
  return new Map(all.map((id, i) => {
    const shared = Math.max(common(id, all[i - 1] ?? ""), common(id, all[i + 1] ?? ""));
    return [id, id.slice(0, Math.max(PREFIX_MIN, shared + 1))];
  }));
}

function common(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

function count(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n > 0 && n <= 100_000) return n;
  throw new InvalidArgumentError("It must be a whole number from 1 to 100000.");
}
