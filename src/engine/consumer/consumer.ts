/**
 * A consumer: the bars of its symbols, and the strategies that follow them. It waits for nothing: rows and reports come
 * in, strategies run synchronously, intents go out.
 *
 * Invariants: while an order of a strategy in a symbol is on its way, it is not asked again; orders and fills are never
 * skipped; in a stepping session strategies run only after the gateway has begun the step.
 */
import type { Decision } from "../../contracts/decision.ts";
import { BAR_ROW } from "../../model/bars.ts";
import type { BarColumns } from "../../model/bars.ts";
import type { GivenBars } from "../../model/given_bars.ts";
import { MarketBatch, RowKind } from "../../model/market_batch.ts";
import type {
  FollowMessage,
  GatewayToConsumer,
  MainToConsumer,
  MarketMessage,
  OrderReport,
  RunInfo,
  SessionWindow,
} from "../../protocol.ts";
import { SymbolTable } from "../../util/symbol_table.ts";
import { AgeRule } from "./age.ts";
import { Calls } from "./calls.ts";
import type { ConsumerOptions } from "./options.ts";
import { Checkpoints } from "./checkpoints.ts";
import { MeteredCalls } from "./metered_calls.ts";
import { Decisions } from "./decisions.ts";
import { type Slot, slotOf, type StrategyRun } from "./slot.ts";
import { MINUTE_US, SECOND_US } from "./symbol_state.ts";
import { AccountView, setAccount, setEvent, setTimeUs, setToBarEnd } from "./views.ts";
import { EarlyReports } from "./early_reports.ts";
import { type Followed, FollowedSymbols } from "./followed.ts";
import { receiveValue } from "./keystore.ts";
import { LostRows } from "./lost_rows.ts";
import { Outbox } from "./outbox.ts";
import type { TickEvent } from "../../contracts/strategy.ts";

