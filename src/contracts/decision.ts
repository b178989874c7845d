/**
 * What a strategy can decide. A decision is a returned value: nothing happens before the gateway has taken it in.
 * Quantities are shares or coins (> 0), prices in quote currency; the gateway rounds both to what the symbol allows.
 */
import type { TimeInForce } from "../model/order.ts";
import type { Json } from "./store.ts";

/** buy and sell open and close a long position, short and cover a short one. */
export type OrderAction = "buy" | "sell" | "short" | "cover";

export interface OrderOptions {
  /** Shares or coins, > 0. Exactly one of qty and notional is given. */
  qty?: number;
  /** Amount in quote currency, > 0; only where the broker takes it. */
  notional?: number;
  /** Makes it a limit order. */
  limitPrice?: number;
  /** Where the position is closed at a loss: it rests at the broker where that can hold it. */
  stopPrice?: number;
  /** Where the position is closed at a gain: as stopPrice. */
  targetPrice?: number;
  /** Default: "day" for equities, "gtc" for crypto. */
  timeInForce?: TimeInForce;
  extendedHours?: boolean;
  /** Why: stored with each execution, shown in reports. */
  indicators?: { [key: string]: Json };
}

export interface OrderDecision extends OrderOptions {
  readonly kind: "order";
  readonly action: OrderAction;
  /** The trigger of an entry or exit by stop. */
  readonly triggerPrice?: number;
}

/** The symbol is no longer followed by this strategy; its stream ends where nobody else follows it. */
export interface RejectDecision {
  readonly kind: "reject";
  readonly reason: string;
}

/** The strategy's open order in this symbol is cancelled. */
export interface CancelDecision {
  readonly kind: "cancel";
  readonly reason: string;
}

export type Decision = OrderDecision | RejectDecision | CancelDecision;

/**
 * Who wants to know where decisions are made: a check of a backtest. The one state of this module, because user code
 * calls its functions without any context; null else, and then it costs a comparison a decision.
 */
export const tracing: {
  /** `by` is the function of this module that was called: its caller's place is the decision's. */
  // deno-lint-ignore ban-types -- as V8 takes it
  onMade: ((decision: Decision, by: Function) => void) | null;
} = { onMade: null };

// deno-lint-ignore ban-types -- as above
function made<Made extends Decision>(decision: Made, by: Function): Made {
  if (tracing.onMade !== null) tracing.onMade(decision, by);
  return decision;
}

/** Opens or adds to a long position. */
export function buy(options: OrderOptions): OrderDecision {
  return made({ ...options, kind: "order", action: "buy" }, buy);
}

/** Closes a long position, whole or in part. Never turns it into a short one. */
export function sell(options: OrderOptions): OrderDecision {
  return made({ ...options, kind: "order", action: "sell" }, sell);
}

/** Opens or adds to a short position. */
export function short(options: OrderOptions): OrderDecision {
  return made({ ...options, kind: "order", action: "short" }, short);
}

/** Closes a short position, whole or in part. */
export function cover(options: OrderOptions): OrderDecision {
  return made({ ...options, kind: "order", action: "cover" }, cover);
}

/** The order as a limit order. */
export function limit(order: OrderDecision, limitPrice: number): OrderDecision {
  return made({ ...order, limitPrice }, limit);
}

/** The order by stop: it is sent to the market when the price reaches `triggerPrice` (with a limit: as stop-limit). */
export function stop(
  order: OrderDecision,
  triggerPrice: number,
  limitPrice?: number,
): OrderDecision {
  return made({ ...order, triggerPrice, limitPrice }, stop);
}

/** The order with both protecting legs. */
export function bracket(
  order: OrderDecision,
  legs: { stopPrice: number; targetPrice: number },
): OrderDecision {
  return made({ ...order, ...legs }, bracket);
}

/** Stops following this symbol. */
export function reject(reason: string): RejectDecision {
  return made({ kind: "reject", reason }, reject);
}

/** Cancels this strategy's open order in this symbol. */
export function cancel(reason: string): CancelDecision {
  return made({ kind: "cancel", reason }, cancel);
}
