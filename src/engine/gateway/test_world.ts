/**
 * A gateway among its neighbours, for tests: consumers that answer, main that listens, a broker in
 * memory.
 */
import type { StoreRecord, TradeRow } from "../../contracts/store.ts";
import { MarketBatch, RowKind } from "../../model/market_batch.ts";
import { NO_LIMITS as UNLIMITED, type RiskLimits } from "../../model/limit.ts";
import type { ReconcilePeriods } from "../../model/reconcile_periods.ts";
import type {
  ConsumerToGateway,
  GatewayToConsumer,
  GatewayToMain,
  Intent,
  OrderReport,
  RunInfo,
} from "../../protocol.ts";
import { Gateway } from "./gateway.ts";
import type { GatewayOptions } from "./options.ts";
import { continuedRuns } from "./recovery/carry_runs.ts";
import { MemoryJournal } from "./journal.ts";
import { TestBroker } from "./test_broker.ts";

export const OPEN_US = 1_641_220_200e6;
const MINUTE_US = 60e6;
const TURNS = 300;

export function testIntent(intent: Partial<Intent> & Pick<Intent, "action" | "symbol">): Intent {
  return {
    runId: 1,
    seq: 0,
    qty: intent.notional === undefined ? 10 : null,
    notional: null,
    limitPrice: null,
    triggerPrice: null,
    stopPrice: null,
    targetPrice: null,
    timeInForce: null,
    extendedHours: false,
    indicators: { why: "test" },
    problem: null,
    referencePrice: 100,
    decidedUs: OPEN_US,
    ...intent,
  };
}

export const NO_LIMITS: RiskLimits = { ...UNLIMITED, priceCollarPercent: 50 };

export interface WorldOptions {
  runs: RunInfo[];
  consumers?: number;
  stepping?: boolean;
  risk?: Partial<RiskLimits>;
  journal?: MemoryJournal;
  /** What a trader left that died: its broker, which went on, and its journal. */
  after?: World;
  recovery?: GatewayOptions["recovery"];
  /** The broker, before the gateway asks it anything. */
  before?(broker: TestBroker): void;
  /** The broker is in the gateway's own isolate: nothing is waited for. */
  isHere?: boolean;
  reconcile?: ReconcilePeriods;
  /** Time passes by `pass` alone, and with it what waits. */
  isTimed?: boolean;
}

export type Wish = Intent | { cancel: string; runId: number };
/** One row of a symbol: a trade at this price. */
export type Prices = Record<string, number>;

export class World {
  readonly broker: TestBroker;
  readonly journal: MemoryJournal;
  readonly toMain: GatewayToMain[] = [];
  readonly reports: OrderReport[] = [];
  readonly records: StoreRecord[] = [];
  readonly logs: string[] = [];
  readonly gateway: Gateway;
  n: number;
  #wishes: Wish[] = [];
  #watched: string[] = [];
  #complete: (() => void) | null = null;
  #timers: { atMs: number; resolve(): void }[] = [];
  /** Network time since the start. */
  #nowMs = 0;

  private constructor(readonly options: WorldOptions) {
    const { after } = options;
    this.broker = after?.broker ?? new TestBroker(options);
    this.journal = options.journal ?? new MemoryJournal(after?.journal.all);
    if (!after) this.broker.nowUs = OPEN_US;
    options.before?.(this.broker);
    this.n = after?.n ?? 0;
    this.gateway = new Gateway({
      broker: this.broker,
      journal: this.journal,
      store: { write: (records) => void this.records.push(...records) },
      clock: { nowUs: () => this.broker.nowUs },
      wait: (ms, signal) => this.#wait(ms, signal),
      risk: { ...NO_LIMITS, ...options.risk },
      batchId: "batch",
      recovery: options.recovery,
      stepping: options.stepping ?? true,
      consumers: options.consumers ?? 1,
      reconcile: options.reconcile,
      toConsumer: (consumer, message) => this.#onConsumer(consumer, message),
      toMain: (message) => this.#onMain(message),
      log: (level, message, properties) =>
        this.logs.push(`${level} ${message} ${JSON.stringify(properties)}`),
    });
  }

  static async open(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.gateway.start();
    const { gateway } = world;
    const before = world.ofMain("ready")[0]?.recovered?.runs ?? [];
    const continued = continuedRuns(before, options.runs);
    gateway.fromMain({ type: "runs", runs: options.runs, continued });
    gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
    const hours = { openUs: OPEN_US, closeUs: OPEN_US + 390 * MINUTE_US };
    gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
    gateway.fromMain({ type: "symbols", first: 1, names: ["A", "B", "C", "D"] });
    await world.settled();
    return world;
  }

