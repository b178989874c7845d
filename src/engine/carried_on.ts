/** What a session takes over from the one before, where that was cut short or left positions. */
import type { Store } from "../contracts/store.ts";
import type { Recovered, RunInfo } from "../protocol.ts";
import { RetryableError } from "../util/errors.ts";
import { sleep } from "../util/sleep.ts";
import type { Followings } from "./followings.ts";
import { continuedRuns } from "./gateway/recovery/carry_runs.ts";
import type { ScannerSetup, SessionLog, SessionOptions } from "./session_options.ts";
import type { ConsumerLink } from "./session_workers.ts";
import type { StrategyStates } from "./strategy_states.ts";

const ATTEMPTS_MAX = 5;
const PAUSE_MS = 1000;

export class CarriedOn {
  readonly #before: Recovered | null;
  #continued: { from: number; to: number }[] = [];

  /** null: nothing. */
  constructor(before: Recovered | null) {
    this.#before = before;
  }

  /** Positions or orders were there when it began. */
  get isHolding(): boolean {
    return (this.#before?.held.length ?? 0) > 0;
  }

  /** What is told of it; null: nothing. */
  get text(): string | null {
    if (this.#before === null) return null;
    const { batchId, isSameBatch, held } = this.#before;
    const count = `${held.length} position${held.length === 1 ? "" : "s"} and orders`;
    return isSameBatch
      ? `carrying on batch ${batchId}, with ${count}`
      : `taking over ${count} of batch ${batchId}`;
  }

  /** The run that a strategy on a consumer carries on with. */
  refOf(strategy: string, consumer: number): number | null {
    const ofStrategy = (this.#before?.runs ?? []).filter((one) => one.strategy === strategy);
    const same = ofStrategy.find((one) => one.consumer === consumer);
    return (same ?? ofStrategy[0])?.runId ?? null;
  }

  /** Which run goes on for which. */
  continued(runs: readonly RunInfo[]): { from: number; to: number }[] {
    return this.#continued = continuedRuns(this.#before?.runs ?? [], runs);
  }

  /** What strategies keep is on disk from here on, and begins with what they kept before. */
  takeStates(
    states: StrategyStates,
    { gateway, batchId, strategies }: Pick<SessionOptions, "gateway" | "batchId" | "strategies">,
    consumers: readonly Pick<ConsumerLink, "traits">[],
  ): Promise<void> {
    return states.begin({
      folder: gateway.journalFolder,
      batchId,
      before: this.#before,
      setups: strategies,
      traits: consumers.flatMap(({ traits }) => traits),
    });
  }

  /** The runs of before are over: those that have no end get one. */
  async endRuns(store: Store, endUs: number): Promise<void> {
    if (this.#before === null) return;
    const { batchId, isSameBatch } = this.#before;
    const endReason = isSameBatch ? "restarted" : "cut short";
    const open = (await store.runs(batchId)).filter((run) => run.endUs === null);
    store.write(open.map(({ algoRunId }) => ({
      table: "algo_run_end",
      row: { algoRunId, endUs, endReason },
    })));
  }

  /**
   * Follows again what is held, and, where the batch is the same, what its scanners had picked. What
   * cannot be followed now is told: it is protected all the same, and picked again by the next scan.
   */
  async follow(
    { followings, store, scanners, log, signal }: {
      followings: Followings;
      store: Pick<Store, "trending">;
      scanners: readonly ScannerSetup[];
      log: SessionLog;
      signal: AbortSignal;
    },
  ): Promise<void> {
    if (this.#before === null) return;
    const { batchId, isSameBatch, held } = this.#before;
    const now = new Map(this.#continued.map(({ from, to }) => [from, to]));
    const own = held.flatMap(({ runId, symbol }) => {
      const to = now.get(runId);
      return to === undefined ? [] : [{ symbol, runId: to }];
    });
    const left = held.filter(({ runId }) => !now.has(runId)).map(({ symbol }) => symbol);
    if (left.length > 0) {
      log(
        "error",
        "No strategy of the plan holds {symbols} any more: they stay as protected as " +
          "they are, and are closed with the day trades if they are one",
        { symbols: left.join(", "), alert: "positions_unmanaged" },
      );
    }
    const attempt = (what: string, follow: () => Promise<unknown>) =>
      attempted(what, follow, log, signal);
    await attempt("what is held", () => followings.resume(own, signal));
    await attempt("what is left", () => followings.watch(left, signal));
    if (!isSameBatch) return;
    const picks = await store.trending(batchId);
    for (const { source: { name }, targets } of scanners) {
      const symbols = picks.filter(({ scannerName }) => scannerName === name)
        .map(({ symbol }) => symbol);
      await attempt(`${name}'s picks`, () => followings.pick(symbols, targets, signal));
    }
  }
}

async function attempted(
  what: string,
  follow: () => Promise<unknown>,
  log: SessionLog,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      await follow();
      return;
    } catch (error) {
      if (!(error instanceof RetryableError) || signal.aborted) throw error;
      const level = attempt === ATTEMPTS_MAX ? "error" : "warning";
      log(level, "{what} cannot be followed yet: {error}", { what, error: error.message });
      if (attempt === ATTEMPTS_MAX) return;
      await sleep(error.options.retryAfterMs ?? attempt * PAUSE_MS, signal);
    }
  }
}
