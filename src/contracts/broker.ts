import type { Asset, AssetClass } from "../model/asset.ts";
import type { Amount, BrokerOrder, Execution, OrderRequest } from "../model/order.ts";
import type { Split } from "../model/split.ts";
import type { Soon } from "../util/soon.ts";

export interface BrokerAccount {
  accountId: string;
  currency: string;
  /** In `currency`. */
  cash: Amount;
  equity: Amount;
  buyingPower: Amount;
  tradingBlocked: boolean;
  shortingEnabled: boolean;
}

export interface BrokerPosition {
  symbol: string;
  /** Signed: a short is negative. Decimal text. */
  qty: string;
  /** Unsigned: what no open order holds. */
  qtyAvailable: string;
  averagePrice: string;
  marketPrice: string;
}

/** Refusals that come of another open order: it holds the quantity, or is on the other side. */
export type RefusalCause = "qty_held" | "wash_trade";

/**
 * The answer to an order sent.
 * "unknown" is never taken for "no": the caller looks it up by its client order id.
 */
export type SubmitResult =
  | { result: "accepted"; order: BrokerOrder }
  /** The broker refused it for good: `code` and `message` are the broker's own. */
  | { result: "refused"; code: number; message: string; cause?: RefusalCause }
  /** This client order id is there already. */
  | { result: "duplicate" }
  /** Nothing was taken in; send again after the wait. */
  | { result: "rate_limited"; retryAfterMs: number }
  /** Time-out, 5xx, lost connection: it may or may not have been taken in. */
  | { result: "unknown"; message: string };

export type CancelResult =
  | { result: "requested" }
  | { result: "not_cancelable"; message: string }
  | { result: "not_found" }
  | { result: "rate_limited"; retryAfterMs: number }
  | { result: "unknown"; message: string };

/** One message of the order stream: the order after the event, and the execution where there was one. */
export interface OrderUpdate {
  /** The broker's own word for what happened ("fill", "canceled", "order_cancel_rejected", …). */
  event: string;
  order: BrokerOrder;
  execution: Execution | null;
  timeUs: number;
}

export type UpdatesState =
  | { state: "connected" }
  | { state: "interrupted"; reason: string }
  | { state: "restored" }
  /** Interrupted, and somebody else holds the account's only place, longer than a dead socket would. */
  | { state: "taken"; reason: string }
  | { state: "failed"; error: Error };

export interface UpdateStream {
  /**
   * Says that step `n` is done, and is done when the exchange has answered: everything it had to report before
   * the answer has been given to onUpdate. Done at once where the exchange does not step.
   */
  ackStep(n: number, signal: AbortSignal): Soon<void>;
  close(): Promise<void>;
}

/** One day of a broker's calendar. */
export interface BrokerSession {
  /** The exchange's, "YYYY-MM-DD". */
  date: string;
  openUs: number;
  closeUs: number;
}

/** What a broker can do; the risk checks and the protection of positions read it. */
export interface BrokerCapabilities {
  /** Legs that rest at the broker, by asset class. */
  brackets: readonly AssetClass[];
  fractional: readonly AssetClass[];
  short: readonly AssetClass[];
  notional: readonly AssetClass[];
  extendedHours: boolean;
  /** Requests a minute, and how many of these are kept for cancels. */
  requestsPerMinute: number;
  requestsReservedForCancels: number;
  /**
   * Each event of an order is told once, in its order, and nothing after the order is final: what is final need not be
   * kept in mind. No broker over a network is like that.
   */
  tellsOnce: boolean;
}

/**
 * Takes orders. One file in src/brokers/ and a line in its registry. Runs in the gateway's worker only.
 * An answer that is there already is given as it is, without a promise; what throws instead of rejecting is a bug.
 */
export interface Broker {
  readonly name: string;
  readonly hosts: string[];
  readonly capabilities: BrokerCapabilities;
  /** False for paper and simulated accounts. */
  readonly isRealMoney: boolean;
  account(signal: AbortSignal): Soon<BrokerAccount>;
  positions(signal: AbortSignal): Promise<BrokerPosition[]>;
  assets(assetClass: AssetClass, signal: AbortSignal): Promise<Asset[]>;
  openOrders(signal: AbortSignal): Promise<BrokerOrder[]>;
  /**
   * Where it can be said at once: true, an entry of this cost (account currency, no crypto) is sure to be within the
   * buying power; false says nothing.
   */
  surelyAffords?(cost: number): boolean;
  /** null: the broker does not know it. Throws where the answer is unknown. */
  orderByClientId(clientOrderId: string, signal: AbortSignal): Soon<BrokerOrder | null>;
  /** By the broker's own id, where it can be asked so; answers as orderByClientId. */
  orderById?(brokerOrderId: string, signal: AbortSignal): Promise<BrokerOrder | null>;
  /** Executions after `sinceUs`, oldest first. */
  executions(sinceUs: number, signal: AbortSignal): Promise<Execution[]>;
  submit(order: OrderRequest, signal: AbortSignal): Soon<SubmitResult>;
  cancel(brokerOrderId: string, signal: AbortSignal): Soon<CancelResult>;
  /** Sends a new order in another's place; the old one may fill first. */
  replace(
    brokerOrderId: string,
    change: Partial<
      Pick<
        OrderRequest,
        "clientOrderId" | "qty" | "limitPrice" | "triggerPrice" | "trailPrice" | "timeInForce"
      >
    >,
    signal: AbortSignal,
  ): Promise<SubmitResult>;
  /** The exchange's time, and how many market seconds pass in a second (1 but for a simulated one; 0: it steps). */
  clock(
    signal: AbortSignal,
  ): Promise<{
    timeUs: number;
    rate: number;
    isOpen: boolean;
    /** It is the world's time, which this machine's clock should show too. */
    isReal?: boolean;
  }>;
  /** Sessions of equities, of the exchange's dates `from` … `to`; missing: the broker has no calendar. */
  calendar?(from: string, to: string, signal: AbortSignal): Promise<BrokerSession[]>;
  /** Splits of these symbols, of the exchange's dates `from` … `to`; missing: the broker knows of none. */
  splits?(symbols: string[], from: string, to: string, signal: AbortSignal): Promise<Split[]>;
  openUpdates(options: {
    onUpdate(update: OrderUpdate): void;
    onStep(n: number, timeUs: number): void;
    onState(state: UpdatesState): void;
    signal: AbortSignal;
  }): Promise<UpdateStream>;
}
