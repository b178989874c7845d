/**
 * For tests of what a trader does when its exchange misbehaves: a simulated exchange with real
 * sockets and HTTP, the real broker, a real gateway with its journal on disk, and two clocks that
 * stand still until the test moves them.
 *
 * @example
 * ```ts
 * Deno.test("fault 1: …", async () => {
 *   await using world = await FaultWorld.open();
 *   const lost = world.inject({ kind: "reply_lost", how: "silence" });
 *   world.send({ action: "buy", qty: 10 });
 *   await lost.injected();                  // the order is in, its answer will never come
 *   await world.network.pass(10_000, 10_000); // the client's own time-out
 *   await world.position(10, { minutes: 2 }); // the market goes on until the gateway tells it
 *   await world.check({ orders: 1 });
 * });
 * ```
 */
import assert from "node:assert/strict";
import { createBroker } from "../../src/brokers/alpaca.ts";
import { NO_LIMITS } from "../../src/model/limit.ts";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import type { Broker } from "../../src/contracts/broker.ts";
import type { StoreRecord, TradeRow } from "../../src/contracts/store.ts";
import { FileJournal } from "../../src/engine/gateway/file_journal.ts";
import { Gateway } from "../../src/engine/gateway/gateway.ts";
import type { GatewayOptions } from "../../src/engine/gateway/options.ts";
import type { LiveFault } from "../../src/simulator/faults/fault_book.ts";
import type {
  GatewayToMain,
  Intent,
  LogMessage,
  OrderReport,
  RunInfo,
} from "../../src/protocol.ts";
import { MarketBatch, RowKind } from "../../src/model/market_batch.ts";
import { uuidOf } from "../../src/simulator/accounts.ts";
import type { SimulatorOptions } from "../../src/simulator/options.ts";
import { type Simulator, startSimulator } from "../../src/simulator/server.ts";
import { wait } from "../../src/wire/monotonic.ts";
import { ScriptedTime } from "../alpaca_counterpart.ts";
import { BLANK, OPEN_US } from "../gateway_session.ts";
import { type PricePath, writeBars } from "./bars.ts";
import { Ear } from "./ear.ts";
import { type CheckOptions, checkWorld } from "./check.ts";
import { InFlight } from "./in_flight.ts";

/** What most tests trade. */
export const SYMBOL = "LIQ";
/** The account of the keys that the world's broker has. */
export const ACCOUNT_ID = uuidOf("account key");
/** Market minutes in a second of the market's own clock. */
const RATE = 600;
const MINUTE_MS = 60_000 / RATE;

export interface FaultWorldOptions {
  /** Prices by minute; default: LIQ at 100, flat. */
  bars?: Record<string, PricePath>;
  /** Of data; default 390. */
  minutes?: number;
  runs?: RunInfo[];
  /** Faults that are there from the start; more can be injected later. */
  faults?: FaultInput[];
  /** Of all chance in the faults. Default 1. */
  seed?: number;
  /** Of the gateway: periods of reconciliation, limits, batch. Default: no limits, no periods. */
  gateway?: Partial<GatewayOptions>;
  simulator?: Partial<SimulatorOptions>;
  /** Further settings of the broker. */
  broker?: Record<string, string>;
}

export interface Log {
  level: LogMessage["level"];
  message: string;
  // deno-lint-ignore no-explicit-any -- what the gateway says is known to the test that uses it
  properties: any;
}

/** A fault that was injected into the exchange. */
export interface Injected {
  readonly fault: LiveFault;
  /** Resolves when it has happened so often (in all). */
  injected(times?: number): Promise<void>;
  remove(): void;
}

export class FaultWorld implements AsyncDisposable {
  /** Time-outs and waits of client, gateway and exchange; stands still until it is passed. */
  readonly network = new ScriptedTime();
  /** The market's; moved by `minutes`. */
  readonly #marketTime = new ScriptedTime();
  readonly reports = new Ear<OrderReport>();
  readonly main = new Ear<GatewayToMain>();
  readonly logs = new Ear<Log>();
  readonly records: StoreRecord[] = [];
  simulator!: Simulator;
  broker!: Broker;
  gateway!: Gateway;
  /** False: the gateway sees no prices, as where market data are away. */
  sendsPrices = true;
  readonly #inFlight = new InFlight();
  readonly #journals: FileJournal[] = [];
  #seq = 0;

  private constructor(readonly options: FaultWorldOptions, readonly folder: string) {}

