/**
 * What becomes of orders: replies and updates in, book and reports out. Both may come late, twice,
 * in any order. Invariants: an execution counts once; a work ends when no order of it can fill any
 * more and not before.
 */
import type { OrderUpdate } from "../../contracts/broker.ts";
import { type BrokerOrder, type Execution, isFinal } from "../../model/order.ts";
import { nextStatus } from "../../model/order_state.ts";
import type { OrderReport } from "../../protocol.ts";
import { decimal, plain } from "../../util/decimal.ts";
import { groupOfReplaced, type LegGroup } from "./protection.ts";
import { KnownOrders } from "./known_orders.ts";
import type { Reports } from "./reports.ts";
import { type GatewayState, legOf } from "./state.ts";
import { type ChildOrder, isEntry, isLive, isOwnExit, restOf, type Work } from "./work.ts";

export class OrderFlow {
  /**
   * Updates of orders that nobody knows, while a reply that may name them is awaited; by symbol.
   */
  readonly #unclaimed = new Map<string, OrderUpdate[]>();
  readonly #known: KnownOrders;

  constructor(
    readonly state: GatewayState,
    readonly reports: Reports,
    /** A cancel did not work: it is to be tried again, later. */
    readonly onCancelRefused: (child: ChildOrder) => void,
  ) {
    this.#known = new KnownOrders(state);
  }

  /** Orders that can still fill, or of which executions are missing. */
  live(): ChildOrder[] {
    return this.#known.live();
  }

