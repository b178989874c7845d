/**
 * For tests: a gateway between the simulated exchange, over real sockets, and consumers that follow
 * a plan.
 */
import { NO_LIMITS } from "../src/model/limit.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { createBroker } from "../src/brokers/alpaca.ts";
import type { Broker } from "../src/contracts/broker.ts";
import type { MarketStream } from "../src/contracts/provider.ts";
import type { StoreRecord, TradeRow } from "../src/contracts/store.ts";
import { FileJournal, readJournal } from "../src/engine/gateway/file_journal.ts";
import { Gateway } from "../src/engine/gateway/gateway.ts";
import { Producer } from "../src/engine/producer.ts";
import type {
  ConsumerToGateway,
  GatewayToConsumer,
  GatewayToMain,
  Intent,
  OrderReport,
  RunInfo,
} from "../src/protocol.ts";
import { createProvider } from "../src/providers/alpaca.ts";
import { startSimulator } from "../src/simulator/server.ts";
import { decimal } from "../src/util/decimal.ts";
import { SymbolTable } from "../src/util/symbol_table.ts";
import { systemMonotonic, wait } from "../src/wire/monotonic.ts";

export const OPEN_US = Date.parse("2022-01-03T14:30:00Z") * 1000;
const MINUTE_US = 60e6;
const MINUTES = 60;

/** Price and volume of each bar by the minutes after the open at which it starts. */
export type Bars = Record<string, { path: (minute: number) => number; volume: number }>;
/** Intents by minutes after the open. */
export type Plan = Record<
  number,
  (Partial<Intent> & Pick<Intent, "runId" | "action" | "symbol">)[]
>;

export interface SessionTold {
  messages: GatewayToMain[];
  reports: OrderReport[];
  trades: TradeRow[];
  /** As "SYMBOL side qty type". */
  requests: string[];
  /** The exchange's. */
  cash: number;
  positions: number;
  /** Types of the journal's records. */
  journal: string[];
}

export interface SessionPlan {
  bars: Bars;
  plan: Plan;
  runs: RunInfo[];
  /** Minutes after the open; the session ends when it has ended. */
  liquidateAt: number;
}