  static async open(options: FaultWorldOptions = {}): Promise<FaultWorld> {
    const world = new FaultWorld(options, await Deno.makeTempDir({ prefix: "liu-faults-" }));
    try {
      await world.#startExchange();
      world.broker = world.makeBroker();
      world.gateway = await world.makeGateway();
      await world.startGateway();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inFlight.restore();
    await this.gateway?.options.journal.close().catch(() => {});
    await this.simulator?.close();
    // Of a gateway that was stopped it is closed already.
    for (const journal of this.#journals) await journal.close().catch(() => {});
    await Deno.remove(this.folder, { recursive: true });
  }

  // ---------------------------------------------------------------- faults

  /** As in docs/faults.md; does at once what waits for nothing. Throws where it is none. */
  inject(fault: FaultInput): Injected {
    const { book } = this.adversary;
    const live = book.addWritten(fault);
    this.adversary.look();
    return {
      fault: live,
      injected: (times = 1) => book.until(() => live.injected >= times),
      remove: () => void book.remove(live.id),
    };
  }

  get adversary() {
    assert(this.simulator.faults !== null);
    return this.simulator.faults;
  }

  // ---------------------------------------------------------------- time

  /** Market time, µs. */
  nowUs(): number {
    return OPEN_US + this.#marketTime.nowMs() * RATE * 1000;
  }

  /** The market goes on by so many minutes; what follows from each has settled before the next. */
  async minutes(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (let left: { leftMs: number } | null = { leftMs: MINUTE_MS }; left !== null;) {
        left = this.#marketTime.advanceToNext(left.leftMs);
        await this.settled();
      }
      this.#sendPrices();
      await this.settled();
    }
  }

  /** Last prices of the symbols that the gateway watches, as main sends them to it. */
  #sendPrices(): void {
    const watch = this.main.heard.findLast((one) => one.type === "watch");
    if (watch === undefined || watch.symbols.length === 0 || !this.sendsPrices) return;
    const batch = new MarketBatch(watch.symbols.length);
    for (const symbol of watch.symbols) {
      const { lastPrice } = this.simulator.exchange.market(symbol);
      const id = this.#symbols.indexOf(symbol) + 1;
      batch.push(RowKind.trade, id, this.nowUs(), lastPrice, 1, 0, 0, 0, 0, 0);
    }
    const { buffer, length } = batch;
    this.gateway.fromMain({ type: "market", buffer, length, firstSeq: 0 });
  }

