/**
 * Orders as Liu speaks of them; a broker's own words stay in its file. Quantities and prices are
 * exact: decimals in executions, which are added up, texts in what else comes from outside.
 */
import type { Decimal } from "../util/decimal.ts";

/** An exact decimal: the text that came from outside, or the number where it was worked out here. */
export type Amount = string | Decimal;

export type Side = "buy" | "sell";
export type OrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
export type TimeInForce = "day" | "gtc" | "opg" | "cls" | "ioc" | "fok";

/** An order as it is sent to a broker. */
export interface OrderRequest {
  /** ≤ 128 characters, unique for ever in the account. */
  clientOrderId: string;
  symbol: string;
  side: Side;
  /** Exactly one of qty and notional is set. */
  qty: Amount | null;
  notional: string | null;
  type: OrderType;
  timeInForce: TimeInForce;
  limitPrice: string | null;
  /** The trigger of a stop or stop_limit order. */
  triggerPrice: string | null;
  trailPrice: string | null;
  trailPercent: string | null;
  extendedHours: boolean;
  /**
   * Legs that rest at the broker once the entry has filled; null: none. Both legs on a limit order
   * at the take-profit's own price are an OCO: two exits of what is held, and no entry.
   */
  takeProfit: { limitPrice: string } | null;
  stopLoss: { triggerPrice: string; limitPrice: string | null } | null;
  /**
   * It is to close what the account holds: a broker that can tell refuses it where it would open a
   * position instead. Not given: false.
   */
  closesOnly?: boolean;
}

/** An order's state, the same for all brokers. The first group can still change, the second is final. */
export type OrderStatus =
  | "sending"
  | "accepted"
  | "held"
  | "new"
  | "partially_filled"
  | "pending_cancel"
  | "pending_replace"
  | "stopped"
  | "suspended"
  | "calculated"
  | "done_for_day"
  | "filled"
  | "canceled"
  | "expired"
  | "rejected"
  | "replaced";

export function isFinal(status: OrderStatus): boolean {
  switch (status) {
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
    case "replaced":
      return true;
    default:
      return false;
  }
}

/** An order as a broker reports it. */
export interface BrokerOrder {
  brokerOrderId: string;
  clientOrderId: string;
  symbol: string;
  side: Side;
  type: OrderType;
  timeInForce: TimeInForce;
  qty: string | null;
  notional: string | null;
  limitPrice: string | null;
  triggerPrice: string | null;
  status: OrderStatus;
  filledQty: Amount;
  /** null while nothing is filled. */
  filledAveragePrice: string | null;
  /** Legs of a bracket, each an order of its own; parent has none of its own. */
  legs: BrokerOrder[];
  /** Which order took this one's place, or whose place it took; broker order ids. */
  replacedBy: string | null;
  replaces: string | null;
  submittedUs: number;
  updatedUs: number;
}

/** One execution. Its identity is (brokerOrderId, cumulativeQty): from stream, poll and activities alike. */
export interface Execution {
  brokerOrderId: string;
  clientOrderId: string;
  symbol: string;
  side: Side;
  /** This execution's own quantity and price. */
  qty: Decimal;
  price: Decimal;
  /** The order's filled quantity after it. */
  cumulativeQty: Decimal;
  /** A second check, where the broker gives one. */
  executionId: string | null;
  timeUs: number;
  /** In account currency, ≥ 0; 0 where the broker reports none. */
  fee: Decimal;
}
