/**
 * A backtest: the trader in one isolate, with no ports. Consumer, gateway, followings, scanners,
 * sessions and schedule are the trader's own; the broker is the exchange core itself.
 *
 * Invariants: a step goes as at the simulated exchange (fills due, market events, strategies,
 * intents, what is scheduled); nothing later than the clock is in any array that the consumer or
 * user code can reach. The gateway is entered only for steps in which something is due; all others
 * are rows into the consumer. A step is waited for only where something in it waits.
 */
import { Consumer } from "../engine/consumer/consumer.ts";
import { loadStrategies } from "../engine/consumer/load_strategies.ts";
import { Followings } from "../engine/followings.ts";
import type { ToldTrade } from "../engine/gateway/told_trade.ts";
import { startRuns } from "../engine/session_runs.ts";
import { riskLimits } from "../model/limit.ts";
import type { ConsumerToMain, GatewayToMain, RunInfo, SessionWindow } from "../protocol.ts";
import type { LogSink } from "../util/log.ts";
import type { Soon } from "../util/soon.ts";
import { AbortController, setTimeout, SharedArrayBuffer } from "../util/natives.ts";
import { AccountTiming } from "./account_view.ts";
import { BacktestMarket } from "./backtest_market.ts";
import { dataEndUs } from "./equity.ts";
import { GatewayLink } from "./gateway_link.ts";
import { NextStep } from "./next_step.ts";
import { type BacktestOptions, describePlainly } from "./options.ts";
import { Picks } from "./picks.ts";
import { type BacktestResult, resultOf } from "./result.ts";
import { ScannersLink } from "./scanners_link.ts";
import { Sessions } from "./sessions.ts";
import { TradeList } from "./trade_list.ts";

const MINUTE_US = 60e6;
/** Other work of the isolate is let through once in so many steps. */
const STEPS_A_TURN = 100_000;

/** Runs a backtest to its end. Throws ConfigError for plug-ins that do not load. */
export function runBacktest(options: BacktestOptions): Promise<BacktestResult> {
  return new Backtest(options).run();
}

class Backtest {
  readonly #options: BacktestOptions;
  readonly #log: LogSink;
  readonly #market: BacktestMarket;
  readonly #gateway: GatewayLink;
  readonly #scanners: ScannersLink;
  readonly #abort = new AbortController();
  readonly #trades = new TradeList();
  #runs: RunInfo[] = [];
  readonly #failures = new Map<number, string>();
  readonly #collections: string[] = [];
  #consumer!: Consumer;
  #followings!: Followings;
  #sessions!: Sessions;
  #nextStep!: NextStep;
  readonly #picks: Picks;
  #pending: Promise<void>[] = [];
  #failure: Error | null = null;
  #step = 0;
  readonly #isDaily: boolean;
  readonly #accountTiming: AccountTiming;

