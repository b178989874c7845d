import type { Command } from "../contracts/command.ts";
import { ControlClient } from "../control/control_client.ts";
import { liftKill, readKill } from "../control/kill_latch.ts";
import { findTraders } from "../control/trader_file.ts";
import { startSettings } from "./settings.ts";
import { restrictionsText } from "./status_text.ts";

export const command: Command = {
  examples: [{
    line: "liu resume",
    does: "take liu kill back, and what follows a liquidation by the broker",
  }],

  configure() {},

  async run(_invocation, host) {
    const { settings } = startSettings(host);
    const { dataFolder } = settings;
    const kill = readKill(dataFolder);
    liftKill(dataFolder);
    host.out(kill === null ? "The kill switch was not fired.\n" : `Lifted: ${kill.reason}\n`);
    let exitCode = 0;
    for (const address of findTraders(dataFolder)) {
      try {
        const status = await new ControlClient(address).resume();
        host.out(
          `Trader ${address.pid}: ${status.state.toUpperCase()}\n${restrictionsText(status)}`,
        );
      } catch (error) {
        exitCode = 1;
        host.err(`${error instanceof Error ? error.message : error}. It stays HALTED\n`);
      }
    }
    return exitCode;
  },
};
