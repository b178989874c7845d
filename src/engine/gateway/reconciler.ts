/**
 * Compares what the gateway knows with what the broker says, all the time while live. Invariants: a
 * difference counts when a second look shows it too, as updates may be under way; a request that
 * failed says nothing, least of all that the account is flat; one round costs few requests, however
 * much is open.
 */
import type { BrokerOrder } from "../../model/order.ts";
import { isFinal } from "../../model/order.ts";
import type { PositionDifference } from "../../model/open_position.ts";
import type { ReconcilePeriods } from "../../model/reconcile_periods.ts";
import { ConfigError, OperationError, RetryableError } from "../../util/errors.ts";
import type { Soon } from "../../util/soon.ts";
import type { Desk } from "./desk.ts";
import type { Dispatch } from "./dispatch.ts";
import { InFlight } from "./in_flight.ts";
import { liveOrders, liveOrdersOf } from "./live_orders.ts";
import { Obstacles } from "./obstacles.ts";
import { noteOtherTrader } from "./one_trader.ts";
import type { OrderFlow } from "./order_flow.ts";
import { PositionCheck } from "./position_check.ts";
import { fetchMissing } from "./reconcile.ts";
import { flatten } from "./reversal.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isMissingFills } from "./work.ts";

/** Requests for single orders in a round. */
const LOOK_UPS_MAX = 3;
/** Rounds in a row that could not be made, before somebody is told. */
const FAILURES_MAX = 5;
const PAUSE_MS = 1000;
/** Between looks at positions while it is known that the broker has less. */
const CHECK_MS = 5000;
const CHECK_MS_MAX = 60_000;

export interface ReconcilerOptions {
  signal: AbortSignal;
  run(task: () => Soon<void>): void;
  /** Something may be due now that was not. */
  wake(): void;
}

export class Reconciler {
  readonly #inFlight: InFlight;
  readonly #positions: PositionCheck;
  /** Asked for at this moment. */
  readonly #asked = new Set<ChildOrder>();
  /** Open at the broker and over here, at the last look. */
  #ghosts: ReadonlySet<string> = new Set();
  /** Not among the broker's open orders at the last look. */
  #absent: ReadonlySet<ChildOrder> = new Set();
  #turn = 0;
  /** The broker has said that it does not know them. */
  readonly #unknown = new Set<ChildOrder>();
  readonly #told = new Set<string>();
  /** Their positions are compared until these are explained. */
  readonly #checking = new Set<Desk>();
  readonly obstacles: Obstacles;

  constructor(
    readonly state: GatewayState,
    readonly flow: OrderFlow,
    readonly dispatch: Dispatch,
    readonly options: ReconcilerOptions,
  ) {
    this.#inFlight = new InFlight(state, dispatch);
    this.#positions = new PositionCheck(state, flow, options.signal);
    const { signal, wake } = options;
    this.obstacles = new Obstacles(state, flow, {
      signal,
      wake,
      end: (child) => this.ask(child),
      check: (desk) => this.#checkSoon(desk),
    });
  }

  /** From now on, until the gateway stops. */
  start(periods: ReconcilePeriods): void {
    this.#positions.sinceUs = this.state.nowUs();
    this.#every("orders in flight", periods.inFlightMs, () => this.lookAtInFlight());
    this.#every("open orders", periods.openOrdersMs, () => this.lookAtOpenOrders());
    this.#every("positions", periods.positionsMs, () => this.lookAtPositions());
  }

