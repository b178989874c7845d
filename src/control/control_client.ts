/** Speaks to a trader's control endpoint. */
import { OperationError } from "../util/errors.ts";
import { createOutbound } from "../wire/outbound.ts";
import { TOKEN_HEADER } from "./control_server.ts";
import type { TraderStatus } from "./trader_control.ts";
import type { TraderAddress } from "./trader_file.ts";

/** A trader that does not answer in this time is told to be stuck. */
const ANSWER_MS_MAX = 10_000;

export class ControlClient {
  constructor(readonly trader: TraderAddress) {}

  /** `latched`: also on disk. */
  async kill(options: { reason: string; flatten: boolean }): Promise<{ latched: boolean }> {
    return await this.#ask("POST", "/kill", options) as { latched: boolean };
  }

  async resume(): Promise<TraderStatus> {
    return await this.#ask("POST", "/resume", {}) as TraderStatus;
  }

  async status(): Promise<TraderStatus> {
    return await this.#ask("GET", "/status") as TraderStatus;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { pid, port, token } = this.trader;
    const host = `127.0.0.1:${port}`;
    try {
      const reply = await createOutbound([host]).fetch(`http://${host}${path}`, {
        method,
        headers: { [TOKEN_HEADER]: token },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const answer = await reply.json();
      if (reply.ok) return answer;
      throw new Error(`${reply.status} ${answer.message}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new OperationError(`The trader (process ${pid}) does not answer: ${why}`);
    }
  }
}
