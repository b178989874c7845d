import type { Command as Commander } from "commander";

/** Declares --plan, for the commands that read one (plan.ts). */
export function declarePlanOption(command: Commander): void {
  command.option("--plan <FILE>", "the plan (default: tradeplan.toml in TRADEPLAN_DIR, or here)");
}
