/**
 * What becomes of orders: replies and updates in, book and reports out. Both may come late, twice,
 * in any order. Invariants: an execution counts once; a work ends when no order of it can fill any
 * more and not before.
 */
import type { OrderUpdate } from "../../contracts/broker.ts";
import { type BrokerOrder, type Execution, isFinal } from "../../model/order.ts";
import type { OrderReport } from "../../protocol.ts";
import { Claims, journalLeg } from "./claims.ts";
import { Doubts } from "./doubts.ts";
import { Externals } from "./externals.ts";
import { noteNotResting } from "./protection.ts";
import { KnownOrders } from "./known_orders.ts";
import { noteOtherTrader } from "./one_trader.ts";
import type { Reports } from "./reports.ts";
import { isReversal } from "./reversal.ts";
import type { GatewayState } from "./state.ts";
import {
  type ChildOrder,
  isEntry,
  isLive,
  isOwnExit,
  liveChild,
  restOf,
  type Work,
} from "./work.ts";

export class OrderFlow {
  /**
   * Updates of orders that nobody knows, while a reply that may name them is awaited; by symbol.
   */
  readonly #unclaimed = new Map<string, OrderUpdate[]>();
  readonly #known: KnownOrders;
  readonly #doubts: Doubts;
  readonly #claims: Claims;
  readonly #onReversal: (child: ChildOrder) => void;
  readonly externals: Externals;

  constructor(
    readonly state: GatewayState,
    readonly reports: Reports,
    /** A cancel did not work: it is to be tried again, later. */
    readonly onCancelRefused: (child: ChildOrder) => void,
    /** What was reported of it is not believed before the broker has been asked. */
    onDoubt: (child: ChildOrder) => void,
    /** Its run has a position that nobody wanted. */
    onReversal: (child: ChildOrder) => void,
  ) {
    this.#onReversal = onReversal;
    this.#known = new KnownOrders(state);
    this.#doubts = new Doubts(state, onDoubt);
    this.#claims = new Claims(state, this.#known);
    this.externals = new Externals(state, reports);
  }

  /** The order that a report is about; undefined: none of ours. */
  childOf(report: BrokerOrder | Execution): ChildOrder | undefined {
    return this.#known.of(report);
  }

  /** All that are kept in mind. */
  orders(): Iterable<ChildOrder> {
    return this.#known.all();
  }

  /** Orders that can still fill, or of which executions are missing. */
  live(): ChildOrder[] {
    return this.#known.live();
  }

  /** Cancels that the broker refused may be asked for again. */
  retryCancels(): void {
    for (const { works, protections } of this.state.board.busy.list) {
      for (const { children } of works) retryCancelsOf(children);
      if (protections.size === 0) continue;
      for (const { groups } of protections.values()) {
        for (const { legs } of groups) retryCancelsOf(legs);
      }
    }
  }

  /** Before the POST, so that an update that overtakes the reply finds its order. */
  sending(child: ChildOrder): void {
    this.#known.sending(child);
  }

  accepted(child: ChildOrder, order: BrokerOrder): void {
    child.brokerOrderId = order.brokerOrderId;
    this.#known.named(child, order.brokerOrderId);
    const { journal } = this.state.options;
    if (journal.isKept) {
      journal.note({
        type: "accepted",
        clientOrderId: child.clientOrderId,
        brokerOrderId: order.brokerOrderId,
        legs: order.legs.map(journalLeg),
      });
    }
    this.#progress(child, order);
    this.#answered(child);
  }

  refused(child: ChildOrder, code: string, message: string): void {
    const { work, symbol, clientOrderId } = child;
    const { journal } = this.state.options;
    if (journal.isKept) journal.note({ type: "refused", clientOrderId, code, message });
    child.status = "rejected";
    if (work === null) {
      const text = "{symbol}: the broker does not hold the {kind}, prices are watched: {message}";
      this.state.options.log("warning", text, { symbol, kind: child.kind, message });
      noteNotResting(child);
    } else {
      this.state.account.release(work);
      this.#end(child, { code, message });
    }
    this.#answered(child);
  }

  /** It was cancelled before the broker had it. */
  withdrawn(child: ChildOrder): void {
    const { clientOrderId } = child;
    const { account, options: { journal } } = this.state;
    const message = "cancelled before it was sent";
    if (journal.isKept) journal.note({ type: "refused", clientOrderId, code: "canceled", message });
    child.status = "rejected";
    account.release(child.work!);
    this.#end(child, null, "canceled");
    this.#answered(child);
  }

