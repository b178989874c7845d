/**
 * The gateway: the only way to the broker, and the only truth about positions.
 *
 *   intent → risk → journal → broker → journal → book → report, trade line, new_trades row
 *
 * It has no port, no disk and no timer of its own. Invariants: no order leaves that is not in the
 * journal; no fill is applied twice; an unknown answer is never taken for "no"; in steps, the same
 * intents give the same orders in the same order, however many consumers they come from.
 */
import type { OrderUpdate, UpdateStream } from "../../contracts/broker.ts";
import type { ConsumerToGateway, GatewayStart, MainToGateway } from "../../protocol.ts";
import { AbortController } from "../../util/natives.ts";
import { after, type Soon } from "../../util/soon.ts";
import { AccountGuard } from "./account_guard.ts";
import type { Book } from "./book.ts";
import { brokerSessions } from "./broker_sessions.ts";
import { watchClock } from "./clock_watch.ts";
import { Consumers } from "./consumers.ts";
import { controlled } from "./controlled.ts";
import { restoreDayTrades } from "./day_trades.ts";
import { type Desk, DeskRequests } from "./desk.ts";
import { Dispatch } from "./dispatch.ts";
import { Figures } from "./figures.ts";
import { Intake } from "./intake.ts";
import { Liquidations } from "./liquidation.ts";
import type { GatewayOptions } from "./options.ts";
import { OrderFlow } from "./order_flow.ts";
import { type Outage, updatesOutage } from "./outage.ts";
import { Plans } from "./plans.ts";
import { readAssets } from "./read_assets.ts";
import { reconcile } from "./reconcile.ts";
import { Reconciler } from "./reconciler.ts";
import { JournalWatch } from "./recovery/journal_watch.ts";
import { Quiet } from "./recovery/quiet.ts";
import { Recovery } from "./recovery/recovery.ts";
import { Reports } from "./reports.ts";
import { GatewayState } from "./state.ts";
import { Steps } from "./steps.ts";
import { Stopping } from "./stopping.ts";
import { onUpdatesState } from "./updates_state.ts";
import { Watch } from "./watch.ts";

const DEADLINE_LOOK_MS = 500;

export class Gateway {
  readonly #state: GatewayState;
  readonly #reports: Reports;
  readonly #flow: OrderFlow;
  readonly #liquidations: Liquidations;
  readonly #intake: Intake;
  readonly #watch: Watch;
  readonly #dispatch: Dispatch;
  readonly #figures: Figures;
  readonly #reconciler: Reconciler;
  readonly #guard: AccountGuard;
  readonly #abort = new AbortController();
  readonly #consumers: Consumers;
  readonly #plans: Plans;
  readonly #steps: Steps;
  readonly #stopping: Stopping;
  readonly #pumping = new Set<Desk>();
  readonly #recovery: Recovery;
  readonly #outage: Outage;
  readonly options: GatewayOptions;
  #stream: UpdateStream | null = null;
  #idle: (() => void)[] = [];

