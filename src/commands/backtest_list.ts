import type { Command } from "../contracts/command.ts";
import { exchangeDate } from "../model/calendar.ts";
import { table } from "../util/table.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

const BATCHES_SHOWN = 50;
const BATCHES_LOOKED_AT = 1000;

export const command: Command = {
  examples: [
    { line: "liu backtest list", does: "the newest backtests" },
    { line: "liu backtest list --json", does: "the same as a JSON array" },
  ],

  configure(command) {
    command.option("--json", "print one JSON array");
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    try {
      const batches = (await worker.connect().batches(BATCHES_LOOKED_AT))
        .filter(({ environment }) => environment === "BACKTEST").slice(0, BATCHES_SHOWN);
      if (options.json) return host.out(JSON.stringify(batches) + "\n");
      if (batches.length === 0) return host.out("There is no backtest yet: liu backtest FROM\n");
      const rows = batches.map(({ batchId, startUs, endUs, runs, trades }) => [
        batchId,
        exchangeDate(startUs),
        endUs === null ? "cut short" : exchangeDate(endUs - 1),
        String(runs),
        String(trades),
      ]);
      const head = ["batch", "from", "to", "runs", "executions"];
      host.out(table(head, rows, { width: host.columns(), hasColors: settings.hasColors }));
    } finally {
      await worker.close();
    }
  },
};
