/** Which orders are taken at which time of the exchange's day. */
import type { AssetClass } from "../../model/asset.ts";
import { lateForAuction } from "../../model/auctions.ts";
import { exchangeTime } from "../../model/calendar.ts";
import { type Denied, denied } from "./denials.ts";
import type { RiskView } from "./risk_view.ts";
import type { OrderTerms } from "./work.ts";

export function checkSession(view: RiskView, terms: OrderTerms): Denied | null {
  const { intent: { extendedHours, symbol } } = view;
  const { type, timeInForce } = terms;
  if (timeInForce === "opg" || timeInForce === "cls") return checkAuction(view, terms, timeInForce);
  if (!extendedHours) {
    if (view.isRegularSession) return null;
    return denied("market_closed", `${symbol} is not in its regular session`);
  }
  const isTaken = view.capabilities.extendedHours && type === "limit" &&
    (timeInForce === "day" || timeInForce === "gtc");
  if (isTaken) return null;
  const message = `a ${type} order, ${timeInForce}, is not taken in extended hours`;
  return denied("extended_hours", message);
}

/** Auctions take orders before the session too, and for the next one in the evening. */
function checkAuction(
  view: RiskView,
  { type, extendedHours }: OrderTerms,
  timeInForce: "opg" | "cls",
): Denied | null {
  const { nowUs, asset } = view;
  if (asset!.assetClass === "crypto") {
    return denied("invalid_order", `crypto has no auctions: ${timeInForce} is not taken`);
  }
  if (type !== "market" && type !== "limit") {
    return denied("invalid_order", `an auction (${timeInForce}) takes no ${type} order`);
  }
  if (extendedHours) {
    return denied("extended_hours", `an order with ${timeInForce} is not for extended hours`);
  }
  const session = lateForAuction(timeInForce, nowUs);
  if (session === null) return null;
  const auction = timeInForce === "opg" ? "opening" : "closing";
  const message = `at ${
    exchangeTime(nowUs)
  } the ${auction} auction of ${session.date} takes no more orders`;
  return denied("auction_closed", message);
}

/** A regular session is on: always, for crypto; where the hours are not known, never. */
export function isRegularSession(
  assetClass: AssetClass,
  session: { openUs: number; closeUs: number } | undefined,
  nowUs: number,
): boolean {
  if (assetClass === "crypto") return true;
  return session !== undefined && nowUs >= session.openUs && nowUs < session.closeUs;
}
