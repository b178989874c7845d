/**
 * Trial workers, and who of them does what.
 * Invariant: a worker has at most one trial; a trial is answered once, or the pool has failed.
 */
import type { ParamTable } from "../contracts/params.ts";
import { Watchdog } from "../engine/watchdog.ts";
import { errorOf, spawn } from "../engine/worker_link.ts";
import { ConfigError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import type {
  FromTrialWorker,
  ToTrialWorker,
  Trial,
  TrialOutcome,
  TrialSetup,
} from "./trial_messages.ts";

/**
 * A worker keeps each trial's user code, some 50 kB: after so many trials another takes its place.
 */
const TRIALS_A_WORKER = 500;

interface Member {
  worker: Worker;
  port: MessagePort;
  trials: number;
  control: Int32Array;
  ready: PromiseWithResolvers<Record<string, ParamTable>>;
  trial: { id: number; done: PromiseWithResolvers<TrialOutcome> } | null;
}

export class TrialPool {
  readonly #members: Member[];
  readonly #watchdog: Watchdog;
  readonly #setup: TrialSetup;
  readonly #trialsAWorker: number;
  readonly #log: LogSink;
  readonly #waiting: ((member: Member) => void)[] = [];
  readonly #rejects = new Set<(error: Error) => void>();
  #ids = 0;
  #failure: Error | null = null;

  constructor(
    setup: TrialSetup,
    { workers, log, signal, trialsAWorker = TRIALS_A_WORKER }: {
      workers: number;
      log: LogSink;
      signal: AbortSignal;
      trialsAWorker?: number;
    },
  ) {
    this.#trialsAWorker = trialsAWorker;
    this.#log = log;
    this.#setup = setup;
    this.#members = Array.from({ length: workers }, () => {
      const ready = Promise.withResolvers<Record<string, ParamTable>>();
      return { ...this.#start(), ready, trial: null };
    });
    for (const member of this.#members) this.#listen(member);
    this.#watchdog = new Watchdog(
      // A member's control is another when its worker is.
      this.#members.map((member, index) => ({
        index,
        get control() {
          return member.control;
        },
      })),
      {
        onHung: (_worker, code) =>
          log("error", ["liu", "optimizer"], "Stopping code that does not return", {
            of: this.#nameOf(code),
          }),
        onDeaf: (worker, code) => this.#giveUp(this.#members[worker], this.#nameOf(code!)),
      },
    );
    const stopped = () => this.#fail(new DOMException("Stopped.", "AbortError"));
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped, { once: true });
  }

  /** What each strategy declares. Throws ConfigError for user code that does not load. */
  async params(): Promise<Record<string, ParamTable>> {
    const all = await Promise.all(
      this.#members.map(({ ready }) => this.#orFailure(ready.promise)),
    );
    return all[0];
  }

  /** Runs a trial as soon as a worker is free; earlier calls come first. */
  async run(trial: Trial): Promise<TrialOutcome> {
    const member = await this.#orFailure(this.#free());
    const id = this.#ids++;
    const done = Promise.withResolvers<TrialOutcome>();
    member.trial = { id, done };
    const message: ToTrialWorker = { type: "trial", id, trial };
    member.port.postMessage(message);
    return await this.#orFailure(done.promise);
  }

  close(): void {
    this.#watchdog.stop();
    for (const { worker, port } of this.#members) {
      port.close();
      worker.terminate();
    }
  }

  #start(): Pick<Member, "worker" | "port" | "trials" | "control"> {
    const worker = spawn(new URL("../../workers/optimizer.ts", import.meta.url), "none");
    const { port1: port, port2 } = new MessageChannel();
    // The word after the strategies' is the objective's.
    const control = new SharedArrayBuffer((3 + this.#setup.settings.strategies.length) * 4);
    const message: ToTrialWorker = { type: "start", port: port2, control, setup: this.#setup };
    worker.postMessage(message, [port2]);
    return { worker, port, trials: 0, control: new Int32Array(control) };
  }

  #listen(member: Member): void {
    const { worker, port } = member;
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(new Error(`A trial's worker stopped: ${event.message}`));
    };
    port.onmessage = ({ data }: MessageEvent<FromTrialWorker>) => this.#onMessage(member, data);
  }

  #replace(member: Member): void {
    member.port.close();
    member.worker.terminate();
    // Trials wait in the port until it is ready.
    Object.assign(member, this.#start());
    this.#listen(member);
  }

  /** Its code meets no stop flag: the trial counts for nothing, another worker goes on. */
  #giveUp(member: Member, name: string): void {
    const problem = `${name} does not return, and cannot be stopped: its trial was given up`;
    const { trial } = member;
    if (trial === null) return this.#fail(new ConfigError(`Cannot optimise: ${problem}`));
    // Some versions of Deno end a worker only when its code returns, if ever: it is then to stop.
    member.control.fill(1, 2);
    this.#replace(member);
    this.#end(member, { value: null, problem, ran: null });
  }

  #nameOf(code: number): string {
    return this.#setup.settings.strategies[code]?.name ?? "the objective";
  }

  #end(member: Member, outcome: TrialOutcome): void {
    const { trial } = member;
    member.trial = null;
    trial?.done.resolve(outcome);
    this.#waiting.shift()?.(member);
  }

  #onMessage(member: Member, message: FromTrialWorker): void {
    switch (message.type) {
      case "ready":
        return member.ready.resolve(message.params);
      case "done":
        if (++member.trials >= this.#trialsAWorker) this.#replace(member);
        return this.#end(member, message.outcome);
      case "log":
        return this.#log(message.level, message.category, message.message, message.properties);
      case "failed":
        return this.#fail(errorOf(message, "optimizer"));
      default:
        message satisfies never;
    }
  }

  /** A worker that has nothing to do; it is the caller's from now on. */
  #free(): Promise<Member> {
    const member = this.#members.find(({ trial }) => trial === null);
    if (member !== undefined) {
      // Taken before anybody else asks.
      member.trial = { id: -1, done: Promise.withResolvers() };
      return Promise.resolve(member);
    }
    return new Promise((resolve) =>
      this.#waiting.push((free) => {
        free.trial = { id: -1, done: Promise.withResolvers() };
        resolve(free);
      })
    );
  }

  #orFailure<T>(promise: Promise<T>): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      promise.then(resolve, reject).finally(() => this.#rejects.delete(reject));
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
  }
}
