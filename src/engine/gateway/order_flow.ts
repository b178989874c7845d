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
import type { Reports } from "./reports.ts";
import { type GatewayState, legOf } from "./state.ts";
import { type ChildOrder, isEntry, isLive, isOwnExit, restOf, type Work } from "./work.ts";

export class OrderFlow {
  readonly #byClientId = new Map<string, ChildOrder>();
  readonly #byBrokerId = new Map<string, ChildOrder>();
  /**
   * Updates of orders that nobody knows, while a reply that may name them is awaited; by symbol.
   */
  readonly #unclaimed = new Map<string, OrderUpdate[]>();
  readonly #sending = new Map<string, number>();

  constructor(
    readonly state: GatewayState,
    readonly reports: Reports,
    /** A cancel did not work: it is to be tried again, later. */
    readonly onCancelRefused: (child: ChildOrder) => void,
  ) {}

  /** Orders that can still fill, or of which executions are missing. */
  live(): ChildOrder[] {
    return [...new Set([...this.#byClientId.values(), ...this.#byBrokerId.values()])].filter(
      isLive,
    );
  }

  /** Cancels that the broker refused may be asked for again. */
  retryCancels(): void {
    for (const desk of this.state.desks.values()) {
      if (desk.works.length + desk.protections.size === 0) continue;
      const legs = [...desk.protections.values()].flatMap(({ groups }) =>
        groups.flatMap((group) => group.legs)
      );
      for (const child of [...desk.works.flatMap((work) => work.children), ...legs]) {
        if (child.cancel === "refused") child.cancel = "none";
      }
    }
  }

  /** Before the POST, so that an update that overtakes the reply finds its order. */
  sending(child: ChildOrder): void {
    this.#byClientId.set(child.clientOrderId, child);
    this.#sending.set(child.symbol, (this.#sending.get(child.symbol) ?? 0) + 1);
  }

  accepted(child: ChildOrder, order: BrokerOrder): void {
    child.brokerOrderId = order.brokerOrderId;
    this.#byBrokerId.set(order.brokerOrderId, child);
    this.state.options.journal.note({
      type: "accepted",
      clientOrderId: child.clientOrderId,
      brokerOrderId: order.brokerOrderId,
      legs: order.legs.map((leg) => leg.brokerOrderId),
    });
    this.#progress(child, order);
    this.#answered(child);
  }

  refused(child: ChildOrder, code: string, message: string): void {
    const { work, symbol, clientOrderId } = child;
    this.state.options.journal.note({ type: "refused", clientOrderId, code, message });
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
      child.held.push(update);
      return;
    }
    if (update.event === "order_cancel_rejected") this.onCancelRefused(child);
    const execution = update.execution && this.state.book.isNew(update.execution)
      ? update.execution
      : null;
    this.#progress(child, order, execution);
  }

  /** An execution by itself, from the account's activities. */
  onExecution(execution: Execution): void {
    const child = this.#byBrokerId.get(execution.brokerOrderId) ??
      this.#byClientId.get(execution.clientOrderId);
    if (!child || child.isSending || !this.state.book.isNew(execution)) return;
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
    this.reports.order(work, "canceled");
  }

  #find(order: BrokerOrder): ChildOrder | null {
    return this.#byBrokerId.get(order.brokerOrderId) ??
      this.#byClientId.get(order.clientOrderId) ?? this.#claimReplacement(order);
  }