  get #symbols(): string[] {
    return Object.keys(this.options.bars ?? { [SYMBOL]: 0 });
  }

  /** Network time goes on by so much, timer by timer; what follows from each has settled. */
  async networkMs(ms: number): Promise<void> {
    for (let left: { leftMs: number } | null = { leftMs: ms }; left !== null;) {
      left = this.network.advanceToNext(left.leftMs);
      await this.settled();
    }
  }

  /** No request is on its way but those that the exchange keeps waiting, and sockets were read. */
  settled(): Promise<void> {
    return this.#inFlight.settled(() => this.adversary.requests.waiting);
  }

  // ---------------------------------------------------------------- the trader

  /** An intent at the market of run 1 in LIQ, unless it says otherwise. Gives its number. */
  send(intent: Partial<Intent> & Pick<Intent, "action">): number {
    const seq = intent.seq ?? this.#seq++;
    this.gateway.fromConsumer(0, {
      type: "intent",
      intent: { ...BLANK, decidedUs: this.nowUs(), runId: 1, symbol: SYMBOL, seq, ...intent },
    });
    return seq;
  }

  cancel(runId = 1, symbol = SYMBOL): void {
    this.gateway.fromConsumer(0, { type: "cancel", runId, symbol, reason: "test" });
  }

  /** The newest report of the run in the symbol. */
  report(runId = 1, symbol = SYMBOL): OrderReport | undefined {
    return this.reports.heard.findLast((one) => one.runId === runId && one.symbol === symbol);
  }

  /**
   * Resolves when a report says that the run holds so much (signed) and, unless `isOpen`, that no
   * order of it is open. `minutes`: the market goes on meanwhile, this many at most.
   */
  async position(
    qty: number,
    { runId = 1, symbol = SYMBOL, isOpen = false, minutes = 0 } = {},
  ): Promise<void> {
    const isThere = (report: OrderReport | undefined) =>
      report !== undefined && report.runId === runId && report.symbol === symbol &&
      (report.position?.qty ?? 0) === qty && (isOpen || report.openOrder === null);
    for (let i = 0; i < minutes && !isThere(this.report(runId, symbol)); i++) await this.minutes();
    if (!isThere(this.report(runId, symbol))) await this.reports.next(isThere);
  }

  /** The first log record, also of the past, whose text (filled in) matches. */
  logged(text: RegExp, level?: Log["level"]): Promise<Log> {
    return this.logs.until((log) =>
      text.test(textOf(log)) && (level === undefined || log.level === level)
    );
  }

  trades(): TradeRow[] {
    return this.records.flatMap((one) => one.table === "new_trades" ? [one.row] : []);
  }

  /** A broker of its own connections, by the same keys. */
  makeBroker(): Broker {
    return createBroker(
      {
        keyId: "key",
        secretKey: "secret",
        baseUrl: this.simulator.baseUrl,
        ...this.options.broker,
      },
      {
        clock: { nowUs: () => this.nowUs() },
        monotonic: this.network,
        random: () => 0.5,
        log: {
          debug: (message, properties) => this.#log("debug", message, properties),
          info: (message, properties) => this.#log("info", message, properties),
          warn: (message, properties) => this.#log("warning", message, properties),
        },
      },
    );
  }

  /** A gateway over the world's broker; `startGateway` starts the one in `world.gateway`. */
  async makeGateway(more: Partial<GatewayOptions> = {}): Promise<Gateway> {
    const batchId = more.batchId ?? this.options.gateway?.batchId ?? "batch";
    return new Gateway({
      broker: this.broker,
      journal: more.journal ?? await this.#openJournal(batchId),
      store: { write: (records) => void this.records.push(...records) },
      clock: { nowUs: () => this.nowUs() },
      wait: (ms, aborted) => wait(this.network, ms, aborted).catch(() => {}),
      risk: NO_LIMITS,
      batchId,
      stepping: false,
      consumers: 1,
      toConsumer: (_, message) => message.type === "report" && this.reports.hear(message),
      toMain: (message) => this.main.hear(message),
      log: (level, message, properties) => this.#log(level, message, properties),
      ...this.options.gateway,
      ...more,
    });
  }

  async #openJournal(batchId: string): Promise<FileJournal> {
    const journal = await FileJournal.open(this.folder, batchId);
    this.#journals.push(journal);
    return journal;
  }

  /** Resolves when it is ready, knows its runs, its assets and the session. */
  async startGateway(): Promise<void> {
    const { gateway } = this;
    const hours = { openUs: OPEN_US, closeUs: OPEN_US + 390 * 60e6 };
    await gateway.start();
    gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
    gateway.fromMain({ type: "symbols", first: 1, names: this.#symbols });
    gateway.fromMain({ type: "runs", runs: this.options.runs ?? RUNS });
    const assets = this.main.next(({ type }) => type === "assets");
    gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
    await assets;
    await this.settled();
  }

  /** Resolves with what it told when it had stopped. */
  async stop(): Promise<Extract<GatewayToMain, { type: "stopped" }>> {
    const stopped = this.main.next(({ type }) => type === "stopped");
    this.gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
    return await stopped as Extract<GatewayToMain, { type: "stopped" }>;
  }

  // ---------------------------------------------------------------- how things really are

  /** Signed, at the exchange; 0: flat. */
  exchangeQty(symbol = SYMBOL): number {
    return Number(this.simulator.exchange.position(ACCOUNT_ID, symbol)?.qty ?? 0);
  }

  /** All orders of the account, legs too, oldest first. */
  exchangeOrders() {
    const filter = { status: "all", limit: 100_000, nested: false, direction: "asc" } as const;
    return this.simulator.exchange.orders(ACCOUNT_ID, filter);
  }

  /** Those that the trader sent. */
  ownOrders() {
    return this.exchangeOrders().filter(({ clientOrderId }) => clientOrderId.startsWith("liu-"));
  }

  /** Every test of a fault ends with it; see CheckOptions. */
  check(options: CheckOptions = {}): Promise<void> {
    return checkWorld(this, options);
  }

  async #startExchange(): Promise<void> {
    const { bars = { [SYMBOL]: () => 100 }, minutes = 390, faults = [], seed = 1 } = this.options;
    const file = await writeBars(this.folder, bars, minutes);
    this.simulator = await startSimulator({
      sources: [{ kind: "bars", file }],
      startUs: OPEN_US,
      endUs: OPEN_US + minutes * 60e6,
      speed: RATE,
      port: 0,
      faults: { seed, faults: [] },
      ...this.options.simulator,
    }, { market: this.#marketTime, network: this.network });
    for (const fault of faults) this.inject(fault);
  }

  #log(level: Log["level"], message: string, properties: Record<string, unknown> = {}): void {
    this.logs.hear({ level, message, properties });
  }
}

/** The message with its properties put in. */
export function textOf({ message, properties }: Log): string {
  return message.replace(/\{(\w+)\}/g, (_, name) => String(properties[name]));
}

const RUNS: RunInfo[] = ["alpha", "beta"].map((strategy, i) => (
  { runId: i + 1, strategy, consumer: 0, dayTrade: i === 0 }
));
