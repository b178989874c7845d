import type { Command } from "../contracts/command.ts";
import { table } from "../util/table.ts";
import {
  declareListOptions,
  endText,
  filterOf,
  type ListOptions,
  minuteText,
  runningBatches,
  shortIds,
} from "./batch_options.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

export const command: Command = {
  examples: [
    { line: "liu batch list", does: "the newest batches, and how they ended" },
    {
      line: "liu batch list --env PAPER --from 2026-11-01 --strategy sma_cross",
      does: "one strategy's paper sessions of a month",
    },
  ],

  configure(command) {
    declareListOptions(command);
  },

  async run({ options }, host) {
    const cli = options as ListOptions;
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    try {
      const batches = await worker.connect().batches(cli.limit, filterOf(cli));
      const { ids: running } = await runningBatches(settings);
      const rows = batches.map((batch) => ({ ...batch, isRunning: running.has(batch.batchId) }));
      if (cli.json) return host.out(JSON.stringify(rows) + "\n");
      if (rows.length === 0) return host.out("There is no such batch.\n");
      const ids = shortIds(rows.map(({ batchId }) => batchId));
      const head = ["batch", "env", "began", "ended", "runs", "fills", "strategies"];
      const cells = rows.map((row) => [
        ids.get(row.batchId)!,
        row.environment,
        minuteText(row.startUs),
        endText({ ...row, reasons: row.endReasons }),
        String(row.runs),
        String(row.trades),
        row.strategies.join(", "),
      ]);
      host.out(table(head, cells, { width: host.columns(), hasColors: settings.hasColors }));
    } finally {
      await worker.close();
    }
  },
};
