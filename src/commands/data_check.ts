import type { Command } from "../contracts/command.ts";
import { allSeries, historyFolder } from "./data_series.ts";
import { timeText } from "./operands.ts";
import { startSettings } from "./settings.ts";

export const command: Command = {
  examples: [
    { line: "liu data check", does: "gaps and damage in all that is on disk; 1 if damaged" },
    { line: "liu data check AAPL --json", does: "of these symbols, as JSON" },
  ],

  configure(command) {
    command.argument("[SYMBOL...]", "only these").option("--json", "print one JSON object");
  },

  async run({ operands, options }, host) {
    const { settings } = startSettings(host);
    const folder = historyFolder(settings);
    const findings: object[] = [];
    const counts = { series: 0, rows: 0, damage: 0, hole: 0, gap: 0 };
    for await (const series of allSeries(folder, operands)) {
      const { source, adjustment, kind: scale, symbol } = series;
      counts.series++;
      counts.rows += series.rows;
      for (const finding of series.findings) {
        counts[finding.kind]++;
        findings.push({ source, adjustment, scale, symbol, ...finding });
        const range = `${timeText(finding.fromUs)} to ${timeText(finding.toUs)}`;
        const { kind, text } = finding;
        if (!options.json) {
          host.out(
            `${kind.padEnd(6)} ${source} ${adjustment} ${scale} ${symbol}: ${text} (${range})\n`,
          );
        }
      }
    }
    if (options.json) host.out(JSON.stringify({ folder, counts, findings }) + "\n");
    else {
      host.out(
        `${counts.rows} rows in ${counts.series} series: ${counts.damage} damaged, ` +
          `${counts.hole} holes (never asked for), ${counts.gap} gaps (sessions without rows).\n`,
      );
    }
    return counts.damage > 0 ? 1 : 0;
  },
};
