/** Consumer ⇄ gateway: decisions one way, what became of them the other. */
import type { OrderAction } from "../contracts/decision.ts";
import type { Json } from "../contracts/store.ts";
import type { Side, TimeInForce } from "../model/order.ts";
import type { AccountFigures } from "./shared.ts";

/** What a strategy decided, as numbers; one way, nothing waited for. */
export interface Intent {
  runId: number;
  /** Ascending per run, given by the consumer. */
  seq: number;
  symbol: string;
  action: OrderAction;
  /** Shares or coins; null where notional is given. */
  qty: number | null;
  notional: number | null;
  limitPrice: number | null;
  triggerPrice: number | null;
  /** Protection of the position: null leaves what there is. */
  stopPrice: number | null;
  targetPrice: number | null;
  timeInForce: TimeInForce | null;
  extendedHours: boolean;
  indicators: Json;
  /** Why it cannot be an order (a price that is not a number > 0, …): denied as "invalid_order". */
  problem: string | null;
  /** Newest quote of the deciding moment (the side that the order would meet), or the last price without one. */
  referencePrice: number;
  decidedUs: number;
}

export type ConsumerToGateway =
  | { type: "intent"; intent: Intent }
  | { type: "cancel"; runId: number; symbol: string; reason: string }
  | { type: "keystore"; runId: number; key: string; context: string; value: string }
  /** Step `n` is done here, with all that was decided in it. */
  | {
    type: "stepDone";
    n: number;
    intents: Intent[];
    cancels: { runId: number; symbol: string; reason: string }[];
    keystore: { runId: number; key: string; context: string; value: string }[];
  };

// ---------------------------------------------------------------- gateway → consumer

/** A run's own position in a symbol. */
export interface PositionFigures {
  /** Signed: a short is negative. */
  qty: number;
  averagePrice: number;
  openedUs: number;
  stopPrice: number | null;
  targetPrice: number | null;
}

export type OpenOrderFigures = {
  action: OrderAction;
  qty: number;
  filledQty: number;
  sinceUs: number;
};

/**
 * What became of a run's order in a symbol. Orders that the run did not ask for (protection, liquidation)
 * are reported alike.
 */
export interface OrderReport {
  type: "report";
  runId: number;
  symbol: string;
  event: "accepted" | "fill" | "denied" | "canceled" | "expired" | "rejected" | "order_status";
  /**
   * Newest intent (its `seq`) of this run in this symbol that the gateway had taken in by then, −1: none. A report
   * that crossed a newer intent on its way must not make the strategy believe that nothing is open.
   */
  intentSeq: number;
  /** Set with event "fill". */
  fill: {
    side: Side;
    qty: number;
    price: number;
    fee: number;
    timeUs: number;
    partial: boolean;
  } | null;
  /** Set with events "denied" (by risk) and "rejected" (by the broker). */
  denial: { by: "risk" | "broker"; code: string; message: string } | null;
  /** After the event; null: flat. */
  position: PositionFigures | null;
  /** The run's intent in this symbol that is on its way or open; null: `run` may be called again. */
  openOrder: OpenOrderFigures | null;
}

export type GatewayToConsumer =
  | OrderReport
  | { type: "account"; account: AccountFigures }
  /** Fills due in step `n` have been reported; strategies run on this account. */
  | { type: "stepBegin"; n: number; timeUs: number; account: AccountFigures }
  /** What a consumer's runs have has been told, to one that took the place of another. */
  | { type: "handedOver" }
  /** Values that other consumers' strategies wrote. */
  | { type: "keystore"; strategy: string; key: string; context: string; value: string };
