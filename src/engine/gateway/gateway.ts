/**
 * The gateway: the only way to the broker, and the only truth about positions.
 *
 *   intent → risk → journal → broker → journal → book → report, trade line, new_trades row
 *
 * It has no port, no disk and no timer of its own. Invariants: no order leaves that is not in the
 * journal; no fill is applied twice; an unknown answer is never taken for "no"; in steps, the same
 * intents give the same orders in the same order, however many consumers they come from.
 */
import type { OrderUpdate, UpdatesState, UpdateStream } from "../../contracts/broker.ts";
import type { ConsumerToGateway, GatewayStart, MainToGateway } from "../../protocol.ts";
import { assert } from "../../util/assert.ts";
import { decimal } from "../../util/decimal.ts";
import { AbortController } from "../../util/natives.ts";
import { after, type Soon } from "../../util/soon.ts";
import { planDesk, type PlanView } from "./desk.ts";
import { Dispatch } from "./dispatch.ts";
import { Figures } from "./figures.ts";
import { Intake, type StepDone } from "./intake.ts";
import { Liquidations } from "./liquidation.ts";
import type { GatewayOptions } from "./options.ts";
import { isSettled, openPositions } from "./leaving.ts";
import { OrderFlow } from "./order_flow.ts";
import { reconcile } from "./reconcile.ts";
import { Reports } from "./reports.ts";
import { GatewayState } from "./state.ts";
import { Turns } from "./turns.ts";
import { Watch } from "./watch.ts";

/** Requests follow requests in a step (cancel, then sell, …): more rounds than this are a bug. */
const ROUNDS_MAX = 50;
const MINUTE_US = 60e6;
const DEADLINE_LOOK_MS = 500;
const STOP_WAIT_MS = 100;
const STOP_WAITS_MAX = 100;

interface Step {
  n: number;
  done: Map<number, StepDone>;
  phase: "strategies" | "settling" | "complete";
}

export class Gateway {
  readonly #state: GatewayState;
  readonly #reports: Reports;
  readonly #flow: OrderFlow;
  readonly #liquidations: Liquidations;
  readonly #intake: Intake;
  readonly #watch: Watch;
  readonly #dispatch: Dispatch;
  readonly #figures: Figures;
  readonly #abort = new AbortController();
  readonly #consumers = new Set<number>();
  readonly #pumping = new Set<string>();
  #stream: UpdateStream | null = null;
  #step: Step | null = null;
  /** Stepping mode: what is done one after the other. */
  readonly #turns = new Turns((error) => this.#fail(error));
  #idle: (() => void)[] = [];

