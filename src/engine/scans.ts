/**
 * Scans as main runs them: asks the scanners' workers, answers their questions of the market.
 * Invariant: each scan ends, also that of a scanner which does not return.
 */
import type { MainToScanners, ScannersToMain, SessionWindow } from "../protocol.ts";
import { answerScanner, type MarketAccess } from "./scanner_market.ts";
import type { ScannerWorkers } from "./scanner_workers.ts";

/** A scan that has asked nothing and said nothing for so long is given up. */
const SILENT_MS_MAX = 30_000;

export type ScanResult =
  | Extract<ScannersToMain, { type: "picked" }>
  | Extract<ScannersToMain, { type: "scanFailed" }>;

type Workers = Pick<ScannerWorkers, "inbox" | "of" | "stop" | "restart">;

/** One that has been asked for and has not ended. */
interface Running {
  index: number;
  worker: number;
  fail(message: string): void;
}

export class Scans {
  readonly #workers: Workers;
  readonly #access: () => MarketAccess;
  readonly #monotonicMs: () => number;
  readonly #lookMs: number;
  /** Scanners that did not return, by their place in the plan. */
  readonly #stopped = new Set<number>();
  readonly #running = new Map<number, Running>();
  /** Workers that are being replaced. */
  readonly #restarting = new Map<number, Promise<void>>();
  #ids = 0;
  /**
   * Questions that main has not answered yet: while there are any, the silence is not the
   * scanner's.
   */
  #questions = 0;
  #heardMs = 0;

  constructor(options: {
    workers: Workers;
    access(): MarketAccess;
    monotonicMs(): number;
    /** How often the silence is looked at. Default 1000. */
    lookMs?: number;
  }) {
    this.#workers = options.workers;
    this.#access = options.access;
    this.#monotonicMs = options.monotonicMs;
    this.#lookMs = options.lookMs ?? 1000;
  }

  /**
   * A message of a scanners' worker; resolves when its question, if it is one, has been answered.
   * `post`: to that worker.
   */
  async onMessage(
    message: ScannersToMain,
    post: (answer: MainToScanners) => void,
  ): Promise<void> {
    this.#heardMs = this.#monotonicMs();
    const answer: Promise<MainToScanners> | null = answerScanner(message, this.#access());
    if (answer === null) return;
    this.#questions++;
    post(await answer);
    this.#questions--;
    this.#heardMs = this.#monotonicMs();
  }

  isStopped(index: number): boolean {
    return this.#stopped.has(index);
  }

  /** A scanner kept its worker from all else, and has been stopped. */
  onStarved(worker: number, scanner: number): void {
    this.#giveUp(({ index }) => index === scanner, worker);
  }

  /**
   * A scanners' worker does not hear any more, and nobody knows whose code it is: what was running
   * in it is given up, and another worker takes its place.
   */
  async onDeaf(worker: number): Promise<void> {
    this.#giveUp(() => true, worker);
    const restarted = this.#workers.restart(worker);
    this.#restarting.set(worker, restarted);
    await restarted.finally(() => this.#restarting.delete(worker));
  }

  #giveUp(isMeant: (running: Running) => boolean, worker: number): void {
    for (const running of this.#running.values()) {
      if (running.worker !== worker || !isMeant(running)) continue;
      running.fail("it did not return, and kept the other scanners from their work");
    }
  }

  /** Runs the plan's scanner number `index`. */
  async run(
    index: number,
    scanner: string,
    timeUs: number,
    window: SessionWindow,
  ): Promise<ScanResult> {
    const worker = this.#workers.of(index);
    const restarting = this.#restarting.get(worker.index);
    if (restarting) await restarting;
    const id = this.#ids++;
    const isThis = (message: { id: number }) => message.id === id;
    const answer = this.#workers.inbox.nextOf(["picked", "scanFailed"], isThis);
    this.#heardMs = this.#monotonicMs();
    worker.post({ type: "scan", id, scanner, timeUs, window });
    const given = Promise.withResolvers<ScanResult>();
    const fail = (message: string) => {
      this.#stopped.add(index);
      this.#workers.stop(index);
      given.resolve({ type: "scanFailed", id, message, stack: "" });
    };
    const timer = setInterval(() => {
      if (this.#questions > 0 || this.#monotonicMs() - this.#heardMs < SILENT_MS_MAX) return;
      fail(`it did not return within ${SILENT_MS_MAX / 1000} s`);
    }, this.#lookMs);
    this.#running.set(id, { index, worker: worker.index, fail });
    try {
      return await Promise.race([answer, given.promise]);
    } finally {
      clearInterval(timer);
      this.#running.delete(id);
    }
  }
}
