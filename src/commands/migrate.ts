import { Option } from "commander";
import type { Command } from "../contracts/command.ts";
import { migrate } from "../store/store.ts";
import { logger } from "../util/log.ts";
import { ConfigError } from "../util/errors.ts";
import type { TakeOverCli } from "./migrate_takeover.ts";
import { startSettings } from "./settings.ts";
import { ensureDataFolder } from "./store.ts";

export const command: Command = {
  examples: [
    { line: "liu migrate", does: "the database that DSN names, else the embedded one" },
    { line: "liu migrate --json", does: "what was applied, for a program" },
    {
      line: "liu migrate --from-liualgotrader --dry-run",
      does: "what would be taken over of the LiuAlgoTrader database that DSN names",
    },
    {
      line: "liu migrate --from-liualgotrader --yes --zone America/New_York",
      does: "do it, without a question, with its server's zone",
    },
  ],

  configure(command) {
    command.option("--from-liualgotrader", "take over a database of LiuAlgoTrader's")
      .option("--dry-run", "with it: do all of it, compare, and undo it")
      .option("--yes", "with it: do not ask")
      .option("--zone <NAME>", "with it: zone of times without one (default: the server's)")
      .addOption(
        new Option("--environment <NAME>", "with it: of live runs that tell none")
          .choices(["PAPER", "PROD"]).default("PAPER"),
      )
      .option("--json", "print a JSON object");
  },

  async run({ options }, host) {
    if (options.fromLiualgotrader) {
      const { takeOverDatabase } = await import("./migrate_takeover.ts");
      return await takeOverDatabase(options as TakeOverCli, host);
    }
    for (const name of ["dryRun", "yes", "zone"]) {
      if (options[name] === undefined) continue;
      throw new ConfigError(
        `--${name === "dryRun" ? "dry-run" : name} goes with --from-liualgotrader`,
      );
    }
    const { settings } = startSettings(host);
    await ensureDataFolder(settings);
    const { applied } = await migrate({
      dsn: settings.dsn?.reveal() ?? null,
      dataDir: settings.dataFolder,
      log: logger("store"),
    });
    if (options.json) host.out(JSON.stringify({ applied }) + "\n");
    else if (applied.length === 0) host.out("The database is up to date.\n");
    else host.out(`Applied ${applied.join(", ")}.\n`);
  },
};
