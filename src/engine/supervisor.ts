/**
 * Keeps consumers alive, and strategies from harming others: what throws, hangs or eats memory is
 * stopped, and a consumer that dies or does not hear any more is replaced.
 *
 * Invariants: strategies of a consumer that is being replaced decide nothing; what they hold, and
 * what became of their orders meanwhile, is told to them before they see another price; no other
 * consumer waits for it, but where the exchange goes by steps.
 */
import type { RunStart } from "../contracts/store.ts";
import type { GatewayToMain, RunInfo, SessionWindow } from "../protocol.ts";
import { RetryableError } from "../util/errors.ts";
import { sleep } from "../util/sleep.ts";
import type { Followings } from "./followings.ts";
import type { Scans } from "./scans.ts";
import type { Producer } from "./producer.ts";
import type { OnFailure, SessionLog, SessionOptions, StrategySetup } from "./session_options.ts";
import type { SessionRuns } from "./session_runs.ts";
import type { ConsumerSetting, SessionWorkers } from "./session_workers.ts";
import type { StrategyStates } from "./strategy_states.ts";
import { Stop } from "./control.ts";
import { Watchdog } from "./watchdog.ts";

/** So many times in REPLACED_MS a consumer is replaced; then its strategies are stopped. */
const REPLACED_MAX = 3;
const REPLACED_MS = 600_000;
/** A run's new row is waited for so long; without a database it goes on under its old number. */
const ROW_MS_MAX = 3_000;
const RETRY_MS = 2_000;
/** Its requests to the gateway are numbered from here: the day's own from 0. */
const FIRST_ID = 1_000_000_000;

