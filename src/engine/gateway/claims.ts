/**
 * Orders that the broker has made: legs, and those that took another's place. Invariant: such an
 * order belongs to the run of the one that it came from.
 */
import { type BrokerOrder, isFinal } from "../../model/order.ts";
import { nextStatus } from "../../model/order_state.ts";
import { decimal } from "../../util/decimal.ts";
import type { JournalLeg } from "./journal.ts";
import type { KnownOrders } from "./known_orders.ts";
import { groupOf, groupOfReplaced } from "./protection.ts";
import { type GatewayState, legOf } from "./state.ts";
import type { ChildOrder } from "./work.ts";

export class Claims {
  /** Replaced by orders that are not known yet: until these are, they count as open. */
  readonly #replaced = new Set<ChildOrder>();

  constructor(readonly state: GatewayState, readonly known: KnownOrders) {}

  /** What a report of the order says that is believed: its state, and how much it has filled. */
  takeIn(child: ChildOrder, order: BrokerOrder): void {
    const reported = decimal(order.filledQty);
    if (reported.gt(child.reportedQty)) child.reportedQty = reported;
    this.#setStatus(child, order);
  }

  #setStatus(child: ChildOrder, order: BrokerOrder): void {
    const next = nextStatus(child.status, order.status);
    // What was doubted is here only when the broker, asked, has said it again.
    if (next !== "illegal") child.status = next;
    else if (!isFinal(child.status)) child.status = order.status;
    if (child.status !== "replaced" || order.replacedBy === null) return;
    const isKnown = this.known.withId(child.desk, order.replacedBy) !== undefined;
    if (isKnown || child.work?.isFinal) return;
    child.status = "pending_replace";
    this.#replaced.add(child);
  }

  /** An order took the place of one of Liu's in the symbol, and is not known yet. */
  isWaiting(symbol: string): boolean {
    for (const child of this.#replaced) {
      // It may have ended with what took its place.
      if (isFinal(child.status)) this.#replaced.delete(child);
      else if (child.symbol === symbol) return true;
    }
    return false;
  }

  /** Legs that the broker shows with their parent. */
  legs(parent: ChildOrder, orders: readonly BrokerOrder[]): void {
    if (parent.request === null) return;
    for (const order of orders) {
      const known = this.known.withId(parent.desk, order.brokerOrderId);
      if (known) {
        this.takeIn(known, order);
        continue;
      }
      const leg = legOf(parent, order);
      this.takeIn(leg, order);
      this.known.named(leg, order.brokerOrderId);
      // Those of its reply are in the record of that.
      if (!parent.isSending) this.#note(parent, order);
      groupOf(parent)?.legs.push(leg);
    }
  }

  /**
   * The order that took the place of one of Liu's: of a leg, by the broker; of another by somebody's
   * hand, as Liu replaces none. null: it is none of those.
   */
  replacement(order: BrokerOrder): ChildOrder | null {
    const desk = this.state.desks.get(order.symbol);
    if (desk === undefined || order.replaces === null) return null;
    for (const work of desk.works) {
      const old = work.children.find((child) => child.brokerOrderId === order.replaces);
      if (old === undefined) continue;
      if (this.#replaced.delete(old)) old.status = "replaced";
      const child = { ...legOf(work, order), work, kind: work.kind };
      work.children = [...work.children, child];
      this.known.named(child, order.brokerOrderId);
      return child;
    }
    for (const protection of desk.protections.values()) {
      const group = groupOfReplaced(protection, order.replaces);
      if (group === undefined) continue;
      for (const old of group.legs) {
        if (old.brokerOrderId === order.replaces && this.#replaced.delete(old)) {
          old.status = "replaced";
        }
      }
      const leg = legOf({ runId: protection.runId, desk }, order);
      group.legs.push(leg);
      this.known.named(leg, order.brokerOrderId);
      this.#note(group.entry ?? group.legs[0], order);
      return leg;
    }
    return null;
  }

  #note(parent: ChildOrder, order: BrokerOrder): void {
    const { journal } = this.state.options;
    if (!journal.isKept) return;
    const { clientOrderId: parentClientOrderId } = parent;
    journal.note({ type: "leg", parentClientOrderId, leg: journalLeg(order) });
  }
}

/** A leg as the journal has it. */
export function journalLeg(order: BrokerOrder): JournalLeg {
  const { brokerOrderId, clientOrderId, side, type, qty } = order;
  return { brokerOrderId, clientOrderId, side, type, qty };
}