  #claimReplacement(order: BrokerOrder): ChildOrder | null {
    for (const protection of this.state.desks.get(order.symbol)?.protections.values() ?? []) {
      const group = groupOfReplaced(protection, order.replaces);
      if (group === undefined) continue;
      const leg = legOf({ runId: protection.runId, symbol: order.symbol }, order);
      group.legs.push(leg);
      this.#byBrokerId.set(order.brokerOrderId, leg);
      return leg;
    }
    return null;
  }

  /** Somebody else's order in the account, or a leg of which the reply has not told yet. */
  #onUnknown(update: OrderUpdate): void {
    const { symbol } = update.order;
    if ((this.#sending.get(symbol) ?? 0) > 0) {
      const waiting = this.#unclaimed.get(symbol) ?? [];
      waiting.push(update);
      this.#unclaimed.set(symbol, waiting);
      return;
    }
    const { execution } = update;
    if (execution === null || !this.state.book.isNew(execution)) return;
    this.state.options.journal.note({ type: "execution", runId: null, execution });
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
    this.#sending.set(child.symbol, this.#sending.get(child.symbol)! - 1);
    this.state.account.isStale = true;
    this.state.dirty.add(child.symbol);
    if (child.status !== "rejected") this.#settle(child);
    const waiting = [...child.held.splice(0), ...this.#unclaimed.get(child.symbol) ?? []];
    this.#unclaimed.delete(child.symbol);
    for (const update of waiting) this.onUpdate(update);
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
      this.#claimLegs(child, order.legs);
    }
    this.state.dirty.add(child.symbol);
    const { work } = child;
    if (work && !work.isAccepted && child.status !== "rejected") {
      work.isAccepted = true;
      this.reports.order(work, "accepted");
    }
    const isDone = isFinal(child.status) && child.status !== before;
    if (execution !== null) this.#apply(child, execution);
    else if (!child.isSending && isDone) this.#settle(child);
    if (isDone) {
      if (work === null && child.request !== null && child.cancel === "none") {
        this.#restFailed(child);
      }
      this.state.account.isStale = true;
      this.state.options.journal.note({
        type: "final",
        brokerOrderId: child.brokerOrderId ?? "",
        clientOrderId: child.clientOrderId,
        status: child.status,
      });
    }
  }

  /** An exit that was to rest by itself does not, or not any more, and not by a fill. */
  #restFailed(child: ChildOrder): void {
    const protection = this.state.desk(child.symbol).protections.get(child.runId);
    const group = protection?.groups.find(({ legs }) => legs.includes(child));
    if (!protection || !group?.legs.every((leg) => leg.reportedQty.eq(0))) return;
    protection.failures++;
  }

  #claimLegs(parent: ChildOrder, orders: BrokerOrder[]): void {
    if (parent.request === null) return;
    for (const order of orders) {
      const known = this.#byBrokerId.get(order.brokerOrderId);
      if (known) {
        known.status = nextStatus(known.status, order.status);
        continue;
      }
      const leg = legOf(parent, order);
      this.#byBrokerId.set(order.brokerOrderId, leg);
      this.#groupOf(parent)?.legs.push(leg);
    }
  }

  /** The group that an order brings along, or heads. */
  #groupOf(parent: ChildOrder): LegGroup | undefined {
    const groups = this.state.desk(parent.symbol).protections.get(parent.runId)?.groups;
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
    const desk = this.state.desk(child.symbol);
    const { work } = child;
    options.journal.note({ type: "execution", runId: child.runId, execution });
    const entry = book.apply(child.runId, execution);
    if (entry === null) return;
    if (entry.crossed) {
      options.log("error", "{symbol}: run {runId} went through flat, to {qty}", {
        symbol: child.symbol,
        runId: child.runId,
        qty: String(entry.position?.qty),
      });
    }
    account.isStale = true;
    child.filledQty = child.filledQty.plus(execution.qty);
    if (child.filledQty.gt(child.reportedQty)) child.reportedQty = child.filledQty;
    if (work) work.filledQty = work.filledQty.plus(execution.qty);
    const protection = desk.protections.get(child.runId);
    if (work && isEntry(work.action) && protection) protection.sinceUs = execution.timeUs;
    if (work && isOwnExit(work)) desk.refusals.delete(child.runId);
    const ends = this.#ending(child);
    const partial = work ? !ends : child.status !== "filled";
    this.reports.execution(child, execution, entry, partial);
    if (work && ends) this.#finish(work);
    this.reports.fill(child, execution, partial);
    desk.prune(book);
  }

  /** The work has nothing more to come: its order is done, and no further one will be sent. */
  #ending(child: ChildOrder): boolean {
    const { work } = child;
    if (!work || work.isFinal || child.isSending || isLive(child)) return false;
    if (child.status !== "filled" || work.cancelReason !== null) return true;
    if (restOf(work).eq(0)) return true;
    return !isEntry(work.action) && this.state.book.position(work.runId, work.symbol) === null;
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
    if (refusal === null) return this.reports.order(work, event);
    if (isOwnExit(work)) {
      const { refusals } = this.state.desk(work.symbol);
      refusals.set(work.runId, (refusals.get(work.runId) ?? 0) + 1);
    }
    const subject = { ...work, qty: work.qty.toFixed() };
    this.reports.denial(subject, { by: "broker", ...refusal });
  }

  #finish(work: Work): void {
    work.isFinal = true;
    const desk = this.state.desk(work.symbol);
    desk.works = desk.works.filter((other) => other !== work);
    desk.prune(this.state.book);
    this.state.dirty.add(work.symbol);
  }
}
