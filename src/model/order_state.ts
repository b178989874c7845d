import { isFinal, type OrderStatus } from "./order.ts";

/** How far an order has come. A report that is behind what is known was overtaken on its way. */
function progressOf(status: OrderStatus): number {
  switch (status) {
    case "sending":
      return 0;
    case "accepted":
    case "held":
    case "suspended":
    case "calculated":
      return 1;
    case "new":
    case "stopped":
    case "pending_cancel":
    case "pending_replace":
      return 2;
    case "partially_filled":
      return 3;
    case "done_for_day":
      return 4;
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
    case "replaced":
      return 5;
    default:
      return status satisfies never;
  }
}

/**
 * The state of an order after a report of it, whatever order the reports come in: a final state
 * never changes, and no report takes an order back. (A refused cancel takes pending_cancel back to
 * new: these are equally far.)
 */
export function nextStatus(current: OrderStatus, reported: OrderStatus): OrderStatus {
  if (reported === current || isFinal(current)) return current;
  return progressOf(reported) >= progressOf(current) ? reported : current;
}
