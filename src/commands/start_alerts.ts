import { hostname } from "node:os";
import type { Alert } from "../alerts/alert.ts";
import { Alerts } from "../alerts/alerts.ts";
import { sendTo } from "../alerts/targets.ts";
import { alertSecrets, type AlertTarget, alertTargets } from "../config/alerts_plan.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import type { Host } from "../contracts/command.ts";
import { logger, type PlainRecord } from "../util/log.ts";
import { systemMonotonic } from "../wire/monotonic.ts";
import type { WatchLog } from "./settings.ts";

/** The alerts' own records must not become alerts. */
const OWN_PART = "alerts";

/**
 * From now on errors, and what else carries an alert's code, go to the plan's targets too. Throws
 * ConfigError where the environment lacks what the plan names.
 */
export async function startAlerts(
  { plan, host, watchLog }: {
    plan: Pick<TradePlan, "alerts" | "environment" | "file">;
    host: Pick<Host, "env">;
    watchLog: WatchLog;
  },
): Promise<Alerts> {
  const targets = alertTargets(plan.alerts, plan.file, host.env);
  const log = logger(OWN_PART);
  const alerts = new Alerts({
    ...plan.alerts,
    targets: await Promise.all(targets.map(async (target) => ({
      name: target.kind,
      send: await sendTo(target, sourceOf(plan)),
    }))),
    monotonic: systemMonotonic,
    log: (level, text, properties) => log[level](text, properties),
  });
  watchLog(alertSecrets(plan.alerts, targets), (record) => {
    const alert = alertOf(record);
    if (alert !== null) alerts.raise(alert);
  });
  return alerts;
}

/** Tries each target once; gives why it does not work, null where it does. */
export async function tryAlerts(
  plan: Pick<TradePlan, "alerts" | "environment" | "file">,
  host: Pick<Host, "env" | "signal">,
): Promise<{ name: AlertTarget["kind"]; problem: string | null }[]> {
  const tried = [];
  for (const target of alertTargets(plan.alerts, plan.file, host.env)) {
    const { kind: name } = target;
    try {
      const send = await sendTo(target, sourceOf(plan));
      await send(testAlert(), host.signal);
      tried.push({ name, problem: null });
    } catch (error) {
      tried.push({ name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return tried;
}

export function sourceOf({ environment }: Pick<TradePlan, "environment">) {
  return { environment, host: hostname() };
}

function testAlert(): Alert {
  const text = "liu alerts test: what goes wrong will be told here";
  return { code: "test", level: "info", text, timeMs: Date.now(), properties: {} };
}

/** null: nothing that a person must know. */
function alertOf(
  { level, part, message, template, properties, timeMs }: PlainRecord,
): Alert | null {
  if (part === OWN_PART) return null;
  const { alert, cause } = properties;
  if (typeof alert !== "string" && level !== "error" && level !== "fatal") return null;
  // What restricts trading is told by its cause: one must not hide another.
  const named = typeof cause === "string"
    ? `${part}: ${template} (${cause})`
    : `${part}: ${template}`;
  const code = typeof alert === "string" ? alert : named;
  const [line] = message.split("\n");
  return { code, level, text: `${line} (${part})`, timeMs, properties };
}
