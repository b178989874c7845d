/**
 * A backtest: the trader in one isolate, with no ports. Consumer, gateway, followings, scanners,
 * sessions and schedule are the trader's own; the broker is the exchange core itself.
 *
 * Invariants: a step goes as at the simulated exchange (fills due, market events, strategies,
 * intents, what is scheduled); nothing later than the clock is in any array that the consumer or
 * user code can reach. The gateway, which is asynchronous, is entered only for steps in which
 * something is due; all others are rows into the consumer.
 */
import { SimulatedBroker } from "../brokers/simulated.ts";
import { Consumer } from "../engine/consumer/consumer.ts";
import { loadStrategies, strategyLog } from "../engine/consumer/load_strategies.ts";
import { Followings } from "../engine/followings.ts";
import { answerScanner } from "../engine/scanner_market.ts";
import { ScannerRunner } from "../engine/scanners/scanner_runner.ts";
import { startRuns } from "../engine/session_runs.ts";
import { errorOf, Inbox } from "../engine/worker_link.ts";
import { Exchange } from "../matching/exchange.ts";
import { fillModelOf } from "../matching/fill_model.ts";
import type { ExchangeUpdate } from "../matching/types.ts";
import { riskLimits } from "../model/limit.ts";
import type {
  ConsumerToMain,
  GatewayToMain,
  MainToScanners,
  RunInfo,
  ScannersToMain,
  SessionWindow,
} from "../protocol.ts";
import type { LogSink } from "../util/log.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { LazyAccount } from "./account_view.ts";
import { asDaily } from "./daily.ts";
import { EquityCurve } from "./equity.ts";
import { GatewayLink } from "./gateway_link.ts";
import type { BacktestOptions } from "./options.ts";
import { RecordedProvider } from "./recorded_provider.ts";
import { Replay } from "./replay.ts";
import { type BacktestResult, resultOf } from "./result.ts";
import { Sessions } from "./sessions.ts";

const MINUTE_US = 60e6;
/** What indicators of daily bars are warmed up with. */
const DAYS_OF_HISTORY = 400;
/** Other work of the isolate is let through once in so many steps. */
const STEPS_A_TURN = 100_000;
// Taken at import: a worker that runs user code has no such global later.
const { setTimeout } = globalThis;

/** Runs a backtest to its end. Throws ConfigError for plug-ins that do not load. */
export async function runBacktest(options: BacktestOptions): Promise<BacktestResult> {
  return await new Backtest(options).run();
}

class Backtest {
  readonly #options: BacktestOptions;
  readonly #log: LogSink;
  readonly #symbols = new SymbolTable();
  readonly #exchange: Exchange;
  readonly #broker: SimulatedBroker;
  readonly #provider: RecordedProvider;
  readonly #replay: Replay;
  readonly #gateway: GatewayLink;
  readonly #account: LazyAccount;
  readonly #scannersInbox = new Inbox<ScannersToMain>();
  readonly #scanners: ScannerRunner;
  readonly #curve = new EquityCurve();
  readonly #abort = new AbortController();
  readonly #trades: Extract<GatewayToMain, { type: "trade" }>[] = [];
  readonly #runs: RunInfo[] = [];
  readonly #failures = new Map<number, string>();
  readonly #collections: string[] = [];
  #consumer!: Consumer;
  #followings!: Followings;
  #sessions!: Sessions;
  #pending: Promise<void>[] = [];
  #failure: Error | null = null;
  #nowUs: number;
  #step = 0;
  #cash: number;
  #isHolding = false;
  readonly #isDaily: boolean;

