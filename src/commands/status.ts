import type { Command, Host } from "../contracts/command.ts";
import type { Settings } from "../config/environment.ts";
import { ControlClient } from "../control/control_client.ts";
import { type Kill, readKill } from "../control/kill_latch.ts";
import type { TraderStatus } from "../control/trader_control.ts";
import { findTraders, type TraderAddress } from "../control/trader_file.ts";
import { type LastBatch, lastBatch } from "./last_batch.ts";
import { startSettings } from "./settings.ts";
import { statusText } from "./status_text.ts";

/** Also the states' exit codes, the gravest of all traders. */
const EXIT_CODES = { active: 0, reducing: 4, halted: 5 } as const;
const NO_ANSWER = 1;
const NOT_RUNNING = 3;

interface Seen {
  trader: TraderAddress;
  /** null: it does not answer. */
  status: TraderStatus | null;
  problem: string | null;
}

export const command: Command = {
  examples: [
    { line: "liu status", does: "state, positions and orders of the trader that runs" },
    { line: "liu status --json", does: "the same as one JSON object" },
    {
      line: "liu status; echo $?",
      does: "0 ACTIVE, 1 no answer, 3 not running, 4 REDUCING, 5 HALTED",
    },
  ],

  configure(command) {
    command.option("--json", "print one JSON object");
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const kill = readKill(settings.dataFolder);
    const seen: Seen[] = [];
    for (const trader of findTraders(settings.dataFolder)) seen.push(await look(trader));
    const last = seen.length > 0 ? null : await lastBatch(settings);
    const exitCode = exitCodeOf(seen);
    if (options.json === true) host.out(jsonOf({ kill, seen, last, exitCode }));
    else print({ kill, seen, last, settings }, host);
    return exitCode;
  },
};

async function look(trader: TraderAddress): Promise<Seen> {
  try {
    return { trader, status: await new ControlClient(trader).status(), problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { trader, status: null, problem };
  }
}

function exitCodeOf(seen: readonly Seen[]): number {
  if (seen.length === 0) return NOT_RUNNING;
  if (seen.some(({ status }) => status === null)) return NO_ANSWER;
  return Math.max(...seen.map(({ status }) => EXIT_CODES[status!.state]));
}

/** Without the tokens. */
function jsonOf(
  { kill, seen, last, exitCode }: {
    kill: Kill | null;
    seen: Seen[];
    last: LastBatch | null;
    exitCode: number;
  },
): string {
  const traders = seen.map(({ trader: { pid, startedMs }, status, problem }) => ({
    pid,
    startedMs,
    problem,
    status,
  }));
  return JSON.stringify({ exitCode, isRunning: seen.length > 0, kill, traders, last }) + "\n";
}

function print(
  { kill, seen, last, settings }: {
    kill: Kill | null;
    seen: Seen[];
    last: LastBatch | null;
    settings: Settings;
  },
  host: Host,
): void {
  if (kill !== null) {
    const since = kill.atMs === null ? "" : ` ${new Date(kill.atMs).toISOString()}`;
    host.out(`KILLED${since}: ${kill.reason}. liu resume lifts it\n`);
  }
  for (const { trader, status, problem } of seen) {
    host.out(status === null ? `${problem}\n` : statusText(trader.pid, status));
  }
  if (last === null) {
    if (seen.length === 0) host.out(`No trader runs, none has in ${settings.dataFolder}.\n`);
    return;
  }
  host.out(`No trader runs. The last batch, ${last.batchId} (${last.environment}):\n`);
  for (const { name, endReason } of last.runs) {
    host.out(`  ${name}: ${endReason ?? "has no end: it was cut short, or runs elsewhere"}\n`);
  }
  for (const { symbol, strategy, qty } of last.open) {
    host.out(`  open by what was stored: ${qty} ${symbol}, ${strategy}\n`);
  }
  host.out(`More: liu analyze ${last.batchId}\n`);
}
