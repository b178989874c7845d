import assert from "node:assert/strict";
import fc from "fast-check";
import { isFinal, type OrderStatus } from "./order.ts";
import { nextStatus } from "./order_state.ts";

const STATUSES: OrderStatus[] = [
  "sending",
  "accepted",
  "held",
  "new",
  "partially_filled",
  "pending_cancel",
  "pending_replace",
  "stopped",
  "suspended",
  "calculated",
  "done_for_day",
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
];

Deno.test("a final state never changes, and once it was reported an order is final", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...STATUSES)), (reports) => {
    const firstFinal = reports.find(isFinal);
    const end = reports.reduce(nextStatus, "sending");
    assert.equal(isFinal(end), firstFinal !== undefined);
    if (firstFinal !== undefined) assert.equal(end, firstFinal);
  }));
});

Deno.test("a report that was overtaken takes nothing back", () => {
  assert.equal(nextStatus("partially_filled", "new"), "partially_filled");
  assert.equal(nextStatus("new", "accepted"), "new");
  assert.equal(nextStatus("pending_cancel", "new"), "new");
  assert.equal(nextStatus("held", "new"), "new");
});
