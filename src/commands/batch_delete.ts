import type { Settings } from "../config/environment.ts";
import type { Command } from "../contracts/command.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import { runningBatches } from "./batch_options.ts";
import { type BatchFacts, batchFacts } from "./batch_show.ts";
import { confirmed } from "./confirm.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

export const command: Command = {
  examples: [
    { line: "liu batch delete BATCH_ID", does: "remove all of a batch, when asked and answered" },
    { line: "liu batch delete BATCH_ID --yes --json", does: "the same from a script" },
    {
      line: "liu batch delete BATCH_ID --force",
      does: "also one that was cut short, holds positions, or is a portfolio's",
    },
  ],

  configure(command) {
    command.argument("<BATCH>", "a batch id, or what it begins with")
      .option("--yes", "do not ask")
      .option("--force", "also where something depends on it; never one that runs now")
      .option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    if (operands[0] === "last") {
      throw new ConfigError(
        "Cannot delete the last batch: name the one that is meant (liu batch list)",
      );
    }
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: false });
    try {
      const store = worker.connect();
      const facts = await batchFacts(store, operands[0]);
      const { batchId, analysis: { totals } } = facts;
      await refuseRunning(facts, settings);
      const reasons = reasonsAgainst(facts);
      if (reasons.length > 0 && !options.force) {
        throw new OperationError(
          `Cannot delete the batch ${batchId}: ${
            reasons.join("; ")
          }. --force deletes it all the same`,
        );
      }
      const question = `Delete batch ${batchId}, ${facts.runs[0].environment}, with ` +
        `${facts.runs.length} runs and ${totals.executions} executions` +
        `${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}?`;
      if (!options.yes && !await confirmed(question, host)) {
        host.err("Nothing was deleted.\n");
        return 1;
      }
      const removed = await store.deleteBatch(batchId);
      if (options.json) host.out(JSON.stringify({ batchId, removed }) + "\n");
      else host.out(`Deleted batch ${batchId}: ${removedText(removed)}.\n`);
    } finally {
      await worker.close();
    }
  },
};

/** Also with --force: rows would come to a batch that is not there. */
async function refuseRunning({ batchId, runs }: BatchFacts, settings: Settings): Promise<void> {
  const { ids, problems } = await runningBatches(settings);
  if (ids.has(batchId)) {
    throw new OperationError(`Cannot delete the batch ${batchId}: a trader runs it now`);
  }
  if (problems.length > 0 && runs.some(({ endUs }) => endUs === null)) {
    throw new OperationError(
      `Cannot delete the batch ${batchId}: a trader may run it. ${problems.join(". ")}`,
    );
  }
}

/** What would be missed by somebody. */
function reasonsAgainst({ runs, references, analysis }: BatchFacts): string[] {
  const reasons: string[] = [];
  const isLive = runs.some(({ environment }) => environment !== "BACKTEST");
  if (runs.some(({ endUs }) => endUs === null)) {
    reasons.push("it has not ended: it runs on another machine, or was cut short");
  }
  const { portfolios, carriedOnBy } = references;
  // What a later batch took over is not held by this one any more.
  const held = analysis.totals.openPositions;
  if (isLive && held > 0 && carriedOnBy.length === 0) {
    reasons.push(`it holds ${held} open position${held === 1 ? "" : "s"}`);
  }
  if (carriedOnBy.length > 0) reasons.push(`${carriedOnBy.join(", ")} carries it on`);
  if (portfolios.length > 0) reasons.push(`it is of the portfolio ${portfolios.join(", ")}`);
  return reasons;
}

function removedText(removed: Record<string, number>): string {
  const parts = Object.entries(removed).filter(([, rows]) => rows > 0)
    .map(([name, rows]) => `${rows} of ${name}`);
  return parts.join(", ");
}
