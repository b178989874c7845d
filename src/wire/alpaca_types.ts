/**
 * What Alpaca's protocol sends, field by field, as it stands on the wire.
 * Invariant: names and types are Alpaca's, never Liu's. Money and quantities of the trading API
 * are decimal texts, market data are numbers; times are RFC 3339 texts (in msgpack frames: the
 * timestamp extension, type −1).
 */

export * from "./alpaca_data_types.ts";

/** The body of every error reply. */
export interface AlpacaError {
  code: number;
  message: string;
}

/** Codes of error replies; the HTTP status is their first three digits. */
export const AlpacaErrorCode = {
  parameters: 40010001,
  unauthorized: 40110000,
  /** Insufficient quantity or buying power, wash trade. */
  forbidden: 40310000,
  notFound: 40410000,
  /** Sub-penny prices, duplicate client_order_id, already final. */
  unprocessable: 42210000,
  rateLimited: 42910000,
  internal: 50010000,
} as const;

// ---- Trading REST

export interface AlpacaAccount {
  id: string;
  account_number: string;
  status: string;
  crypto_status: string;
  currency: string;
  cash: string;
  equity: string;
  last_equity: string;
  buying_power: string;
  regt_buying_power: string;
  non_marginable_buying_power: string;
  initial_margin: string;
  maintenance_margin: string;
  last_maintenance_margin: string;
  sma: string;
  multiplier: string;
  long_market_value: string;
  short_market_value: string;
  portfolio_value: string;
  accrued_fees: string;
  pending_transfer_in: string;
  pending_transfer_out: string;
  intraday_adjustments: string;
  /** YYYY-MM-DD. */
  balance_asof: string;
  shorting_enabled: boolean;
  trading_blocked: boolean;
  transfers_blocked: boolean;
  account_blocked: boolean;
  trade_suspended_by_user: boolean;
  created_at: string;
}

export type AlpacaOrderStatus =
  | "new"
  | "partially_filled"
  | "filled"
  | "done_for_day"
  | "canceled"
  | "expired"
  | "replaced"
  | "pending_cancel"
  | "pending_replace"
  | "accepted"
  | "pending_new"
  | "accepted_for_bidding"
  | "stopped"
  | "rejected"
  | "suspended"
  | "calculated"
  | "held";

export type AlpacaSide = "buy" | "sell";
export type AlpacaOrderType = "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
export type AlpacaTimeInForce = "day" | "gtc" | "opg" | "cls" | "ioc" | "fok";
export type AlpacaOrderClass = "simple" | "bracket" | "oco" | "oto";
export type AlpacaPositionIntent =
  | "buy_to_open"
  | "buy_to_close"
  | "sell_to_open"
  | "sell_to_close";

/** Body of POST /v2/orders. Numbers are taken where a text is expected, as Alpaca does. */
export interface AlpacaOrderRequest {
  symbol: string;
  qty?: string;
  notional?: string;
  side: AlpacaSide;
  type: AlpacaOrderType;
  time_in_force: AlpacaTimeInForce;
  limit_price?: string;
  stop_price?: string;
  trail_price?: string;
  trail_percent?: string;
  extended_hours?: boolean;
  /** ≤ 128 characters, unique in the account. */
  client_order_id?: string;
  order_class?: AlpacaOrderClass;
  take_profit?: { limit_price: string };
  stop_loss?: { stop_price: string; limit_price?: string };
  position_intent?: AlpacaPositionIntent;
}

/** Body of PATCH /v2/orders/{id}. */
export interface AlpacaReplaceRequest {
  qty?: string;
  time_in_force?: AlpacaTimeInForce;
  limit_price?: string;
  stop_price?: string;
  /** New trail_price or trail_percent, whichever the order has. */
  trail?: string;
  client_order_id?: string;
}

export interface AlpacaOrder {
  id: string;
  client_order_id: string;
  created_at: string;
  updated_at: string;
  submitted_at: string;
  filled_at: string | null;
  expired_at: string | null;
  expires_at: string | null;
  canceled_at: string | null;
  failed_at: string | null;
  replaced_at: string | null;
  replaced_by: string | null;
  replaces: string | null;
  asset_id: string;
  symbol: string;
  asset_class: "us_equity" | "crypto";
  notional: string | null;
  qty: string | null;
  filled_qty: string;
  filled_avg_price: string | null;
  /** "" for a simple order without class. */
  order_class: AlpacaOrderClass | "";
  order_type: AlpacaOrderType;
  type: AlpacaOrderType;
  side: AlpacaSide;
  position_intent: AlpacaPositionIntent;
  time_in_force: AlpacaTimeInForce;
  limit_price: string | null;
  stop_price: string | null;
  status: AlpacaOrderStatus;
  extended_hours: boolean;
  /** Only where nested orders were asked for, or in the reply to the POST of a bracket. */
  legs: AlpacaOrder[] | null;
  trail_percent: string | null;
  trail_price: string | null;
  hwm: string | null;
}

