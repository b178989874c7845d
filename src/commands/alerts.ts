import type { Command } from "../contracts/command.ts";
import { ConfigError } from "../util/errors.ts";
import { loadTradePlan } from "./plan.ts";
import { declarePlanOption } from "./plan_option.ts";
import { startSettings } from "./settings.ts";
import { tryAlerts } from "./start_alerts.ts";

const EXAMPLES = [{ line: "liu alerts test", does: "send a message to each target of [alerts]" }];

const test: Command = {
  examples: EXAMPLES,

  configure(command) {
    declarePlanOption(command);
  },

  async run({ options }, host) {
    const { settings } = startSettings(host);
    const plan = await loadTradePlan({ plan: options.plan, settings, host });
    const tried = await tryAlerts(plan, host);
    if (tried.length === 0) host.err(`${plan.file} has no target in [alerts]\n`);
    for (const { name, problem } of tried) {
      if (problem === null) host.out(`${name}: sent\n`);
      else host.err(`${name}: not sent: ${problem}\n`);
    }
    return tried.length > 0 && tried.every(({ problem }) => problem === null) ? 0 : 1;
  },
};

export const command: Command = {
  examples: EXAMPLES,
  subcommands: { test: { summary: "send a message to each target of the plan", command: test } },

  configure() {},

  run() {
    throw new ConfigError("Cannot tell what to do with alerts: say liu alerts test");
  },
};
