import type { BrokerOrder, Execution } from "../../model/order.ts";
import type { Desk } from "./desk.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isLive } from "./work.ts";

/** So many orders are kept in mind after their end: what is told of them late, or again, is known. */
const KEPT_MAX = 5000;
/** How many are looked at for each that comes: one that is not over is kept, whatever its age. */
const LOOKS = 4;

/**
 * Which order a report is about. Invariant: an order that was sent is found as long as it is not
 * over, and long after; at a broker that tells each thing once what is final is forgotten at once.
 * What comes of one that was forgotten is not applied (Book.isForgotten): whether it was before
 * cannot be said, and the comparison of positions finds what was not.
 */
export class KnownOrders {
  /** Those of which the broker has not said whether it has them. */
  readonly #sending: ChildOrder[] = [];
  readonly #byClientId = new Map<string, ChildOrder>();
  readonly #byBrokerId = new Map<string, ChildOrder>();

  constructor(readonly state: GatewayState) {}

  sending(child: ChildOrder): void {
    this.#sending.push(child);
    child.desk.sending++;
  }

  answered(child: ChildOrder): void {
    if (this.#sending.at(-1) === child) this.#sending.pop();
    else this.#sending.splice(this.#sending.indexOf(child), 1);
    child.desk.sending--;
    // What was refused, or not answered, may still turn up.
    if (this.state.tellsOnce) return;
    this.#byClientId.set(child.clientOrderId, child);
    this.#prune(this.#byClientId);
  }

  /** The broker's id of it is known. */
  named(child: ChildOrder, brokerOrderId: string): void {
    if (this.state.tellsOnce) return;
    this.#byBrokerId.set(brokerOrderId, child);
    this.#prune(this.#byBrokerId);
  }

  of({ symbol, brokerOrderId, clientOrderId }: BrokerOrder | Execution): ChildOrder | undefined {
    const desk = this.state.desks.get(symbol);
    const open = desk && openIn(desk, brokerOrderId);
    if (open !== undefined) return open;
    for (const child of this.#sending) if (child.clientOrderId === clientOrderId) return child;
    return this.#byBrokerId.get(brokerOrderId) ?? this.#byClientId.get(clientOrderId);
  }

  /** Takes out the oldest that is over, by all that it is known by. */
  #prune(orders: Map<string, ChildOrder>): void {
    for (let looks = 0; orders.size > KEPT_MAX && looks < LOOKS; looks++) {
      const [[id, child]] = orders;
      const { desk, brokerOrderId, clientOrderId } = child;
      if (isLive(child) || openIn(desk, brokerOrderId ?? "") !== undefined) {
        orders.delete(id);
        orders.set(id, child);
        continue;
      }
      this.#byClientId.delete(clientOrderId);
      if (brokerOrderId === null) continue;
      this.#byBrokerId.delete(brokerOrderId);
      this.state.book.forget(brokerOrderId);
    }
  }

  /** By the broker's id alone. */
  withId(desk: Desk, brokerOrderId: string): ChildOrder | undefined {
    return openIn(desk, brokerOrderId) ?? this.#byBrokerId.get(brokerOrderId);
  }

  /** Orders that can still fill, or of which executions are missing. */
  live(): ChildOrder[] {
    return [...this.all()].filter(isLive);
  }

  all(): Set<ChildOrder> {
    return new Set([
      ...this.#sending,
      ...this.#byClientId.values(),
      ...this.#byBrokerId.values(),
    ]);
  }
}

/** Among the orders of what is open, and of what protects positions. */
function openIn({ works, protections }: Desk, brokerOrderId: string): ChildOrder | undefined {
  for (const { children } of works) {
    for (const child of children) if (child.brokerOrderId === brokerOrderId) return child;
  }
  if (protections.size === 0) return undefined;
  for (const { groups } of protections.values()) {
    for (const { legs } of groups) {
      for (const leg of legs) if (leg.brokerOrderId === brokerOrderId) return leg;
    }
  }
  return undefined;
}