  /**
   * One step: what happened to orders has been said to the broker before; wishes are of all
   * consumers.
   */
  async step(wishes: Wish[] = [], prices: Prices = {}): Promise<void> {
    this.#wishes = wishes;
    const complete = new Promise<void>((resolve) => this.#complete = resolve);
    this.n++;
    const timeUs = OPEN_US + this.n * MINUTE_US;
    if (this.ofMain("watch").length > 0) this.#sendRows(timeUs, prices);
    this.broker.step(this.n, timeUs);
    await complete;
  }

  /** Outside of steps: at once. */
  send(wish: Wish): void {
    this.gateway.fromConsumer(0, asMessage(wish));
  }

  rows(prices: Prices): void {
    this.#sendRows(this.broker.nowUs, prices);
  }

  /** Waiting is for the network: where time is none, nothing is gained by it, and no minute passes. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.options.isTimed) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        this.#timers.push({ atMs: this.#nowMs + ms, resolve });
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    if (ms >= 60_000) return new Promise(() => {});
    return new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Time passes, with all that waits for it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.settled();
    while (true) {
      this.#timers.sort((a, b) => a.atMs - b.atMs);
      if (this.#timers.length === 0 || this.#timers[0].atMs > endMs) break;
      const { atMs, resolve } = this.#timers.shift()!;
      this.#goTo(atMs);
      resolve();
      await this.settled();
    }
    this.#goTo(endMs);
  }

  #goTo(ms: number): void {
    this.broker.nowUs += (ms - this.#nowMs) * 1000;
    this.#nowMs = ms;
  }

  /** All that follows without any outside event has happened. */
  async settled(): Promise<void> {
    if (this.options.isTimed) {
      // All of it is promises that are kept at once: so many turns are more than any chain has.
      for (let i = 0; i < TURNS; i++) await null;
      return;
    }
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      await this.gateway.idle();
    }
  }

  get watched(): string[] {
    return this.#watched;
  }

  ofMain<T extends GatewayToMain["type"]>(type: T): Extract<GatewayToMain, { type: T }>[] {
    return this.toMain.filter((message) => message.type === type) as never;
  }

  trades(): TradeRow[] {
    return this.records.flatMap((record) => record.table === "new_trades" ? [record.row] : []);
  }

  denials(): string[] {
    return this.ofMain("denial").map(({ code }) => code);
  }

  lastReport(runId: number, symbol: string): OrderReport | undefined {
    return this.reports.findLast((report) => report.runId === runId && report.symbol === symbol);
  }

  #sendRows(timeUs: number, prices: Prices): void {
    const batch = new MarketBatch(16);
    for (const [symbol, price] of Object.entries(prices)) {
      if (!this.#watched.includes(symbol)) continue;
      const id = ["A", "B", "C", "D"].indexOf(symbol) + 1;
      batch.push(RowKind.trade, id, timeUs, price, 1, 0, 0, 0, 0, 0);
    }
    if (this.options.stepping ?? true) {
      batch.push(RowKind.step, 0, timeUs, this.n, 0, 0, 0, 0, 0, 0);
    }
    const { buffer, length } = batch;
    this.gateway.fromMain({ type: "market", buffer, length, firstSeq: 0 });
  }

  #onConsumer(consumer: number, message: GatewayToConsumer): void {
    if (message.type === "report") this.reports.push(message);
    if (message.type !== "stepBegin") return;
    const owner = (runId: number) =>
      this.options.runs.find((run) => run.runId === runId)!.consumer === consumer;
    const own = this.#wishes.filter(({ runId }) => owner(runId));
    const done: ConsumerToGateway = {
      type: "stepDone",
      n: message.n,
      intents: own.flatMap((wish) => "cancel" in wish ? [] : [wish]),
      cancels: own.flatMap((wish) =>
        "cancel" in wish ? [{ runId: wish.runId, symbol: wish.cancel, reason: "wish" }] : []
      ),
      keystore: [],
    };
    // Consumers answer in any order: the last one first, here.
    const turns = (this.options.consumers ?? 1) - consumer;
    let turn = Promise.resolve();
    for (let i = 0; i < turns; i++) turn = turn.then(() => {});
    turn.then(() => this.gateway.fromConsumer(consumer, done));
  }

  #onMain(message: GatewayToMain): void {
    this.toMain.push(message);
    if (message.type === "watch") this.#watched = message.symbols;
    if (message.type === "stepComplete" && message.n === this.n) this.#complete?.();
    if (message.type === "failed") throw new Error(message.stack ?? message.message);
  }
}

function asMessage(wish: Wish): ConsumerToGateway {
  if (!("cancel" in wish)) return { type: "intent", intent: wish };
  return { type: "cancel", runId: wish.runId, symbol: wish.cancel, reason: "wish" };
}
