/**
 * When and at which price orders fill. The default is `intrabar`: within a bar only what is certain
 * is used: its open is first, its close is last. A price that is touched fills. Where the order of
 * high and low matters, the worse one is taken.
 */
import type { FillModelName } from "../model/trading_costs.ts";
import type { FillModel, FillSource, MatchableOrder } from "./types.ts";

/**
 * close, next_open: only closes (opens) are looked at, and an order fills at the first that its
 * prices allow. intrabar: a bar's whole range, market orders at its open, the others where its way
 * allows. Quotes and trades fill at their own prices.
 */
export function fillModelOf(name: FillModelName): FillModel {
  switch (name) {
    case "close":
      return closeModel;
    case "next_open":
      return nextOpenModel;
    case "intrabar":
    case "quote":
    case "trade":
    case "finest":
      return defaultFillModel;
    default:
      return name satisfies never;
  }
}

/** What fills orders, whatever else the data hold; null: the finest that a symbol has. */
export function fillSourceOf(name: FillModelName): FillSource | null {
  switch (name) {
    case "close":
    case "next_open":
    case "intrabar":
      return "bars";
    case "quote":
      return "quotes";
    case "trade":
      return "trades";
    case "finest":
      return null;
    default:
      return name satisfies never;
  }
}

export const defaultFillModel: FillModel = {
  barMoment: "start",
  looksWithin: true,

  onBar(order, open, high, low, close) {
    if (!isWaitingForStop(order)) {
      return isLimit(order) ? limitInBar(order, open, high, low) : open;
    }
    const stoppedAt = order.type === "trailing_stop"
      ? trailInBar(order, open, high, low, close)
      : stopInBar(order, open, high, low);
    if (Number.isNaN(stoppedAt)) return NaN;
    order.trigger();
    if (!isLimit(order) || isWithinLimit(order, stoppedAt)) return stoppedAt;
    // Stopped by the open beyond its limit: what the bar reached afterwards is certain to have come
    // later.
    return stoppedAt === open ? limitInBar(order, open, high, low) : NaN;
  },

  onTrade: atPrice,

  onQuote: (order, bidPrice, askPrice) =>
    atPrice(order, order.side === "buy" ? askPrice : bidPrice),
};

const closeModel: FillModel = {
  ...defaultFillModel,
  barMoment: "end",
  looksWithin: false,
  onBar: (order, _open, _high, _low, close) => atPrice(order, close),
};

const nextOpenModel: FillModel = {
  ...defaultFillModel,
  looksWithin: false,
  onBar: (order, open) => atPrice(order, open),
};

/**
 * A stop whose entry filled within the same bar, of which these are low and high. Nobody knows how
 * far the bar's way was by then: the worst is taken, the stop's own price where the bar reaches it.
 */
export function stopInEntryBar(order: MatchableOrder, high: number, low: number): number {
  if (!reaches(order, order.side === "buy" ? high : low)) return NaN;
  order.trigger();
  const { triggerPrice } = order;
  return !isLimit(order) || isWithinLimit(order, triggerPrice) ? triggerPrice : NaN;
}

function atPrice(order: MatchableOrder, price: number): number {
  if (isWaitingForStop(order)) {
    // The mark moves only by prices that do not trigger.
    if (!reaches(order, price)) {
      order.trailTo(price);
      return NaN;
    }
    order.trigger();
  }
  return !isLimit(order) || isWithinLimit(order, price) ? price : NaN;
}

function limitInBar(order: MatchableOrder, open: number, high: number, low: number): number {
  if (isWithinLimit(order, open)) return open;
  return isWithinLimit(order, order.side === "buy" ? low : high) ? order.limitPrice : NaN;
}

function stopInBar(order: MatchableOrder, open: number, high: number, low: number): number {
  if (reaches(order, open)) return open;
  return reaches(order, order.side === "buy" ? high : low) ? order.triggerPrice : NaN;
}

/** First the adverse extreme against the mark so far, then the favourable one, then the close. */
function trailInBar(
  order: MatchableOrder,
  open: number,
  high: number,
  low: number,
  close: number,
): number {
  if (reaches(order, open)) return open;
  order.trailTo(open);
  if (reaches(order, order.side === "buy" ? high : low)) return order.triggerPrice;
  order.trailTo(order.side === "buy" ? low : high);
  return reaches(order, close) ? order.triggerPrice : NaN;
}

function isWaitingForStop(order: MatchableOrder): boolean {
  return !order.isTriggered && order.type !== "market" && order.type !== "limit";
}

function isLimit(order: MatchableOrder): boolean {
  return order.type === "limit" || order.type === "stop_limit";
}

/** False while there is no trigger price: NaN compares false. */
function reaches(order: MatchableOrder, price: number): boolean {
  return order.side === "buy" ? price >= order.triggerPrice : price <= order.triggerPrice;
}

function isWithinLimit(order: MatchableOrder, price: number): boolean {
  return order.side === "buy" ? price <= order.limitPrice : price >= order.limitPrice;
}