  #every(what: string, periodMs: number, look: () => Promise<void>): void {
    if (periodMs === 0) return;
    this.options.run(async () => {
      const { wait, log } = this.state.options;
      const { signal } = this.options;
      let failures = 0;
      while (true) {
        await wait(periodMs, signal);
        if (signal.aborted) return;
        // What is missed while nothing is told is made up for when it is told again.
        if (!this.state.isConnected) continue;
        try {
          await look();
          failures = 0;
        } catch (error) {
          if (signal.aborted) return;
          if (!isOutside(error)) throw error;
          failures++;
          const level = failures === FAILURES_MAX ? "error" : "warning";
          log(level, "The broker's {what} cannot be compared: {error}", {
            what,
            error: String(error),
            ...(level === "error" ? { alert: "not_reconciled" } : {}),
          });
        }
        this.options.wake();
      }
    });
  }

  /** Orders that should have been heard of by now. */
  async lookAtInFlight(): Promise<void> {
    let overdue = this.#inFlight.overdue();
    if (overdue.length > LOOK_UPS_MAX) {
      const open = await this.#listed();
      overdue = overdue.filter((child) => {
        const order = open.get(child.brokerOrderId ?? "");
        if (order === undefined || isMissingFills(child)) return true;
        this.#inFlight.onAnswer(child, order);
        return false;
      });
    }
    await this.#lookUp(overdue);
  }

  /** All that is open at the broker or here. */
  async lookAtOpenOrders(): Promise<void> {
    const open = await this.#listed();
    const absent = liveOrders(this.state).filter(({ brokerOrderId, status, isSending }) =>
      !isSending && brokerOrderId !== null && !isFinal(status) && !open.has(brokerOrderId)
    );
    // A list may be older than what was heard since.
    const again = absent.filter((child) => this.#absent.has(child));
    this.#absent = new Set(absent);
    // What is never listed must not keep the others from their turn.
    const first = again.length === 0 ? 0 : this.#turn++ * LOOK_UPS_MAX % again.length;
    await this.#lookUp([...again.slice(first), ...again.slice(0, first)]);
  }

  async lookAtPositions(): Promise<void> {
    await this.#positions.look((desks) => this.#lookUp(desks.flatMap(liveOrdersOf)));
  }

  /** What books and broker do not agree about at this moment. */
  differences(): Promise<PositionDifference[]> {
    return this.#positions.compare();
  }

  /** What the broker lacks in the symbol is looked into at once, and less and less often after that. */
  #checkSoon(desk: Desk): void {
    if (this.#checking.has(desk)) return;
    this.#checking.add(desk);
    this.options.run(async () => {
      const { wait, log } = this.state.options;
      const { signal } = this.options;
      for (let attempt = 0; desk.shortfall !== null; attempt++) {
        if (attempt > 0) await wait(Math.min(CHECK_MS * attempt, CHECK_MS_MAX), signal);
        if (signal.aborted) return;
        if (!this.state.isConnected) continue;
        try {
          await this.lookAtPositions();
        } catch (error) {
          if (signal.aborted) return;
          if (!isOutside(error)) throw error;
          const text = "{symbol}: the broker's position cannot be compared: {error}";
          log("warning", text, { symbol: desk.symbol, error: String(error) });
        }
        this.options.wake();
      }
      this.#checking.delete(desk);
    });
  }

  /** What was reported of the order is not believed: the broker says what it is. */
  async ask(child: ChildOrder): Promise<void> {
    if (this.#asked.has(child)) return;
    this.#asked.add(child);
    const { broker, wait, log } = this.state.options;
    const { signal } = this.options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const order = await broker.orderByClientId(child.clientOrderId, signal);
        // From here on a new doubt is another question.
        this.#asked.delete(child);
        await this.#answered(child, order);
        break;
      } catch (error) {
        if (signal.aborted || !isOutside(error)) throw error;
        const { clientOrderId: id } = child;
        log("warning", "{id}: cannot be looked up: {error}", { id, error: String(error) });
      }
      await wait(Math.min(attempt, FAILURES_MAX) * PAUSE_MS, signal);
    }
    this.#asked.delete(child);
    this.options.wake();
  }

  /**
   * A run has a position that nobody wanted, as both legs of a bracket filled, for one: it is closed
   * at once, unless it only looks so because another order's fill has not been told.
   */
  reversed(child: ChildOrder): Soon<void> {
    if (this.state.tellsOnce) return flatten(this.state, child);
    return this.#confirmReversal(child);
  }

  async #confirmReversal(child: ChildOrder): Promise<void> {
    const { desk, runId } = child;
    const { wait, log } = this.state.options;
    const { signal } = this.options;
    desk.isDoubtful = true;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const others = liveOrdersOf(desk).filter((order) => order.runId === runId);
        await this.#lookUp(others);
        break;
      } catch (error) {
        if (signal.aborted || !isOutside(error)) throw error;
        const { symbol } = child;
        log("warning", "{symbol}: orders cannot be looked up: {error}", {
          symbol,
          error: String(error),
        });
      }
      await wait(Math.min(attempt, FAILURES_MAX) * PAUSE_MS, signal);
    }
    desk.isDoubtful = false;
    flatten(this.state, child);
    this.options.wake();
  }

  /** All that is open at the broker, by its id; what is listed is taken in. */
  async #listed(): Promise<ReadonlyMap<string, BrokerOrder>> {
    const { broker } = this.state.options;
    const open = new Map<string, BrokerOrder>();
    const ghosts = new Set<string>();
    for (const parent of await broker.openOrders(this.options.signal)) {
      for (const order of [parent, ...parent.legs]) {
        if (isFinal(order.status)) continue;
        open.set(order.brokerOrderId, order);
        const child = this.flow.onListed(order);
        if (child === null) this.#tellUnknown(order);
        else if (isFinal(child.status)) {
          ghosts.add(order.brokerOrderId);
          if (this.#ghosts.has(order.brokerOrderId)) await this.ask(child);
        }
      }
    }
    this.#ghosts = ghosts;
    return open;
  }

  #tellUnknown(order: BrokerOrder): void {
    const { brokerOrderId, clientOrderId, symbol } = order;
    noteOtherTrader(this.state, order, this.flow.externals.sinceUs);
    const { batchId, log } = this.state.options;
    if (!clientOrderId.startsWith(`liu-${batchId}-`) || this.#told.has(brokerOrderId)) return;
    this.#told.add(brokerOrderId);
    const text = "{symbol}: order {id} of this batch is open at the broker, and not known here; " +
      "cancel it there if it is not wanted";
    log("error", text, { symbol, id: clientOrderId, alert: "unknown_order" });
  }

  /** All that is open at the broker, and each of these orders that is not. */
  async lookUpAll(children: readonly ChildOrder[]): Promise<void> {
    const open = await this.#listed();
    await this.#lookUp(
      children.filter((child) => isMissingFills(child) || !open.has(child.brokerOrderId ?? "")),
      Infinity,
    );
  }

  async #lookUp(children: readonly ChildOrder[], max = LOOK_UPS_MAX): Promise<void> {
    const { signal } = this.options;
    const failures: unknown[] = [];
    for (const child of children.slice(0, max)) {
      if (child.isSending || child.clientOrderId === "") continue;
      try {
        const order = await this.state.options.broker.orderByClientId(child.clientOrderId, signal);
        await this.#answered(child, order);
      } catch (error) {
        // A broker that is away answers for none; what is wrong with one order must not hide the others.
        if (signal.aborted || !isOutside(error) || error instanceof RetryableError) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #answered(child: ChildOrder, order: BrokerOrder | null): Promise<void> {
    const { state, flow } = this;
    const { log } = state.options;
    const { symbol, clientOrderId: id, status: before } = child;
    if (order === null) return this.#onUnknown(child);
    this.#unknown.delete(child);
    flow.onLookup(child, order);
    const { status } = child;
    if (status !== before && isFinal(status)) {
      const text = "{symbol}: {id} is {status} at the broker, which nobody has told";
      log("warning", text, { symbol, id, status });
    }
    if (status === "pending_replace" && order.replacedBy !== null) {
      await this.#findReplacement(child, order.replacedBy);
    }
    this.#inFlight.onAnswer(child, order);
    const { signal } = this.options;
    const children = [child];
    for (const shown of order.legs) {
      const leg = flow.childOf(shown);
      if (leg !== undefined) children.push(leg);
    }
    await fetchMissing(state, flow, { children, signal });
    if (!isFinal(child.status) || isFinal(order.status) || signal.aborted) return;
    const text = "{symbol}: {id} is open at the broker, but was {status} here: it is cancelled";
    log("error", text, { symbol, id, status: child.status, alert: "order_turned_up" });
    await state.options.broker.cancel(order.brokerOrderId, signal);
  }

  /** Of an order that somebody replaced by hand: it may have ended as well. */
  async #findReplacement(child: ChildOrder, replacedBy: string): Promise<void> {
    const { signal } = this.options;
    const next = await this.state.options.broker.orderById?.(replacedBy, signal) ?? null;
    const known = next && this.flow.onListed(next);
    if (known === null) return this.flow.vanished(child);
    await fetchMissing(this.state, this.flow, { children: [known], signal });
    this.flow.onLookup(known, next);
  }

  /** Said twice, of an order that it once had. */
  #onUnknown(child: ChildOrder): void {
    if (isFinal(child.status)) return;
    if (!this.#unknown.has(child)) return void this.#unknown.add(child);
    this.#unknown.delete(child);
    const text = "{symbol}: {id}: the broker does not know the order any more: it has ended";
    const { symbol, clientOrderId: id } = child;
    this.state.options.log("error", text, { symbol, id, alert: "order_vanished" });
    this.flow.vanished(child);
  }
}

/** What comes of network and broker; all else is a bug. */
function isOutside(error: unknown): boolean {
  return error instanceof RetryableError || error instanceof OperationError ||
    error instanceof ConfigError;
}
