/** What a report does not know, or has assumed, in sentences. */
import type { PriceBook } from "./price_book.ts";
import type { MadeCurve } from "./report.ts";
import type { Report } from "./report_types.ts";
import type { Selection } from "./selection.ts";

const NAMES_SHOWN = 5;

export function notesOf(
  { runs, trades, denials, batchIds, isPart }: Selection,
  { prices, start, made, fees, benchmark, wanted }: {
    prices: PriceBook;
    start: number | null;
    made: MadeCurve;
    fees: boolean;
    benchmark: Report["benchmark"];
    wanted: string | undefined;
  },
): string[] {
  const notes: string[] = [];
  const running = runs.filter(({ endUs }) => endUs === null).length;
  if (running > 0) {
    notes.push(
      `${running} of ${runs.length} runs have no end: the batch is running still, or was cut short. ` +
        "These are the figures so far.",
    );
  }
  if (trades.length === 0) {
    notes.push(
      denials.length > 0
        ? "There are no executions: everything was denied or refused (liu analyze --denials)."
        : "There are no executions.",
    );
  }
  if (start === null) {
    notes.push(
      "What the account began with is not stored: returns and ratios are left out. " +
        "Give it with --cash AMOUNT.",
    );
  } else if (made.source === "executions" && trades.length > 0) {
    const why = batchIds.length > 1 ? "of several batches" : isPart ? "of a part of the batch" : "";
    notes.push(
      `Equity ${why ? `${why} ` : ""}is worked out from executions and the prices that are known.`,
    );
  }
  if (made.unpriced.length > 0) {
    notes.push(
      `No prices of ${list(made.unpriced)} while held: valued at the last execution. ` +
        "Download them with liu data download, or give --bars FILE.",
    );
  }
  const blind = [...new Set(trades.map(({ symbol }) => symbol))]
    .filter((symbol) => prices.get(symbol) === null).sort();
  if (blind.length > 0) {
    notes.push(`No bars of ${list(blind)} in the history: no MAE, MFE and price lines of them.`);
  }
  const { unexplained } = made;
  if (unexplained !== null && Math.abs(unexplained) > 0.01) {
    notes.push(
      `The account changed by ${unexplained.toFixed(2)} that these executions do not explain: ` +
        "fees, interest, deposits, or what others traded in it.",
    );
  }
  if (!fees && trades.length > 0) {
    notes.push("Fees: not reported by the broker; the gains are before fees.");
  }
  if (wanted !== undefined && start !== null && benchmark?.isTraded !== false) {
    notes.push(
      `There are no prices of ${wanted}: ` +
        (benchmark === null ? "there is no benchmark." : `the benchmark is ${benchmark.label}.`),
    );
  }
  return notes;
}

function list(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}
