import type { BrokerOrder, Execution } from "../../model/order.ts";
import type { Desk } from "./desk.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isLive } from "./work.ts";

/**
 * Which order a report is about. Invariant: an order that was sent is found as long as anything can
 * be told of it: for ever, but at a broker that tells each thing once, where what is final is
 * forgotten.
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
    if (!this.state.tellsOnce) this.#byClientId.set(child.clientOrderId, child);
  }

  /** The broker's id of it is known. */
  named(child: ChildOrder, brokerOrderId: string): void {
    if (!this.state.tellsOnce) this.#byBrokerId.set(brokerOrderId, child);
  }

  of({ symbol, brokerOrderId, clientOrderId }: BrokerOrder | Execution): ChildOrder | undefined {
    const desk = this.state.desks.get(symbol);
    const open = desk && openIn(desk, brokerOrderId);
    if (open !== undefined) return open;
    for (const child of this.#sending) if (child.clientOrderId === clientOrderId) return child;
    return this.#byBrokerId.get(brokerOrderId) ?? this.#byClientId.get(clientOrderId);
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
