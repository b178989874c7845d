import type { BrokerPosition } from "../../../contracts/broker.ts";
import { type BrokerOrder, type Execution, isFinal } from "../../../model/order.ts";
import { type Decimal } from "../../../util/decimal.ts";
import { RetryableError } from "../../../util/errors.ts";
import type { Dispatch } from "../dispatch.ts";
import type { OrderFlow } from "../order_flow.ts";
import type { GatewayState } from "../state.ts";
import { type ChildOrder, isLive, isMissingFills } from "../work.ts";
import { bookOutside } from "./book_outside.ts";
import { type Difference, settleDifferences } from "./differences.ts";
import { orderOf, type Replay } from "./replay.ts";
import { makeSplits } from "./splits.ts";

const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 30_000;
const READS_MAX = 5;
/** Activities may be listed this much later than they happened. */
const LATE_US = 10 * 60e6;

export interface Compared {
  /** What the account holds that is nobody's. */
  external: { symbol: string; qty: string }[];
  /** Open orders that are not Liu's. */
  openOrders: BrokerOrder[];
  differences: Difference[];
}

/**
 * What happened while no trader was there: asked of the broker, before anything is traded. Questions
 * that cannot be answered now are asked again, as long as it takes; no answer is never taken for
 * "nothing".
 */
export class AtStart {
  readonly #outside: Execution[] = [];
  readonly #externalBefore: ReadonlyMap<string, Decimal>;

  constructor(
    readonly parts: {
      state: GatewayState;
      flow: OrderFlow;
      dispatch: Dispatch;
      replay: Replay;
      signal: AbortSignal;
    },
  ) {
    this.#externalBefore = parts.state.book.externals();
  }

  /** `applyUpdates`: gives the updates that have come meanwhile to the books. */
  async compare(applyUpdates: () => void): Promise<Compared> {
    const { state, flow, dispatch, signal } = this.parts;
    const sending = [...flow.orders()].filter(({ isSending }) => isSending);
    await Promise.all(sending.map((child) => dispatch.resolve(child)));
    let positions: BrokerPosition[] = [];
    const sinceUs = this.#sinceUs();
    for (let attempt = 1; !signal.aborted; attempt++) {
      await this.#lookUpAll();
      await this.#readExecutions(sinceUs);
      applyUpdates();
      const before = this.#sums();
      positions = await this.#asked("positions", () => state.options.broker.positions(signal));
      applyUpdates();
      await this.#readExecutions(sinceUs);
      // What happened meanwhile may be in the positions, or not: they are asked again.
      const isStill = this.#sums() === before;
      const isMissing = flow.live().some(isMissingFills);
      if (isStill && (!isMissing || attempt >= READS_MAX)) break;
      await state.options.wait(PAUSE_MS, signal);
    }
    // Nothing of what it would take for "the account holds nothing" has been said.
    signal.throwIfAborted();
    const { splits } = this.parts.replay;
    await this.#asked("splits", () => makeSplits(state, splits, positions, signal));
    const differences = settleDifferences(state, positions, this.#externalBefore, this.#outside);
    const openOrders = await this.#othersOrders();
    const { journal } = state.options;
    if (journal.isKept) await journal.append([]);
    const external = positions.map(({ symbol }) => ({ symbol, qty: state.book.external(symbol) }))
      .filter(({ qty }) => !qty.isZero)
      .map(({ symbol, qty }) => ({ symbol, qty: qty.toFixed() }));
    return { external, openOrders, differences };
  }

  /** All that the book holds. */
  #sums(): string {
    const { book } = this.parts.state;
    return [...book.symbols()].map((symbol) => `${symbol} ${book.net(symbol).toFixed()}`).join();
  }

