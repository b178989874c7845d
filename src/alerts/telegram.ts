/** Telegram's Bot API, through grammy: loaded where the plan wants it. */
import { Api, GrammyError, HttpError } from "grammy/web";
import type { Outbound } from "../wire/outbound.ts";
import { type Alert, AlertRefused, type SendAlert } from "./alert.ts";

export function sendToTelegram(
  { root, token, chatId, outbound, text, timeoutMs }: {
    /** Of the Bot API, without a slash at its end. */
    root: string;
    token: string;
    chatId: string;
    outbound: Outbound;
    text(alert: Alert): string;
    timeoutMs: number;
  },
): SendAlert {
  const api = new Api(token, {
    apiRoot: root,
    timeoutSeconds: timeoutMs / 1000,
    fetch: ((url: string | URL | Request, init?: RequestInit) =>
      outbound.fetch(String(url), init)) as typeof fetch,
  });
  return async (alert, signal) => {
    try {
      // grammy's type of a signal is that of a package for old versions of Node.
      await api.sendMessage(chatId, text(alert), {}, signal as never);
    } catch (error) {
      if (error instanceof GrammyError) {
        const { error_code, description, parameters: { retry_after } } = error;
        const isForLater = error_code === 429 || error_code >= 500;
        const retryMs = isForLater ? (retry_after ?? 1) * 1000 : null;
        throw new AlertRefused(`it answered ${error_code} ${description}`, retryMs);
      }
      // Its text names the address, and with it the token.
      if (error instanceof HttpError) throw new Error("it cannot be reached");
      throw error;
    }
  };
}
