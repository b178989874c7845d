/** [alerts]: where problems are told, beside the log. docs/risk.md says what is sent when. */
import { z } from "zod";
import { ConfigError } from "../util/errors.ts";
import { Secret } from "../util/secret.ts";
import { must } from "./must.ts";
import type { TomlFile } from "./toml_file.ts";

export type AlertTargetKind = "webhook" | "slack" | "discord" | "telegram";

/** A target as the plan writes it: what is secret is named, and stands in the environment. */
export interface AlertTargetPlan {
  kind: AlertTargetKind;
  /** The address; null: it is in the variable `urlVariable`. */
  url: string | null;
  urlVariable: string | null;
  tokenVariable: string | null;
  /** Telegram's. */
  chatId: string | null;
}

export interface AlertsPlan {
  /** Of all kinds together, per target. */
  maxPerMinute: number;
  /** The same is told once in such a time, then how often it came. */
  repeatMinutes: number;
  targets: AlertTargetPlan[];
}

/** A target with what the environment has for it. */
export interface AlertTarget {
  kind: AlertTargetKind;
  url: Secret;
  token: Secret | null;
  chatId: string;
}

const address = must(
  z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)),
  "an address that begins with https:// or http://",
);
const variable = must(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
  "the name of an environment variable, not what is in it",
  { isSecret: true },
);

const WEBHOOK = z.object({
  url: address.optional(),
  url_env: variable.optional(),
  token_env: variable.optional(),
});
const INCOMING = z.object({ url_env: variable });
const TELEGRAM = z.object({
  token_env: variable,
  chat_id: must(
    z.union([z.int().transform(String), z.string().min(1)]),
    'the id of a chat (123456789, or "@channel")',
  ),
  api_root: address.default("https://api.telegram.org"),
});
const ALERTS = z.object({
  max_per_minute: must(z.int().positive(), "a whole number > 0").default(10),
  repeat_minutes: must(z.number().positive(), "minutes > 0").default(5),
});
const KINDS = ["webhook", "slack", "discord", "telegram"] as const;

export function readAlertsPlan(toml: TomlFile, value: unknown): AlertsPlan {
  const table = toml.table(value, ["alerts"]);
  toml.unknownKeys(table, [...Object.keys(ALERTS.shape), ...KINDS], ["alerts"]);
  const { webhook: _, slack: __, discord: ___, telegram: ____, ...own } = table;
  const read = toml.read(ALERTS, own, ["alerts"]);
  const targets: AlertTargetPlan[] = [];
  for (const kind of KINDS) {
    if (table[kind] === undefined) continue;
    const target = readTarget(toml, kind, toml.table(table[kind], ["alerts", kind]));
    if (target !== null) targets.push(target);
  }
  return {
    maxPerMinute: read?.max_per_minute ?? 0,
    repeatMinutes: read?.repeat_minutes ?? 0,
    targets,
  };
}

function readTarget(
  toml: TomlFile,
  kind: AlertTargetKind,
  table: Record<string, unknown>,
): AlertTargetPlan | null {
  const path = ["alerts", kind];
  const schema = kind === "webhook" ? WEBHOOK : kind === "telegram" ? TELEGRAM : INCOMING;
  toml.unknownKeys(table, Object.keys(schema.shape), path);
  const none = { kind, url: null, urlVariable: null, tokenVariable: null, chatId: null };
  if (kind === "telegram") {
    const read = toml.read(TELEGRAM, table, path);
    if (!read) return null;
    const { token_env, chat_id, api_root } = read;
    return { ...none, url: api_root, tokenVariable: token_env, chatId: chat_id };
  }
  if (kind !== "webhook") {
    const read = toml.read(INCOMING, table, path);
    return read ? { ...none, urlVariable: read.url_env } : null;
  }
  const read = toml.read(WEBHOOK, table, path);
  if (!read) return null;
  const { url = null, url_env = null, token_env = null } = read;
  if ((url === null) === (url_env === null)) {
    toml.problem(path, "must have one of url and url_env");
  }
  return { ...none, url, urlVariable: url_env, tokenVariable: token_env };
}

/** Takes secrets out of the environment. Throws ConfigError with all that are missing. */
export function alertTargets(
  { targets }: AlertsPlan,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): AlertTarget[] {
  const problems: string[] = [];
  const valueOf = (kind: string, name: string, isAddress: boolean): Secret => {
    const text = env[name] ?? "";
    if (text === "") problems.push(`[alerts.${kind}] names ${name}, which is not set`);
    else if (isAddress && !(URL.canParse(text) && /^https?:/.test(text))) {
      problems.push(`[alerts.${kind}] names ${name}, which is no address (https://…)`);
    }
    return new Secret(text);
  };
  const found = targets.map(({ kind, url, urlVariable, tokenVariable, chatId }) => ({
    kind,
    url: urlVariable === null ? new Secret(url ?? "") : valueOf(kind, urlVariable, true),
    token: tokenVariable === null ? null : valueOf(kind, tokenVariable, false),
    chatId: chatId ?? "",
  }));
  if (problems.length === 0) return found;
  throw new ConfigError(`Cannot send alerts as ${file} says: ${problems.join("; ")}`);
}

/** What no log may show of them. An address that stands in the plan is no secret. */
export function alertSecrets(plan: AlertsPlan, targets: readonly AlertTarget[]): Secret[] {
  return targets.flatMap(({ url, token }, i) => [
    ...(plan.targets[i].urlVariable === null ? [] : [url]),
    ...(token === null ? [] : [token]),
  ]);
}
