/**
 * Tests of one's own strategies: `import { check } from "liu/testing"`.
 *
 * @module
 */
import { type ParamTable, resolveParams } from "./contracts/params.ts";
import type { OrderDecision } from "./contracts/decision.ts";
import type { ScheduleWindow, Strategy, StrategyContext } from "./contracts/strategy.ts";
import { Consumer } from "./engine/consumer/consumer.ts";
import { strategyRun } from "./engine/consumer/load_strategies.ts";
import {
  cryptoSession,
  exchangeDate,
  exchangeTime,
  exchangeUs,
  nextSession,
  sessionOf,
} from "./model/calendar.ts";
import type { TargetPortfolio } from "./model/target_portfolio.ts";
import { MarketBatch, RowKind } from "./model/market_batch.ts";
import type { ConsumerToGateway, ConsumerToMain, Intent } from "./protocol.ts";
import {
  assetOf,
  type CheckEvent,
  type CheckSymbol,
  columnsOf,
  eventsOf,
  isColumns,
} from "./testing/market.ts";
import { Desk, type DeskFill, RUN_ID } from "./testing/desk.ts";

const MINUTE_US = 60e6;

export type { BarRow, CheckSymbol } from "./testing/market.ts";

export interface CheckOptions extends Partial<CheckSymbol> {
  /** Default "TEST"; with a slash it is crypto. */
  symbol?: string;
  /** Several symbols, for runAll, in place of the one. */
  symbols?: Readonly<Record<string, CheckSymbol>>;
  /** As in the plan, names in camelCase; what is missing has its default. */
  params?: Readonly<Record<string, unknown>>;
  /** Exchange time of the first bar. Default "2022-01-03 09:30", an open. */
  start?: string;
  schedule?: readonly ScheduleWindow[];
  /** Account currency. Default 100,000. */
  cash?: number;
  /** The plan's portfolio_value. Default: the account's equity. */
  portfolioValue?: number;
  /** Values of earlier sessions, context "". */
  keystore?: Readonly<Record<string, string>>;
  /** What the strategy trades towards; see Strategy.targetPortfolio. */
  targetPortfolio?: TargetPortfolio;
  /** Denies orders, to see what the strategy makes of it: the message, or null. */
  deny?(order: CheckedOrder): { by: "risk" | "broker"; code: string; message: string } | null;
}

/** When and in which symbol. */
export interface Checked {
  /** Exchange time, "HH:MM:SS". */
  time: string;
  symbol: string;
}
export type CheckedOrder = Checked & OrderDecision;
export type CheckedFill = Checked & Omit<DeskFill, "timeUs">;

export interface CheckResult<S extends Strategy> {
  strategy: S;
  /** All orders that were decided, those that were denied too. */
  orders: CheckedOrder[];
  cancels: (Checked & { reason: string })[];
  rejects: (Checked & { reason: string })[];
  denials: (Checked & { by: "risk" | "broker"; code: string; message: string })[];
  fills: CheckedFill[];
  /** Signed, of what is open at the end; 0: flat. */
  positionQty(symbol?: string): number;
  /** What cash and positions, at the last price, are worth more than at the start. */
  gain: number;
  logs: { level: string; message: string; properties: Record<string, unknown> }[];
  /** What was written to the keystore, by key. */
  keystore: Record<string, string>;
}

// deno-lint-ignore no-explicit-any -- the class brings its own types of params and state
type StrategyClass<S extends Strategy> = (new (context: StrategyContext) => S) & any;

/**
 * Runs a strategy over bars, as the engine would, and gives back what it decided and what became of
 * that.
 *
 * All is minute by minute: a strategy that orders at a minute's end is filled at the next bar's
 * open (or by the next quote or trade, where there are any), whole and without fees; limits and
 * stops when a bar reaches them; a position's stopPrice and targetPrice from the bar after the fill
 * on, the stop first. Denied is what the gateway would deny for its quantity, its side or the
 * account's money. What the strategy throws, `check` throws.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { buy, sell, Strategy, type Tick } from "liu";
 *
 * class BuyTheDip extends Strategy {
 *   run({ bars, position }: Tick<this>) {
 *     if (!position && bars.close.at(-1) < 9) return buy({ qty: 10, stopPrice: 8 });
 *     if (position && bars.close.at(-1) > 10) return sell({ qty: position.qty });
 *   }
 * }
 *
 * const { fills, gain } = check(BuyTheDip, { bars: [10, 8.9, 9, 9.5, 10.1, 10.2] });
 * assert.deepEqual(
 *   fills.map(({ time, action, qty, price }) => [time, action, qty, price]),
 *   [["09:32:00", "buy", 10, 9], ["09:35:00", "sell", 10, 10.2]],
 * );
 * assert.equal(gain.toFixed(2), "12.00");
 * ```
 */
