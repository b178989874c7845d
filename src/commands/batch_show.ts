import { analyzeBatch, type BatchAnalysis } from "../analysis/batch_analysis.ts";
import { tradesBefore } from "../analysis/trades_before.ts";
import type { Command } from "../contracts/command.ts";
import type { BatchReferences, RunRow, Store } from "../contracts/store.ts";
import { table } from "../util/table.ts";
import { endText, minuteText, runningBatches } from "./batch_options.ts";
import { batchOf } from "../analysis/batch_of.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

/** What is known of a batch. */
export interface BatchFacts {
  batchId: string;
  runs: RunRow[];
  references: BatchReferences;
  analysis: BatchAnalysis;
}

export async function batchFacts(store: Store, asked: string): Promise<BatchFacts> {
  const batchId = await batchOf(store, asked);
  const [runs, trades] = [await store.runs(batchId), await store.trades(batchId)];
  const { analysis } = analyzeBatch(runs, trades, await tradesBefore(store, runs));
  return { batchId, runs, references: await store.batchReferences(batchId), analysis };
}

export const command: Command = {
  examples: [
    { line: "liu batch show last", does: "the runs of the newest batch, and what refers to it" },
    { line: "liu batch show BATCH_ID --json", does: "the same as one JSON object" },
  ],

  configure(command) {
    command.argument("[BATCH]", 'a batch id, what it begins with, or "last"', "last")
      .option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    try {
      const facts = await batchFacts(worker.connect(), operands[0] ?? "last");
      const { batchId, runs, references, analysis } = facts;
      const isRunning = (await runningBatches(settings)).ids.has(batchId);
      if (options.json) {
        const { totals } = analysis;
        host.out(JSON.stringify({ batchId, isRunning, runs, ...references, totals }) + "\n");
        return;
      }
      host.out(`Batch ${batchId}, ${runs[0].environment}, build ${runs[0].buildNumber}\n\n`);
      const rows = runs.map((run) => [
        String(run.algoRunId),
        run.algoName,
        minuteText(run.startUs),
        run.endUs === null ? "–" : minuteText(run.endUs),
        endText({
          endUs: run.endUs,
          reasons: run.endReason === null ? [] : [run.endReason],
          isRunning: isRunning && run.endUs === null,
        }),
        run.refAlgoRun === null ? "–" : String(run.refAlgoRun),
      ]);
      const head = ["run", "strategy", "began", "ended", "how", "carries on"];
      host.out(table(head, rows, { width: host.columns(), hasColors: settings.hasColors }));
      host.out(`\n${factsText(facts)}More: liu analyze ${batchId}\n`);
    } finally {
      await worker.close();
    }
  },
};

function factsText({ references, analysis }: BatchFacts): string {
  const { executions, openPositions } = analysis.totals;
  const lines = [`${executions} executions, ${openPositions} positions open at its end`];
  const { portfolios, carriedOnBy, optimizerSessions } = references;
  if (portfolios.length > 0) lines.push(`Of the portfolio ${portfolios.join(", ")}`);
  if (carriedOnBy.length > 0) lines.push(`Carried on by ${carriedOnBy.join(", ")}`);
  if (optimizerSessions.length > 0) lines.push(`A trial of ${optimizerSessions.join(", ")}`);
  return lines.map((line) => `${line}\n`).join("");
}
