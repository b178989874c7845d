/**
 * The life of an order. What is known of it and what the broker reports make what is known then: one
 * look-up in a table, as every fill of a backtest goes through it.
 *
 * Invariants: a final state is final; a report that was overtaken on its way takes nothing back; two
 * reports that cannot both be true are not both believed.
 */
import { isFinal, type OrderStatus } from "./order.ts";

/**
 * "illegal": not after what is known. It is not believed before the broker, asked for the order, has
 * said it again.
 */
export type Transition = OrderStatus | "illegal";

/** What can be reported; that an order is being sent only we know. */
const REPORTED = [
  ...["accepted", "held", "new"] as const,
  ...["suspended", "calculated", "stopped"] as const,
  ...["pending_cancel", "pending_replace"] as const,
  ...["partially_filled", "done_for_day"] as const,
  ...["filled", "canceled", "expired", "rejected", "replaced"] as const,
];

/**
 * A row for each state that is known, a sign for each that is reported, in the order and the groups
 * of REPORTED: `>` it is that now, `.` the report was overtaken, or says nothing new, `!` illegal.
 *
 * - A cancel or replacement that is refused takes pending_* back to what the order was before.
 * - What is done for the day, or calculated after it, goes on the next day.
 * - What was filled in part can be cancelled, but nobody can say any more that it was not taken in.
 * - After one end there is no other. Reports of a time before it were overtaken; only that an order
 *   was never taken in and has filled cannot both be.
 */
const TABLE = `
  sending           >>> >>> >> >> >>>>>
  accepted          .>> >>> >> >> >>>>>
  held              >.> >>> >> >> >>>>>
  new               ... >>> >> >> >>>>>
  suspended         ..> .>> >> >> >>>>>
  calculated        ..> >.> >> >> >>>>>
  stopped           ... >>. >> >> >>>>>
  pending_cancel    ..> >>> .> >> >>>>>
  pending_replace   ..> >>> >. >> >>>>>
  partially_filled  ... >>> >> .> >>>!>
  done_for_day      ..> >>> >> >. >>>>>
  filled            ... ... .. .. .!!!!
  canceled          ... ... .. .. !.!!!
  expired           ... ... .. .. !!.!!
  rejected          ... ... .. !. !!!.!
  replaced          ... ... .. .. !!!!.
`;

type Rows = Readonly<Record<OrderStatus, Readonly<Record<OrderStatus, Transition>>>>;
const NEXT: Rows = readTable();

function readTable(): Rows {
  const rows: Partial<Record<string, Record<OrderStatus, Transition>>> = {};
  for (const line of TABLE.trim().split("\n")) {
    const [known, ...groups] = line.trim().split(/ +/);
    const signs = groups.join("");
    const row = { sending: "illegal" } as Record<OrderStatus, Transition>;
    REPORTED.forEach((reported, i) => {
      const stays = signs[i] === "." ? known as OrderStatus : "illegal";
      row[reported] = signs[i] === ">" ? reported : stays;
    });
    rows[known] = row;
  }
  return rows as Rows;
}

/** The state of an order after a report of it. */
export function nextStatus(known: OrderStatus, reported: OrderStatus): Transition {
  return reported === known ? known : NEXT[known][reported];
}

/**
 * What an event says of the order that it is about; null: nothing of its state (what was asked for
 * and refused, or a quantity that is another now). Of events that are not here nothing is known.
 */
const EVENTS: Readonly<Record<string, OrderStatus | null>> = {
  pending_new: "accepted",
  accepted: "accepted",
  held: "held",
  new: "new",
  suspended: "suspended",
  calculated: "calculated",
  stopped: "stopped",
  pending_cancel: "pending_cancel",
  pending_replace: "pending_replace",
  partial_fill: "partially_filled",
  done_for_day: "done_for_day",
  fill: "filled",
  canceled: "canceled",
  expired: "expired",
  rejected: "rejected",
  replaced: "replaced",
  restated: null,
  order_cancel_rejected: null,
  order_replace_rejected: null,
};

/**
 * The update says that the order has ended, but shows it in another state. (The other way round it
 * shows the order as it was a little later, which is none.)
 */
export function contradictsItself(event: string, shown: OrderStatus): boolean {
  const said = Object.hasOwn(EVENTS, event) ? EVENTS[event] : null;
  return said !== null && said !== shown && isFinal(said);
}