  constructor(readonly options: GatewayOptions) {
    this.#state = new GatewayState(options);
    this.#reports = new Reports(this.#state);
    this.#flow = new OrderFlow(
      this.#state,
      this.#reports,
      (child) => this.#dispatch.retryCancel(child),
    );
    this.#liquidations = new Liquidations(this.#state);
    this.#intake = new Intake(this.#state, this.#reports, this.#liquidations);
    this.#watch = new Watch(this.#state);
    const wake = (symbol: string) => {
      this.#state.dirty.add(symbol);
      this.#pumpAll();
    };
    this.#dispatch = new Dispatch(this.#state, this.#flow, this.#abort.signal, wake);
    this.#figures = new Figures(this.#state, this.#abort.signal, {
      tell: (account) => {
        for (const consumer of this.#consumers) {
          options.toConsumer(consumer, { type: "account", account });
        }
      },
      run: (task) => this.#run(task),
    });
    for (let i = 0; i < options.consumers; i++) this.#consumers.add(i);
  }

  /** Reads the account, opens the stream of order updates, and sends "ready" to main. */
  async start(): Promise<void> {
    const { broker, toMain } = this.options;
    const signal = this.#abort.signal;
    const started = Promise.withResolvers<void>();
    // Steps can come before the stream is said to be open.
    this.#turns.run(() => started.promise);
    const clock = await broker.clock(signal);
    this.#state.stepUs = clock.timeUs;
    await this.#figures.read();
    // What is there already is not Liu's.
    const positions = await broker.positions(signal);
    for (const { symbol, qty } of positions) this.#state.book.setExternal(symbol, decimal(qty));
    const openOrders = await broker.openOrders(signal);
    this.#stream = await broker.openUpdates({
      onUpdate: (update) => this.#onUpdate(update),
      onStep: (n, timeUs) => this.#onStep(n, timeUs),
      onState: (state) => this.#onStreamState(state),
      signal,
    });
    const account = this.#state.account.broker;
    toMain({ type: "ready", account, clock, positions, openOrders });
    await this.#figures.refresh();
    if (!this.options.stepping) this.#run(() => this.#figures.keepFresh());
    started.resolve();
  }

  /** Market time as the gateway has it: of the clock, or of the newest step. */
  nowUs(): number {
    return this.#state.nowUs();
  }

  /** Nothing is open and nothing is being closed: a step without intents and updates changes nothing here. */
  get isQuiet(): boolean {
    const { dirty } = this.#state;
    return dirty.size === 0 && this.#state.openOrders() === 0 && !this.#liquidations.isWaiting;
  }

  fromConsumer(consumer: number, message: ConsumerToGateway): void {
    switch (message.type) {
      case "stepDone":
        return this.#onStepDone(consumer, message);
      case "intent":
        this.#intake.intent(message.intent);
        return this.#pumpAll();
      case "cancel":
        this.#intake.cancel(message);
        return this.#pumpAll();
      case "keystore":
        return this.#intake.values([[message]]);
      default:
        return message satisfies never;
    }
  }

  /** Everything but "start", whose wiring is the worker's. "stop" is answered by "stopped". */
  fromMain(message: Exclude<MainToGateway, GatewayStart>): void {
    switch (message.type) {
      case "runs":
        for (const run of message.runs) this.#state.runs.set(run.runId, run);
        return;
      case "symbols":
        return this.#watch.addSymbols(message.first, message.names);
      case "market":
        return this.#onMarket(message);
      case "assets":
        return this.#run(() => this.#assets(message));
      case "session":
        this.#state.sessions.set(message.assetClass, message);
        this.#state.account.startDay();
        this.#liquidations.startSession(message.assetClass);
        return;
      case "liquidate":
        return this.#run(() => this.#liquidate(message));
      case "stop":
        return this.#run(() => this.#stop());
      default:
        return message satisfies never;
    }
  }

  /** A consumer is gone: steps no longer wait for it. */
  dropConsumer(consumer: number): void {
    this.#consumers.delete(consumer);
    this.#settleWhenDone();
  }

  /** Resolves when nothing is being sent, and all replies have been applied. */
  async idle(): Promise<void> {
    await this.#turns.idle();
    if (this.#pumping.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  // -------------------------------------------------------------- outside of steps: at once

  /**
   * Plans of all symbols that something has changed for; one symbol's requests go one after the
   * other.
   */
  #pumpAll(): void {
    if (this.options.stepping) return;
    this.#liquidations.ensure();
    for (const symbol of [...this.#state.dirty]) {
      if (!this.#pumping.has(symbol)) this.#run(() => this.#pump(symbol));
    }
  }

  async #pump(symbol: string): Promise<void> {
    this.#pumping.add(symbol);
    try {
      while (this.#state.dirty.delete(symbol)) {
        await this.#dispatch.run(planDesk(this.#state.desk(symbol), this.#planView(symbol)));
        this.#liquidations.ensure();
      }
    } finally {
      this.#pumping.delete(symbol);
    }
    this.#watch.announce();
    this.#liquidations.answer();
    this.#figures.refreshSoon();
    if (this.#pumping.size === 0) { for (const resolve of this.#idle.splice(0)) resolve(); }
  }

  // -------------------------------------------------------------- steps

  #onStep(n: number, timeUs: number): void {
    // Time may go on while the gateway stops, but not for it.
    if (this.#state.isStopping) return;
    this.#turns.run(() => {
      this.#state.stepUs = timeUs;
      // Prices move the account's value without anything being traded.
      if (timeUs % MINUTE_US === 0 && !this.#state.book.isFlat) this.#state.account.isStale = true;
      this.#step = { n, done: new Map(), phase: "strategies" };
      const read = this.#state.account.isStale ? this.#figures.refresh() : undefined;
      return after(read, () => this.#beginStep(n, timeUs));
    });
  }

  #beginStep(n: number, timeUs: number): void {
    const account = this.#state.account.figures;
    for (const consumer of this.#consumers) {
      this.options.toConsumer(consumer, { type: "stepBegin", n, timeUs, account });
    }
    this.#settleWhenDone();
  }

  #onStepDone(consumer: number, message: StepDone): void {
    const step = this.#step;
    assert(step?.n === message.n, `consumer ${consumer} ends step ${message.n}, now is ${step?.n}`);
    step.done.set(consumer, message);
    this.#settleWhenDone();
  }

  #settleWhenDone(): void {
    const step = this.#step;
    if (step === null || step.phase !== "strategies") return;
    if ([...this.#consumers].some((consumer) => !step.done.has(consumer))) return;
    if (this.#watch.hasWatched && this.#watch.step < step.n) return;
    step.phase = "settling";
    this.#turns.run(() => {
      this.#watch.look();
      const inOrder = [...step.done].sort(([a], [b]) => a - b).map(([, done]) => done);
      this.#intake.step(inOrder);
      return after(this.#rounds(true), () => {
        step.phase = "complete";
        this.options.toMain({ type: "stepComplete", n: step.n });
      });
    });
  }

  /**
   * Sends what is planned, waits for all that it causes, and so on until nothing follows from it
   * any more.
   */
  #rounds(acknowledges: boolean): Soon<void> {
    const { desks, dirty } = this.#state;
    for (const desk of desks.values()) {
      if (desk.works.length + desk.protections.size > 0) dirty.add(desk.symbol);
    }
    this.#flow.retryCancels();
    return this.#roundsFrom(0, acknowledges);
  }

  #roundsFrom(first: number, acknowledges: boolean): Soon<void> {
    const { dirty } = this.#state;
    for (let round = first;; round++) {
      assert(round < ROUNDS_MAX, `step ${this.#step?.n} does not settle`);
      this.#liquidations.ensure();
      const symbols = [...dirty].sort();
      dirty.clear();
      const requests = symbols.flatMap((symbol) =>
        planDesk(this.#state.desk(symbol), this.#planView(symbol))
      );
      if (requests.length === 0 && (round > 0 || !acknowledges)) break;
      const sent = this.#dispatch.run([
        ...requests.filter(({ kind }) => kind === "cancel"),
        ...requests.filter(({ kind }) => kind === "submit"),
      ]);
      const taken = after(
        sent,
        () => this.#stream?.ackStep(this.#step?.n ?? 0, this.#abort.signal),
      );
      if (taken instanceof Promise) {
        return taken.then(() => this.#roundsFrom(round + 1, acknowledges));
      }
    }
    this.#watch.announce();
    this.#liquidations.answer();
  }

  // -------------------------------------------------------------- both

  #planView(symbol: string): PlanView {
    const { book, isConnected, isStopping } = this.#state;
    return {
      book,
      capabilities: this.options.broker.capabilities,
      isRegularSession: this.#state.isRegularSession(symbol),
      isConnected,
      isStopping,
      makeChild: (...args) => this.#state.makeChild(...args),
      makeExit: (...args) => this.#state.makeExit(...args),
      end: (work, why) => this.#flow.end(work, why),
    };
  }

  #onUpdate(update: OrderUpdate): void {
    this.#flow.onUpdate(update);
    this.#pumpAll();
  }

  #onMarket(message: Extract<MainToGateway, { type: "market" }>): void {
    const endsStep = this.#watch.onBatch(message);
    if (this.options.stepping) {
      if (endsStep) this.#settleWhenDone();
      return;
    }
    this.#watch.look();
    this.#pumpAll();
  }

  #onStreamState(state: UpdatesState): void {
    const { log, toMain } = this.options;
    switch (state.state) {
      case "connected":
        this.#state.isConnected = true;
        return;
      case "interrupted":
        log("warning", "Order updates are interrupted: {reason}", { reason: state.reason });
        this.#state.isConnected = false;
        return;
      case "restored":
        return this.#run(async () => {
          await reconcile(this.#state, this.#flow, this.#dispatch);
          this.#state.isConnected = true;
          for (const symbol of this.#state.desks.keys()) this.#state.dirty.add(symbol);
          this.#pumpAll();
        });
      case "failed": {
        const { name, message, stack } = state.error;
        this.#state.isConnected = false;
        toMain({ type: "failed", errorName: name, message, stack: stack ?? null });
        return;
      }
      default:
        return state satisfies never;
    }
  }

  async #assets(message: Extract<MainToGateway, { type: "assets" }>): Promise<void> {
    const assets = await this.options.broker.assets(message.assetClass, this.#abort.signal);
    for (const asset of assets) this.#state.assets.set(asset.symbol, asset);
    this.options.toMain({ type: "assets", id: message.id, assets });
  }

  async #liquidate(message: Extract<MainToGateway, { type: "liquidate" }>): Promise<void> {
    const { toMain, wait, stepping } = this.options;
    this.#liquidations.add(message);
    if (stepping) {
      return this.#turns.run(() =>
        after(this.#rounds(false), () => toMain({ type: "liquidating", id: message.id }))
      );
    }
    this.#pumpAll();
    toMain({ type: "liquidating", id: message.id });
    this.#liquidations.answer();
    while (this.#liquidations.isWaiting && !this.#abort.signal.aborted) {
      await wait(DEADLINE_LOOK_MS, this.#abort.signal);
      this.#pumpAll();
      this.#liquidations.answer();
    }
  }

  async #stop(): Promise<void> {
    this.#state.isStopping = true;
    this.#state.isEntryClosed = true;
    this.#state.closeDesks("the trader stops");
    if (this.options.stepping) {
      this.#turns.run(() => this.#rounds(false));
      await this.#turns.idle();
    } else {
      this.#pumpAll();
      await this.idle();
      for (let i = 0; i < STOP_WAITS_MAX && !isSettled(this.#state); i++) {
        await this.options.wait(STOP_WAIT_MS, this.#abort.signal);
      }
    }
    await this.#figures.refresh();
    // Whatever still waits for the exchange is given up.
    this.#abort.abort(new Error("the gateway has stopped"));
    await this.#stream?.close();
    await this.options.journal.close();
    this.options.toMain({ type: "stopped", open: openPositions(this.#state) });
  }

  /** A task whose failure ends the gateway: main decides what then. */
  #run(task: () => Soon<void>): void {
    try {
      const done = task();
      if (done instanceof Promise) done.catch((error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    this.options.toMain({ type: "failed", errorName: name, message, stack: stack ?? null });
  }
}
