/** Whether what is stored of executions is what the exchange has executed. */
import { type Decimal, decimal } from "../../src/util/decimal.ts";

export interface Fill {
  orderId: string;
  cumulativeQty: string;
  qty: string;
  price: string;
}

/**
 * Of the trader's own orders each execution is stored once. Of orders that others made, what runs
 * lost by them may be stored, and no more than was executed.
 */
export function lostFills(
  there: Fill[],
  rows: Fill[],
  othersOrders: ReadonlySet<string>,
): string[] {
  // What several runs lost by one order is stored under its id with theirs added.
  const stored = rows.map((row) => ({ ...row, orderId: row.orderId.replace(/\/run\d+$/, "") }));
  const own = (fills: Fill[]) => fills.filter(({ orderId }) => !othersOrders.has(orderId));
  const [ownThere, ownStored] = [own(there), own(stored)].map((fills) => fills.map(textOf));
  const others = [...othersOrders].filter((id) => sumOf(stored, id).gt(sumOf(there, id)));
  return [
    ...difference(ownThere, ownStored).map((one) => `not stored: ${one}`),
    ...difference(ownStored, ownThere).map((one) => `not at the exchange: ${one}`),
    ...others.map((id) => `more is stored than was executed of ${id}`),
  ];
}

function textOf({ orderId, cumulativeQty, qty, price }: Fill): string {
  const [total, part, at] = [cumulativeQty, qty, price].map((text) => decimal(text).toFixed());
  return `${orderId}: ${part} at ${at}, ${total} in all`;
}

function sumOf(fills: Fill[], id: string): Decimal {
  return fills.filter(({ orderId }) => orderId === id)
    .reduce((sum, { qty }) => sum.plus(qty), decimal(0));
}

/** Elements of `a` that are not in `b`, as often as they are missing. */
function difference(a: string[], b: string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of b) counts.set(one, (counts.get(one) ?? 0) + 1);
  return a.filter((one) => {
    const left = counts.get(one) ?? 0;
    counts.set(one, left - 1);
    return left <= 0;
  });
}
