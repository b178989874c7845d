/**
 * Scans as main runs them: asks the scanners' workers, answers their questions of the market.
 * Invariant: each scan ends, also that of a scanner which does not return.
 */
import type { MainToScanners, ScannersToMain, SessionWindow } from "../protocol.ts";
import { answerScanner, type MarketAccess } from "./scanner_market.ts";
import type { SessionWorkers } from "./session_workers.ts";

/** A scan that has asked nothing and said nothing for so long is given up. */
const SILENT_MS_MAX = 30_000;

export type ScanResult =
  | Extract<ScannersToMain, { type: "picked" }>
  | Extract<ScannersToMain, { type: "scanFailed" }>;

export class Scans {
  readonly #workers: SessionWorkers;
  readonly #access: () => MarketAccess;
  readonly #monotonicMs: () => number;
  readonly #lookMs: number;
  /** Scanners that did not return, by their place in the plan. */
  readonly #stopped = new Set<number>();
  #ids = 0;
  /**
   * Questions that main has not answered yet: while there are any, the silence is not the
   * scanner's.
   */
  #questions = 0;
  #heardMs = 0;

  constructor(options: {
    workers: SessionWorkers;
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
   */
  async onMessage(worker: number, message: ScannersToMain): Promise<void> {
    this.#heardMs = this.#monotonicMs();
    const answer: Promise<MainToScanners> | null = answerScanner(message, this.#access());
    if (answer === null) return;
    this.#questions++;
    this.#workers.postScanners(worker, await answer);
    this.#questions--;
    this.#heardMs = this.#monotonicMs();
  }

  isStopped(index: number): boolean {
    return this.#stopped.has(index);
  }

  /** Runs the plan's scanner number `index`. */
  async run(
    index: number,
    scanner: string,
    timeUs: number,
    window: SessionWindow,
  ): Promise<ScanResult> {
    const id = this.#ids++;
    const isThis = (message: { id: number }) => message.id === id;
    const answer = this.#workers.scannersInbox.nextOf(["picked", "scanFailed"], isThis);
    this.#heardMs = this.#monotonicMs();
    const worker = this.#workers.scannersWorkerOf(index);
    this.#workers.postScanners(worker, { type: "scan", id, scanner, timeUs, window });
    const silence = Promise.withResolvers<ScanResult>();
    const timer = setInterval(() => {
      if (this.#questions > 0 || this.#monotonicMs() - this.#heardMs < SILENT_MS_MAX) return;
      this.#stopped.add(index);
      this.#workers.stopScanner(index);
      const message = `it did not return within ${SILENT_MS_MAX / 1000} s`;
      silence.resolve({ type: "scanFailed", id, message, stack: "" });
    }, this.#lookMs);
    try {
      return await Promise.race([answer, silence.promise]);
    } finally {
      clearInterval(timer);
    }
  }
}