  renameRun(from: number, to: number): void {
    this.#known.renameRun(from, to);
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
        legs: order.legs.map((leg) => leg.brokerOrderId),
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
      this.#restFailed(child);
    } else {
      this.state.account.release(work);
      this.#end(child, { code, message });
    }
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
    if (update.event === "order_cancel_rejected") this.onCancelRefused(child);
    const { execution } = update;
    const isNew = execution !== null && this.#isNew(child, execution);
    this.#progress(child, order, isNew ? execution : null);
  }

  /** An execution by itself, from the account's activities. */
  onExecution(execution: Execution): void {
    const child = this.#known.of(execution);
    if (!child || child.isSending || !this.#isNew(child, execution)) return;
    this.#progress(child, null, execution);
  }

  /** An order as it was looked up; null: the broker does not know it. */
  onLookup(child: ChildOrder, order: BrokerOrder | null): void {
    if (order !== null && !child.isSending) this.#progress(child, order);
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
    return this.#known.of(order) ?? this.#claimReplacement(order);
  }

  #isNew(child: ChildOrder, execution: Execution): boolean {
    return this.state.tellsOnce
      ? execution.cumulativeQty.gt(child.filledQty)
      : this.state.book.isNew(execution);
  }

  #claimReplacement(order: BrokerOrder): ChildOrder | null {
    const desk = this.state.desks.get(order.symbol);
    if (desk === undefined) return null;
    for (const protection of desk.protections.values()) {
      const group = groupOfReplaced(protection, order.replaces);
      if (group === undefined) continue;
      const leg = legOf({ runId: protection.runId, desk }, order);
      group.legs.push(leg);
      this.#known.named(leg, order.brokerOrderId);
      return leg;
    }
    return null;
  }

  /** Somebody else's order in the account, or a leg of which the reply has not told yet. */
  #onUnknown(update: OrderUpdate): void {
    const { symbol } = update.order;
    if ((this.state.desks.get(symbol)?.sending ?? 0) > 0) {
      const waiting = this.#unclaimed.get(symbol) ?? [];
      waiting.push(update);
      this.#unclaimed.set(symbol, waiting);
      return;
    }
    const { execution } = update;
    if (execution === null || !this.state.book.isNew(execution)) return;
    const { journal } = this.state.options;
    if (journal.isKept) journal.note({ type: "execution", runId: null, execution });
    this.state.book.apply(null, execution);
    this.state.account.isStale = true;
    this.state.options.log(
      "warning",
      "{symbol}: {side} {qty} at {price} by an order that is not Liu's (EXTERNAL)",
      { symbol, side: execution.side, qty: plain(execution.qty), price: plain(execution.price) },
    );
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
      child.status = nextStatus(child.status, order.status);
      const reported = decimal(order.filledQty);
      if (reported.gt(child.reportedQty)) child.reportedQty = reported;
      if (order.legs.length > 0) this.#claimLegs(child, order.legs);
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
    if (isDone) {
      if (work === null && child.request !== null && child.cancel === "none") {
        this.#restFailed(child);
      }
      this.state.account.isStale = true;
      const { journal } = this.state.options;
      const { clientOrderId, brokerOrderId, status } = child;
      if (journal.isKept) {
        journal.note({ type: "final", brokerOrderId: brokerOrderId ?? "", clientOrderId, status });
      }
    }
  }

  /** An exit that was to rest by itself does not, or not any more, and not by a fill. */
  #restFailed(child: ChildOrder): void {
    const protection = child.desk.protections.get(child.runId);
    const group = protection?.groups.find(({ legs }) => legs.includes(child));
    if (!protection || !group?.legs.every((leg) => leg.reportedQty.eq(0))) return;
    protection.failures++;
  }

  #claimLegs(parent: ChildOrder, orders: BrokerOrder[]): void {
    if (parent.request === null) return;
    for (const order of orders) {
      const known = this.#known.withId(parent.desk, order.brokerOrderId);
      if (known) {
        known.status = nextStatus(known.status, order.status);
        continue;
      }
      const leg = legOf(parent, order);
      this.#known.named(leg, order.brokerOrderId);
      this.#groupOf(parent)?.legs.push(leg);
    }
  }

  /** The group that an order brings along, or heads. */
  #groupOf(parent: ChildOrder): LegGroup | undefined {
    const groups = parent.desk.protections.get(parent.runId)?.groups;
    const isOf = ({ entry, legs }: LegGroup) => entry === parent || legs.includes(parent);
    if (!groups || groups.some(isOf) || parent.work === null) return groups?.find(isOf);
    const { takeProfit, stopLoss } = parent.request!;
    const group = {
      entry: parent,
      qty: parent.qty,
      stopPrice: stopLoss?.triggerPrice ?? null,
      targetPrice: takeProfit?.limitPrice ?? null,
      legs: [],
    };
    groups.push(group);
    return group;
  }

  #apply(child: ChildOrder, execution: Execution): void {
    const { book, options, account } = this.state;
    const { work, desk, runId } = child;
    if (options.journal.isKept) options.journal.note({ type: "execution", runId, execution });
    const entry = book.apply(runId, execution, desk.holding);
    if (entry === null) return;
    if (entry.crossed) {
      options.log("error", "{symbol}: run {runId} went through flat, to {qty}", {
        symbol: child.symbol,
        runId: child.runId,
        qty: String(entry.position?.qty),
      });
    }
    account.isStale = true;
    const { qty } = execution;
    child.filledQty = child.filledQty.plus(qty);
    if (child.filledQty.gt(child.reportedQty)) child.reportedQty = child.filledQty;
    if (work) work.filledQty = work.filledQty.plus(qty);
    const protection = desk.protections.get(runId);
    if (work && isEntry(work.action) && protection) protection.sinceUs = execution.timeUs;
    if (work && isOwnExit(work)) desk.refusals.delete(runId);
    const ends = this.#ending(child);
    const partial = work ? !ends : child.status !== "filled";
    this.reports.execution(child, execution, entry, partial);
    if (work && ends) this.#finish(work);
    this.reports.fill(child, execution, partial);
    desk.prune();
  }

  /** The work has nothing more to come: its order is done, and no further one will be sent. */
  #ending(child: ChildOrder): boolean {
    const { work } = child;
    if (!work || work.isFinal || child.isSending || isLive(child)) return false;
    if (child.status !== "filled" || work.cancelReason !== null) return true;
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
