import type { Alert } from "../alerts/alert.ts";
import type { BatchAnalysis } from "../analysis/batch_analysis.ts";
import type { Settings } from "../config/environment.ts";
import type { Command, Host } from "../contracts/command.ts";
import type { SessionEvent, SessionResult } from "../engine/session_options.ts";
import { logger } from "../util/log.ts";
import { loadTradePlan } from "./plan.ts";
import { declarePlanOption } from "./plan_option.ts";
import { ServiceManager } from "./service_manager.ts";
import { SessionReport } from "./session_report.ts";
import { startSettings } from "./settings.ts";
import { startAlerts } from "./start_alerts.ts";
import { ensureDataFolder } from "./store.ts";
import { trade } from "./trade.ts";

/** The last alerts may hold up the end so long. */
const ALERTS_MS_MAX = 3000;
/** The exit code of a session that is over, but not all as it should: no restart mends that. */
const ENDED_WITH_ERRORS = 3;

export const command: Command = {
  examples: [
    { line: "liu trader", does: "trade today's session with ./tradeplan.toml" },
    { line: "liu trader --plan plans/crypto.toml", does: "trade another plan" },
    { line: "liu trader --json", does: "print the result as one JSON object" },
  ],

  configure(command) {
    declarePlanOption(command);
    command.option("--json", "print the session's result as one JSON object")
      .option("--new-batch", "carry nothing on: what the account holds is left alone");
  },

  async run({ options }, host) {
    const isJson = options.json === true;
    const report = new SessionReport(host);
    const { settings, logSink, watchLog } = startSettings(host, report.printError);
    const plan = await loadTradePlan({ plan: options.plan, settings, host });
    const alerts = await startAlerts({ plan, host, watchLog });
    const service = await startService(host, settings);
    try {
      const { batchId, session, analysis, failed } = await trade({
        plan,
        settings,
        logSink,
        signal: host.signal,
        isNewBatch: options.newBatch === true,
        onReady: (isAlive) => service.ready(isAlive),
        onEvent: (event) => {
          if (!isJson) report.onEvent(event);
          if (event.type === "status") service.status(statusText(event));
        },
      });
      report.end();
      if (isJson) {
        // `rows` are the analysis's.
        const { rows: marketRows, ...ended } = session;
        host.out(JSON.stringify({ ...ended, failed, marketRows, ...analysis }) + "\n");
      } else {
        host.out(`\n${report.analysis(analysis)}\n`);
        host.out(report.repeatedDenials());
        host.out(cashText(session, analysis));
        host.out(openText(session));
        host.out(`Batch ${batchId} ended: ${session.endReason}\n`);
        host.out(`More: liu analyze ${batchId}\n`);
        for (const what of session.notDone) host.err(`NOT DONE: ${what}\n`);
        if (failed.length > 0) host.err(`Stopped by an error of their own: ${failed.join(", ")}\n`);
      }
      return failed.length + session.notDone.length > 0 ? ENDED_WITH_ERRORS : 0;
    } catch (error) {
      alerts.raise(endedBy(error));
      throw error;
    } finally {
      report.end();
      await service.close();
      await alerts.close(host.signal.aborted ? ALERTS_MS_MAX / 6 : ALERTS_MS_MAX);
    }
  },
};

/** What started the trader is told of it, where it asks for that. */
async function startService(host: Host, settings: Settings): Promise<ServiceManager> {
  const { dataFolder } = settings;
  await ensureDataFolder(settings);
  const warn = (text: string) => logger("trader").warn(text);
  const service = new ServiceManager({ env: host.env, folder: dataFolder, warn });
  host.signal.addEventListener("abort", () => service.stopping(), { once: true });
  return service;
}

function statusText(event: Extract<SessionEvent, { type: "status" }>): string {
  const { account, positions, openOrders, symbols } = event;
  return `equity ${account.equity.toFixed(2)}, ${positions} positions, ` +
    `${openOrders} open orders, ${symbols} symbols`;
}

/** A trader that is gone cannot say anything later. */
function endedBy(error: unknown): Alert {
  const [why] = (error instanceof Error ? error.message : String(error)).split("\n");
  const text = `The trader has ended: ${why}`;
  return {
    code: "trader_ended",
    about: "",
    level: "error",
    text,
    timeMs: Date.now(),
    properties: {},
  };
}

/** What the batch's executions did to the cash beside what the account says, so that a difference is seen. */
function cashText({ cash }: SessionResult, { totals }: BatchAnalysis): string {
  const ofTrades = Number(totals.cashChange);
  if (cash.before === null) {
    return `Cash: ${
      ofTrades.toFixed(2)
    } by this batch's executions; what the account had when it ` +
      "began is not known.\n";
  }
  const ofAccount = cash.after - cash.before;
  const rest = ofAccount - ofTrades;
  const same = Math.abs(rest) < 0.005;
  return `Cash: ${ofTrades.toFixed(2)} by this batch's executions, ${
    ofAccount.toFixed(2)
  } by the account` +
    (same ? ".\n" : `; the difference, ${rest.toFixed(2)}, is fees or not this batch's.\n`);
}

/** What the session left, and what protects it now that nobody watches. */
function openText({ open }: SessionResult): string {
  if (open.length === 0) return "";
  const protections = {
    "rests": "its protection rests at the broker",
    "rests in part": "PROTECTED IN PART: what rests at the broker does not cover all of it",
    "watched only": "NOT PROTECTED any more: its stop was watched by this program",
    "none": "it has no stop",
  };
  const lines = open.map(({ symbol, strategy, qty, averagePrice, protection }) =>
    `  ${qty} ${symbol} at ${averagePrice}, ${strategy}: ${protections[protection]}\n`
  );
  return `Still open:\n${lines.join("")}`;
}