export function check<S extends Strategy>(
  type: StrategyClass<S>,
  options: CheckOptions,
): CheckResult<S> {
  return new CheckRun<S>(type, options).run();
}

class CheckRun<S extends Strategy> {
  readonly #options: CheckOptions;
  readonly #symbols: [string, CheckSymbol][];
  readonly #startUs: number;
  readonly #desk: Desk;
  readonly #consumer: Consumer;
  readonly #result: CheckResult<S>;
  #nowUs: number;
  #pending: Extract<ConsumerToGateway, { type: "stepDone" }> | null = null;
  #thrown: { error: unknown } | null = null;

  constructor(type: StrategyClass<S>, options: CheckOptions) {
    this.#options = options;
    const { symbol = "TEST", symbols, bars, cash = 100_000, start = "2022-01-03 09:30" } = options;
    this.#symbols = symbols
      ? Object.entries(symbols)
      : [[symbol, { ...options, bars: bars ?? [] }]];
    const [date, time] = start.split(" ");
    this.#startUs = this.#nowUs = exchangeUs(date, time);
    const run = strategyRun(type, {
      name: type.name,
      index: 0,
      params: paramsOf(type, options.params ?? {}),
      schedule: options.schedule ?? [],
      keystore: Object.entries(options.keystore ?? {}).map(([key, value]) => ({
        key,
        context: "",
        value,
      })),
      target: options.targetPortfolio,
      toMain: (message) => this.#onMain(message),
      onKeystoreSet: (key, _context, value) => this.#result.keystore[key] = value,
    });
    this.#result = {
      strategy: run.instance as S,
      orders: [],
      cancels: [],
      rejects: [],
      denials: [],
      fills: [],
      positionQty: (symbol = this.#symbols[0][0]) => this.#desk.positions.get(symbol)?.qty ?? 0,
      gain: 0,
      logs: [],
      keystore: {},
    };
    this.#desk = this.#makeDesk(cash);
    this.#consumer = new Consumer({
      index: 0,
      clock: { rate: 0, nowUs: () => this.#nowUs, advanceTo: (us) => this.#nowUs = us },
      stepping: true,
      events: this.#events(),
      portfolioValue: options.portfolioValue ?? 0,
      strategies: run.instance.create() === false ? [] : [run],
      sequence: new Float64Array(1),
      control: new Int32Array(3),
      toGateway: (message) => {
        if (message.type === "stepDone") this.#pending = message;
      },
      toMain: (message) => this.#onMain(message),
      describeThrown: (error) => {
        this.#thrown ??= { error };
        return { message: String(error), stack: "" };
      },
    });
  }

  run(): CheckResult<S> {
    this.#follow();
    const { equity } = this.#desk.account;
    const byTime = Map.groupBy(
      eventsOf(this.#symbols.map(([_, one]) => one), this.#startUs),
      ({ timeUs }) => timeUs,
    );
    [...byTime].sort(([a], [b]) => a - b).forEach(([timeUs, events], n) => {
      this.#step(n + 1, timeUs, events);
    });
    this.#consumer.onMain({ type: "stop" });
    this.#throwThrown();
    this.#result.gain = this.#desk.account.equity - equity;
    return this.#result;
  }

  #follow(): void {
    const date = exchangeDate(this.#startUs);
    const day = sessionOf(date) ?? nextSession(this.#startUs);
    const crypto = cryptoSession(date);
    this.#consumer.onMain({
      type: "session",
      windows: [
        { assetClass: "us_equity", date, openUs: day.openUs, closeUs: day.closeUs },
        { assetClass: "crypto", date, openUs: crypto.openUs, closeUs: crypto.closeUs },
      ],
    });
    const strategy = this.#result.strategy.name;
    this.#consumer.onMain({
      type: "runs",
      runs: [{ runId: RUN_ID, strategy, consumer: 0, dayTrade: true }],
    });
    this.#symbols.forEach(([symbol, { history = [], previousClose = NaN, position, asset }], i) => {
      const length = isColumns(history) ? history.timeUs.length : history.length;
      this.#consumer.onMain({
        type: "follow",
        symbol,
        symbolId: i,
        asset: { ...assetOf(symbol), ...asset },
        runIds: [RUN_ID],
        history: columnsOf(history, this.#startUs - length * MINUTE_US),
        previousClose,
      });
      if (!position) return;
      const { qty, averagePrice, stopPrice = null, targetPrice = null } = position;
      const openedUs = this.#startUs - MINUTE_US;
      this.#desk.open(symbol, { qty, averagePrice, openedUs, stopPrice, targetPrice });
    });
  }

  #step(n: number, timeUs: number, events: CheckEvent[]): void {
    this.#nowUs = timeUs;
    const batch = new MarketBatch(events.length + 1);
    for (const { kind, symbol, values } of events) {
      const [a, b, c = 0, d = 0, e = 0, f = 0, g = 0] = values;
      const name = this.#symbols[symbol][0];
      const isBar = kind === RowKind.minuteBar;
      const startUs = isBar ? timeUs - MINUTE_US : timeUs;
      if (isBar) this.#desk.onBar(name, startUs, a, b, c, d);
      else this.#desk.onPrice(name, timeUs, a, kind === RowKind.quote ? c : a);
      batch.push(kind, symbol, startUs, a, b, c, d, e, f, g);
    }
    batch.push(RowKind.step, 0, timeUs, n, 0, 0, 0, 0, 0, 0);
    const { buffer, length } = batch;
    this.#consumer.onGateway({ type: "stepBegin", n, timeUs, account: this.#desk.account });
    this.#consumer.onMain({ type: "market", buffer, length, firstSeq: 0 });
    this.#throwThrown();
    const { cancels, intents } = this.#pending!;
    for (const { symbol, reason } of cancels) {
      this.#result.cancels.push({ ...this.#checked(symbol, timeUs), reason });
      this.#desk.cancel(symbol);
    }
    for (const intent of intents) {
      this.#result.orders.push(this.#orderOf(intent));
      this.#desk.take(intent, timeUs);
    }
    this.#throwThrown();
  }

  #makeDesk(cash: number): Desk {
    return new Desk({
      cash,
      report: (report) => this.#consumer.onGateway(report),
      onFill: ({ timeUs, ...fill }) =>
        this.#result.fills.push({ ...fill, time: exchangeTime(timeUs) }),
      onDenied: ({ symbol }, denial) =>
        this.#result.denials.push({ ...this.#checked(symbol, this.#nowUs), ...denial }),
      deny: (intent) => this.#options.deny?.(this.#orderOf(intent)) ?? null,
      isShortable: (symbol) => {
        const own = this.#symbols.find(([name]) => name === symbol)?.[1].asset;
        return own?.shortable ?? assetOf(symbol).shortable;
      },
    });
  }

  #onMain(message: ConsumerToMain): void {
    if (message.type === "log") {
      const { level, message: text, properties } = message;
      this.#result.logs.push({ level, message: text, properties });
    }
    if (message.type === "reject") {
      const { symbol, reason } = message;
      this.#result.rejects.push({ ...this.#checked(symbol, this.#nowUs), reason });
    }
  }

  #orderOf(intent: Intent): CheckedOrder {
    const { runId: _run, seq: _seq, problem: _problem, referencePrice: _price, ...rest } = intent;
    const { decidedUs, ...given } = rest;
    const order = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== null && value !== false),
    ) as unknown as OrderDecision;
    return { ...this.#checked(intent.symbol, decidedUs), ...order, kind: "order" };
  }

  #checked(symbol: string, timeUs: number): Checked {
    return { time: exchangeTime(timeUs), symbol };
  }

  /** What the symbols have. */
  #events(): ("minute" | "trade" | "quote" | "second")[] {
    const has = (kind: "trades" | "quotes") => this.#symbols.some(([_, one]) => one[kind]?.length);
    return [
      "minute",
      ...(has("trades") ? ["trade" as const, "second" as const] : []),
      ...(has("quotes") ? ["quote" as const] : []),
    ];
  }

  #throwThrown(): void {
    if (this.#thrown) throw this.#thrown.error;
  }
}

function paramsOf(type: { name: string; params?: ParamTable }, given: Record<string, unknown>) {
  const { values, problems } = resolveParams(type.params ?? {}, given);
  if (problems.length > 0) {
    const list = problems.map(({ key, problem }) => `${key} ${problem}`).join("; ");
    throw new TypeError(`Cannot check ${type.name}: ${list}`);
  }
  return Object.freeze(values);
}