export interface SupervisorOptions {
  session: Pick<
    SessionOptions,
    "environment" | "buildNumber" | "batchId" | "store" | "supervision" | "marks" | "onEvent"
  >;
  workers: SessionWorkers;
  producer: Producer;
  runs: SessionRuns;
  states: Pick<StrategyStates, "of" | "move">;
  /** The process's memory. */
  rssBytes(): number;
  nowUs(): number;
  monotonicMs(): number;
  setting(): ConsumerSetting;
  followings(): Followings | undefined;
  windows(): SessionWindow[];
  scans: Pick<Scans, "onStarved" | "onDeaf">;
  /** Something that a step waits for. */
  before(task: Promise<void>): void;
  log: SessionLog;
  signal: AbortSignal;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #watchdog: Watchdog | null = null;
  #scannersWatchdog: Watchdog | null = null;
  readonly #replacing = new Set<number>();
  /** When consumers were replaced, by consumer. */
  readonly #replaced: number[][] = [];
  /** Strategies that a consumer is loaded without, by consumer. */
  readonly #leftOut: Set<string>[] = [];
  #ids = FIRST_ID;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** From before the first consumer is started. */
  watch(): void {
    const { workers, log, rssBytes, session } = this.#options;
    const { memoryMb } = session.supervision;
    this.#watchdog = new Watchdog(workers.consumers, {
      onHung: (consumer, index, why) => {
        const strategy = this.#strategyOf(consumer, index);
        const text = why === Stop.tooLong
          ? "Stopping {strategy}, which does not return"
          : "Stopping {strategy}, which fills the memory";
        log("error", text, { consumer, strategy, alert: "strategy_hung" });
      },
      onDeaf: (consumer, index) => this.#onDeaf(consumer, index),
      onLong: (consumer, index) =>
        session.marks.running(consumer, index === null ? null : this.#strategyOf(consumer, index)),
      onStarved: (consumer, index) => {
        const strategy = this.#strategyOf(consumer, index);
        const message = "its promises never end";
        workers.consumers[consumer].post({ type: "stopStrategy", strategy, message });
      },
    }, { hasBeats: true, rssBytes, growthBytesMax: memoryMb * 1e6 });
    this.#scannersWatchdog = this.#watchScanners();
  }

  #watchScanners(): Watchdog {
    const { workers: { scanners }, scans, log, before } = this.#options;
    const numberOf = (worker: number, at: number) => scanners.links[worker].group[at][0];
    const nameOf = (worker: number, at: number) => scanners.links[worker].group[at][1].source.name;
    return new Watchdog(scanners.links, {
      onHung: (worker, at) =>
        log("error", "Stopping {scanner}, which does not return", {
          scanner: nameOf(worker, at),
          alert: "scanner_hung",
        }),
      onStarved: (worker, at) => scans.onStarved(worker, numberOf(worker, at)),
      onDeaf: (worker, at) => {
        if (at !== null) scanners.stop(numberOf(worker, at));
        log("error", "The scanners' worker {worker} is replaced: it does not hear any more", {
          worker,
          alert: "scanners_replaced",
        });
        before(scans.onDeaf(worker));
      },
    }, { hasBeats: true });
  }

  stop(): void {
    this.#watchdog?.stop();
    this.#scannersWatchdog?.stop();
  }

  isReplacing(consumer: number): boolean {
    return this.#replacing.has(consumer);
  }

  /** A strategy is stopped for what it did: its orders and positions are looked after. */
  strategyFailed(runId: number, message: string, stack: string): void {
    const { runs, session, workers, log } = this.#options;
    if (!runs.fail(runId, `stopped: ${message}`)) return;
    const strategy = runs.nameOf(runId);
    session.onEvent({ type: "strategyFailed", strategy, message, stack });
    log("error", "{strategy} is stopped: {why}{at}. The others run on", {
      strategy,
      why: message,
      at: placeOf(stack),
      alert: "strategy_stopped",
    });
    const flatten = this.#onFailureOf(runId) === "flatten";
    const id = this.#ids++;
    const abandoned = workers.gatewayInbox.next("abandoned", (one) => one.id === id);
    workers.postGateway({ type: "abandon", id, runIds: [runId], flatten, reason: "stopped" });
    abandoned.then(({ open }) => {
      if (open.length === 0) return;
      log("error", leftText(flatten), { strategy, left: leftList(open), alert: "positions_left" });
    }, () => {});
  }

  /** A consumer's heap is over its budget. */
  overMemory(consumer: number, strategy: string | null, heapMb: number): void {
    if (this.#replacing.has(consumer)) return;
    const { memoryMb } = this.#options.session.supervision;
    const why = `its heap holds ${heapMb} MB, ${memoryMb} are allowed`;
    if (strategy !== null) {
      this.#options.session.marks.leaveOut(strategy, `it filled the memory: ${why}`);
      this.#leaveOut(consumer, strategy, `it fills the memory: ${why}`);
    }
    this.lost(consumer, why);
  }

  /** A consumer has died, or is to be ended: another takes its place. */
  lost(consumer: number, why: string): void {
    const { workers, before, signal } = this.#options;
    // What ends with the session is not replaced.
    if (this.#replacing.has(consumer) || signal.aborted || !this.#watchdog) return;
    this.#replacing.add(consumer);
    this.#options.producer.pause(consumer);
    workers.detachConsumer(consumer, new Error(why));
    before(this.#replace(consumer, why).finally(() => this.#replacing.delete(consumer)));
  }

  #strategyOf(consumer: number, index: number): string {
    return this.#options.workers.consumers[consumer].strategies[index].source.name;
  }

  #onFailureOf(runId: number): OnFailure {
    const run = this.#options.runs.current.find((one) => one.runId === runId);
    const setups = run ? this.#options.workers.consumers[run.consumer].strategies : [];
    const setup = setups.find(({ source }) => source.name === run!.strategy);
    return setup?.onFailure ?? this.#options.session.supervision.onFailure;
  }

  #onDeaf(consumer: number, index: number | null): void {
    const { workers } = this.#options;
    const strategy = index === null ? null : this.#strategyOf(consumer, index);
    const why = strategy === null
      ? "it does not hear any more"
      : `${strategy} does not return, and cannot be stopped`;
    if (!workers.consumers[consumer].isReady) {
      const where = "while it is loaded";
      return workers.giveUpLoading(consumer, new Error(`${why}, ${where}`));
    }
    if (strategy !== null) {
      const reason = "it does not return, and no loop of its own is the cause";
      this.#options.session.marks.leaveOut(strategy, reason);
      this.#leaveOut(consumer, strategy, reason);
    }
    this.lost(consumer, why);
  }

  #leaveOut(consumer: number, strategy: string, why: string): void {
    (this.#leftOut[consumer] ??= new Set()).add(strategy);
    for (const { runId, strategy: name } of this.#options.runs.of(consumer)) {
      if (name === strategy) this.strategyFailed(runId, why, "");
    }
  }

  async #replace(consumer: number, why: string): Promise<void> {
    const { log, monotonicMs, workers } = this.#options;
    const fromMs = monotonicMs();
    const times = (this.#replaced[consumer] ?? []).filter((ms) => fromMs - ms < REPLACED_MS);
    this.#replaced[consumer] = [...times, fromMs];
    if (times.length === REPLACED_MAX) {
      const text = "Consumer {consumer} is given up, as it was replaced {times} times: {why}";
      log("error", text, { consumer, times: REPLACED_MAX, why, alert: "consumer_given_up" });
      for (const { source } of workers.consumers[consumer].strategies) {
        this.#leaveOut(consumer, source.name, `its consumer died again and again: ${why}`);
      }
      return;
    }
    const text = "Consumer {consumer} is replaced: {why}";
    log("error", text, { consumer, why, alert: "consumer_replaced" });
    if (!await this.#load(consumer)) return;
    await this.#resume(consumer, why);
    const seconds = ((monotonicMs() - fromMs) / 1000).toFixed(1);
    log("warning", "Consumer {consumer} is back; its strategies decided nothing for {seconds} s", {
      consumer,
      seconds,
    });
  }

  /** Starts the worker; a strategy that does not load a second time is left out. False: none is left. */
  async #load(consumer: number): Promise<boolean> {
    const { workers, runs, signal, setting } = this.#options;
    const all = workers.consumers[consumer].strategies;
    for (;;) {
      const going = new Set(
        runs.of(consumer).filter(({ runId }) => !runs.hasFailed(runId)).map((run) => run.strategy),
      );
      const left = all.filter(({ source: { name } }) =>
        going.has(name) && !this.#leftOut[consumer]?.has(name)
      );
      if (left.length === 0 || signal.aborted) return false;
      try {
        await workers.startConsumer(consumer, left, setting());
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        for (const { source } of this.#culprits(consumer, left)) {
          this.#leaveOut(consumer, source.name, `it could not be loaded again: ${reason}`);
        }
        workers.detachConsumer(consumer, new Error(reason));
      }
    }
  }

  /** The one that was being loaded; where nobody knows, all. */
  #culprits(consumer: number, strategies: StrategySetup[]): StrategySetup[] {
    const running = Atomics.load(this.#options.workers.consumers[consumer].control, 0);
    const culprit = strategies[Math.abs(running) - 1];
    return culprit === undefined ? strategies : [culprit];
  }

  /** Bars from history, states from the checkpoint, positions and orders from the book. */
  async #resume(consumer: number, why: string): Promise<void> {
    const { workers, runs, producer, followings, windows, states, signal } = this.#options;
    const link = workers.consumers[consumer];
    for (const { name, isCreated } of link.traits) {
      if (!isCreated) this.#leaveOut(consumer, name, "its create said no, the second time");
    }
    const going = runs.of(consumer).filter(({ runId }) => !runs.hasFailed(runId));
    const next = new Map<number, RunInfo>();
    for (const run of going) next.set(run.runId, await this.#nextRun(run, link.traits));
    link.post({
      type: "runs",
      runs: going.map(({ runId }) => ({ ...next.get(runId)!, was: runId })),
    });
    link.post({ type: "session", windows: windows() });
    // The stream first, then history: else a bar that ends between the two would be in neither.
    producer.resume(consumer, { post: link.post });
    const swap = () => {
      for (const run of going) this.#swap(run, next.get(run.runId)!, why);
      return new Map(going.map(({ runId }) => [runId, next.get(runId)!.runId]));
    };
    const anew = {
      swap,
      statesOf: (runId: number, symbol: string) => states.of(runId, symbol),
      retry: <T>(task: () => Promise<T>) => this.#retry(task),
    };
    const resumption = followings();
    if (resumption) await resumption.replaceRuns(consumer, anew, signal);
    else swap();
    await this.#handOver(
      consumer,
      going.map(({ runId }) => ({ from: runId, run: next.get(runId)! })),
    );
    workers.resumeConsumer(consumer);
  }

  async #handOver(consumer: number, runs: { from: number; run: RunInfo }[]): Promise<void> {
    const { gatewayInbox } = this.#options.workers;
    const id = this.#ids++;
    const done = gatewayInbox.next("handedOver", (message) => message.id === id);
    this.#options.workers.postGateway({ type: "handOver", id, consumer, runs });
    await done;
  }

  /** The run's successor: a row of its own that names it, or itself where there is no database. */
  async #nextRun(
    run: RunInfo,
    traits: readonly { name: string; parameters: RunStart["parameters"] }[],
  ) {
    const { session: { store, environment, buildNumber, batchId }, nowUs } = this.#options;
    const parameters = traits.find(({ name }) => name === run.strategy)!.parameters;
    const common = { environment, buildNumber, batchId, parameters, startUs: nowUs() };
    const row = { ...common, algoName: run.strategy, refAlgoRun: run.runId };
    const given = new AbortController();
    const late = sleep(ROW_MS_MAX, given.signal).then(() => null);
    const runId = await Promise.race([store.startRun(row).catch(() => null), late]);
    given.abort();
    return { ...run, runId: runId ?? run.runId };
  }

  #swap(run: RunInfo, next: RunInfo, why: string): void {
    const { runs, states, session: { store }, nowUs } = this.#options;
    if (next.runId === run.runId) return;
    const endUs = nowUs();
    const endReason = `replaced: ${why}`;
    runs.replace(run, next);
    states.move(run.runId, next.runId);
    store.write([{ table: "algo_run_end", row: { algoRunId: run.runId, endUs, endReason } }]);
  }

  async #retry<T>(task: () => Promise<T>): Promise<T> {
    const { log, signal } = this.#options;
    for (let isFirst = true;; isFirst = false) {
      try {
        return await task();
      } catch (error) {
        if (!(error instanceof RetryableError) || signal.aborted) throw error;
        const text = "A replaced consumer waits for its history: {reason}";
        if (isFirst) log("warning", text, { reason: error.message });
        await sleep(RETRY_MS, signal);
      }
    }
  }
}

/** The first of the author's own lines, as " (at …/file.ts:13:5)": Liu's are addresses. */
function placeOf(stack: string): string {
  const own = stack.split("\n").find((line) =>
    /^\s*at .*:\d+/.test(line) && !/(file|ext|node):/.test(line)
  );
  return own === undefined ? "" : ` (${own.trim()})`;
}

type Open = Extract<GatewayToMain, { type: "abandoned" }>["open"];

function leftText(flatten: boolean): string {
  return flatten
    ? "{strategy} is stopped; its positions are being closed: {left}"
    : "{strategy} is stopped; its positions are kept: {left}";
}

function leftList(open: Open): string {
  const texts = {
    "rests": "protection rests at the broker",
    "rests in part": "protected in part",
    "watched only": "stop watched by the trader",
    "none": "no stop",
  };
  return open.map(({ qty, symbol, averagePrice, protection }) =>
    `${qty} ${symbol} at ${averagePrice} (${texts[protection]})`
  ).join(", ");
}
