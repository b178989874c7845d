// What the exchange works out without its state.
import type { Asset } from "../model/asset.ts";
import type { Side } from "../model/order.ts";
import type { ExchangeOrderRequest } from "./types.ts";
import { extendedSessionAt, nextSession } from "../model/calendar.ts";
import { assert } from "../util/assert.ts";
import { type Decimal, decimal, plain, roundToTick } from "../util/decimal.ts";
import { SHARE_FRACTION } from "./order_state.ts";

/** null: the percentage is out of range. */
export function partOf(
  position: Decimal,
  part: { qty?: string; percentage?: string },
): string | null {
  if (part.qty !== undefined) return part.qty;
  if (part.percentage === undefined) return plain(position);
  const percentage = /^\d+(\.\d+)?$/.test(part.percentage) ? decimal(part.percentage) : decimal(0);
  if (percentage.lte(0) || percentage.gt(100)) return null;
  return plain(roundToTick(position.times(percentage).times("0.01"), SHARE_FRACTION, "down"));
}

const VOLUME_SHARE_DEFAULT = 0.1;

/** Of an event's size that orders may take; null: all of it. */
export function shareOf(volumeShare: number | null = VOLUME_SHARE_DEFAULT): Decimal | null {
  if (volumeShare === null) return null;
  assert(volumeShare > 0 && volumeShare <= 1, "volumeShare must be in (0, 1], or null");
  return decimal(volumeShare);
}

/** The close of the session that is on or comes next. */
export function closeAfter(us: number): number {
  const session = extendedSessionAt(us);
  return session !== null && us <= session.closeUs ? session.closeUs : nextSession(us).closeUs;
}

/** A market order that closes what is held. */
export function closingOrder(asset: Asset, side: Side, qty: string): ExchangeOrderRequest {
  return {
    clientOrderId: null,
    symbol: asset.symbol,
    side,
    qty,
    notional: null,
    type: "market",
    timeInForce: asset.assetClass === "crypto" ? "gtc" : "day",
    limitPrice: null,
    triggerPrice: null,
    trailPrice: null,
    trailPercent: null,
    extendedHours: false,
    takeProfit: null,
    stopLoss: null,
    orderClass: "simple",
  };
}
