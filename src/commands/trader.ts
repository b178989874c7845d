import type { Command } from "../contracts/command.ts";
import { declarePlanOption, loadTradePlan } from "./plan.ts";
import { SessionReport } from "./session_report.ts";
import { startSettings } from "./settings.ts";
import { trade } from "./trade.ts";

export const command: Command = {
  examples: [
    { line: "liu trader", does: "trade today's session with ./tradeplan.toml" },
    { line: "liu trader --plan plans/crypto.toml", does: "trade another plan" },
    { line: "liu trader --json", does: "print the result as one JSON object" },
  ],

  configure(command) {
    declarePlanOption(command);
    command.option("--json", "print the session's result as one JSON object");
  },

  async run({ options }, host) {
    const isJson = options.json === true;
    const report = new SessionReport(host, true);
    const { settings, logSink } = startSettings(host);
    const plan = await loadTradePlan({ plan: options.plan, settings, host });
    try {
      const { batchId, session, analysis } = await trade({
        plan,
        settings,
        logSink,
        signal: host.signal,
        onEvent: (event) => {
          if (!isJson) report.onEvent(event);
        },
      });
      report.end();
      if (isJson) {
        // `rows` are the analysis's.
        const { rows: marketRows, ...ended } = session;
        host.out(JSON.stringify({ batchId, ...ended, marketRows, ...analysis }) + "\n");
      } else {
        host.out(`\n${report.analysis(analysis)}\n`);
        host.out(report.repeatedDenials());
        host.out(`Batch ${batchId} ended: ${session.endReason}\n`);
        host.out(`More: liu analyze ${batchId}\n`);
      }
    } finally {
      report.end();
    }
  },
};
