/**
 * A trading session, from before the open until all positions of day trades are closed and all runs have ended.
 *
 * Invariant: under a stepping exchange everything that is due at a step's time is done before the step is
 * acknowledged, so that the same data gives the same session, whatever the number of consumers.
 */
import type { DataProvider, MarketStream } from "../contracts/provider.ts";
import { type Asset, type AssetClass, assetClassOf } from "../model/asset.ts";
import type { OpenPosition } from "../model/open_position.ts";
import type {
  ConsumerToMain,
  GatewayToMain,
  LogMessage,
  RunInfo,
  SessionWindow,
} from "../protocol.ts";
import { OperationError } from "../util/errors.ts";
import { sleep } from "../util/sleep.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { Followings } from "./followings.ts";
import { MarketClock, workerWallMs } from "./market_clock.ts";
import { Producer } from "./producer.ts";
import { Refills } from "./refills.ts";
import { Scans } from "./scans.ts";
import type { SessionEvent, SessionOptions, SessionResult } from "./session_options.ts";
import { consumerGroups, grantTexts, heldText, startRuns } from "./session_runs.ts";
import { SessionWorkers } from "./session_workers.ts";
import { sessionWindows } from "./session_windows.ts";
import { TradingDay } from "./trading_day.ts";
import { Watchdog } from "./watchdog.ts";

/** A live session looks at its schedule at least so often. */
const TICK_MS_MAX = 1000;

