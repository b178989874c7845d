/** What the exchange core says, in Alpaca's words. */
import type {
  AccountFigures,
  ExchangeExecution,
  ExchangeOrder,
  ExchangePosition,
  ExchangeUpdate,
} from "../matching/types.ts";
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import { decimal, plain } from "../util/decimal.ts";
import type {
  AlpacaAccount,
  AlpacaFillActivity,
  AlpacaOrder,
  AlpacaPosition,
  AlpacaTradeUpdate,
} from "../wire/alpaca_types.ts";
import type { Assets } from "./assets.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

export function toAlpacaOrder(order: ExchangeOrder, assets: Assets): AlpacaOrder {
  const time = (us: number | null) => us === null ? null : formatRfc3339(us);
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    created_at: formatRfc3339(order.createdUs),
    updated_at: formatRfc3339(order.updatedUs),
    submitted_at: formatRfc3339(order.submittedUs),
    filled_at: time(order.filledUs),
    expired_at: time(order.expiredUs),
    expires_at: time(order.expiresUs),
    canceled_at: time(order.canceledUs),
    failed_at: time(order.failedUs),
    replaced_at: time(order.replacedUs),
    replaced_by: order.replacedBy,
    replaces: order.replaces,
    asset_id: assets.wireOf(order.symbol)!.id,
    symbol: order.symbol,
    asset_class: order.assetClass,
    notional: order.notional,
    qty: order.qty,
    filled_qty: plain(order.filledQty),
    filled_avg_price: order.filledAveragePrice,
    order_class: order.orderClass === "simple" ? "" : order.orderClass,
    order_type: order.type,
    type: order.type,
    side: order.side,
    position_intent: order.positionIntent,
    time_in_force: order.timeInForce,
    limit_price: order.limitPrice,
    stop_price: order.triggerPrice,
    status: order.status as AlpacaOrder["status"],
    extended_hours: order.extendedHours,
    legs: order.legs?.map((leg) => toAlpacaOrder(leg, assets)) ?? null,
    trail_percent: order.trailPercent,
    trail_price: order.trailPrice,
    hwm: order.hwm,
  };
}

export function toTradeUpdate(
  update: ExchangeUpdate,
  executionId: string,
  assets: Assets,
): AlpacaTradeUpdate {
  const { execution } = update;
  return {
    event: update.event,
    execution_id: execution?.executionId ?? executionId,
    order: toAlpacaOrder(update.order, assets),
    timestamp: formatRfc3339(update.timeUs),
    ...(execution === null ? {} : {
      price: plain(execution.price),
      qty: plain(execution.qty),
      position_qty: plain(update.positionQty),
    }),
  };
}

export function toFillActivity(
  execution: ExchangeExecution,
  isShortSale: boolean,
): AlpacaFillActivity {
  const time = `${exchangeDate(execution.timeUs)}${exchangeTime(execution.timeUs)}`;
  const ms = String(Math.floor(execution.timeUs / 1000) % 1000).padStart(3, "0");
  return {
    activity_type: "FILL",
    id: `${time.replace(/\D/g, "")}${ms}::${execution.executionId}`,
    cum_qty: plain(execution.cumulativeQty),
    leaves_qty: plain(execution.leavesQty),
    order_id: execution.brokerOrderId,
    order_status: execution.orderStatus as AlpacaFillActivity["order_status"],
    price: plain(execution.price),
    qty: plain(execution.qty),
    side: isShortSale ? "sell_short" : execution.side,
    symbol: execution.symbol,
    transaction_time: formatRfc3339(execution.timeUs),
    type: execution.isLast ? "fill" : "partial_fill",
  };
}

/** `lastdayPrice`: the close of the session before. */
export function toAlpacaPosition(
  position: ExchangePosition,
  lastdayPrice: string,
  assets: Assets,
): AlpacaPosition {
  const asset = assets.wireOf(position.symbol)!;
  const cost = decimal(position.costBasis).abs();
  const share = (pl: string) => cost.eq(0) ? "0" : decimal(pl).div(cost).round(16).toFixed();
  const change = decimal(position.currentPrice).minus(lastdayPrice);
  return {
    asset_id: asset.id,
    symbol: position.symbol,
    exchange: asset.exchange,
    asset_class: position.assetClass,
    asset_marginable: asset.marginable,
    qty: position.qty,
    qty_available: position.qtyAvailable,
    side: position.qty.startsWith("-") ? "short" : "long",
    avg_entry_price: position.averagePrice,
    market_value: position.marketValue,
    cost_basis: position.costBasis,
    unrealized_pl: position.unrealizedPl,
    unrealized_plpc: share(position.unrealizedPl),
    unrealized_intraday_pl: position.unrealizedPl,
    unrealized_intraday_plpc: share(position.unrealizedPl),
    current_price: position.currentPrice,
    lastday_price: lastdayPrice,
    change_today: decimal(lastdayPrice).eq(0) ? "0" : change.div(lastdayPrice).round(16).toFixed(),
  };
}

export function toAlpacaAccount(
  accountId: string,
  figures: AccountFigures,
  nowUs: number,
): AlpacaAccount {
  return {
    id: accountId,
    account_number: `PA${accountId.slice(0, 8).toUpperCase()}`,
    status: "ACTIVE",
    crypto_status: "ACTIVE",
    currency: "USD",
    cash: figures.cash,
    equity: figures.equity,
    last_equity: figures.lastEquity,
    buying_power: figures.buyingPower,
    regt_buying_power: figures.buyingPower,
    non_marginable_buying_power: figures.nonMarginableBuyingPower,
    initial_margin: figures.initialMargin,
    maintenance_margin: figures.maintenanceMargin,
    last_maintenance_margin: "0",
    sma: "0",
    multiplier: plain(figures.multiplier),
    long_market_value: figures.longMarketValue,
    short_market_value: figures.shortMarketValue,
    portfolio_value: figures.equity,
    accrued_fees: "0",
    pending_transfer_in: "0",
    pending_transfer_out: "0",
    intraday_adjustments: "0",
    balance_asof: exchangeDate(nowUs),
    shorting_enabled: figures.shortingEnabled,
    trading_blocked: false,
    transfers_blocked: false,
    account_blocked: false,
    trade_suspended_by_user: false,
    created_at: formatRfc3339(figures.createdUs),
  };
}
