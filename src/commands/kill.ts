import { InvalidArgumentError } from "commander";
import type { Command, Host } from "../contracts/command.ts";
import type { Settings } from "../config/environment.ts";
import { ControlClient } from "../control/control_client.ts";
import { latchKill } from "../control/kill_latch.ts";
import { findTraders } from "../control/trader_file.ts";
import { OperationError } from "../util/errors.ts";
import { sleep } from "../util/sleep.ts";
import { cancelEntriesAtBroker } from "./cancel_entries.ts";
import { startSettings } from "./settings.ts";
import { positionsText } from "./status_text.ts";
import { ensureDataFolder } from "./store.ts";

const WAIT_SECONDS = 60;
const LOOK_MS = 500;

export const command: Command = {
  examples: [
    { line: "liu kill", does: "let no order through any more, and cancel open entries" },
    { line: "liu kill --flatten", does: "also close all positions of Liu's" },
    { line: 'liu kill --reason "wrong data since 10:40"', does: "say why, for the log and alerts" },
  ],

  configure(command) {
    command
      .option("--flatten", "also close Liu's positions; what is not Liu's is left alone")
      .option("--reason <text>", "what is written to the log, and told by liu status")
      .option(
        "--wait <seconds>",
        "how long it may take until all is closed",
        seconds,
        WAIT_SECONDS,
      );
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const flatten = options.flatten === true;
    const reason = options.reason ?? "liu kill, no reason given";
    // First of all: whatever happens to this process or to a trader, it is fired.
    let isWhole = await latched(settings, { reason, flatten }, host);
    const traders = findTraders(settings.dataFolder).map((one) => new ControlClient(one));
    const answering: ControlClient[] = [];
    for (const trader of traders) {
      try {
        await trader.kill({ reason, flatten });
        answering.push(trader);
        host.out(`Trader ${trader.trader.pid}: HALTED, open entries are being cancelled.\n`);
      } catch (error) {
        isWhole = false;
        host.err(
          `${messageOf(error)}. The switch is on disk: it halts as soon as it looks, and ` +
            "the next start\n",
        );
      }
    }
    if (traders.length === 0) return await withoutTrader(settings, { flatten, isWhole }, host);
    if (answering.length < traders.length) await cancelEntries(settings, host);
    if (flatten) {
      for (const trader of answering) {
        isWhole = await isFlat(trader, options.wait * 1000, host) && isWhole;
      }
    }
    host.out("liu resume lifts it.\n");
    return isWhole ? 0 : 1;
  },
};

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError("It must be a number of seconds > 0.");
}

async function latched(
  settings: Settings,
  kill: { reason: string; flatten: boolean },
  host: Host,
): Promise<boolean> {
  try {
    await ensureDataFolder(settings);
    latchKill(settings.dataFolder, kill);
    return true;
  } catch (error) {
    host.err(
      `Cannot write the kill switch to disk: ${messageOf(error)}. It ends with the trader\n`,
    );
    return false;
  }
}

/** Nobody looks after what is open: entries are cancelled from here. */
async function withoutTrader(
  settings: Settings,
  { flatten, isWhole }: { flatten: boolean; isWhole: boolean },
  host: Host,
): Promise<number> {
  host.out("No trader runs. The next one starts HALTED, until liu resume.\n");
  const isDone = await cancelEntries(settings, host);
  if (!flatten) return isWhole && isDone ? 0 : 1;
  host.err(
    "Nothing is closed while no trader runs: start liu trader, which closes Liu's positions and " +
      "sends nothing else, or close them at the broker\n",
  );
  return 1;
}

/** Past the trader, where there is none or it does not answer. */
async function cancelEntries(settings: Settings, host: Host): Promise<boolean> {
  try {
    const { cancelled, kept } = await cancelEntriesAtBroker(settings, host.signal);
    host.out(`Cancelled at the broker: ${cancelled} of Liu's entries; ${kept} exits stay.\n`);
    return true;
  } catch (error) {
    host.err(`Open entries at the broker are not cancelled: ${messageOf(error)}\n`);
    return false;
  }
}

async function isFlat(trader: ControlClient, ms: number, host: Host): Promise<boolean> {
  const untilMs = performance.now() + ms;
  while (true) {
    const { positions, openOrders } = await trader.status();
    const isOpen = positions.length > 0 || openOrders.some(({ kind }) => kind === "liquidation");
    if (!isOpen) {
      host.out(`Trader ${trader.trader.pid}: flat.\n`);
      return true;
    }
    if (performance.now() >= untilMs) {
      host.err(`Not closed in time; the trader goes on trying:\n${positionsText(positions)}`);
      return false;
    }
    await sleep(LOOK_MS, host.signal);
    if (host.signal.aborted) throw new OperationError("Interrupted; the trader goes on closing");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