export class Session {
  readonly #options: SessionOptions;
  readonly #workers: SessionWorkers;
  readonly #symbols = new SymbolTable();
  readonly #scans: Scans;
  readonly #day: TradingDay;
  readonly #producer: Producer;
  readonly #streams = new Map<AssetClass, MarketStream>();
  readonly #assets = new Map<string, Asset>();
  readonly #runs: RunInfo[] = [];
  /** Why strategies ended before the session. */
  readonly #failures = new Map<number, string>();
  /** Strategies over a collection, in the plan's order. */
  readonly #collections: string[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly #abort = new AbortController();
  /** What must be done before a step is acknowledged. */
  readonly #pending = new Set<Promise<void>>();
  readonly #refills: Refills;
  #clock!: MarketClock;
  #provider!: DataProvider;
  #followings!: Followings;
  #windows: SessionWindow[] = [];
  #gatewayReceiver = -1;
  readonly #cash = { before: 0, after: 0 };
  #isOver = false;
  #isEnding = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#producer = new Producer({
      symbols: this.#symbols,
      isLossless: () => this.#clock.rate === 0,
      onStep: (n, timeUs, isLast) => void this.#guarded(this.#step(n, timeUs, isLast)),
    });
    this.#workers = new SessionWorkers(options, {
      onGateway: (message) => this.#onGateway(message),
      onConsumer: (...message) => this.#onConsumer(...message),
      onScanners: (...message) => void this.#guarded(this.#scans.onMessage(...message)),
      onFailure: (error) => this.#ended.reject(error),
    });
    this.#refills = new Refills({
      history: (symbols) => this.#followings.history(symbols, this.#abort.signal),
      refill: (consumer, symbol, history) =>
        this.#workers.consumers[consumer].post({ type: "refill", symbol, history }),
    });
    this.#scans = new Scans({
      workers: this.#workers,
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
      inBackground: (task) => void this.#guarded(task),
      onPhase: (text) => this.#phase(text),
      onAllClosed: () => this.#end("market close"),
    });
    const interrupt = () => this.#end("interrupted");
    if (options.signal.aborted) interrupt();
    options.signal.addEventListener("abort", interrupt, { once: true });
  }

  /** Runs the session to its end. Throws ConfigError, OperationError, or what a worker died of; all is stopped then. */
  async run(): Promise<SessionResult> {
    // Whoever waits for the end hears of a failure; before anybody does, it must not count as unhandled.
    this.#ended.promise.catch(() => {});
    try {
      const start = this.#start().then(() => true);
      if (!await Promise.race([start, this.#ended.promise.then(() => false)])) {
        // Nothing has been traded, and what is still starting could not be asked to finish.
        throw new OperationError("Interrupted before the session began");
      }
      const watchdog = new Watchdog(this.#workers.consumers, (consumer, index) => {
        const strategy = this.#workers.consumers[consumer].strategies[index].source.name;
        this.#log("error", "Stopping {strategy}, which does not return", { consumer, strategy });
      });
      try {
        if (this.#clock.rate !== 0) void this.#guarded(this.#tickUntilEnd());
        const endReason = await this.#ended.promise;
        const open = await this.#finish(endReason);
        return {
          endReason,
          endUs: this.#clock.nowUs(),
          windows: this.#windows,
          runs: this.#runs,
          collections: this.#collections,
          ...this.#producer.counts,
          cash: this.#cash,
          open,
        };
      } finally {
        watchdog.stop();
      }
    } finally {
      this.#isOver = true;
      this.#abort.abort();
      this.#workers.close();
    }
  }

  /** Everything up to the first event: workers, runs, streams. */
  async #start(): Promise<void> {
    const groups = consumerGroups(this.#options);
    const ready = await this.#workers.startGateway(groups.length);
    const { account, clock } = ready;
    const setting = { baseUs: clock.timeUs, wallBaseMs: workerWallMs(), rate: clock.rate };
    this.#clock = new MarketClock(setting, workerWallMs);
    this.#provider = this.#options.provider(this.#clock);
    this.#cash.before = this.#cash.after = Number(account.cash);
    const { accountId, equity, currency } = account;
    this.#phase(`account ${accountId}, equity ${equity} ${currency}`);
    const held = heldText(ready);
    if (held !== null) this.#log("warning", held);
    for (const text of grantTexts(this.#options)) this.#phase(text);
    this.#windows = sessionWindows(this.#options, this.#clock.nowUs());
    const stepping = clock.rate === 0;
    for (const strategies of groups) {
      const link = await this.#workers.startConsumer(strategies, { clock: setting, stepping });
      this.#producer.addReceiver({ post: link.post }, link.sequence);
    }
    this.#gatewayReceiver = this.#producer.addReceiver({
      post: (message, transfer) => this.#workers.postGateway(message, transfer),
    }, this.#workers.gatewaySequence);
    const fromOpen = await this.#workers.startScanners(setting);
    await this.#loadAssets();
    await this.#startRuns();
    this.#day.plan(this.#windows, fromOpen, this.#clock.nowUs());
    await this.#openStreams();
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
    const { runs, collections } = await startRuns(this.#options, consumers, this.#clock.nowUs());
    this.#runs.push(...runs);
    this.#collections.push(...collections);
    this.#workers.postGateway({ type: "runs", runs: this.#runs });
    for (const { post, index } of consumers) {
      post({ type: "runs", runs: this.#runs.filter(({ consumer }) => consumer === index) });
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
      runs: this.#runs,
      traits: consumers.flatMap(({ traits }) => traits),
      clock: this.#clock,
      follow: (consumer, message) => consumers[consumer].post(message),
      warn: (text, properties) => this.#log("warning", text, properties),
    });
  }

  async #openStreams(): Promise<void> {
    for (const assetClass of this.#options.assets) {
      const stream = await this.#provider.openStream({
        assetClass,
        sink: this.#producer.addStream(),
        onState: (state) => {
          if (state.state === "failed") return this.#ended.reject(state.error);
          const level = state.state === "interrupted" ? "warning" : "info";
          this.#log(level, "Market data of {assetClass}: {state}", {
            assetClass,
            ...state,
          });
          if (state.state === "restored") {
            const isOfStream = (symbol: string) => assetClassOf(symbol) === assetClass;
            const symbols = this.#followings.symbols.filter(isOfStream);
            this.#producer.markGap(symbols, this.#clock.nowUs());
          }
        },
        signal: this.#abort.signal,
      });
      this.#streams.set(assetClass, stream);
    }
    this.#producer.start();
  }

  /** All of a step has been sent to consumers and gateway: waits for them, does what is due, lets time go on. */
  async #step(n: number, timeUs: number, isLast: boolean): Promise<void> {
    this.#clock.advanceTo(timeUs);
    await this.#stepComplete(n);
    // What consumers told of the step has come before the buffers that they returned.
    await this.#producer.allReturned();
    await this.#settled();
    await this.#day.schedule.runDue(timeUs);
    await this.#settled();
    if (isLast) this.#end("end of the exchange's data");
    // Once the session ends, the exchange's time stands still: nothing happens while all is being stopped.
    if (this.#isEnding) return;
    for (const stream of this.#streams.values()) stream.ackStep(n);
  }

  async #settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #completedStep = -1;

  /** The gateway may have been quicker than the streams. */
  async #stepComplete(n: number): Promise<void> {
    if (this.#completedStep >= n) return;
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

  #onGateway(message: GatewayToMain): void {
    switch (message.type) {
      case "trade":
        return this.#tell({ type: "trade", strategy: this.#nameOf(message.runId), line: message });
      case "denial":
        return this.#tell({
          type: "denial",
          strategy: this.#nameOf(message.runId),
          denial: message,
        });
      case "status": {
        // The first may come before main has read the clock that "ready" brought.
        if (!this.#clock) return;
        const { account, positions, openOrders } = message;
        this.#cash.after = account.cash;
        return this.#tell({
          type: "status",
          timeUs: this.#clock.nowUs(),
          account,
          positions,
          openOrders,
          symbols: this.#followings?.symbols.length ?? 0,
          ...this.#producer.counts,
        });
      }
      case "watch":
        for (const symbol of message.symbols) this.#producer.route(symbol, this.#gatewayReceiver);
        return;
      case "returned":
        return this.#producer.returned(this.#gatewayReceiver, message.buffer);
      case "stepComplete":
        this.#completedStep = Math.max(this.#completedStep, message.n);
        return;
      default:
        return; // waited for through the inbox
    }
  }

  #onConsumer(consumer: number, message: ConsumerToMain): void {
    switch (message.type) {
      case "returned":
        return this.#producer.returned(consumer, message.buffer);
      case "reject": {
        const { runId, symbol, reason } = message;
        const strategy = this.#nameOf(runId);
        this.#tell({ type: "reject", timeUs: this.#clock.nowUs(), strategy, symbol, reason });
        return this.#before(this.#followings.reject(runId, symbol, this.#abort.signal));
      }
      case "strategyFailed": {
        const { runId, message: text, stack } = message;
        this.#failures.set(runId, `stopped: ${text}`);
        return this.#tell({
          type: "strategyFailed",
          strategy: this.#nameOf(runId),
          message: text,
          stack,
        });
      }
      case "outOfSync": {
        const { symbol, lagSeconds, rowsLost, symbols } = message;
        this.#tell({ type: "lost", symbol, lagSeconds, rowsLost });
        return this.#before(this.#refills.add(consumer, symbols));
      }
      default:
        return; // waited for through the inbox
    }
  }

  /** Something that a step waits for. */
  #before(task: Promise<void>): void {
    const done = this.#guarded(task).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** A failure in the background ends the session, unless it is over. */
  #guarded(task: Promise<void>): Promise<void> {
    return task.catch((error) => {
      if (!this.#isOver) this.#ended.reject(error);
    });
  }

  #end(reason: string): void {
    this.#isEnding = true;
    this.#ended.resolve(reason);
  }

  /** Strategies close, the gateway writes what it has, runs end. */
  async #finish(reason: string): Promise<OpenPosition[]> {
    await this.#workers.stopConsumers();
    const stopped = this.#workers.gatewayInbox.next("stopped");
    this.#workers.postGateway({ type: "stop" });
    const { open } = await stopped;
    this.#isOver = true;
    for (const stream of this.#streams.values()) await stream.close();
    const endUs = this.#clock.nowUs();
    this.#options.store.write(this.#runs.map(({ runId }) => ({
      table: "algo_run_end",
      row: { algoRunId: runId, endUs, endReason: this.#failures.get(runId) ?? reason },
    })));
    await this.#options.store.flush();
    return open;
  }

  #nameOf(runId: number): string {
    return this.#runs.find((run) => run.runId === runId)?.strategy ?? `run ${runId}`;
  }

  #log(level: LogMessage["level"], text: string, properties: Record<string, unknown> = {}): void {
    this.#options.log(level, ["liu", "session"], text, properties);
  }

  #phase(text: string): void {
    this.#tell({ type: "phase", timeUs: this.#clock.nowUs(), text });
  }

  #tell(event: SessionEvent): void {
    this.#options.onEvent(event);
  }
}