export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #symbols = new SymbolTable();
  readonly followed: FollowedSymbols;
  readonly #outbox: Outbox;
  readonly #decisions: Decisions;
  readonly #portfolio: AccountView;
  readonly #calls: Calls;
  readonly #age: AgeRule;
  readonly #checkpoints: Checkpoints | null;
  readonly #lost: LostRows;
  readonly #wantsSecond: boolean;
  readonly #wantsMinute: boolean;
  readonly #wantsTrade: boolean;
  readonly #wantsQuote: boolean;
  readonly #barRow = new Float64Array(BAR_ROW);
  /** Those that work on all their symbols together. */
  readonly #collections: readonly StrategyRun[];
  readonly #earlyValues: [strategy: string, key: string, context: string, value: string][] = [];
  readonly #early = new EarlyReports();
  #rows = 0;
  // A stepping session: rows wait until the gateway has begun their step.
  #stepBegun = -1;
  #stepDone = -1;
  readonly #waiting: MarketMessage[] = [];
  /** False: nobody has told yet what the runs have; nothing is decided before. */
  #isHandedOver: boolean;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#portfolio = new AccountView(options.portfolioValue);
    this.#calls = options.meter ? new MeteredCalls(options, options.meter) : new Calls(options);
    this.#checkpoints = options.checkpoints ? new Checkpoints(options, this.#calls) : null;
    this.followed = new FollowedSymbols(this.#portfolio, this.#calls);
    this.#isHandedOver = options.replaces !== true;
    this.#lost = new LostRows(options.toMain);
    this.#age = new AgeRule(options, this.#symbols, this.followed);
    this.#outbox = new Outbox(options.stepping, options.toGateway);
    this.#decisions = new Decisions({
      calls: this.#calls,
      followed: this.followed,
      outbox: this.#outbox,
      toMain: options.toMain,
      onDecision: options.onDecision,
    });
    this.#collections = options.strategies.filter(({ runsAll }) => runsAll);
    this.#wantsSecond = options.events.includes("second");
    this.#wantsMinute = options.events.includes("minute");
    this.#wantsTrade = options.events.includes("trade");
    this.#wantsQuote = options.events.includes("quote");
  }

  onMain(message: Exclude<MainToConsumer, { type: "start" }>): void {
    switch (message.type) {
      case "market":
        return this.#onMarket(message);
      case "symbols":
        for (const name of message.names) this.#symbols.idOf(name);
        return;
      case "runs":
        for (const { strategy, runId, was = -1 } of message.runs) {
          const run = this.#options.strategies.find(({ name }) => name === strategy);
          if (run) Object.assign(run, { runId, formerRunId: was });
        }
        for (const value of this.#earlyValues.splice(0)) this.onKeystoreSet(...value);
        return;
      case "follow":
        return this.#follow(message);
      case "session":
        return this.#startSession(message.windows);
      case "refill":
        return this.followed.refill(message.symbol, message.history, message.fillsGap);
      case "resume":
        return; // the worker's: it lets the gateway's messages in
      case "stopStrategy": {
        const run = this.#options.strategies.find(({ name }) => name === message.strategy);
        return run && this.#calls.failed(run, new Error(message.message));
      }
      case "stop":
        this.#checkpoints?.takeAll();
        for (const run of this.#options.strategies) {
          if (run.slots.size > 0) this.#calls.call(run, () => run.instance.close());
          // Rows can still come; nothing is asked of it after its close.
          run.isStopped = true;
        }
        this.#outbox.sendKeystore();
        this.#sendCounts();
        return this.#options.toMain({ type: "stopped" });
      default:
        message satisfies never;
    }
  }

  /** Whether these runs find the symbol's bars here. */
  knows(symbolId: number, runs: readonly RunInfo[]): boolean {
    const runIds = runs.map(({ runId }) => runId);
    return this.followed.knows(symbolId, runIds, this.#options.strategies);
  }

  /** Ends a step whose rows were given directly. False: nothing was decided, and nothing is sent. */
  endStep(n: number): boolean {
    if (this.#wantsSecond || this.#collections.length > 0) {
      const timeUs = this.#options.clock.nowUs();
      if (this.#wantsSecond) this.#closeSeconds(timeUs);
      this.#runCollections(timeUs);
    }
    this.#stepDone = n;
    if (this.#outbox.isEmpty) return false;
    this.#outbox.endStep(n);
    return true;
  }

  onGateway(message: GatewayToConsumer): void {
    switch (message.type) {
      case "report":
        return this.#onReport(message);
      case "account":
        return setAccount(this.#portfolio, message.account);
      case "stepBegin":
        setAccount(this.#portfolio, message.account);
        this.#options.clock.advanceTo(message.timeUs);
        this.#stepBegun = message.n;
        while (this.#waiting.length > 0) this.#work(this.#waiting.shift()!);
        return;
      case "handedOver":
        this.#isHandedOver = true;
        // In steps nothing comes before.
        while (this.#waiting.length > 0) this.#work(this.#waiting.shift()!);
        return;
      case "keystore": {
        const run = this.#options.strategies.find(({ name }) => name === message.strategy);
        if (run) receiveValue(run.keystore, message.key, message.context, message.value);
        return;
      }
      default:
        message satisfies never;
    }
  }

  /** A value that a strategy of this consumer wrote; before the runs are known, it waits for them. */
  onKeystoreSet(strategy: string, key: string, context: string, value: string): void {
    const run = this.#options.strategies.find(({ name }) => name === strategy);
    if (!run) return;
    if (run.runId >= 0) this.#outbox.keystore({ runId: run.runId, key, context, value });
    else this.#earlyValues.push([strategy, key, context, value]);
  }

  #onMarket(message: MarketMessage): void {
    // In a stepping session rows wait for the gateway, so that strategies see the account of the step's begin.
    const isEarly = this.#stepBegun <= this.#stepDone || this.#waiting.length > 0;
    if (!this.#isHandedOver || this.#options.stepping && isEarly) this.#waiting.push(message);
    else this.#work(message);
  }

  #work(message: MarketMessage): void {
    const batch = MarketBatch.over(message.buffer, message.length, message.firstSeq);
    const { clock, stepping } = this.#options;
    for (let i = 0; i < batch.length; i++) {
      // A skipped row still moves what must not be missed: halts.
      const isSkipped = !stepping && this.#age.skips(batch, i);
      if (!isSkipped || batch.kind[i] === RowKind.status) this.#row(batch, i);
    }
    this.#rows += batch.length;
    this.#checkpoints?.look(clock.nowUs());
    if (!stepping && batch.length > 0) {
      const nowUs = clock.nowUs();
      if (this.#wantsSecond) this.#closeSeconds(nowUs);
      this.#runCollections(nowUs);
    }
    this.#options.toMain({ type: "returned", buffer: message.buffer }, [message.buffer]);
  }

  #row(batch: MarketBatch, i: number): void {
    const kind = batch.kind[i];
    if (kind === RowKind.step) return this.#endStep(batch.a[i], batch.timeUs[i]);
    const { symbol, timeUs, a, b, c, d } = batch;
    const id = symbol[i];
    if (!this.followed.byId[id]) return this.followed.keepEarly(batch, i);
    if (kind === RowKind.minuteBar) return this.bar(id, batch.barRow(i, this.#barRow), 0);
    if (kind !== RowKind.updatedBar) {
      return this.row(kind, id, timeUs[i], a[i], b[i], c[i], d[i]);
    }
    const row = batch.barRow(i, this.#barRow);
    let followed: Followed | null = this.followed.byId[id] ?? null;
    this.#lost.corrections++;
    for (; followed !== null; followed = followed.next) followed.state.onUpdatedBar(row, 0);
  }

  /**
   * A minute bar, at `at` of `rows` (BAR_ROW). A backtest, whose data is in the consumer's own
   * isolate, gives them directly, with where they are recorded; nothing here keeps `rows`.
   */
  bar(symbolId: number, rows: Float64Array, at: number, given: GivenBars | null = null): void {
    let followed: Followed | null = this.followed.byId[symbolId] ?? null;
    for (; followed !== null; followed = followed.next) this.#onBar(followed, rows, at, given);
  }

  /** A complete second, row `i`: of a backtest by seconds, in the place of those made of trades. */
  second(symbolId: number, bars: BarColumns, i: number): void {
    let followed: Followed | null = this.followed.byId[symbolId] ?? null;
    for (; followed !== null; followed = followed.next) {
      followed.state.onSecondBar(bars, i);
      if (this.#wantsSecond) this.#runSlotsAt(followed, "second", bars.timeUs[i] + SECOND_US);
    }
  }

  #onBar(followed: Followed, rows: Float64Array, at: number, given: GivenBars | null): void {
    const { state } = followed;
    if (!state.onMinuteBar(rows, at, given)) return;
    if (!state.isIncomplete) this.followed.feedNext(followed, rows, at);
    if (!this.#wantsMinute) return;
    setToBarEnd(followed.time, rows, at);
    this.#runSlots(followed, "minute");
  }

  /** Any other market event; a backtest gives them directly too. */
  row(
    kind: number,
    symbolId: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): void {
    let followed: Followed | null = this.followed.byId[symbolId] ?? null;
    if (followed !== null && kind >= RowKind.correction) {
      this.#lost.onRow(followed.state.symbol, kind, a, b);
    }
    for (; followed !== null; followed = followed.next) {
      this.#onRow(followed, kind, timeUs, a, b, c, d);
    }
  }

  #onRow(
    followed: Followed,
    kind: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): void {
    const { state } = followed;
    switch (kind) {
      case RowKind.trade:
        if (this.#wantsSecond) {
          if (state.second.closeBefore(timeUs)) this.#runSlotsAt(followed, "second", timeUs);
          state.second.onTrade(timeUs, a, b);
        }
        state.onTrade(timeUs, a, b);
        if (this.#wantsTrade) this.#runSlotsAt(followed, "trade", timeUs);
        return;
      case RowKind.quote:
        state.onQuote(a, b, c, d);
        if (this.#wantsQuote) this.#runSlotsAt(followed, "quote", timeUs);
        return;
      case RowKind.status:
        state.isHalted = a !== 0;
        return;
      case RowKind.gap:
        state.isAway = b === 1;
        return state.markIncomplete();
      default:
        // Daily bars and price bands. Of corrections main is told, and has the bars sent anew.
        return;
    }
  }

  #runSlotsAt(followed: Followed, event: TickEvent, eventUs: number): void {
    setTimeUs(followed.time, eventUs);
    this.#runSlots(followed, event);
  }

  /** The strategies that follow the symbol, at the time that its view shows. */
  #runSlots({ slots, state, time }: Followed, event: TickEvent): void {
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      const { run } = slot;
      if (run.isStopped || slot.isResting) continue;
      if (slot.openOrder !== null && !run.whileOpen) continue;
      if ((state.isIncomplete || state.isHalted) && slot.position === null) continue;
      setEvent(slot.tick, event);
      const decision = this.#calls.run(slot);
      if (decision) this.#decided(slot, decision, time.us);
      // A rejecting strategy has left the list.
      if (slots[i] !== slot) i--;
    }
  }

  #decided(slot: Slot, decision: Decision, timeUs: number): void {
    this.#decisions.read(slot, decision, timeUs);
    this.#checkpoints?.take(slot);
  }

  #onReport(report: OrderReport): void {
    const slot = slotOf(this.#options.strategies, report);
    if (slot === undefined) return this.#early.keep(report);
    slot.position = report.position;
    // A report that crossed a newer intent on its way knows nothing of it.
    if (report.intentSeq >= slot.lastSeq) slot.openOrder = report.openOrder;
    if (report.fill === null && report.denial === null) return;
    this.#calls.report(slot, report);
    this.#checkpoints?.take(slot);
  }

  #follow(message: FollowMessage): void {
    const isLate = this.followed.follow(message, this.#options.strategies);
    for (const report of this.#early.take(message)) this.#onReport(report);
    if (isLate) this.#lost.onGap(message.symbol, -1);
  }

  /** The strategies that work on all their symbols together, once in their interval of the session. */
  #runCollections(nowUs: number): void {
    for (const run of this.#collections) {
      if (run.isStopped || run.slots.size === 0) continue;
      const [first] = run.slots.values();
      const window = this.followed.windows[first.symbol.asset.assetClass];
      if (nowUs < window.openUs || nowUs >= window.closeUs) continue;
      const interval = Math.floor((nowUs - window.openUs) / (run.runAllMinutes * MINUTE_US));
      if (interval <= run.runAllInterval) continue;
      run.runAllInterval = interval;
      for (const time of Object.values(this.followed.times)) setTimeUs(time, nowUs);
      for (const slot of run.slots.values()) setEvent(slot.tick, "session");
      for (const [symbol, decision] of this.#calls.runAll(run, this.#portfolio)) {
        const slot = run.slots.get(symbol);
        if (!slot || (slot.openOrder !== null && !run.whileOpen)) continue;
        this.#decided(slot, decision, nowUs);
      }
    }
  }

  #closeSeconds(nowUs: number): void {
    for (const followed of this.followed) {
      if (followed.state.second.closeBefore(nowUs)) this.#runSlotsAt(followed, "second", nowUs);
    }
  }

  /** A session after another: days and intervals begin anew. */
  #startSession(windows: SessionWindow[]): void {
    this.followed.startSession(windows);
    for (const run of this.#options.strategies) run.runAllInterval = 0;
  }

  #endStep(n: number, timeUs: number): void {
    if (this.#wantsSecond) this.#closeSeconds(timeUs);
    this.#runCollections(timeUs);
    this.#stepDone = n;
    this.#outbox.endStep(n);
  }

  #sendCounts(): void {
    this.#options.toMain({
      type: "counts",
      rows: this.#rows,
      runs: this.#options.control[1],
      lagMsMax: this.#age.takeLagMsMax(),
      corrections: this.#lost.corrections,
    });
  }
}