  onUpdate(update: OrderUpdate): void {
    const { order } = update;
    const child = this.#find(order);
    if (child === null) return this.#onUnknown(update);
    if (child.isSending) {
      (child.held ??= []).push(update);
      return;
    }
    // In one isolate each thing is told once and in order: nothing is to be doubted.
    if (!this.state.tellsOnce && this.#doubts.takes(child, update)) return;
    if (update.event === "order_cancel_rejected") this.onCancelRefused(child);
    const { execution } = update;
    const isNew = execution !== null && this.#isNew(child, execution);
    this.#progress(child, order, isNew ? execution : null);
  }

  /** An execution by itself, from the account's activities. */
  onExecution(execution: Execution): void {
    const child = this.#known.of(execution);
    if (child?.isSending) return;
    if (child && this.#isNew(child, execution)) this.#progress(child, null, execution);
  }

  /**
   * One that may be of somebody else's order. Where one of Liu's may not be known yet (a leg, a
   * replacement) it is left for the next list.
   */
  onListedExecution(execution: Execution): void {
    if (this.#known.of(execution) !== undefined) return this.onExecution(execution);
    const { symbol } = execution;
    if (this.#isSendingIn(symbol) || this.#claims.isWaiting(symbol)) return;
    this.#onForeign(execution);
  }

  /**
   * An order as it was looked up, which is believed whatever was heard before; null: the broker does
   * not know it.
   */
  onLookup(child: ChildOrder, order: BrokerOrder | null): void {
    if (order !== null && !child.isSending) this.#progress(child, order);
  }

  /** One of the broker's open orders. False: it is not Liu's, as far as this gateway knows. */
  onListed(order: BrokerOrder): ChildOrder | null {
    const child = this.#find(order);
    if (child !== null) this.onLookup(child, order);
    return child;
  }

  /** The broker, asked more than once, does not know the order any more. */
  vanished(child: ChildOrder): void {
    if (isFinal(child.status) || child.isSending) return;
    child.status = "canceled";
    this.#done(child);
    this.#settle(child);
    child.desk.touch();
  }

  /** Ends a work of which nothing is at the broker. */
  end(work: Work, why: string): void {
    this.state.options.log("debug", "{symbol}: {kind} order ended: {why}", {
      symbol: work.symbol,
      kind: work.kind,
      why,
    });
    if (work.children.length === 0) this.state.account.release(work);
    this.#finish(work);
    this.reports.order(work.desk, work.runId, "canceled");
  }

  #find(order: BrokerOrder): ChildOrder | null {
    return this.#known.of(order) ?? this.#claims.replacement(order);
  }

  #isNew(child: ChildOrder, execution: Execution): boolean {
    return this.state.tellsOnce
      ? execution.cumulativeQty.gt(child.filledQty)
      : this.state.book.isNew(execution);
  }

  /** Somebody else's order in the account, or a leg of which the reply has not told yet. */
  #onUnknown(update: OrderUpdate): void {
    const { symbol } = update.order;
    noteOtherTrader(this.state, update.order, this.externals.sinceUs);
    if (this.#isSendingIn(symbol)) {
      const waiting = this.#unclaimed.get(symbol) ?? [];
      waiting.push(update);
      this.#unclaimed.set(symbol, waiting);
      return;
    }
    if (update.execution !== null) this.#onForeign(update.execution);
  }

  #isSendingIn(symbol: string): boolean {
    return (this.state.desks.get(symbol)?.sending ?? 0) > 0;
  }

