import { OrderSnapshot } from "./order_snapshot.ts";
import type { OrderState } from "./order_state.ts";
import type { ExchangeOrder, OrderFilter } from "./types.ts";

const LIMIT_DEFAULT = 50;

/**
 * Snapshots of the orders that the filter lets through, newest first where it says nothing else.
 */
export function filterOrders(orders: Iterable<OrderState>, filter: OrderFilter): ExchangeOrder[] {
  const { status = "open", symbols, side, afterUs = -Infinity, untilUs = Infinity } = filter;
  const nested = filter.nested ?? false;
  const found: OrderState[] = [];
  for (const order of orders) {
    if (status !== "all" && (status === "open") !== order.isOpen) continue;
    if (symbols !== undefined && !symbols.includes(order.symbol)) continue;
    if (side !== undefined && order.side !== side) continue;
    if (order.submittedUs <= afterUs || order.submittedUs >= untilUs) continue;
    if (nested && order.group !== null && order.parent !== order) {
      // Under its parent; by itself only where the filter leaves the parent out.
      if (status === "all" || (status === "open") === order.parent!.isOpen) continue;
    }
    found.push(order);
  }
  // Taken in later: submitted later, or at the same time with a greater number.
  found.sort((a, b) => filter.direction === "asc" ? a.seq - b.seq : b.seq - a.seq);
  return found.slice(0, filter.limit ?? LIMIT_DEFAULT).map((order) =>
    new OrderSnapshot(order, nested)
  );
}