export async function playSession(session: SessionPlan): Promise<SessionTold> {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "bars.csv");
  await Deno.writeTextFile(file, barsText(session.bars));
  const simulator = await startSimulator({
    sources: [{ kind: "bars", file }],
    startUs: OPEN_US,
    endUs: OPEN_US + MINUTES * MINUTE_US,
    speed: "max",
    port: 0,
  });
  try {
    return await new GatewaySession(session, simulator.baseUrl, folder).run();
  } finally {
    await simulator.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function barsText(bars: Bars): string {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (let minute = 0; minute < MINUTES; minute++) {
    const start = new Date((OPEN_US + minute * MINUTE_US) / 1000).toISOString();
    for (const [symbol, { path, volume }] of Object.entries(bars)) {
      const price = path(minute);
      const prices = [price, price + 0.05, price - 0.05, price].map((value) => value.toFixed(2));
      lines.push([symbol, start, ...prices, volume].join(","));
    }
  }
  return lines.join("\n") + "\n";
}

class GatewaySession {
  readonly #messages: GatewayToMain[] = [];
  readonly #reports: OrderReport[] = [];
  readonly #records: StoreRecord[] = [];
  readonly #requests: string[] = [];
  readonly #symbols = new SymbolTable();
  readonly #failed = Promise.withResolvers<never>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #producer: Producer;
  readonly #waiting: { wants(message: GatewayToMain): boolean; resolve(): void }[] = [];
  #gateway!: Gateway;
  #stream!: MarketStream;
  #seq = 0;

  constructor(
    readonly session: SessionPlan,
    readonly baseUrl: string,
    readonly folder: string,
  ) {
    this.#producer = new Producer({
      symbols: this.#symbols,
      isLossless: () => true,
      onStep: (n, timeUs) => void this.#onStep(n, timeUs).catch(this.#failed.reject),
    });
    // As over a port: later, in order.
    this.#producer.addReceiver({
      post: (message) => queueMicrotask(() => this.#gateway.fromMain(message)),
    }, new SharedArrayBuffer(8));
  }

  async run(): Promise<SessionTold> {
    const { signal } = new AbortController();
    const log = { debug() {}, info() {}, warn() {} };
    const clock = { nowUs: () => OPEN_US };
    const context = { clock, monotonic: systemMonotonic, random: () => 0.5, log };
    const settings = {
      keyId: "key",
      secretKey: "secret",
      baseUrl: this.baseUrl,
      acksSteps: "true",
    };
    const broker = createBroker(settings, context);
    await this.#startGateway(broker);
    const symbols = Object.keys(this.session.bars);
    for (const symbol of symbols) this.#symbols.idOf(symbol);
    this.#stream = await createProvider(settings, context).openStream({
      assetClass: "us_equity",
      sink: this.#producer.addStream(),
      onState: (state) => state.state === "failed" && this.#failed.reject(state.error),
      signal,
    });
    await this.#stream.subscribe({ bars: symbols }, signal);
    this.#producer.start();
    await Promise.race([this.#ended.promise, this.#failed.promise]);

    const account = await broker.account(signal);
    const positions = await broker.positions(signal);
    this.#gateway.fromMain({ type: "stop", orders: "cancel", withinMs: 10_000 });
    await this.#told((message) => message.type === "stopped");
    await this.#stream.close();
    const journal = readJournal(await Deno.readFile(join(this.folder, "batch.journal")));
    assert.equal(journal.state, "whole");
    return {
      messages: this.#messages,
      reports: this.#reports,
      trades: this.#records.flatMap((one) => one.table === "new_trades" ? [one.row] : []),
      requests: this.#requests,
      cash: Number(account.cash),
      positions: positions.length,
      journal: journal.records.map(({ type }) => type),
    };
  }

  async #startGateway(broker: Broker): Promise<void> {
    this.#gateway = new Gateway({
      broker: {
        ...broker,
        submit: (request, signal) => {
          const { symbol, side, qty, type } = request;
          this.#requests.push(`${symbol} ${side} ${qty} ${type}`);
          return broker.submit(request, signal);
        },
      },
      journal: await FileJournal.open(this.folder, "batch"),
      store: { write: (records) => void this.#records.push(...records) },
      clock: { nowUs: () => OPEN_US },
      wait: (ms, aborted) => wait(systemMonotonic, ms, aborted).catch(() => {}),
      risk: {
        ...NO_LIMITS,
        maxNotionalPerOrder: 20_000,
        maxOpenOrders: 100,
        priceCollarPercent: 10,
      },
      batchId: "batch",
      stepping: true,
      consumers: Math.max(...this.session.runs.map(({ consumer }) => consumer)) + 1,
      toConsumer: (consumer, message) => this.#onConsumer(consumer, message),
      toMain: (message) => this.#onMain(message),
      log: () => {},
    });
    await this.#gateway.start();
    const hours = { openUs: OPEN_US, closeUs: OPEN_US + 390 * MINUTE_US };
    this.#gateway.fromMain({ type: "runs", runs: this.session.runs });
    this.#gateway.fromMain({ type: "assets", id: 1, assetClass: "us_equity" });
    this.#gateway.fromMain({ type: "session", assetClass: "us_equity", ...hours });
  }

  #onConsumer(consumer: number, message: GatewayToConsumer): void {
    if (message.type === "report") this.#reports.push(message);
    if (message.type !== "stepBegin") return;
    const { n, timeUs } = message;
    const minute = (timeUs - OPEN_US) / MINUTE_US;
    const isOwn = (runId: number) =>
      this.session.runs.find((run) => run.runId === runId)!.consumer === consumer;
    const wishes = n === 0 ? [] : this.session.plan[minute] ?? [];
    const intents = wishes.filter(({ runId }) => isOwn(runId))
      .map((wish): Intent => ({ ...BLANK, seq: this.#seq++, ...wish }));
    const done: ConsumerToGateway = { type: "stepDone", n, intents, cancels: [], keystore: [] };
    queueMicrotask(() => this.#gateway.fromConsumer(consumer, done));
  }

  #onMain(message: GatewayToMain): void {
    this.#messages.push(message);
    if (message.type === "failed") this.#failed.reject(new Error(message.message));
    if (message.type === "returned") this.#producer.returned(0, message.buffer);
    if (message.type === "watch") {
      for (const symbol of message.symbols) this.#producer.route(symbol, 0);
    }
    for (const waiting of this.#waiting) if (waiting.wants(message)) waiting.resolve();
  }

  /** Resolves when the gateway has said it, or at once where it has. */
  #told(wants: (message: GatewayToMain) => boolean): Promise<void> {
    if (this.#messages.some(wants)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ wants, resolve }));
  }

  async #onStep(n: number, timeUs: number): Promise<void> {
    await this.#told((message) => message.type === "stepComplete" && message.n === n);
    if (n > 0 && timeUs === OPEN_US + this.session.liquidateAt * MINUTE_US) {
      this.#gateway.fromMain({
        type: "liquidate",
        id: 1,
        scope: "day_trades",
        assetClasses: ["us_equity"],
        reason: "close",
        deadlineUs: OPEN_US + (MINUTES - 1) * MINUTE_US,
      });
      await this.#told((message) => message.type === "liquidating");
    }
    if (this.#messages.some(({ type }) => type === "liquidated")) return this.#ended.resolve();
    this.#stream.ackStep(n);
  }
}

/** What the account's cash comes to with these executions. */
export function cashOf(trades: TradeRow[]): number {
  const sum = trades.reduce((sum, { operation, qty, price, fee }) => {
    const sign = operation === "buy" || operation === "buy_short" ? -1 : 1;
    return sum.plus(decimal(qty).times(price).times(sign)).minus(fee);
  }, decimal(100_000));
  return Number(sum);
}

/** An intent at the market, but for its run, symbol, action and quantity. */
export const BLANK = {
  qty: null,
  notional: null,
  limitPrice: null,
  triggerPrice: null,
  stopPrice: null,
  targetPrice: null,
  timeInForce: null,
  extendedHours: false,
  indicators: { why: "plan" },
  problem: null,
  referencePrice: 100,
  decidedUs: OPEN_US,
};
