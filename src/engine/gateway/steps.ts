/**
 * The gateway where the exchange goes by steps. Invariant: the same intents give the same orders in
 * the same order, however many consumers they come from; a step is complete when nothing follows
 * from it any more.
 */
import type { UpdateStream } from "../../contracts/broker.ts";
import { assert } from "../../util/assert.ts";
import type { Soon } from "../../util/soon.ts";
import { type Desk, DeskRequests } from "./desk.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Figures } from "./figures.ts";
import type { Intake, StepDone } from "./intake.ts";
import type { Liquidations } from "./liquidation.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { Plans } from "./plans.ts";
import type { GatewayState } from "./state.ts";
import { Turns } from "./turns.ts";
import type { Watch } from "./watch.ts";

/**
 * Requests follow requests within a step (cancel, then sell, …): more rounds than this are a bug.
 */
const ROUNDS_MAX = 50;
const MINUTE_US = 60e6;

export interface StepParts {
  state: GatewayState;
  flow: OrderFlow;
  liquidations: Liquidations;
  intake: Intake;
  watch: Watch;
  dispatch: Dispatch;
  figures: Figures;
  plans: Plans;
  /** Those that are there: a step waits for all of them. */
  consumers: readonly number[];
  signal: AbortSignal;
  onFailure(error: unknown): void;
}

export class Steps {
  /** What is done one after the other. */
  readonly turns: Turns;
  readonly #parts: StepParts;
  /** By consumer. */
  #done: (StepDone | undefined)[] = [];
  #stream: UpdateStream | null = null;
  /** Used again and again. */
  #requests = new DeskRequests();
  readonly #desks: Desk[] = [];
  #n = -1;
  /** The step that begins next, where nothing is under way that it would have to wait for. */
  #nextN = -1;
  #nextUs = 0;
  readonly #beginNext = (): Soon<void> => this.#begin(this.#nextN, this.#nextUs);
  #phase: "telling" | "strategies" | "settling" | "complete" = "complete";

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.turns = new Turns(parts.onFailure);
  }

  set stream(stream: UpdateStream) {
    this.#stream = stream;
  }

  begin(n: number, timeUs: number): void {
    if (this.turns.isBusy) return this.turns.run(() => this.#begin(n, timeUs));
    this.#nextN = n;
    this.#nextUs = timeUs;
    this.turns.run(this.#beginNext);
  }

  #begin(n: number, timeUs: number): Soon<void> {
    const { state, figures } = this.#parts;
    const { account, book } = state;
    state.stepUs = timeUs;
    // Prices move the account's value without anything being traded.
    if (!book.isFlat && isWholeMinute(timeUs)) account.isStale = true;
    this.#n = n;
    if (this.#done.length > 0) this.#done = [];
    this.#phase = "telling";
    const read = account.isStale ? figures.refreshInStep() : undefined;
    return read instanceof Promise ? read.then(() => this.#tell()) : this.#tell();
  }

  #tell(): Soon<void> {
    const { state: { options, account, stepUs: timeUs } } = this.#parts;
    // Where reading is put off, in one isolate, whoever looks at the figures has them read.
    const figures = options.readsAccountLate === undefined ? account.figures : account.late;
    const message = { type: "stepBegin", n: this.#n, timeUs, account: figures } as const;
    for (const consumer of this.#parts.consumers) options.toConsumer(consumer, message);
    this.#phase = "strategies";
    // Those in this isolate have answered already.
    if (this.#isDone()) return this.#settle();
  }

  done(consumer: number, message: StepDone): void {
    if (message.n !== this.#n) {
      assert(false, `consumer ${consumer} ends step ${message.n}, now is ${this.#n}`);
    }
    if (this.#done.length === 0 && consumer === 0) this.#done = [message];
    else this.#done[consumer] = message;
    this.settleWhenDone();
  }

  settleWhenDone(): void {
    if (this.#phase !== "strategies" || !this.#isDone()) return;
    this.#phase = "settling";
    this.turns.run(() => this.#settle());
  }

  #isDone(): boolean {
    const { consumers, watch } = this.#parts;
    for (const consumer of consumers) if (this.#done[consumer] === undefined) return false;
    return !watch.hasWatched || watch.step >= this.#n;
  }

  #settle(): Soon<void> {
    const { watch, intake } = this.#parts;
    this.#phase = "settling";
    watch.look();
    const done = this.#done as StepDone[];
    intake.step(done.length === 1 ? done : done.filter((one) => one !== undefined));
    const settled = this.rounds(true);
    return settled instanceof Promise ? settled.then(() => this.#complete()) : this.#complete();
  }

  #complete(): void {
    this.#phase = "complete";
    this.#parts.state.options.toMain({ type: "stepComplete", n: this.#n });
  }

  /**
   * Sends what is planned, waits for all that it causes, and so on until nothing follows from it
   * any more. `acknowledges`: the exchange is told that the step is done even if nothing is sent.
   */
  rounds(acknowledges: boolean): Soon<void> {
    for (const desk of this.#parts.state.board.busy.list) desk.touch();
    this.#parts.flow.retryCancels();
    return this.#roundsFrom(0, acknowledges);
  }

  #roundsFrom(first: number, acknowledges: boolean): Soon<void> {
    const { liquidations, watch, signal, dispatch } = this.#parts;
    for (let round = first;; round++) {
      if (round === ROUNDS_MAX) assert(false, `step ${this.#n} does not settle`);
      liquidations.ensure();
      const requests = this.#plan();
      if (requests.count === 0 && (round > 0 || !acknowledges)) break;
      const sent = dispatch.run(requests);
      const taken = sent instanceof Promise
        ? sent.then(() => this.#stream?.ackStep(this.#n, signal))
        : this.#stream?.ackStep(this.#n, signal);
      if (taken instanceof Promise) {
        // Those are in use until then.
        this.#requests = new DeskRequests();
        return taken.then(() => this.#roundsFrom(round + 1, acknowledges));
      }
    }
    watch.announce();
    liquidations.answer();
  }

  /** Of all symbols. */
  #plan(): DeskRequests {
    const { state, plans } = this.#parts;
    const requests = this.#requests;
    requests.clear();
    state.board.dirty.moveTo(this.#desks);
    for (const desk of this.#desks) plans.add(desk, requests);
    while (this.#desks.length > 0) this.#desks.pop();
    return requests;
  }
}

/** A remainder of such numbers would take longer than all the rest of a step. */
function isWholeMinute(timeUs: number): boolean {
  return Math.floor(timeUs / MINUTE_US) * MINUTE_US === timeUs;
}
