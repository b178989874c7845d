import { type BrokerOrder, isFinal } from "../../model/order.ts";
import type { Dispatch } from "./dispatch.ts";
import { liveOrders } from "./live_orders.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isMissingFills } from "./work.ts";

/** What was known of an order when it was last looked at. */
interface Mark {
  known: string;
  /** Rounds in which nothing was heard of it. */
  rounds: number;
}

/** Rounds after which a cancel counts as stuck. */
const STUCK_ROUNDS = 6;
/** An order that goes on saying nothing is asked for more and more rarely. */
const ROUNDS_BETWEEN_MAX = 8;

/**
 * Orders that should have been heard of by now: what is asked for is to be confirmed, what goes at
 * once to be filled, what was filled to be told.
 */
export class InFlight {
  #marks = new Map<ChildOrder, Mark>();
  /** Their symbols are locked. */
  readonly #stuck = new Set<ChildOrder>();

  constructor(readonly state: GatewayState, readonly dispatch: Dispatch) {}

  /** Those of which nothing has been heard since the round before. */
  overdue(): ChildOrder[] {
    const marks = new Map<ChildOrder, Mark>();
    const overdue: ChildOrder[] = [];
    for (const child of liveOrders(this.state)) {
      if (!this.#isAwaited(child)) continue;
      const known = `${child.status} ${child.filledQty} ${child.reportedQty} ${child.cancel}`;
      const before = this.#marks.get(child);
      const mark = before?.known === known ? before : { known, rounds: -1 };
      marks.set(child, mark);
      mark.rounds++;
      if (this.#isTurn(child, mark.rounds)) overdue.push(child);
    }
    this.#marks = marks;
    for (const child of this.#stuck) if (isFinal(child.status)) this.#unlock(child);
    return overdue;
  }

  /** A cancel that the broker has not heard of is asked for again; one that hangs is told. */
  onAnswer(child: ChildOrder, order: BrokerOrder): void {
    const rounds = this.#marks.get(child)?.rounds ?? 0;
    if (child.cancel !== "requested" || isFinal(child.status)) return;
    if (order.status !== "pending_cancel") this.dispatch.retryCancel(child);
    if (rounds < STUCK_ROUNDS || this.#stuck.has(child)) return;
    this.#stuck.add(child);
    const { symbol, clientOrderId: id, desk } = child;
    desk.lock = `the cancel of ${id} is not confirmed`;
    const text =
      "{symbol}: the cancel of {id} is not confirmed: nothing is entered there until it is";
    this.state.options.log("error", text, { symbol, id, alert: "cancel_stuck" });
  }

  #unlock(child: ChildOrder): void {
    this.#stuck.delete(child);
    const { desk, symbol } = child;
    if ([...this.#stuck].some((other) => other.desk === desk)) return;
    desk.lock = null;
    this.state.options.log("info", "{symbol}: is no longer locked", { symbol });
  }

  #isAwaited(child: ChildOrder): boolean {
    const { status, request, isSending, work, desk } = child;
    // Who sends it looks after it.
    if (isSending) return false;
    if (isMissingFills(child) || child.cancel === "requested") return true;
    if (status === "pending_cancel" || status === "pending_replace") return true;
    if (work === null || !this.state.isRegularSession(desk)) return false;
    if (status === "accepted") return true;
    return request !== null && (request.type === "market" || goesAtOnce(request.timeInForce));
  }

  #isTurn(child: ChildOrder, rounds: number): boolean {
    if (rounds === 0) return false;
    if (rounds >= ROUNDS_BETWEEN_MAX) return rounds % ROUNDS_BETWEEN_MAX === 0;
    // A cancel is polled.
    if (child.cancel === "requested") return true;
    return (rounds & (rounds - 1)) === 0;
  }
}

function goesAtOnce(timeInForce: string): boolean {
  return timeInForce === "ioc" || timeInForce === "fok";
}
