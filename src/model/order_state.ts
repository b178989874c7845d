import { isFinal, type OrderStatus } from "./order.ts";

/** How far an order has come. A report that is behind what is known was overtaken on its way. */
const PROGRESS: Readonly<Record<OrderStatus, number>> = {
  sending: 0,
  accepted: 1,
  held: 1,
  suspended: 1,
  calculated: 1,
  new: 2,
  stopped: 2,
  pending_cancel: 2,
  pending_replace: 2,
  partially_filled: 3,
  done_for_day: 4,
  filled: 5,
  canceled: 5,
  expired: 5,
  rejected: 5,
  replaced: 5,
};

/**
 * The state of an order after a report of it, whatever order the reports come in: a final state
 * never changes, and no report takes an order back. (A refused cancel takes pending_cancel back to
 * new: these are equally far.)
 */
export function nextStatus(current: OrderStatus, reported: OrderStatus): OrderStatus {
  if (reported === current || isFinal(current)) return current;
  return PROGRESS[reported] >= PROGRESS[current] ? reported : current;
}
