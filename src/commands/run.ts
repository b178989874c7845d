import type { Command } from "../contracts/command.ts";
import { ConfigError } from "../util/errors.ts";
import { table } from "../util/table.ts";
import { batchOf } from "../analysis/batch_of.ts";
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

const EXAMPLES = [
  { line: "liu run list", does: "the newest runs: a strategy's in a batch, one a consumer" },
  { line: "liu run list --batch last --json", does: "those of the newest batch, for a program" },
];

const BUILD_COLUMNS_MIN = 100;

const list: Command = {
  examples: EXAMPLES,

  configure(command) {
    declareListOptions(command)
      .option("--batch <ID>", 'only of this batch: its id, what that begins with, or "last"');
  },

  async run({ options }, host) {
    const cli = options as ListOptions & { batch?: string };
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    try {
      const store = worker.connect();
      const batchId = cli.batch === undefined ? undefined : await batchOf(store, cli.batch);
      const runs = await store.runSummaries(cli.limit, { ...filterOf(cli), batchId });
      const { ids: running } = await runningBatches(settings);
      const rows = runs.map((run) => ({
        ...run,
        isRunning: run.endUs === null && running.has(run.batchId),
      }));
      if (cli.json) return host.out(JSON.stringify(rows) + "\n");
      if (rows.length === 0) return host.out("There is no such run.\n");
      const ids = shortIds(rows.map(({ batchId }) => batchId));
      // The build would cut times short.
      const isWide = host.columns() >= BUILD_COLUMNS_MIN;
      const head = ["run", "strategy", "env", "began", "ended", "fills", "batch"];
      if (isWide) head.push("build");
      const cells = rows.map((row) => [
        String(row.algoRunId),
        row.algoName,
        row.environment,
        minuteText(row.startUs),
        endText({ ...row, reasons: row.endReason === null ? [] : [row.endReason] }),
        String(row.trades),
        ids.get(row.batchId)!,
        ...(isWide ? [row.buildNumber] : []),
      ]);
      host.out(table(head, cells, { width: host.columns(), hasColors: settings.hasColors }));
    } finally {
      await worker.close();
    }
  },
};

export const command: Command = {
  examples: EXAMPLES,
  subcommands: {
    list: { summary: "list runs: what ran, when, where, and how it ended", command: list },
  },

  configure() {},

  run() {
    throw new ConfigError("Cannot tell what to do with runs: say liu run list");
  },
};