  constructor(options: BacktestOptions) {
    this.#options = options;
    this.#isDaily = options.scale === "day";
    this.#market = new BacktestMarket(options);
    this.#accountTiming = new AccountTiming(options);
    this.#log = options.log ?? (() => {});
    this.#gateway = new GatewayLink({
      broker: this.#market.broker,
      risk: riskLimits(options.risk, Number(options.cash)),
      batchId: options.batchId,
      store: options.store,
      log: this.#log,
      toConsumer: (message) => this.#consumer.onGateway(message),
      onTrade: (trade) => this.#onTrade(trade),
      onMain: (message) => this.#onGateway(message),
      readsAccountLate: () => this.#accountTiming.mayBeLate,
      onAccount: (account) => this.#market.account.set(account),
    });
    this.#picks = new Picks(
      options,
      (picked, targets) => this.#followings.pick(picked, targets, this.#abort.signal),
    );
    this.#scanners = new ScannersLink({
      scanners: options.scanners.length,
      market: this.#market.access(options.assets, this.#abort.signal),
      log: this.#log,
      describeThrown: options.describeThrown ?? describePlainly,
      onFailure: (error) => this.#fail(error),
    });
  }

  async run(): Promise<BacktestResult> {
    await this.#start();
    // What is due at the very start comes before the first event, as at the exchange's step 0.
    await this.#sessions.schedule.runDue(this.#market.nowUs);
    const endReason = await this.#runSteps();
    await this.#finish(endReason);
    const { batchId, fromUs, cash, data } = this.#options;
    return resultOf({
      batchId,
      fromUs,
      endUs: this.#market.nowUs,
      countedToUs: dataEndUs(data, this.#market.nowUs),
      endReason,
      cash,
      figures: this.#market.broker.figures(),
      positions: this.#market.broker.exchangePositions(),
      trades: this.#trades,
      curve: this.#market.curve,
      runs: this.#runs,
      collections: this.#collections,
      windows: this.#sessions.windows,
      rows: this.#market.replay.rows,
      steps: this.#step,
    });
  }

  async #start(): Promise<void> {
    const { strategies, registries, scanners } = this.#options;
    const control = this.#options.control ??
      new SharedArrayBuffer((2 + strategies.length) * 4);
    const toMain = (message: ConsumerToMain) => this.#onConsumer(message);
    this.#options.beforeUserCode?.(() => this.#market.nowUs);
    const early: Parameters<Consumer["onKeystoreSet"]>[] = [];
    const loaded = await loadStrategies({
      sources: strategies,
      registry: registries.strategies,
      control,
      toMain,
      onKeystoreSet: (...value) =>
        this.#consumer ? this.#consumer.onKeystoreSet(...value) : void early.push(value),
    });
    this.#consumer = new Consumer({
      index: 0,
      clock: { rate: 0, nowUs: () => this.#market.nowUs, advanceTo: () => {} },
      stepping: true,
      events: this.#options.events,
      portfolioValue: this.#options.portfolioValue,
      strategies: loaded.runs,
      sequence: new Float64Array(1),
      control: new Int32Array(control),
      toGateway: (message) => this.#gateway.take(message),
      toMain,
      describeThrown: this.#options.describeThrown ?? describePlainly,
      onDecision: this.#options.observer?.onDecision,
    });
    this.#accountTiming.see(loaded.runs);
    for (const value of early) this.#consumer.onKeystoreSet(...value);
    this.#consumer.onGateway({ type: "account", account: this.#market.account });
    await this.#gateway.start();
    const sources = scanners.map(({ source }) => source);
    const fromOpen = await this.#scanners.load(sources, registries.scanners);
    // A day's bars show no time before the close at which a day trade could be closed.
    await this.#startRuns(
      loaded.traits.map((traits) => this.#isDaily ? { ...traits, dayTrade: false } : traits),
    );
    this.#sessions = this.#makeSessions(fromOpen);
    this.#nextStep = new NextStep({
      market: this.#market,
      sessions: this.#sessions,
      picks: this.#picks,
      gateway: this.#gateway,
      isDaily: this.#isDaily,
      hasMinutes: this.#collections.length > 0,
    });
    this.#sessions.start(this.#market.nowUs);
  }

  async #startRuns(traits: Awaited<ReturnType<typeof loadStrategies>>["traits"]): Promise<void> {
    const { assets, environment = "BACKTEST" } = this.#options;
    const names = this.#market.symbols.namesFrom(0);
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
      this.#market.nowUs,
    );
    this.#runs = runs;
    this.#collections.push(...collections);
    this.#gateway.post({ type: "runs", runs });
    this.#consumer.onMain({ type: "runs", runs });
    const subscription = (channels: Record<string, unknown>) => Promise.resolve(channels as never);
    this.#followings = new Followings({
      ...this.#options,
      provider: this.#market.provider,
      clock: { nowUs: () => this.#market.nowUs, rate: 0 },
      producer: { route: () => {}, unroute: () => false, isRouted: () => false },
      symbols: this.#market.symbols,
      stream: () => ({ subscribe: subscription, unsubscribe: subscription }),
      isKnown: (symbol, runs) => this.#consumer.knows(this.#market.symbols.idOf(symbol), runs),
      assets: this.#market.provider.assetBySymbol,
      consumers: 1,
      runs,
      traits,
      follow: (_consumer, message) => {
        this.#consumer.onMain(message);
        // The start's own events are still to come.
        this.#market.replay.follow(
          message.symbol,
          this.#step === 0 ? this.#market.nowUs - 1 : this.#market.nowUs,
        );
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
      },
      scans: {
        isStopped: () => false,
        run: (_index, scanner, timeUs, window) => this.#scanners.run(scanner, timeUs, window),
      },
      assets,
      cryptoEndMinutes,
      untilUs: this.#options.toUs,
      fromOpen,
      follow: (picked, targets) => this.#followings.pick(picked, targets, this.#abort.signal),
      inBackground: (task) => void task.catch((error) => this.#fail(error)),
      onPhase: (text) =>
        this.#options.onEvent?.({ type: "phase", timeUs: this.#market.nowUs, text }),
      onBegin: (windows) => this.#beginSession(windows),
      onRest: () => this.#consumer.followed.endSession(),
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
        (runId, symbol) => this.#consumer.followed.isFollowing(runId, symbol),
      );
    }
    this.#market.replay.prune((id) => this.#consumer.followed.byId[id] !== undefined);
    this.#options.observer?.onSession(windows, this.#market.accountAtOpen());
  }

  async #finish(endReason: string): Promise<void> {
    this.#consumer.onMain({ type: "stop" });
    const stopped = this.#gateway.inbox.next("stopped");
    this.#gateway.post({ type: "stop", orders: "cancel", withinMs: 10_000 });
    await stopped;
    this.#market.sample();
    this.#throwFailure();
    this.#options.store.write(this.#runs.map(({ runId }) => ({
      table: "algo_run_end",
      row: {
        algoRunId: runId,
        endUs: this.#market.nowUs,
        endReason: this.#failures.get(runId) ?? endReason,
      },
    })));
  }

  /** Gives why it ended. */
  async #runSteps(): Promise<string> {
    for (let rest = this.#runFreely(); rest !== null; rest = this.#runFreely()) await rest;
    return this.#sessions.isOn ? "end of the data" : "market close";
  }

  /**
   * Steps one after the other, without a promise, up to one in which something is waited for: what
   * is left of that one. null: there is no further step.
   * The step's time is in `market.nowUs`: as an argument it would be allocated at each call.
   */
  #runFreely(): Promise<void> | null {
    const { toUs } = this.#options;
    const market = this.#market;
    const { schedule } = this.#sessions;
    const next = this.#nextStep;
    while (true) {
      next.find();
      if (next.us > toUs) return null;
      market.nowUs = next.us;
      const n = ++this.#step;
      let entered: Soon<void> = undefined;
      if (this.#runStep()) entered = this.#gateway.enter(n, market.nowUs, market.replay);
      const isWaiting = entered !== undefined || this.#pending.length > 0 ||
        schedule.nextDueUs <= market.nowUs || this.#picks.nextUs <= market.nowUs ||
        n % STEPS_A_TURN === 0;
      if (isWaiting) return this.#finishStep(market.nowUs, entered);
      if (market.isHolding) market.sample();
      if (this.#failure !== null) throw this.#failure;
    }
  }

  async #finishStep(timeUs: number, entered: Soon<void>): Promise<void> {
    await entered;
    if (this.#pending.length > 0) await Promise.all(this.#pending.splice(0));
    await this.#sessions.schedule.runDue(timeUs);
    if (this.#picks.nextUs <= timeUs) await this.#picks.runDue(timeUs);
    if (this.#market.isHolding) this.#market.sample();
    if (this.#step % STEPS_A_TURN === 0) await new Promise((turn) => setTimeout(turn, 0));
    this.#throwFailure();
  }

  /** True: the gateway has to be entered. */
  #runStep(): boolean {
    const market = this.#market;
    this.#gateway.beforeStep(market.nowUs);
    const hasUpdates = market.beginStep();
    const isWatched = market.replay.give(this.#consumer);
    const isDecided = this.#consumer.endStep(this.#step);
    if (isDecided || isWatched || hasUpdates || !this.#gateway.isQuiet) return true;
    // With events between minutes the account's value is taken at minutes.
    return market.replay.isFine && market.isHolding && market.nowUs % MINUTE_US === 0;
  }

  #onTrade(trade: ToldTrade): void {
    const { onEvent, store } = this.#options;
    this.#trades.add(trade);
    onEvent?.({ type: "trade", strategy: this.#nameOf(trade.child.runId), line: trade.line() });
    if (store.takesTrades !== false) store.write([{ table: "new_trades", row: trade.row() }]);
  }

  #onGateway(message: GatewayToMain): void {
    const { onEvent } = this.#options;
    switch (message.type) {
      case "denial": {
        const strategy = this.#nameOf(message.runId);
        return onEvent?.({ type: "denial", strategy, denial: message });
      }
      case "watch":
        return this.#market.replay.watch(message.symbols);
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
        onEvent?.({ type: "reject", timeUs: this.#market.nowUs, strategy, symbol, reason });
        this.#pending.push(
          this.#followings.reject(runId, symbol, this.#abort.signal)
            .then(() =>
              this.#market.replay.prune((id) => this.#consumer.followed.byId[id] !== undefined)
            ),
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

  #nameOf(runId: number): string {
    return this.#runs.find((run) => run.runId === runId)?.strategy ?? `run ${runId}`;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#scanners.fail(error);
    this.#gateway.inbox.fail(error);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}
