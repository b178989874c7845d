/**
 * A trading session, from before the open until all positions of day trades are closed and all runs have ended.
 *
 * Invariant: under a stepping exchange everything that is due at a step's time is done before the step is
 * acknowledged, so that the same data gives the same session, whatever the number of consumers.
 */
import type { DataProvider } from "../contracts/provider.ts";
import type { Asset } from "../model/asset.ts";
import { readKill } from "../control/kill_latch.ts";
import { exchangeDate } from "../model/calendar.ts";
import type { SessionWindow } from "../protocol.ts";
import { OperationError } from "../util/errors.ts";
import { sleep } from "../util/sleep.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { Background } from "./background.ts";
import { CarriedOn } from "./carried_on.ts";
import { watchDatabase } from "./database_watch.ts";
import { Followings } from "./followings.ts";
import { HeldSymbols } from "./held_symbols.ts";
import { LifeSigns } from "./life_signs.ts";
import { MarketClock, workerWallMs } from "./market_clock.ts";
import { Producer } from "./producer.ts";
import { Refills } from "./refills.ts";
import { Scans } from "./scans.ts";
import { SessionControl } from "./session_control.ts";
import { endSession, INTERRUPTED, type SessionEnd } from "./session_end.ts";
import { SessionMessages } from "./session_messages.ts";
import type { SessionLog, SessionOptions, SessionResult } from "./session_options.ts";
import { consumerGroups, grantTexts, heldText, SessionRuns, startRuns } from "./session_runs.ts";
import { SessionStreams } from "./session_streams.ts";
import { type ConsumerSetting, SessionWorkers } from "./session_workers.ts";
import { calendarDifferences, sessionWindows } from "./session_windows.ts";
import { StrategyStates } from "./strategy_states.ts";
import { Supervisor } from "./supervisor.ts";
import { TradingDay } from "./trading_day.ts";

/** A live session looks at its schedule at least so often. */
const TICK_MS_MAX = 1000;

