/** How far a session of the optimizer is: a line on the terminal, or a log line now and then. */
import { showValue } from "../config/optimizer_plan.ts";
import type { Json } from "../contracts/store.ts";
import type { FinishedTrial } from "../optimizer/optimize.ts";
import { logger } from "../util/log.ts";
import { progressBar, StatusLine } from "../util/progress.ts";
import type { Host } from "../contracts/command.ts";

const LOG_EVERY_MS = 10_000;

export class OptimizeProgress {
  readonly #line: StatusLine;
  readonly #isTerminal: boolean;
  #startMs: number;
  #loggedMs: number;
  #total = 0;
  #windows = 1;
  #fold = 0;
  #done = 0;
  /** In this process: what time left is reckoned from. */
  #ran = 0;
  #failed = 0;
  #best: FinishedTrial | null = null;

  constructor(host: Host, private readonly nowMs: () => number = () => performance.now()) {
    this.#isTerminal = host.isErrTerminal;
    this.#startMs = this.#loggedMs = nowMs();
    this.#line = new StatusLine({
      isTerminal: host.isErrTerminal,
      columns: () => host.columns(),
      write: host.err,
      nowMs,
    });
  }

  begin(total: number, windows: number): void {
    this.#startMs = this.nowMs();
    this.#total = total;
    this.#windows = windows;
  }

  /** A log's line above the status. */
  readonly print = (line: string): void => this.#line.print(line);

  trial(trial: FinishedTrial, { fold, isKnown }: { fold: number; isKnown: boolean }): void {
    if (fold !== this.#fold) this.#best = null;
    this.#fold = fold;
    this.#done++;
    if (!isKnown) this.#ran++;
    const { value, problem } = trial.outcome;
    if (problem !== null) this.#failed++;
    const best = this.#best?.outcome.value ?? -Infinity;
    if (value !== null && value > best) this.#best = trial;
    const text = this.text();
    this.#line.set(`${progressBar(this.#done, this.#total, "")}${text}`);
    const nowMs = this.nowMs();
    const isDue = !this.#isTerminal && nowMs - this.#loggedMs >= LOG_EVERY_MS;
    if (isDue) this.#loggedMs = nowMs;
    logger("optimizer")[isDue ? "info" : "debug"](text);
  }

  get done(): number {
    return this.#done;
  }

  /** "trial 37/100  best 1.84 (mine.fast 12)  1 min 20 s left". */
  text(): string {
    const parts = [`trial ${this.#done}/${this.#total}`];
    if (this.#windows > 1) parts.unshift(`window ${this.#fold + 1}/${this.#windows}`);
    if (this.#best !== null) {
      parts.push(`best ${shown(this.#best.outcome.value!)} (${valuesText(this.#best.named)})`);
    }
    if (this.#failed > 0) parts.push(`${this.#failed} failed`);
    if (this.#ran > 0) {
      const perTrial = (this.nowMs() - this.#startMs) / this.#ran;
      parts.push(`${durationText(perTrial * (this.#total - this.#done))} left`);
    }
    return parts.join("  ");
  }

  end(): void {
    this.#line.clear();
  }
}

export function valuesText(named: Readonly<Record<string, Json>>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name} ${showValue(value)}`)
    .join(", ");
}

export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
