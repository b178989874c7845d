import type { Settings } from "../config/environment.ts";
import { readPlanFile } from "../config/plan_file.ts";
import { readTradePlan, type TradePlan } from "../config/tradeplan.ts";
import type { Host } from "../contracts/command.ts";
import { logger } from "../util/log.ts";

/** Reads the plan that --plan or TRADEPLAN_DIR names, and logs what has no effect in it any more. */
export async function loadTradePlan(
  { plan, settings, host }: { plan: string | undefined; settings: Settings; host: Host },
): Promise<TradePlan> {
  const { text, path, file } = await readPlanFile({
    named: plan,
    folder: settings.planFolder,
    cwd: host.cwd,
    name: "tradeplan.toml",
  });
  const tradePlan = readTradePlan(text, path, file);
  for (const warning of tradePlan.warnings) logger("plan").warn(warning);
  return tradePlan;
}