export class Session {
  readonly #options: SessionOptions;
  readonly #workers: SessionWorkers;
  readonly #symbols = new SymbolTable();
  readonly #scans: Scans;
  readonly #day: TradingDay;
  readonly #producer: Producer;
  readonly #streams: SessionStreams;
  readonly #messages: SessionMessages;
  readonly #supervisor: Supervisor;
  #setting: ConsumerSetting | null = null;
  /** What can be asked of the session from outside, from its first moment on. */
  readonly control: SessionControl;
  readonly #assets = new Map<string, Asset>();
  readonly #runs = new SessionRuns();
  /** Strategies over a collection, in the plan's order. */
  readonly #collections: string[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly #abort = new AbortController();
  /** Its failure ends the session, unless it is over. */
  readonly #background = new Background((error) => {
    if (!this.#isOver) this.#ended.reject(error);
  });
  readonly #states: StrategyStates;
  readonly #refills: Refills;
  readonly #held = new HeldSymbols();
  #clock!: MarketClock;
  #provider!: DataProvider;
  #followings!: Followings;
  #carriedOn = new CarriedOn(null);
  #windows: SessionWindow[] = [];
  #gatewayReceiver = -1;
  #isOver = false;
  #isEnding = false;

  constructor(given: SessionOptions) {
    // The batch may turn out to be another's, which is carried on.
    const options = this.#options = { ...given };
    this.#producer = new Producer({
      symbols: this.#symbols,
      isLossless: () => this.#clock.rate === 0,
      onStep: (n, timeUs, isLast) => void this.#background.guarded(this.#step(n, timeUs, isLast)),
    });
    this.#workers = new SessionWorkers(options, {
      onGateway: (message) => {
        this.control.onGateway(message);
        this.#messages.onGateway(message);
      },
      onConsumer: (...message) => this.#messages.onConsumer(...message),
      onConsumerLost: (consumer, error) => {
        if (!this.#followings) return this.#ended.reject(error);
        this.#supervisor.lost(consumer, error.message);
      },
      onScanners: (worker, message) => {
        const { post } = this.#workers.scanners.links[worker];
        void this.#background.guarded(this.#scans.onMessage(message, post));
      },
      onFailure: (error) => this.#ended.reject(error),
    });
    this.#refills = new Refills({
      history: (symbols) => this.#followings.history(symbols, this.#abort.signal),
      refill: (consumer, symbol, history, fillsGap) =>
        this.#workers.consumers[consumer].post({ type: "refill", symbol, history, fillsGap }),
      clock: () => this.#clock,
      wait: (ms) => sleep(ms, this.#abort.signal),
      isOver: () => this.#isOver || this.#abort.signal.aborted,
      log: this.#log,
    });
    this.#scans = new Scans({
      workers: this.#workers.scanners,
      access: () => ({
        provider: this.#provider,
        assets: this.#assets,
        assetClasses: options.assets,
        signal: this.#abort.signal,
      }),
      monotonicMs: workerWallMs,
    });
    this.#day = new TradingDay({
      session: options,
      workers: this.#workers,
      scans: this.#scans,
      isStepping: () => this.#clock.rate === 0,
      follow: (picked, targets) => this.#followings.pick(picked, targets, this.#abort.signal),
      inBackground: (task) => void this.#background.guarded(task),
      onPhase: (text) => this.#phase(text),
      onAllClosed: () => this.#end("market close"),
    });
    this.#streams = new SessionStreams({
      assets: options.assets,
      producer: this.#producer,
      symbolTable: this.#symbols,
      symbols: () => this.#followings.symbols,
      held: this.#held,
      windows: () => this.#windows,
      clock: () => this.#clock,
      toGateway: (message) => this.#workers.postGateway(message),
      wait: sleep,
      log: this.#log,
      onFailure: (error) => this.#ended.reject(error),
      signal: this.#abort.signal,
    });
    this.#states = new StrategyStates({
      monotonicMs: workerWallMs,
      nowUs: () => this.#clock.nowUs(),
      nameOf: (runId) => this.#runs.nameOf(runId),
      log: this.#log,
    });
    this.#supervisor = this.#makeSupervisor();
    this.#messages = this.#makeMessages();
    this.control = new SessionControl({
      environment: options.environment,
      workers: this.#workers,
      consumers: () => this.#workers.consumers,
      producer: this.#producer,
      runs: this.#runs,
      strategies: options.strategies.map(({ source }) => source.name),
      batchId: () => options.batchId,
      nowUs: () => this.#clock?.nowUs() ?? null,
      symbols: () => this.#followings?.symbols ?? [],
    });
    const interrupt = () => {
      // No entry leaves from here on, while strategies still close.
      const reason = "the trader stops";
      this.#workers.postGateway({ type: "restrict", cause: "stop", state: "reducing", reason });
      this.#end(INTERRUPTED);
    };
    if (options.signal.aborted) interrupt();
    options.signal.addEventListener("abort", interrupt, { once: true });
  }

  #makeMessages(): SessionMessages {
    return new SessionMessages({
      runs: this.#runs,
      producer: this.#producer,
      refills: this.#refills,
      held: this.#held,
      log: this.#log,
      nowUs: () => this.#clock?.nowUs() ?? null,
      gatewayReceiver: () => this.#gatewayReceiver,
      symbols: () => this.#followings?.symbols ?? [],
      reject: (...rejected) => this.#followings.reject(...rejected, this.#abort.signal),
      before: (task) => this.#background.before(task),
      onEvent: this.#options.onEvent,
      supervisor: this.#supervisor,
      states: this.#states,
    });
  }

  #makeSupervisor(): Supervisor {
    return new Supervisor({
      session: this.#options,
      workers: this.#workers,
      producer: this.#producer,
      runs: this.#runs,
      states: this.#states,
      rssBytes: () => Deno.memoryUsage().rss,
      nowUs: () => this.#clock.nowUs(),
      monotonicMs: workerWallMs,
      setting: () => this.#setting!,
      followings: () => this.#followings,
      windows: () => this.#windows,
      scans: this.#scans,
      before: (task) => this.#background.before(task),
      log: this.#log,
      signal: this.#abort.signal,
    });
  }

  /** Runs the session to its end. Throws ConfigError, OperationError, or what a worker died of; all is stopped then. */
  async run(): Promise<SessionResult> {
    // Whoever waits for the end hears of a failure; before anybody does, it must not count as unhandled.
    this.#ended.promise.catch(() => {});
    try {
      const start = this.#start().then(() => true);
      if (!await Promise.race([start, this.#ended.promise.then(() => false)])) {
        // Nothing has been decided, and what is still starting could not be asked to finish. But
        // what was held before may have no stop that rests.
        if (this.#carriedOn.isHolding) await this.#finish(INTERRUPTED);
        throw new OperationError("Interrupted before the session began");
      }
      if (this.#clock.rate !== 0) void this.#background.guarded(this.#tickUntilEnd());
      const endReason = await this.#ended.promise;
      const { open, notDone } = await this.#finish(endReason);
      return {
        batchId: this.#options.batchId,
        endReason,
        endUs: this.#clock.nowUs(),
        windows: this.#windows,
        runs: this.#runs.all,
        collections: this.#collections,
        ...this.#producer.counts,
        lagSecondsMax: this.#messages.lagSecondsMax,
        cash: this.#messages.cash,
        open: open ?? [],
        notDone,
      };
    } finally {
      this.#supervisor.stop();
      this.#isOver = true;
      await this.#states.close();
      this.#abort.abort();
      this.#workers.close();
    }
  }

  /** Everything up to the first event: workers, runs, streams. */
  async #start(): Promise<void> {
    const groups = consumerGroups(this.#options);
    const ready = await this.#workers.startGateway(groups.length);
    const { account, clock } = ready;
    const clockSetting = { baseUs: clock.timeUs, wallBaseMs: workerWallMs(), rate: clock.rate };
    this.#clock = new MarketClock(clockSetting, workerWallMs);
    this.#provider = this.#options.provider(this.#clock);
    this.#messages.start(ready);
    const { accountId, equity, currency } = account;
    this.#phase(`account ${accountId}, equity ${equity} ${currency}`);
    this.#options.batchId = ready.batchId;
    const before = this.#carriedOn = new CarriedOn(ready.recovered);
    if (before.text !== null) this.#phase(before.text);
    this.#held.start([...ready.positions, ...ready.recovered?.held ?? []]);
    const held = heldText(ready);
    if (held !== null) this.#log("warning", held);
    for (const text of grantTexts(this.#options)) this.#phase(text);
    this.#windows = sessionWindows(this.#options, this.#clock.nowUs(), ready.sessions);
    for (const difference of calendarDifferences(ready.sessions, exchangeDate(clock.timeUs))) {
      this.#log("warning", "The broker's calendar counts: {difference}", { difference });
    }
    this.#setting = { clock: clockSetting, stepping: clock.rate === 0 };
    this.#supervisor.watch();
    for (const [index, strategies] of groups.entries()) {
      const link = await this.#workers.startConsumer(index, strategies, this.#setting);
      this.#producer.addReceiver({ post: link.post }, link.sequence);
    }
    this.#gatewayReceiver = this.#producer.addReceiver({
      post: (message, transfer) => this.#workers.postGateway(message, transfer),
    }, this.#workers.gatewaySequence);
    this.#messages.routeWatched();
    const fromOpen = await this.#workers.scanners.start(this.#options.scanners, clockSetting);
    await this.#loadAssets();
    await this.#startRuns();
    watchDatabase(this.#options, (message) => {
      if (!this.#isEnding) this.#workers.postGateway(message);
    });
    this.#day.plan(this.#windows, fromOpen, this.#clock.nowUs());
    if (readKill(this.#options.gateway.killFolder)?.flatten) this.control.flatten();
    await this.#streams.open(this.#provider);
    await before.follow({
      ...this.#options,
      followings: this.#followings,
      log: this.#log,
      signal: this.#abort.signal,
    });
    const signs = new LifeSigns(this.#workers);
    this.#options.onReady?.(() => signs.look());
  }

  async #loadAssets(): Promise<void> {
    for (const [id, assetClass] of this.#options.assets.entries()) {
      const answer = this.#workers.gatewayInbox.next("assets", (message) => message.id === id);
      this.#workers.postGateway({ type: "assets", id, assetClass });
      for (const asset of (await answer).assets) this.#assets.set(asset.symbol, asset);
    }
  }

  /** Tells all workers of the runs and the day's session. */
  async #startRuns(): Promise<void> {
    const { consumers } = this.#workers;
    const startUs = this.#clock.nowUs();
    const before = this.#carriedOn;
    await before.endRuns(this.#options.store, startUs);
    const refOf = (strategy: string, consumer: number) => before.refOf(strategy, consumer);
    const { runs, collections } = await startRuns({ ...this.#options, refOf }, consumers, startUs);
    this.#runs.current.push(...runs);
    this.#collections.push(...collections);
    // The gateway may have been stopped by now.
    if (this.#isEnding) throw new OperationError("Interrupted while it began");
    await before.takeStates(this.#states, this.#options, consumers);
    this.#workers.postGateway({ type: "runs", runs, continued: before.continued(runs) });
    for (const { post, index } of consumers) {
      post({ type: "runs", runs: this.#runs.of(index) });
      post({ type: "session", windows: this.#windows });
    }
    for (const { assetClass, openUs, closeUs } of this.#windows) {
      this.#workers.postGateway({ type: "session", assetClass, openUs, closeUs });
    }
    this.#followings = new Followings({
      ...this.#options,
      provider: this.#provider,
      producer: this.#producer,
      symbols: this.#symbols,
      stream: (assetClass) => this.#streams.get(assetClass),
      assets: this.#assets,
      consumers: consumers.length,
      runs: this.#runs.current,
      traits: consumers.flatMap(({ traits }) => traits),
      clock: this.#clock,
      statesBefore: (runId, symbol) => this.#states.takeBefore(runId, symbol),
      follow: (consumer, message) => {
        consumers[consumer].post(message);
        this.#streams.onFollowed(message.symbol);
      },
      warn: (text, properties) => this.#log("warning", text, properties),
    });
  }

  /** All of a step has been sent to consumers and gateway: waits for them, does what is due, lets time go on. */
  async #step(n: number, timeUs: number, isLast: boolean): Promise<void> {
    this.#clock.advanceTo(timeUs);
    await this.#stepComplete(n);
    // What consumers told of the step has come before the buffers that they returned.
    await this.#producer.allReturned();
    await this.#background.settled();
    await this.#day.schedule.runDue(timeUs);
    await this.#background.settled();
    if (isLast) this.#end("end of the exchange's data");
    // Once the session ends, the exchange's time stands still: nothing happens while all is being stopped.
    if (this.#isEnding) return;
    this.#streams.ackStep(n);
  }

  /** The gateway may have been quicker than the streams. */
  async #stepComplete(n: number): Promise<void> {
    if (this.#messages.completedStep >= n) return;
    await this.#workers.gatewayInbox.next("stepComplete", (message) => message.n === n);
  }

  async #tickUntilEnd(): Promise<void> {
    while (!this.#isEnding && !this.#abort.signal.aborted) {
      const nowUs = this.#clock.nowUs();
      await this.#day.schedule.runDue(nowUs);
      const dueMs = (this.#day.schedule.nextDueUs - nowUs) / 1000 / this.#clock.rate;
      await sleep(Math.max(1, Math.min(dueMs, TICK_MS_MAX)), this.#abort.signal);
    }
  }

  #end(reason: string): void {
    this.#isEnding = true;
    this.#ended.resolve(reason);
  }

  /** Strategies close, the gateway writes what it has, runs end. */
  #finish(reason: string): Promise<SessionEnd> {
    return endSession({
      workers: this.#workers,
      streams: this.#streams,
      runs: this.#runs,
      session: this.#options,
      nowUs: () => this.#clock.nowUs(),
      log: this.#log,
      onGatewayStopped: () => this.#isOver = true,
    }, reason);
  }

  readonly #log: SessionLog = (level, text, properties = {}) =>
    this.#options.log(level, ["liu", "session"], text, properties);

  #phase(text: string): void {
    this.#options.onEvent({ type: "phase", timeUs: this.#clock.nowUs(), text });
  }
}
