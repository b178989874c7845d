/**
 * Alerts on their way out. Invariant: whoever raises one never waits, and is never held up by a
 * target: each has a bounded queue of its own, and what finds no room is counted and told of.
 */
import type { Monotonic } from "../wire/monotonic.ts";
import { wait } from "../wire/monotonic.ts";
import { type Alert, AlertRefused, type SendAlert } from "./alert.ts";
import { RateLimit } from "./rate_limit.ts";

const QUEUE_MAX = 100;
const TRIES_MAX = 4;
const FIRST_PAUSE_MS = 1000;
const PAUSE_MS_MAX = 30_000;

export interface AlertsOptions {
  targets: readonly { name: string; send: SendAlert }[];
  maxPerMinute: number;
  repeatMinutes: number;
  monotonic: Monotonic;
  /** Once when a target fails, and when it works again. */
  log(level: "info" | "warning", text: string, properties: Record<string, unknown>): void;
}

export class Alerts {
  readonly #options: AlertsOptions;
  readonly #limit: RateLimit;
  readonly #queues: TargetQueue[];
  #stopTimer: (() => void) | null = null;
  #isClosed = false;

  constructor(options: AlertsOptions) {
    this.#options = options;
    this.#limit = new RateLimit(options);
    this.#queues = options.targets.map((target) => new TargetQueue(target, options));
  }

  raise(alert: Alert): void {
    if (this.#isClosed || this.#queues.length === 0) return;
    const nowMs = this.#options.monotonic.nowMs();
    this.#tell(this.#limit.summaries(nowMs));
    if (this.#limit.admits(alert, nowMs)) this.#tell([alert]);
    this.#plan();
  }

  /** What is left is sent, with what was held back, as far as `ms` allow. */
  async close(ms: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimer?.();
    this.#tell(this.#limit.summaries(this.#options.monotonic.nowMs(), true));
    const late = new AbortController();
    const stop = this.#options.monotonic.after(ms, () => late.abort(new Error("it ends")));
    await Promise.all(this.#queues.map((queue) => queue.close(late.signal)));
    stop();
  }

  #tell(alerts: readonly Alert[]): void {
    for (const alert of alerts) for (const queue of this.#queues) queue.add(alert);
  }

  /** Looks again when something that was held back may be told of. */
  #plan(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const { monotonic } = this.#options;
    const { nextMs } = this.#limit;
    if (nextMs === Infinity) return;
    this.#stopTimer = monotonic.after(Math.max(0, nextMs - monotonic.nowMs()), () => {
      this.#tell(this.#limit.summaries(monotonic.nowMs()));
      this.#plan();
    });
  }
}

class TargetQueue {
  readonly #waiting: Alert[] = [];
  readonly #abort = new AbortController();
  #lost = 0;
  #isFailing = false;
  #sending: Promise<void> | null = null;

  constructor(
    readonly target: { name: string; send: SendAlert },
    readonly options: Pick<AlertsOptions, "monotonic" | "log">,
  ) {}

  add(alert: Alert): void {
    if (this.#waiting.length >= QUEUE_MAX) {
      this.#lost++;
      return;
    }
    this.#waiting.push(alert);
    this.#sending ??= this.#send().finally(() => this.#sending = null);
  }

  async close(late: AbortSignal): Promise<void> {
    const abort = () => this.#abort.abort(late.reason);
    late.addEventListener("abort", abort, { once: true });
    if (late.aborted) abort();
    await this.#sending;
    late.removeEventListener("abort", abort);
  }

  async #send(): Promise<void> {
    const { signal } = this.#abort;
    for (let alert = this.#waiting.shift(); alert; alert = this.#waiting.shift()) {
      const lost = this.#lost;
      const text = lost === 0 ? alert.text : `${alert.text} (${lost} alerts before it were lost)`;
      const isSent = await this.#tried({ ...alert, text });
      if (isSent) this.#lost -= lost;
      else this.#lost++;
      if (signal.aborted) return;
    }
  }

  async #tried(alert: Alert): Promise<boolean> {
    const { signal } = this.#abort;
    let pauseMs = FIRST_PAUSE_MS;
    for (let attempt = 1;; attempt++) {
      try {
        await this.target.send(alert, signal);
        this.#worked();
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const retryMs = error instanceof AlertRefused ? error.retryAfterMs : pauseMs;
        if (retryMs === null || attempt === TRIES_MAX) {
          this.#failed(error);
          return false;
        }
        await wait(this.options.monotonic, Math.min(retryMs, PAUSE_MS_MAX), signal).catch(() => {});
        if (signal.aborted) return false;
        pauseMs *= 2;
      }
    }
  }

  #worked(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.options.log("info", "Alerts go to {target} again", { target: this.target.name });
  }

  #failed(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = error instanceof Error ? error.message : String(error);
    const text = "Alerts do not get to {target}: {reason}";
    this.options.log("warning", text, { target: this.target.name, reason });
  }
}
