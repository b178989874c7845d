/**
 * What is on its way. A work is one intent (a strategy's, or the gateway's own exit) and is sent as
 * 1..n child orders, one after the other; it stays open until all of them are final.
 */
import type { OrderUpdate } from "../../contracts/broker.ts";
import type { OrderAction } from "../../contracts/decision.ts";
import type { Json } from "../../contracts/store.ts";
import {
  isFinal,
  type OrderRequest,
  type OrderStatus,
  type OrderType,
  type Side,
  type TimeInForce,
} from "../../model/order.ts";
import type { Intent } from "../../protocol.ts";
import { type Decimal, decimal } from "../../util/decimal.ts";
import type { Desk } from "./desk.ts";

const ZERO = decimal(0);

/** What made an order: a strategy's decision, or the gateway on its behalf. */
export type OrderKind = "entry" | "exit" | "stop" | "target" | "liquidation";

/** Prices are exact decimal texts, rounded to the symbol's tick. */
export interface OrderTerms {
  type: OrderType;
  limitPrice: string | null;
  triggerPrice: string | null;
  timeInForce: TimeInForce;
  extendedHours: boolean;
}

/** One order at the broker. */
export interface ChildOrder {
  /** null: a leg of a bracket, or an exit that rests by itself; it belongs to a protection. */
  readonly work: Work | null;
  readonly desk: Desk;
  readonly runId: number;
  readonly symbol: string;
  readonly side: Side;
  readonly kind: OrderKind;
  readonly qty: Decimal;
  /** null for a leg: the broker made it. */
  readonly request: OrderRequest | null;
  readonly clientOrderId: string;
  /** Market time at which it was made. */
  readonly sentUs: number;
  /** null until the broker's reply. */
  brokerOrderId: string | null;
  status: OrderStatus;
  /** Σ distinct executions, and the most that the broker has reported. */
  filledQty: Decimal;
  reportedQty: Decimal;
  /** Its POST has not been answered: updates of it are held until it is. */
  isSending: boolean;
  held: OrderUpdate[] | null;
  cancel: "none" | "requested" | "refused";
}

export interface Work {
  readonly desk: Desk;
  readonly runId: number;
  readonly strategy: string;
  /**
   * The intent's; −1 for the gateway's own exits, which come before the strategy's intents of the
   * step.
   */
  readonly seq: number;
  readonly symbol: string;
  readonly action: OrderAction;
  readonly side: Side;
  readonly kind: OrderKind;
  readonly intent: Intent | null;
  readonly qty: Decimal;
  readonly terms: OrderTerms;
  /** Protection that the entry brings along. */
  readonly stopPrice: string | null;
  readonly targetPrice: string | null;
  readonly referencePrice: number;
  /** What made it, for the terminal; the row in new_trades has `indicators`. */
  readonly reason: string;
  readonly indicators: Json;
  readonly decidedUs: number | null;
  readonly sinceUs: number;
  /** In the order in which they were sent; never changed, but replaced. */
  children: readonly ChildOrder[];
  filledQty: Decimal;
  /** Set: its live child is to be cancelled, and no further one is sent. */
  cancelReason: string | null;
  isAccepted: boolean;
  isFinal: boolean;
}

export function isEntry(action: OrderAction): boolean {
  return action === "buy" || action === "short";
}

export function sideOf(action: OrderAction): Side {
  return action === "buy" || action === "cover" ? "buy" : "sell";
}

/** Can still fill, or has filled more than was heard of: the order is not done with. */
export function isLive(child: ChildOrder): boolean {
  return child.isSending || !isFinal(child.status) || isMissingFills(child);
}

/** The broker has reported more as filled than has come as executions. */
export function isMissingFills({ filledQty, reportedQty }: ChildOrder): boolean {
  return filledQty !== reportedQty && filledQty.lt(reportedQty);
}

export function liveChild({ children }: Work): ChildOrder | null {
  for (const child of children) if (isLive(child)) return child;
  return null;
}

/** All of it has been taken in by the broker. */
export function isSent(work: Work): boolean {
  const { children, qty } = work;
  let sum = ZERO;
  for (const child of children) {
    if (child.isSending) return false;
    sum = sum.plus(child.qty);
  }
  return sum.gte(qty);
}

/** What is still to be filled. */
export function restOf({ qty, filledQty }: { qty: Decimal; filledQty: Decimal }): Decimal {
  if (filledQty.isZero) return qty;
  if (filledQty === qty) return ZERO;
  const rest = qty.minus(filledQty);
  return rest.s < 0 ? ZERO : rest;
}

/** Outside of the regular session too: auctions take orders before it. */
export function goesAnyTime({ terms: { extendedHours, timeInForce } }: Work): boolean {
  return extendedHours || timeInForce === "opg" || timeInForce === "cls";
}

/** Not one of the strategy's decisions: it goes before them, and no limit for entries binds it. */
export function isOwnExit(work: Work): boolean {
  return work.kind === "stop" || work.kind === "target" || work.kind === "liquidation";
}

/**
 * The order in which the works of a step are sent, so that the number of consumers changes nothing.
 */
export function byTurn(
  a: { symbol: string; strategy: string; seq: number },
  b: { symbol: string; strategy: string; seq: number },
): number {
  return compare(a.symbol, b.symbol) || compare(a.strategy, b.strategy) || a.seq - b.seq;
}

/** By code units: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
