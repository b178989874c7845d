import { decisionText, type RunRecord } from "../backtest/decision_record.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";
import type { LogSink } from "../util/log.ts";

/** Each decision of strategies, and what became of it, in the log. */
export function logDecisions({ decisions }: RunRecord, log: LogSink): void {
  for (const decision of decisions) {
    const { timeUs, by, symbol, place } = decision;
    log("info", ["liu", "decision"], "{time} {by} {symbol} {decision} {place}", {
      time: formatRfc3339(timeUs),
      by,
      symbol,
      decision: decisionText(decision),
      place: place ?? "",
    });
  }
}
