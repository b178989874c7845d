/**
 * What the exchange core takes and gives. Quantities, prices and money are exact: decimals in what
 * is told of each order and execution, decimal texts elsewhere; times are µs.
 */
import type { Asset, AssetClass } from "../model/asset.ts";
import type {
  Execution,
  OrderRequest,
  OrderStatus,
  OrderType,
  Side,
  TimeInForce,
} from "../model/order.ts";
import type { Decimal } from "../util/decimal.ts";
import type {
  FeeSchedule,
  Liquidity,
  NightRates,
  SlippageSettings,
} from "../model/trading_costs.ts";

export type OrderClass = "simple" | "bracket" | "oco" | "oto";
export type PositionIntent = "buy_to_open" | "buy_to_close" | "sell_to_open" | "sell_to_close";
/** Where a symbol's fills come from, so that one move of the market never fills an order twice. */
export type FillSource = "quotes" | "trades" | "bars";

export interface ExchangeOptions {
  /** µs since the epoch at which the exchange's clock begins. */
  startUs: number;
  /** null: there is no such asset. */
  assetOf(symbol: string): Asset | null;
  onUpdate(update: ExchangeUpdate): void;
  fees?: Partial<FeeSchedule>;
  /**
   * 0 < share ≤ 1: how much of a bar's volume, a trade's or a quote's size the orders of an account
   * may take. null: as much as they want. Default 0.1.
   */
  volumeShare?: number | null;
  /**
   * Where it is known beforehand; else the best source seen so far: quotes before trades before
   * bars.
   */
  sourceOf?(symbol: string): FillSource;
  fillModel?: FillModel;
  /**
   * Final orders and their executions are forgotten when a session closes, and client order ids are
   * the caller's to keep apart. For backtests, which would keep all of them in memory for nobody.
   * Default false.
   */
  forgets?: boolean;
  /** Default: executions are at the market's own prices. */
  slippage?: Partial<SlippageSettings>;
  /** What a usual day of the symbol is like, for its impact; null: not known. */
  liquidityOf?(symbol: string): Liquidity | null;
  /** Default: nights cost nothing. */
  nightRates?: Partial<NightRates>;
  /** Called before what accounts hold is valued: prices that the exchange lacks are noted. */
  beforeValuing?(): void;
  /** A night has cost an account so much. */
  onNight?(accountId: string, cost: string): void;
  /** How long an order is on its way: it meets no event before. µs, default 0. */
  latencyUs?: number;
}

export interface AccountOptions {
  /** ≥ 0. */
  cash: string;
  /** Reg-T: twice the equity from $2,000 on, and short sales. Default true. */
  margin?: boolean;
}

/** As the REST request, in Liu's words. */
export interface ExchangeOrderRequest extends Omit<OrderRequest, "clientOrderId"> {
  /** null: the exchange makes one. */
  clientOrderId: string | null;
  /** Not given: inferred. */
  orderClass?: OrderClass | null;
  /** Not given: inferred. Where given it must be what is inferred. */
  positionIntent?: PositionIntent | null;
}

/**
 * What PATCH can change; what is missing stays. `trail` is a price or a percentage, as the order
 * has it.
 */
export interface OrderChange {
  /**
   * As first ordered, so what the old order has filled is included; the new order is for the rest.
   */
  qty?: string;
  timeInForce?: TimeInForce;
  limitPrice?: string;
  triggerPrice?: string;
  trail?: string;
  clientOrderId?: string;
}

/** An order as it stood at one moment: a snapshot, never changed afterwards. */
export interface ExchangeOrder {
  id: string;
  clientOrderId: string;
  symbol: string;
  assetClass: AssetClass;
  side: Side;
  type: OrderType;
  orderClass: OrderClass;
  positionIntent: PositionIntent;
  timeInForce: TimeInForce;
  extendedHours: boolean;
  qty: string | null;
  notional: string | null;
  limitPrice: string | null;
  /** Moves with the high water mark of a trailing stop. */
  triggerPrice: string | null;
  trailPrice: string | null;
  trailPercent: string | null;
  /** High (sell) or low (buy) water mark of a trailing stop. */
  hwm: string | null;
  status: OrderStatus;
  filledQty: Decimal;
  filledAveragePrice: string | null;
  /** null: a simple order or itself a leg. An oco's parent is its take-profit. */
  legs: ExchangeOrder[] | null;
  parentId: string | null;
  replaces: string | null;
  replacedBy: string | null;
  createdUs: number;
  submittedUs: number;
  updatedUs: number;
  expiresUs: number | null;
  filledUs: number | null;
  expiredUs: number | null;
  canceledUs: number | null;
  failedUs: number | null;
  replacedUs: number | null;
}

