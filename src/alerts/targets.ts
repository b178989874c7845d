/** Where alerts go: a webhook of one's own, Slack, Discord, Telegram. */
import type { AlertTarget } from "../config/alerts_plan.ts";
import { createOutbound, hostOf, type Outbound } from "../wire/outbound.ts";
import { type Alert, AlertRefused, type SendAlert } from "./alert.ts";

const ANSWER_MS_MAX = 10_000;
/** Discord takes 2,000 characters, Telegram 4,096. */
const TEXT_MAX = 1900;

/** What all messages begin with: which trader it is. */
export interface AlertSource {
  environment: string;
  host: string;
}

/** The way to a target, which reaches its host alone. */
export async function sendTo(target: AlertTarget, source: AlertSource): Promise<SendAlert> {
  const url = target.url.reveal();
  const outbound = createOutbound([hostOf(url)]);
  switch (target.kind) {
    case "webhook":
      return (alert, signal) => {
        const headers: Record<string, string> = target.token === null
          ? {}
          : { Authorization: `Bearer ${target.token.reveal()}` };
        return post(outbound, { url, headers, body: { ...alert, ...source }, signal });
      };
    case "slack":
      return (alert, signal) =>
        post(outbound, { url, body: { text: escaped(lineOf(alert, source)) }, signal });
    case "discord":
      return (alert, signal) => {
        // Nobody is called by what a message happens to hold.
        const body = { content: lineOf(alert, source), allowed_mentions: { parse: [] } };
        return post(outbound, { url, body, signal });
      };
    case "telegram":
      return (await import("./telegram.ts")).sendToTelegram({
        root: url.replace(/\/+$/, ""),
        token: target.token!.reveal(),
        chatId: target.chatId,
        outbound,
        text: (alert) => lineOf(alert, source),
        timeoutMs: ANSWER_MS_MAX,
      });
    default:
      return target.kind satisfies never;
  }
}

function lineOf({ level, text }: Alert, { environment, host }: AlertSource): string {
  const line = `Liu ${environment} on ${host}, ${level}: ${text}`;
  return line.length > TEXT_MAX ? `${line.slice(0, TEXT_MAX - 1)}…` : line;
}

/** Slack reads these three characters as its own. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

async function post(
  outbound: Outbound,
  { url, headers = {}, body, signal }: {
    url: string;
    headers?: Record<string, string>;
    body: unknown;
    signal: AbortSignal;
  },
): Promise<void> {
  const reply = await reached(outbound, url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
  });
  await reply.body?.cancel();
  if (reply.ok) return;
  throw new AlertRefused(`it answered ${reply.status}`, retryAfterMs(reply));
}

/** What Deno says of a request that failed names its address, which may be a secret. */
async function reached(outbound: Outbound, url: string, init: RequestInit): Promise<Response> {
  try {
    return await outbound.fetch(url, init);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`it cannot be reached: ${error.message.replaceAll(url, "its address")}`);
  }
}

/** null: it will never be taken. */
function retryAfterMs({ status, headers }: Response): number | null {
  if (status !== 429 && status < 500) return null;
  const seconds = Number(headers.get("Retry-After") ?? "1");
  return seconds > 0 ? seconds * 1000 : 1000;
}