  #sinceUs(): number {
    const { state, flow, replay } = this.parts;
    const nowUs = state.nowUs();
    if (replay.lastUs === 0) return nowUs;
    // Nothing of Liu's is open: what was executed before is in the positions, whosever it was.
    if (replay.orders.size === 0) return Math.min(nowUs, replay.lastUs);
    const sentUs = flow.live().map((child) => child.sentUs);
    return Math.min(nowUs, replay.lastUs - LATE_US, ...sentUs);
  }

  /** Orders that are not known to be over, and those whose legs are not. */
  async #lookUpAll(): Promise<void> {
    const { state, flow } = this.parts;
    const parents = new Set(flow.live().filter(({ request }) => request !== null));
    for (const { protections } of state.desks.values()) {
      for (const { groups } of protections.values()) {
        for (const { entry, legs } of groups) {
          const parent = entry ?? legs[0];
          if (legs.length === 0 || legs.some(isLive)) parents.add(parent);
        }
      }
    }
    for (const parent of parents) if (parent.request !== null) await this.#lookUp(parent);
  }

  async #lookUp(child: ChildOrder): Promise<void> {
    const { state, flow, signal } = this.parts;
    const { clientOrderId, symbol } = child;
    const { broker, log } = state.options;
    const order = await this.#asked(
      `order ${clientOrderId}`,
      async () => await broker.orderByClientId(clientOrderId, signal),
    );
    if (order !== null) {
      flow.onLookup(child, order);
      for (const leg of order.legs) {
        const known = flow.childOf(leg);
        if (known !== undefined) flow.onLookup(known, leg);
      }
      return;
    }
    if (isFinal(child.status)) return;
    log(
      "error",
      "{symbol}: the broker does not know {clientOrderId} any more, which it had taken",
      {
        symbol,
        clientOrderId,
        alert: "order_vanished",
      },
    );
    flow.onLookup(child, orderOf(child, "canceled", child.brokerOrderId ?? "", []));
  }

  async #readExecutions(sinceUs: number): Promise<void> {
    const { state, flow, signal } = this.parts;
    const { broker } = state.options;
    const executions = await this.#asked("executions", () => broker.executions(sinceUs, signal));
    for (const execution of executions) {
      if (!state.book.isNew(execution)) continue;
      if (flow.childOf(execution) !== undefined) flow.onExecution(execution);
      // What of those was not applied the comparison of positions finds.
      else if (!state.book.isForgotten(execution)) this.#outsideExecution(execution);
    }
  }

  #outsideExecution(execution: Execution): void {
    const { state } = this.parts;
    const { journal } = state.options;
    const runId = this.#lostRun(execution.clientOrderId);
    if (journal.isKept) journal.note({ type: "execution", runId, execution });
    if (runId !== null) {
      bookOutside(state, runId, execution, "found at the broker");
      return;
    }
    this.#outside.push(execution);
    state.book.apply(null, execution);
    const { symbol, side, qty, price, clientOrderId } = execution;
    const text = "{symbol}: {side} {qty} at {price} by an order that is not Liu's (EXTERNAL)";
    state.options.log("warning", text, {
      symbol,
      side,
      qty: qty.toFixed(),
      price: price.toFixed(),
      clientOrderId,
    });
  }

  /** The run of an order whose record is lost: it is in the id. */
  #lostRun(clientOrderId: string): number | null {
    const { state } = this.parts;
    const prefix = `liu-${state.options.batchId}-`;
    if (!clientOrderId.startsWith(prefix)) return null;
    const runId = Number(clientOrderId.slice(prefix.length).split("-")[0]);
    return state.runs.has(runId) ? runId : null;
  }

  /** Orders of Liu's whose record is lost are cancelled: nobody knows what they were for. */
  async #othersOrders(): Promise<BrokerOrder[]> {
    const { state, flow, signal } = this.parts;
    const { broker, log, batchId } = state.options;
    const open = await this.#asked("open orders", () => broker.openOrders(signal));
    const others: BrokerOrder[] = [];
    for (const order of open) {
      if (flow.childOf(order) !== undefined) continue;
      if (!order.clientOrderId.startsWith(`liu-${batchId}-`)) {
        others.push(order);
        continue;
      }
      const { symbol, side, clientOrderId } = order;
      log("error", "{symbol}: an open {side} order of which no record is left is cancelled", {
        symbol,
        side,
        clientOrderId,
        alert: "unknown_order",
      });
      await broker.cancel(order.brokerOrderId, signal);
    }
    return others;
  }

  async #asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { state: { options: { wait, log } }, signal } = this.parts;
    for (let pauseMs = PAUSE_MS;; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof RetryableError) || signal.aborted) throw error;
        log("warning", "Nothing is traded yet: {what} cannot be read: {error}", {
          what,
          error: error.message,
        });
        await wait(error.options.retryAfterMs ?? pauseMs, signal);
      }
    }
  }
}