export interface ExchangeExecution extends Execution {
  executionId: string;
  /** What is left of the order; 0 for the last. */
  leavesQty: Decimal;
  isLast: boolean;
  orderStatus: OrderStatus;
}

/** The words of trade_updates that the exchange uses. */
export type UpdateEvent =
  | "accepted"
  | "new"
  | "partial_fill"
  | "fill"
  | "canceled"
  | "expired"
  | "replaced"
  /** The order was changed by the exchange: a leg made smaller by the other leg's partial fill. */
  | "restated"
  // Only where the exchange is told to do them (exchange_hand.ts).
  | "rejected"
  | "done_for_day"
  | "pending_new"
  | "pending_cancel"
  | "pending_replace"
  | "stopped"
  | "suspended"
  | "calculated"
  | "order_cancel_rejected"
  | "order_replace_rejected";

export interface ExchangeUpdate {
  accountId: string;
  event: UpdateEvent;
  timeUs: number;
  order: ExchangeOrder;
  /** Set for fill and partial_fill. */
  execution: ExchangeExecution | null;
  /** Signed, after the event. */
  positionQty: Decimal;
}

export interface Refusal {
  /** HTTP status. */
  status: number;
  code: number;
  message: string;
  /** Further fields of the body, with their names on the wire. */
  details: Record<string, string>;
}

export type OrderOutcome = { order: ExchangeOrder } | { error: Refusal };

export interface OrderFilter {
  status?: "open" | "closed" | "all";
  symbols?: string[];
  side?: Side;
  /** By submission time, both exclusive. */
  afterUs?: number;
  untilUs?: number;
  direction?: "asc" | "desc";
  limit?: number;
  /** True: legs only under their parents. False: every order for itself, legs null. */
  nested?: boolean;
}

export interface ExchangePosition {
  symbol: string;
  assetClass: AssetClass;
  /** Signed. */
  qty: string;
  /** Unsigned: what no open order holds. */
  qtyAvailable: string;
  averagePrice: string;
  currentPrice: string;
  /** Signed, as qty. */
  marketValue: string;
  costBasis: string;
  unrealizedPl: string;
}

export interface AccountFigures {
  cash: string;
  equity: string;
  /** Equity when the last session closed; at first the cash. */
  lastEquity: string;
  longMarketValue: string;
  /** ≤ 0. */
  shortMarketValue: string;
  initialMargin: string;
  maintenanceMargin: string;
  multiplier: 1 | 2;
  /** ≥ 0, after what open orders hold. */
  buyingPower: string;
  nonMarginableBuyingPower: string;
  /** What open orders hold of the buying power. */
  reserved: string;
  /** Commission and regulatory fees together. */
  feesPaid: string;
  /** Of these the authorities'. */
  regulatoryFeesPaid: string;
  /** For shares that were borrowed, and for money that was lent. */
  borrowPaid: string;
  interestPaid: string;
  /** Executions' distance from the market's own price, times their quantity. */
  slippagePaid: string;
  shortingEnabled: boolean;
  createdUs: number;
}

/** An order that is being matched, in float64: comparisons only. */
export interface MatchableOrder {
  readonly side: Side;
  readonly type: OrderType;
  /** NaN: none. */
  readonly limitPrice: number;
  /** NaN: none. Moved by the fill model for trailing stops, through `trailTo`. */
  readonly triggerPrice: number;
  /** The stop has been reached: the rest is a market or a limit order. */
  readonly isTriggered: boolean;
  trigger(): void;
  /** Moves the high water mark, where `price` is better than it, and with it the trigger price. */
  trailTo(price: number): void;
}

/**
 * When and at which price an order fills. NaN: it does not. Sizes, shares and fees are the
 * exchange's part.
 */
export interface FillModel {
  /** What of a bar an order must be there for: its start, or, where only closes count, its end. */
  readonly barMoment: "start" | "end";
  /** It knows a bar's whole way: what an entry leaves of its bar can meet the entry's legs. */
  readonly looksWithin: boolean;
  onBar(order: MatchableOrder, open: number, high: number, low: number, close: number): number;
  onTrade(order: MatchableOrder, price: number): number;
  onQuote(order: MatchableOrder, bidPrice: number, askPrice: number): number;
}
