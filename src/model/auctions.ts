/** When orders for the exchange's opening and closing auctions are taken. */
import { extendedSessionAt, type Session } from "./calendar.ts";

export type AuctionTimeInForce = "opg" | "cls";

const MINUTE_US = 60_000_000;
const OPG_CUTOFF_US = 2 * MINUTE_US;
const CLS_CUTOFF_US = 10 * MINUTE_US;
/** Orders for the next day's auctions are taken from 19:00 on, 9.5 hours after the open. */
const NEXT_DAY_US = 570 * MINUTE_US;

/** 9:28 for the opening auction, 15:50 for the closing one (12:50 on an early close). */
function cutoffUs(timeInForce: AuctionTimeInForce, session: Session): number {
  return timeInForce === "opg" ? session.openUs - OPG_CUTOFF_US : session.closeUs - CLS_CUTOFF_US;
}

/**
 * The session of today whose auction is no longer open to orders, those for the next day's not being
 * taken yet; null: orders are taken.
 */
export function lateForAuction(timeInForce: AuctionTimeInForce, nowUs: number): Session | null {
  const today = extendedSessionAt(nowUs);
  if (today === null || nowUs < cutoffUs(timeInForce, today)) return null;
  return nowUs < today.openUs + NEXT_DAY_US ? today : null;
}
