import assert from "node:assert/strict";
import fc from "fast-check";
import { isFinal, type OrderStatus } from "./order.ts";
import { contradictsItself, nextStatus, type Transition } from "./order_state.ts";

/** How far an order has come; equally far are states between which it can go to and fro. */
const STAGE: Record<OrderStatus, number> = {
  sending: 0,
  accepted: 1,
  held: 1,
  new: 2,
  suspended: 3,
  calculated: 3,
  stopped: 3,
  pending_cancel: 3,
  pending_replace: 3,
  partially_filled: 3,
  done_for_day: 3,
  filled: 4,
  canceled: 4,
  expired: 4,
  rejected: 4,
  replaced: 4,
};
const STATUSES = Object.keys(STAGE) as OrderStatus[];
const REPORTED = STATUSES.filter((status) => status !== "sending");
const status = fc.constantFrom(...STATUSES);

/** Where an order goes back to what it was before it was held up. */
const BACK: [OrderStatus, OrderStatus][] = [
  ["suspended", "new"],
  ["calculated", "new"],
  ["pending_cancel", "new"],
  ["pending_replace", "new"],
  ["done_for_day", "new"],
];

/** The same as the table, said in another way. */
function expected(known: OrderStatus, reported: OrderStatus): Transition {
  if (reported === known) return known;
  if (reported === "sending") return "illegal";
  if (isFinal(known)) {
    if (isFinal(reported)) return "illegal";
    return known === "rejected" && reported === "partially_filled" ? "illegal" : known;
  }
  if (known === "partially_filled" && reported === "rejected") return "illegal";
  if (BACK.some(([from, to]) => from === known && to === reported)) return reported;
  return STAGE[reported] >= STAGE[known] ? reported : known;
}

Deno.test("each report after each state is a step on, overtaken or illegal, as it should be", () => {
  for (const known of STATUSES) {
    for (const reported of STATUSES) {
      assert.equal(nextStatus(known, reported), expected(known, reported), `${known} ${reported}`);
    }
  }
});

Deno.test("a final state never changes, and once it was reported an order is final", () => {
  fc.assert(fc.property(fc.array(status), (reports) => {
    let known: OrderStatus = "sending";
    let end: OrderStatus | null = null;
    for (const reported of reports) {
      const next = nextStatus(known, reported);
      if (next === "illegal") continue;
      known = next;
      if (isFinal(reported)) end ??= reported;
      if (end !== null) assert.equal(known, end);
    }
    assert.equal(isFinal(known), end !== null);
  }));
});

Deno.test("a report heard twice is as good as once", () => {
  fc.assert(fc.property(status, status, (known, reported) => {
    const next = nextStatus(known, reported);
    if (next !== "illegal") assert.equal(nextStatus(next, reported), next);
  }));
});

Deno.test("every state that is not final can end in each of the ways that are left to it", () => {
  for (const known of STATUSES.filter((one) => !isFinal(one))) {
    for (const end of REPORTED.filter(isFinal)) {
      const isLeft = !(known === "partially_filled" && end === "rejected");
      assert.equal(nextStatus(known, end) === end, isLeft, `${known} ${end}`);
    }
  }
});

Deno.test("lives of orders that exchanges tell of", () => {
  const lives: OrderStatus[][] = [
    ["accepted", "new", "filled"],
    ["accepted", "new", "partially_filled", "partially_filled", "filled"],
    ["new", "pending_cancel", "canceled"],
    ["new", "partially_filled", "pending_cancel", "canceled"],
    ["new", "pending_cancel", "partially_filled", "filled"],
    ["new", "pending_cancel", "new", "filled"],
    ["new", "pending_replace", "replaced"],
    ["new", "pending_replace", "new", "expired"],
    ["new", "partially_filled", "done_for_day", "new", "filled"],
    ["new", "calculated", "done_for_day", "partially_filled", "expired"],
    ["held", "new", "canceled"],
    ["accepted", "rejected"],
    ["new", "suspended", "new", "stopped", "filled"],
  ];
  for (const life of lives) {
    let known: OrderStatus = "sending";
    for (const reported of life) {
      const next: Transition = nextStatus(known, reported);
      assert.equal(next, reported, life.join(" "));
      known = reported;
    }
  }
});

Deno.test("reports in any order end where they end in theirs", () => {
  const life: OrderStatus[] = ["accepted", "new", "partially_filled", "pending_cancel", "canceled"];
  const shuffled = fc.shuffledSubarray(life, { minLength: life.length });
  fc.assert(fc.property(shuffled, (reports) => {
    const end = reports.reduce<OrderStatus>((known, reported) => {
      const next = nextStatus(known, reported);
      assert.notEqual(next, "illegal");
      return next as OrderStatus;
    }, "sending");
    assert.equal(end, "canceled");
  }));
});

Deno.test("an update that speaks of an end and shows none contradicts itself", () => {
  assert.equal(contradictsItself("canceled", "canceled"), false);
  assert.equal(contradictsItself("canceled", "new"), true);
  assert.equal(contradictsItself("fill", "partially_filled"), true);
  // Shown as it was a little later, or of a kind that says nothing of the state.
  assert.equal(contradictsItself("new", "filled"), false);
  assert.equal(contradictsItself("restated", "new"), false);
  assert.equal(contradictsItself("order_cancel_rejected", "filled"), false);
  assert.equal(contradictsItself("a word of tomorrow", "new"), false);
});
