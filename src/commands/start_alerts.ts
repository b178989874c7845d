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
/** Properties that say what a record is about. */
const SUBJECTS = ["strategy", "runId", "symbol", "symbols", "consumer", "scanner", "what"];
const ABOUT_MAX = 100;

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
  return { code: "test", about: "", level: "info", text, timeMs: Date.now(), properties: {} };
}

/** null: nothing that a person must know. */
export function alertOf(record: PlainRecord): Alert | null {
  const { level, part, message, properties, timeMs } = record;
  if (part === OWN_PART) return null;
  const isError = level === "error" || level === "fatal";
  if (typeof properties.alert !== "string" && !isError) return null;
  const [line] = message.split("\n");
  const text = `${line} (${part})`;
  return { code: codeOf(record), about: aboutOf(record), level, text, timeMs, properties };
}

/** What restricts trading is told by its cause: one must not hide another. */
function codeOf({ part, properties: { alert, cause, state } }: PlainRecord): string {
  if (typeof alert === "string") return alert;
  if (typeof cause !== "string" || typeof state !== "string") return words(`${part} error`);
  return words(`${state} ${cause}`);
}

function words(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
}

/** In words. What has no code of its own is told apart by its template too. */
function aboutOf({ template, properties }: PlainRecord): string {
  const named = SUBJECTS.map((name) => properties[name])
    .filter((value) => typeof value === "string" || typeof value === "number");
  const { alert, cause } = properties;
  const own = typeof alert === "string" || typeof cause === "string" ? [] : [template];
  return [...own, ...named].join(" ").slice(0, ABOUT_MAX);
}