  constructor(given: GatewayOptions) {
    const quiet = given.journal.restored.length > 0 ? new Quiet(given) : null;
    const options = this.options = quiet?.options ?? given;
    this.#state = new GatewayState(options);
    this.#reports = new Reports(this.#state);
    this.#flow = new OrderFlow(
      this.#state,
      this.#reports,
      (child) => this.#dispatch.retryCancel(child),
      (child) => this.#run(() => this.#reconciler.ask(child)),
      (child) => this.#run(() => this.#reconciler.reversed(child)),
    );
    this.#liquidations = new Liquidations(this.#state);
    this.#intake = new Intake(this.#state, this.#reports, this.#liquidations);
    this.#watch = new Watch(this.#state);
    const wake = (desk: Desk) => {
      desk.touch();
      this.#pumpAll();
    };
    const watch = new JournalWatch(this.#state, this.#abort.signal, () => this.#pumpAll());
    const { signal } = this.#abort;
    this.#outage = updatesOutage(this.#state, signal);
    this.#dispatch = new Dispatch(
      this.#state,
      this.#flow,
      signal,
      wake,
      (error) => this.#run(() => watch.failed(error)),
      (...refusal) => this.#run(() => this.#reconciler.obstacles.found(...refusal)),
    );
    this.#recovery = new Recovery({
      state: this.#state,
      flow: this.#flow,
      reports: this.#reports,
      dispatch: this.#dispatch,
      quiet,
      signal,
    });
    this.#guard = new AccountGuard(this.#state, (request) => {
      if (options.stepping) this.#liquidations.add(request);
      else this.#run(() => this.#liquidate(request));
    });
    this.#figures = new Figures(this.#state, this.#abort.signal, this.#guard, {
      tell: (account) => {
        this.#consumers.tell(account);
        // What the figures restrict may be something that is open.
        this.#pumpAll();
      },
      run: (task) => this.#run(task),
    });
    this.#reconciler = new Reconciler(this.#state, this.#flow, this.#dispatch, {
      signal: this.#abort.signal,
      run: (task) => this.#run(task),
      wake: () => {
        this.#pumpAll();
        this.#figures.refreshSoon();
      },
    });
    this.#consumers = new Consumers(this.#state);
    this.#plans = new Plans(this.#state, this.#flow);
    this.#steps = new Steps({
      state: this.#state,
      flow: this.#flow,
      liquidations: this.#liquidations,
      intake: this.#intake,
      watch: this.#watch,
      dispatch: this.#dispatch,
      figures: this.#figures,
      plans: this.#plans,
      consumers: this.#consumers.list,
      signal: this.#abort.signal,
      onFailure: (error) => this.#fail(error),
    });
    this.#stopping = new Stopping({
      state: this.#state,
      liquidations: this.#liquidations,
      signal: this.#abort.signal,
      pump: () => this.#pumpNow(),
      isPumping: () => this.#pumping.size > 0,
      refresh: () => this.#figures.refresh(),
      differences: () => this.#reconciler.differences(),
      giveUp: () => {
        this.#abort.abort(new Error("the gateway has stopped"));
        return this.#stream?.close();
      },
      close: () => this.#recovery.close(),
    });
  }

  /** Reads the account, opens the stream of order updates, and sends "ready" to main. */
  async start(): Promise<void> {
    const { broker, toMain } = this.options;
    const signal = this.#abort.signal;
    const started = Promise.withResolvers<void>();
    // Steps can come before the stream is said to be open.
    this.#steps.turns.run(() => started.promise);
    const clock = await broker.clock(signal);
    this.#state.stepUs = clock.timeUs;
    await this.#figures.read();
    this.#stream = await broker.openUpdates({
      onUpdate: (update) => {
        if (!this.#recovery.keepsBack(update)) this.#onUpdate(update);
      },
      onStep: (n, timeUs) => {
        // Time may go on while the gateway stops, but not for it.
        if (!this.#state.isStopping) this.#steps.begin(n, timeUs);
      },
      onState: (state) =>
        onUpdatesState(this.#state, state, this.#outage, () => this.#onRestored()),
      signal,
    });
    const { positions, openOrders, recovered } = await this.#recovery.start();
    this.#flow.externals.sinceUs = this.#state.nowUs();
    await restoreDayTrades(this.#state, signal);
    this.#steps.stream = this.#stream;
    const account = this.#state.account.broker;
    const { batchId, log, recovery } = this.options;
    const { cashAtStart = null } = recovery ?? { cashAtStart: String(account.cash) };
    const sessions = await brokerSessions(broker, clock.timeUs, log, signal);
    const ready = { batchId, account, cashAtStart, clock, positions, openOrders, sessions };
    toMain({ type: "ready", recovered, ...ready });
    await this.#figures.refresh();
    if (!this.options.stepping) {
      this.#run(() => this.#figures.keepFresh());
      this.#run(() => watchClock(this.#state, broker, signal));
    }
    if (this.options.reconcile !== undefined) this.#reconciler.start(this.options.reconcile);
    started.resolve();
  }

  /** Market time as the gateway has it: of the clock, or of the newest step. */
  nowUs(): number {
    return this.#state.nowUs();
  }

  /** For who looks: only the gateway changes it. */
  get book(): Pick<Book, "net" | "external" | "isFlat"> {
    return this.#state.book;
  }

  /** What is promised of the buying power, and not held by the broker yet; account currency. */
  get reserved(): number {
    return this.#state.account.reserved;
  }

  /** Nothing is open and nothing is being closed: a step without intents and updates changes nothing here. */
  get isQuiet(): boolean {
    const { dirty, openOrders } = this.#state.board;
    return dirty.list.length === 0 && openOrders === 0 && !this.#liquidations.isWaiting;
  }

  /**
   * Where the account is read late: what was put off is read now, because prices are about to move
   * in a step that does not read it anew.
   */
  catchUpAccount(): void {
    this.#state.account.catchUp();
  }

  get isAccountPutOff(): boolean {
    return this.#state.account.isPutOff;
  }

  fromConsumer(consumer: number, message: ConsumerToGateway): void {
    switch (message.type) {
      case "stepDone":
        return this.#steps.done(consumer, message);
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
        this.#recovery.startRuns(message);
        return this.#pumpAll();
      case "symbols":
        return this.#watch.addSymbols(message.first, message.names);
      case "market":
        return this.#onMarket(message);
      case "assets":
        return this.#run(() => readAssets(this.#state, message, this.#abort.signal));
      case "session":
      case "restrict":
      case "lift":
      case "halted":
      case "inspect":
        controlled(this.#state, this.#liquidations, this.#guard, message);
        return this.#pumpAll();
      case "liquidate":
        return this.#run(() => this.#liquidate(message));
      case "ping":
        return this.options.toMain({ type: "pong" });
      case "consumer": // its port is the worker's
        this.#consumers.drop(message.consumer);
        return this.#steps.settleWhenDone();
      case "handOver":
        this.#consumers.handOver(message, this.#flow, this.#reports, this.#liquidations);
        return this.#pumpAll();
      case "abandon": {
        const closing = this.#stopping.abandon(message);
        return closing === null ? this.#pumpAll() : this.#run(() => this.#liquidate(closing));
      }
      case "stop":
        // Main waits for its answer: what goes wrong after the rest was given up is told, too.
        return void this.#stopping.stop(message).catch((error) => this.#tellFailure(error));
      default:
        return message satisfies never;
    }
  }

  /** Resolves when nothing is being sent, and all replies have been applied. */
  async idle(): Promise<void> {
    await this.#steps.turns.idle();
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
    for (const desk of [...this.#state.board.dirty.list]) {
      if (!this.#pumping.has(desk)) this.#run(() => this.#pump(desk));
    }
  }

  #pumpNow(): Soon<void> {
    if (!this.options.stepping) return this.#pumpAll();
    this.#steps.turns.run(() => this.#steps.rounds(false));
    return this.#steps.turns.idle();
  }

  async #pump(desk: Desk): Promise<void> {
    this.#pumping.add(desk);
    try {
      while (this.#state.board.dirty.delete(desk)) {
        const requests = new DeskRequests();
        this.#plans.add(desk, requests);
        await this.#dispatch.run(requests);
        this.#liquidations.ensure();
      }
    } finally {
      this.#pumping.delete(desk);
    }
    this.#watch.announce();
    this.#liquidations.answer();
    this.#figures.refreshSoon();
    if (this.#pumping.size === 0) { for (const resolve of this.#idle.splice(0)) resolve(); }
  }

  #onUpdate(update: OrderUpdate): void {
    this.#flow.onUpdate(update);
    this.#pumpAll();
  }

  #onMarket(message: Extract<MainToGateway, { type: "market" }>): void {
    const endsStep = this.#watch.onBatch(message);
    if (this.options.stepping) {
      if (endsStep) this.#steps.settleWhenDone();
      return;
    }
    this.#watch.look();
    this.#pumpAll();
  }

  #onRestored(): void {
    this.#run(async () => {
      const { interruptions } = this.#state;
      await reconcile(this.#state, this.#flow, this.#reconciler);
      if (this.#state.interruptions !== interruptions) return;
      this.#state.isConnected = true;
      this.#outage.end();
      for (const desk of this.#state.desks.values()) desk.touch();
      this.#pumpAll();
    });
  }

  async #liquidate(message: Extract<MainToGateway, { type: "liquidate" }>): Promise<void> {
    const { toMain, wait, stepping } = this.options;
    this.#liquidations.add(message);
    if (stepping) {
      return this.#steps.turns.run(() =>
        after(this.#steps.rounds(false), () => toMain({ type: "liquidating", id: message.id }))
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
    if (!this.#abort.signal.aborted) this.#tellFailure(error);
  }

  #tellFailure(error: unknown): void {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    this.options.toMain({ type: "failed", errorName: name, message, stack: stack ?? null });
  }
}
