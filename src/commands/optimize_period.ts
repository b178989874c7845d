import type { TradePlan } from "../config/tradeplan.ts";
import { cryptoSession } from "../model/calendar.ts";
import type { Period } from "../optimizer/walk_forward.ts";
import { ConfigError } from "../util/errors.ts";

/** The dates that options or, where they name none, the plan give. Throws ConfigError. */
export function optimizePeriod(
  options: { from?: string; to?: string },
  { file, optimizer: { startDate, endDate } }: Pick<TradePlan, "file" | "optimizer">,
): Period {
  const from = options.from ?? startDate;
  if (from === null) {
    throw new ConfigError(
      `Cannot optimise without dates: give --from and --to, or [optimizer] start_date and ` +
        `end_date in ${file}`,
    );
  }
  const to = options.to ?? endDate ?? from;
  for (const date of [from, to]) mustBeDate(date);
  if (from <= to) return { from, to };
  throw new ConfigError(`Cannot optimise from ${from} to ${to}: the end must not be before`);
}

function mustBeDate(date: string): void {
  try {
    cryptoSession(date);
  } catch (error) {
    throw new ConfigError(`Cannot optimise: ${(error as Error).message}`);
  }
}