/** One row of the reply to DELETE /v2/orders. */
export interface AlpacaCanceledOrder {
  id: string;
  status: number;
  body: AlpacaOrder | AlpacaError | null;
}

/** One row of the reply to DELETE /v2/positions. */
export interface AlpacaClosedPosition {
  symbol: string;
  status: number;
  body: AlpacaOrder | AlpacaError;
}

export interface AlpacaPosition {
  asset_id: string;
  symbol: string;
  exchange: string;
  asset_class: "us_equity" | "crypto";
  asset_marginable: boolean;
  /** Signed: a short is negative. */
  qty: string;
  qty_available: string;
  side: "long" | "short";
  avg_entry_price: string;
  market_value: string;
  cost_basis: string;
  unrealized_pl: string;
  unrealized_plpc: string;
  unrealized_intraday_pl: string;
  unrealized_intraday_plpc: string;
  current_price: string;
  lastday_price: string;
  change_today: string;
}

export interface AlpacaAsset {
  id: string;
  class: "us_equity" | "crypto";
  exchange: string;
  symbol: string;
  name: string;
  status: "active" | "inactive";
  tradable: boolean;
  marginable: boolean;
  shortable: boolean;
  easy_to_borrow: boolean;
  borrow_status: "easy_to_borrow" | "hard_to_borrow" | "not_borrowable";
  fractionable: boolean;
  maintenance_margin_requirement: number;
  margin_requirement_long: string;
  margin_requirement_short: string;
  /** Crypto only, as the two below. */
  min_order_size?: string;
  min_trade_increment?: string;
  price_increment?: string;
  attributes: string[];
}

export interface AlpacaClock {
  timestamp: string;
  is_open: boolean;
  next_open: string;
  next_close: string;
}

export interface AlpacaCalendarDay {
  /** YYYY-MM-DD. */
  date: string;
  /** HH:MM, New York. */
  open: string;
  close: string;
  /** HHMM, New York: extended hours. */
  session_open: string;
  session_close: string;
  settlement_date: string;
}

export interface AlpacaFillActivity {
  activity_type: "FILL";
  id: string;
  cum_qty: string;
  leaves_qty: string;
  order_id: string;
  order_status: AlpacaOrderStatus;
  price: string;
  qty: string;
  side: "buy" | "sell" | "sell_short";
  symbol: string;
  transaction_time: string;
  type: "fill" | "partial_fill";
}

// ---- Trading socket: one object a frame, JSON, in binary frames

export type AlpacaTradingRequest =
  | { action: "authenticate"; data: { key_id: string; secret_key: string } }
  /** An older form, still taken. */
  | { action: "auth"; key: string; secret: string }
  | { action: "listen"; data: { streams: string[] } }
  | { action: "step_ack"; data: { n: number } };

export type AlpacaTradeEvent =
  | "new"
  | "fill"
  | "partial_fill"
  | "canceled"
  | "expired"
  | "done_for_day"
  | "replaced"
  | "rejected"
  | "pending_new"
  | "pending_cancel"
  | "pending_replace"
  | "stopped"
  | "calculated"
  | "suspended"
  | "restated"
  | "accepted"
  | "order_replace_rejected"
  | "order_cancel_rejected";

export interface AlpacaTradeUpdate {
  event: AlpacaTradeEvent;
  execution_id: string;
  order: AlpacaOrder;
  timestamp: string;
  /** Of a fill or partial_fill: this execution's own, and the position after it. */
  price?: string;
  qty?: string;
  position_qty?: string;
}

export type AlpacaTradingMessage =
  | {
    stream: "authorization";
    data: { status: "authorized" | "unauthorized"; action: "authenticate" | "listen" };
  }
  | { stream: "listening"; data: { streams: string[]; error?: string } }
  | { stream: "trade_updates"; data: AlpacaTradeUpdate }
  | { stream: "step"; data: { n: number; timestamp: string; last?: true } }
  | { stream: "step_ack"; data: { n: number } }
  | { action: "error"; data: { error_message: string } };

// ---- Liu's extension of the protocol

/** Upgrade request header by which a socket opts in to steps; its value is STEP_HEADER_VALUE. */
export const STEP_HEADER = "Liu-Step";
export const STEP_HEADER_VALUE = "ack";
/** Header of a simulated exchange's /v2/clock: market seconds a second, "0" when it steps. */
export const CLOCK_RATE_HEADER = "Liu-Clock-Rate";
