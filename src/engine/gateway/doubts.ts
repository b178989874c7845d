/**
 * Reports that cannot be true after what is known of their orders. They are kept out of the book; the
 * broker is asked for the order, and what it says then is believed.
 */
import type { OrderUpdate } from "../../contracts/broker.ts";
import { contradictsItself, nextStatus } from "../../model/order_state.ts";
import { plain } from "../../util/decimal.ts";
import type { GatewayState } from "./state.ts";
import type { ChildOrder } from "./work.ts";

export class Doubts {
  /** Reports that were not believed. */
  count = 0;
  readonly #told = new WeakSet<ChildOrder>();

  constructor(readonly state: GatewayState, readonly ask: (child: ChildOrder) => void) {}

  /** True: the report is not to be applied. */
  takes(child: ChildOrder, update: OrderUpdate): boolean {
    const why = problemOf(child, update);
    if (why === null) return false;
    this.count++;
    if (!this.#told.has(child)) {
      this.#told.add(child);
      const text = '{id}: "{event}" is not believed before the broker has been asked: {why}';
      const { event } = update;
      const properties = { id: child.clientOrderId, event, why, count: this.count };
      this.state.options.log("error", text, { ...properties, alert: "order_report" });
    }
    this.ask(child);
    return true;
  }
}

function problemOf(child: ChildOrder, { event, order, execution }: OrderUpdate): string | null {
  const { status, brokerOrderId, request, qty } = child;
  if (status === "rejected" && brokerOrderId === null) {
    return "the order was given up, or refused by the broker";
  }
  if (nextStatus(status, order.status) === "illegal") {
    return `the order was ${status}, and is reported as ${order.status}`;
  }
  if (contradictsItself(event, order.status)) return `it shows the order as ${order.status}`;
  // Of legs the broker changes the quantity.
  if (execution === null || request === null || child.work === null) return null;
  if (execution.cumulativeQty.lte(qty)) return null;
  return `${plain(execution.cumulativeQty)} would have filled of ${plain(qty)}`;
}
