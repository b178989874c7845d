import type { Command } from "../contracts/command.ts";
import { migrate } from "../store/store.ts";
import { logger } from "../util/log.ts";
import { startSettings } from "./settings.ts";
import { ensureDataFolder } from "./store.ts";

export const command: Command = {
  examples: [
    { line: "liu migrate", does: "the database that DSN names, else the embedded one" },
    { line: "liu migrate --json", does: "what was applied, for a program" },
  ],

  configure(command) {
    command.option("--json", "print a JSON object");
  },

  async run({ options }, host) {
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