  constructor(options: BacktestOptions) {
    this.#options = options;
    const { fromUs, fees, fillModel = "next_open", volumeShare = null, cash } = options;
    const daily = options.scale === "day" ? asDaily(options.data, fillModel === "close") : null;
    const data = daily?.data ?? options.data;
    this.#isDaily = daily !== null;
    this.#nowUs = fromUs;
    this.#cash = Number(cash);
    this.#log = options.log ?? (() => {});
    this.#provider = new RecordedProvider(data, () => this.#nowUs, daily && DAYS_OF_HISTORY);
    this.#exchange = new Exchange({
      startUs: fromUs,
      assetOf: (symbol) => this.#provider.assetBySymbol.get(symbol) ?? null,
      onUpdate: (update) => this.#onExchange(update),
      sourceOf: (symbol) => {
        const one = data.get(symbol);
        if (one && one.quotes.timeUs.length > 0) return "quotes";
        return one && one.trades.timeUs.length > 0 ? "trades" : "bars";
      },
      fillModel: fillModelOf(fillModel),
      volumeShare,
      ...(fees ? { fees } : {}),
    });
    this.#replay = new Replay({
      data,
      symbols: this.#symbols,
      exchange: this.#exchange,
      events: options.events,
      opensUs: daily?.opensUs ?? null,
    });
    this.#broker = new SimulatedBroker(this.#exchange, {
      cash,
      assets: [...this.#provider.assetBySymbol.values()],
      beforeAccount: () => this.#replay.notePrices(),
      afterRequests: () => {
        if (fillModel === "close") this.#replay.matchCloses(this.#nowUs);
      },
    });
    this.#account = new LazyAccount(() => {
      const { cash, equity, buyingPower } = this.#broker.figures();
      return { cash: Number(cash), equity: Number(equity), buyingPower: Number(buyingPower) };
    });
    this.#gateway = new GatewayLink({
      broker: this.#broker,
      risk: riskLimits(options.risk, Number(cash)),
      batchId: options.batchId,
      store: options.store,
      log: this.#log,
      toConsumer: (message) => this.#consumer.onGateway(message),
      onMain: (message) => this.#onGateway(message),
      onAccount: (account) => this.#account.set(account),
    });
    this.#scanners = new ScannerRunner({
      toMain: (message) => this.#onScanners(message),
      describeThrown: (error) => this.#describe(error),
    });
  }

  async run(): Promise<BacktestResult> {
    await this.#start();
    // What is due at the very start comes before the first event, as at the exchange's step 0.
    await this.#sessions.schedule.runDue(this.#nowUs);
    const endReason = await this.#runSteps();
    await this.#finish(endReason);
    const { batchId, fromUs, cash } = this.#options;
    return resultOf({
      batchId,
      fromUs,
      endUs: this.#nowUs,
      endReason,
      cash,
      figures: this.#broker.figures(),
      positions: this.#broker.exchangePositions(),
      trades: this.#trades,
      curve: this.#curve,
      runs: this.#runs,
      collections: this.#collections,
      windows: this.#sessions.windows,
      rows: this.#replay.rows,
      steps: this.#step,
    });
  }

  // -------------------------------------------------------------- start and end

  async #start(): Promise<void> {
    const { strategies, registries, data, scanners, fromUs } = this.#options;
    for (const symbol of data.keys()) {
      const price = this.#provider.lastPrice(symbol);
      if (!Number.isNaN(price)) this.#exchange.seedPrice(symbol, price);
    }
    this.#curve.add(fromUs, this.#cash);
    const control = this.#options.control ??
      new SharedArrayBuffer((2 + strategies.length) * 4);
    const toMain = (message: ConsumerToMain) => this.#onConsumer(message);
    this.#options.beforeUserCode?.(() => this.#nowUs);
    const loaded = await loadStrategies({
      sources: strategies,
      registry: registries.strategies,
      control,
      toMain,
      onKeystoreSet: (...value) => this.#consumer?.onKeystoreSet(...value),
    });
    this.#consumer = new Consumer({
      index: 0,
      clock: { rate: 0, nowUs: () => this.#nowUs, advanceTo: () => {} },
      stepping: true,
      events: this.#options.events,
      portfolioValue: this.#options.portfolioValue,
      strategies: loaded.runs,
      sequence: new Float64Array(1),
      control: new Int32Array(control),
      toGateway: (message) => this.#gateway.take(message),
      toMain,
      describeThrown: (error) => this.#describe(error),
    });
    this.#consumer.onGateway({ type: "account", account: this.#account });
    await this.#gateway.start();
    const ready = this.#scannersInbox.next("ready");
    const sources = scanners.map(({ source }) => source);
    await this.#scanners.load(
      sources,
      registries.scanners,
      (name) => strategyLog(name, (message) => this.#onConsumer(message)),
    );
    const fromOpen = new Map(
      (await ready).scanners.map(({ name, fromMarketOpen }) => [name, fromMarketOpen]),
    );
    // A day's bars show no time before the close at which a day trade could be closed.
    await this.#startRuns(
      loaded.traits.map((traits) => this.#isDaily ? { ...traits, dayTrade: false } : traits),
    );
    this.#sessions = this.#makeSessions(fromOpen);
    this.#sessions.start(this.#nowUs);
  }

  async #startRuns(traits: Awaited<ReturnType<typeof loadStrategies>>["traits"]): Promise<void> {
    const { assets, environment = "BACKTEST" } = this.#options;
    const names = this.#symbols.namesFrom(0);
    this.#gateway.post({ type: "symbols", first: 0, names });
    this.#consumer.onMain({ type: "symbols", first: 0, names });
    for (const [id, assetClass] of assets.entries()) {
      const answer = this.#gateway.inbox.next("assets", (message) => message.id === id);
      this.#gateway.post({ type: "assets", id, assetClass });
      await answer;
    }
    const { runs, collections } = await startRuns(
      { ...this.#options, environment },
      [{ index: 0, traits }],
      this.#nowUs,
    );
    this.#runs.push(...runs);
    this.#collections.push(...collections);
    this.#gateway.post({ type: "runs", runs });
    this.#consumer.onMain({ type: "runs", runs });
    const subscription = (channels: Record<string, unknown>) => Promise.resolve(channels as never);
    this.#followings = new Followings({
      ...this.#options,
      provider: this.#provider,
      producer: { route: () => {}, unroute: () => false, isRouted: () => false },
      symbols: this.#symbols,
      stream: () => ({ subscribe: subscription, unsubscribe: subscription }),
      isKnown: (symbol) => this.#consumer.follows(this.#symbols.idOf(symbol)),
      assets: this.#provider.assetBySymbol,
      consumers: 1,
      runs,
      traits,
      follow: (_consumer, message) => {
        this.#consumer.onMain(message);
        // The start's own events are still to come.
        this.#replay.follow(message.symbol, this.#step === 0 ? this.#nowUs - 1 : this.#nowUs);
      },
      warn: (text, properties) => this.#log("warning", ["liu", "backtest"], text, properties),
    });
  }

  #makeSessions(fromOpen: Map<string, number>): Sessions {
    const { scanners, batchId, liquidationMinutes, store, assets, cryptoEndMinutes } =
      this.#options;
    return new Sessions({
      session: {
        batchId,
        liquidationMinutes,
        scanners,
        testScanners: false,
        store,
        onEvent: (event) => this.#options.onEvent?.(event),
        log: this.#log,
      },
      workers: {
        gatewayInbox: this.#gateway.inbox,
        postGateway: (message) => this.#gateway.post(message as never),
        scannersInbox: this.#scannersInbox,
        postScanners: (message) => this.#postScanners(message),
      },
      assets,
      cryptoEndMinutes,
      fromOpen,
      follow: (picked, targets, nowUs) =>
        this.#followings.pick(picked, targets, nowUs, this.#abort.signal),
      inBackground: (task) => void task.catch((error) => this.#fail(error)),
      onPhase: (text) => this.#options.onEvent?.({ type: "phase", timeUs: this.#nowUs, text }),
      onBegin: (windows) => this.#beginSession(windows),
      onRest: () => this.#consumer.endSession(),
    });
  }

  #beginSession(windows: SessionWindow[]): void {
    this.#consumer.onMain({ type: "session", windows });
    for (const { assetClass, openUs, closeUs } of windows) {
      // What is decided on a day's bar, at the close, is an order for the next open.
      const lastUs = this.#isDaily ? closeUs + 1 : closeUs;
      this.#gateway.post({ type: "session", assetClass, openUs, closeUs: lastUs });
      this.#followings.startSession(
        assetClass,
        (runId, symbol) => this.#consumer.isFollowing(runId, symbol),
      );
    }
    this.#replay.prune((id) => this.#consumer.follows(id));
  }

  async #finish(endReason: string): Promise<void> {
    this.#consumer.onMain({ type: "stop" });
    const stopped = this.#gateway.inbox.next("stopped");
    this.#gateway.post({ type: "stop" });
    await stopped;
    this.#sample(this.#nowUs);
    this.#throwFailure();
    this.#options.store.write(this.#runs.map(({ runId }) => ({
      table: "algo_run_end",
      row: {
        algoRunId: runId,
        endUs: this.#nowUs,
        endReason: this.#failures.get(runId) ?? endReason,
      },
    })));
  }

  // -------------------------------------------------------------- steps

  /** Gives why it ended. */
  async #runSteps(): Promise<string> {
    const { toUs } = this.#options;
    const schedule = this.#sessions.schedule;
    const hasMinutes = this.#collections.length > 0;
    while (true) {
      const timeUs = this.#nextStepUs(hasMinutes);
      if (timeUs > toUs) return this.#sessions.isOn ? "end of the data" : "market close";
      this.#step++;
      this.#nowUs = timeUs;
      if (this.#runStep(timeUs)) {
        const n = this.#step;
        await this.#gateway.enter(n, timeUs, () => this.#replay.watchBatch(n, timeUs));
        this.#replay.markOrders();
      }
      if (this.#pending.length > 0) await Promise.all(this.#pending.splice(0));
      if (schedule.nextDueUs <= timeUs) {
        await schedule.runDue(timeUs);
        this.#replay.markOrders();
      }
      if (this.#isHolding) this.#sample(timeUs);
      if (this.#step % STEPS_A_TURN === 0) await new Promise((turn) => setTimeout(turn, 0));
      this.#throwFailure();
    }
  }

  /** The next event, task, or, where something waits for it, minute. */
  #nextStepUs(hasMinutes: boolean): number {
    const { schedule } = this.#sessions;
    let nextUs = this.#replay.nextUs;
    if (schedule.nextDueUs < nextUs) {
      const dueUs = Math.ceil(schedule.nextDueUs / MINUTE_US) * MINUTE_US;
      if (dueUs < nextUs) nextUs = dueUs;
    }
    if (nextUs === Infinity || this.#isDaily) return nextUs;
    const minuteUs = (Math.floor(this.#nowUs / MINUTE_US) + 1) * MINUTE_US;
    if (minuteUs < nextUs && (hasMinutes && this.#sessions.isOn || !this.#gateway.isQuiet)) {
      return minuteUs;
    }
    return nextUs;
  }

  /** True: the gateway has to be entered. */
  #runStep(timeUs: number): boolean {
    const replay = this.#replay;
    const { updates } = this.#broker;
    this.#exchange.advanceTo(timeUs);
    replay.match(timeUs);
    this.#account.expire();
    const isWatched = replay.give(timeUs, this.#consumer);
    const isDecided = this.#consumer.endStep(this.#step, timeUs);
    if (isDecided || isWatched || this.#broker.updates !== updates) return true;
    if (!this.#gateway.isQuiet) return true;
    // With events between minutes the account's value is taken at minutes.
    return replay.isFine && this.#isHolding && timeUs % MINUTE_US === 0;
  }

  #sample(timeUs: number): void {
    this.#curve.add(timeUs, this.#cash + this.#replay.heldValue());
  }

  // -------------------------------------------------------------- messages

  #onExchange(update: ExchangeUpdate): void {
    const { execution, positionQty } = update;
    if (execution !== null) {
      const feed = this.#replay.feed(execution.symbol)!;
      feed.heldQty = Number(positionQty);
      const signed = Number(execution.qty) * (execution.side === "buy" ? 1 : -1);
      this.#cash -= signed * Number(execution.price) + Number(execution.fee);
      this.#isHolding = this.#replay.active.some(({ heldQty }) => heldQty !== 0);
      if (!this.#isHolding) this.#sample(this.#nowUs);
    }
    this.#broker.publish(update);
  }

  #onGateway(message: GatewayToMain): void {
    const { onEvent } = this.#options;
    switch (message.type) {
      case "trade":
        this.#trades.push(message);
        return onEvent?.({ type: "trade", strategy: this.#nameOf(message.runId), line: message });
      case "denial":
        return onEvent?.({
          type: "denial",
          strategy: this.#nameOf(message.runId),
          denial: message,
        });
      case "watch":
        return this.#replay.watch(message.symbols);
      default:
        return; // waited for through the inbox, or of no interest
    }
  }

  #onConsumer(message: ConsumerToMain): void {
    const { onEvent } = this.#options;
    switch (message.type) {
      case "log": {
        const { level, category, message: text, properties } = message;
        return this.#log(level, category, text, properties);
      }
      case "reject": {
        const { runId, symbol, reason } = message;
        const strategy = this.#nameOf(runId);
        onEvent?.({ type: "reject", timeUs: this.#nowUs, strategy, symbol, reason });
        this.#pending.push(
          this.#followings.reject(runId, symbol, this.#abort.signal)
            .then(() => this.#replay.prune((id) => this.#consumer.follows(id))),
        );
        return;
      }
      case "strategyFailed": {
        const { runId, message: text, stack } = message;
        this.#failures.set(runId, `stopped: ${text}`);
        const strategy = this.#nameOf(runId);
        return onEvent?.({ type: "strategyFailed", strategy, message: text, stack });
      }
      default:
        return;
    }
  }

  #postScanners(message: MainToScanners): void {
    if (message.type !== "start") this.#scanners.onMain(message);
  }

  #onScanners(message: ScannersToMain): void {
    if (message.type === "log") {
      return this.#log(message.level, message.category, message.message, message.properties);
    }
    if (message.type === "failed") return this.#fail(errorOf(message, "scanners"));
    const answer = answerScanner(message, {
      provider: this.#provider,
      assets: this.#provider.assetBySymbol,
      assetClasses: this.#options.assets,
      signal: this.#abort.signal,
    });
    if (answer === null) return this.#scannersInbox.deliver(message);
    answer.then((reply) => this.#postScanners(reply), (error) => this.#fail(error));
  }

  #describe(error: unknown): { message: string; stack: string } {
    const describe = this.#options.describeThrown;
    if (describe) return describe(error);
    const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
    return { message, stack };
  }

  #nameOf(runId: number): string {
    return this.#runs.find((run) => run.runId === runId)?.strategy ?? `run ${runId}`;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#scannersInbox.fail(error);
    this.#gateway.inbox.fail(error);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}