  #onForeign(execution: Execution): void {
    if (this.state.book.isForgotten(execution)) return;
    this.externals.take(execution, "by an order that is not Liu's");
  }

  #answered(child: ChildOrder): void {
    child.isSending = false;
    this.#known.answered(child);
    this.state.account.isStale = true;
    child.desk.touch();
    if (child.status !== "rejected") this.#settle(child);
    const { held } = child;
    child.held = null;
    if (held !== null) { for (const update of held) this.onUpdate(update); }
    if (this.#unclaimed.size > 0) this.#claimWaiting(child.symbol);
  }

  #claimWaiting(symbol: string): void {
    const waiting = this.#unclaimed.get(symbol);
    this.#unclaimed.delete(symbol);
    for (const update of waiting ?? []) this.onUpdate(update);
  }

  /**
   * The order's state moves on, with the execution that moved it; what follows is told once, after
   * both.
   */
  #progress(
    child: ChildOrder,
    order: BrokerOrder | null,
    execution: Execution | null = null,
  ): void {
    const before = child.status;
    if (order !== null) {
      child.brokerOrderId ??= order.brokerOrderId;
      this.#claims.takeIn(child, order);
      if (order.legs.length > 0) this.#claims.legs(child, order.legs);
    }
    child.desk.touch();
    const { work } = child;
    if (work && !work.isAccepted && child.status !== "rejected") {
      work.isAccepted = true;
      this.reports.order(work.desk, work.runId, "accepted");
    }
    const isDone = isFinal(child.status) && child.status !== before;
    if (execution !== null) this.#apply(child, execution);
    else if (!child.isSending && isDone) this.#settle(child);
    if (isDone) this.#done(child);
  }

  /** It has just become final. */
  #done(child: ChildOrder): void {
    if (child.work === null && child.request !== null && child.cancel === "none") {
      noteNotResting(child);
    }
    this.state.account.isStale = true;
    const { journal } = this.state.options;
    const { clientOrderId, brokerOrderId, status } = child;
    if (journal.isKept) {
      journal.note({ type: "final", brokerOrderId: brokerOrderId ?? "", clientOrderId, status });
    }
  }

  #apply(child: ChildOrder, execution: Execution): void {
    const { book, options, account, streaks, dayTrades } = this.state;
    const { work, desk, runId } = child;
    if (options.journal.isKept) options.journal.note({ type: "execution", runId, execution });
    const entry = book.apply(runId, execution, desk.holding);
    if (entry === null) return;
    account.isStale = true;
    if (streaks !== null && entry.gain !== null) {
      const strategy = this.state.runs.get(runId)?.strategy ?? "";
      const isFlat = entry.position === null || entry.crossed;
      streaks.note({ runId, strategy }, desk.symbol, entry.gain, isFlat, execution.timeUs);
    }
    dayTrades?.note(execution);
    const { qty } = execution;
    child.filledQty = child.filledQty.plus(qty);
    if (child.filledQty.gt(child.reportedQty)) child.reportedQty = child.filledQty;
    if (work) work.filledQty = work.filledQty.plus(qty);
    const protection = desk.protections.get(runId);
    if (work && isEntry(work.action)) {
      if (protection) protection.sinceUs = execution.timeUs;
      // It had counted as over, and what was to protect it was forgotten.
      else if (entry.position !== null) desk.protect(work, true, execution.timeUs);
    }
    if (work && isOwnExit(work)) desk.refusals.delete(runId);
    const ends = this.#ending(child);
    const partial = work ? !ends : child.status !== "filled";
    this.reports.execution(child, execution, entry, partial);
    if (work && ends) this.#finish(work);
    this.reports.fill(child, execution, partial);
    if (isReversal(child, entry)) this.#onReversal(child);
    desk.prune();
  }

  /** The work has nothing more to come: its order is done, and no further one will be sent. */
  #ending(child: ChildOrder): boolean {
    const { work } = child;
    if (!work || work.isFinal || child.isSending || isLive(child)) return false;
    if (work.children.length > 1 && liveChild(work) !== null) return false;
    if (child.status !== "filled" || work.cancelReason !== null) return true;
    // In the place of another, by somebody's hand: what it leaves of the work was taken off.
    if (child.request === null) return true;
    if (restOf(work).isZero) return true;
    return !isEntry(work.action) && !work.desk.positions.has(work.runId);
  }

  #settle(child: ChildOrder): void {
    if (!this.#ending(child)) return;
    switch (child.status) {
      case "rejected":
        return this.#end(child, { code: "rejected", message: "the broker rejected the order" });
      case "expired":
        return this.#end(child, null, "expired");
      case "filled":
        return this.#end(child, null, "order_status");
      default:
        return this.#end(child, null, "canceled");
    }
  }

  #end(
    child: ChildOrder,
    refusal: { code: string; message: string } | null,
    event: OrderReport["event"] = "rejected",
  ): void {
    const work = child.work!;
    this.#finish(work);
    if (refusal === null) return this.reports.order(work.desk, work.runId, event);
    if (isOwnExit(work)) {
      const { refusals } = work.desk;
      refusals.set(work.runId, (refusals.get(work.runId) ?? 0) + 1);
    }
    this.reports.denial(work.desk, work, { by: "broker", ...refusal });
  }

  #finish(work: Work): void {
    work.isFinal = true;
    work.desk.close(work);
    work.desk.prune();
  }
}

function retryCancelsOf(children: readonly ChildOrder[]): void {
  for (const child of children) if (child.cancel === "refused") child.cancel = "none";
}
