import type { Command } from "../contracts/command.ts";
import type { Json } from "../contracts/store.ts";
import { table } from "../util/table.ts";
import { shown, valuesText } from "./optimize_progress.ts";
import { startSettings } from "./settings.ts";
import { openSettingsStore } from "./store.ts";

const SESSIONS_SHOWN = 50;

export const command: Command = {
  examples: [
    { line: "liu optimize list", does: "the newest sessions" },
    { line: "liu optimize list --json", does: "the same, with all of their results" },
  ],

  configure(command) {
    command.option("--json", "print one JSON array");
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const worker = await openSettingsStore(settings, { readOnly: true });
    try {
      const sessions = await worker.connect().optimizerSessions(SESSIONS_SHOWN);
      if (options.json) {
        const shown = sessions.map(({ sessionId, settings, result }) => ({
          session_id: sessionId,
          settings,
          result,
        }));
        return host.out(JSON.stringify(shown) + "\n");
      }
      if (sessions.length === 0) return host.out("There is no session yet: liu optimize\n");
      const rows = sessions.map(({ sessionId, settings, result }) => [
        sessionId,
        ...["from", "to", "method", "objective"].map((key) => text(field(settings, key))),
        ...resultCells(result),
      ]);
      const head = ["session", "from", "to", "method", "objective", "trials", "value", "best"];
      host.out(table(head, rows, {
        // What reads a pipe wants whole ids.
        width: host.isOutTerminal ? Math.max(host.columns(), 120) : Infinity,
        hasColors: settings.hasColors,
      }));
    } finally {
      await worker.close();
    }
  },
};

function resultCells(result: Json): string[] {
  if (result === null) return ["", "", "cut short"];
  const best = field(result, "best");
  const trials = text(field(result, "trials"));
  const windows = field(result, "windows");
  if (Array.isArray(windows)) return [trials, "", `${windows.length} windows`];
  if (best === null) return [trials, "", "none"];
  const parameters = field(best, "parameters") as Record<string, Json>;
  return [trials, shown(Number(field(best, "value"))), valuesText(parameters)];
}

function field(value: Json, key: string): Json {
  return (value as Record<string, Json>)?.[key] ?? null;
}

function text(value: Json): string {
  return value === null ? "" : String(value);
}
