// When an order comes into the market and when it ends, by the exchange's sessions.
import { type AuctionTimeInForce, lateForAuction } from "../model/auctions.ts";
import { extendedSessionAt, nextSession, type Session, sessionAt } from "../model/calendar.ts";
import type { OrderTerms } from "./order_state.ts";
import { forbidden } from "./refusal.ts";
import type { Refusal } from "./types.ts";

const MINUTE_US = 60_000_000;
const DAY_US = 24 * 60 * MINUTE_US;
const GTC_DAYS = 90;

export interface OrderTiming {
  /** The order is queued until then; −∞: at once. */
  routeUs: number;
  /** It ends when the clock has gone past it. */
  expiresUs: number;
}

type TimedTerms = Pick<OrderTerms, "asset" | "timeInForce" | "extendedHours">;

export function timingOf(terms: TimedTerms, nowUs: number): OrderTiming | { refusal: Refusal } {
  const agedUs = nowUs + GTC_DAYS * DAY_US;
  if (terms.asset.assetClass === "crypto") return { routeUs: -Infinity, expiresUs: agedUs };
  const session = comingSession(nowUs, terms.extendedHours);
  const routeUs = terms.extendedHours ? session.extendedOpenUs : session.openUs;
  const expiresUs = terms.extendedHours ? session.extendedCloseUs : session.closeUs;
  switch (terms.timeInForce) {
    case "gtc":
      return { routeUs, expiresUs: agedUs };
    case "day":
    case "ioc":
    case "fok":
      return { routeUs, expiresUs };
    case "opg":
      return auctionTiming(nowUs, "opg", "9:28am");
    case "cls":
      return auctionTiming(nowUs, "cls", "3:50pm");
    default:
      return terms.timeInForce satisfies never;
  }
}

export type Phase = "regular" | "extended" | "closed";

/**
 * The phase of a market event. What happens exactly at the close still belongs to the session, a
 * bar's start not.
 */
export function phaseAt(timeUs: number, isBar: boolean): Phase {
  if (sessionAt(timeUs) !== null) return "regular";
  if (!isBar && sessionAt(timeUs - 1) !== null) return "regular";
  return extendedSessionAt(timeUs) === null ? "closed" : "extended";
}

/** The session that is on, or else the next. */
function comingSession(nowUs: number, extended: boolean): Session {
  const session = extendedSessionAt(nowUs);
  if (session === null) return nextSession(nowUs);
  return extended || nowUs < session.closeUs ? session : nextSession(nowUs);
}

function auctionTiming(
  nowUs: number,
  timeInForce: AuctionTimeInForce,
  cutoff: string,
): OrderTiming | { refusal: Refusal } {
  if (lateForAuction(timeInForce, nowUs) !== null) {
    return {
      refusal: forbidden(
        `${timeInForce} orders must be submitted after 7:00pm and before ${cutoff}`,
      ),
    };
  }
  const today = extendedSessionAt(nowUs);
  const session = today === null || nowUs >= today.closeUs ? nextSession(nowUs) : today;
  return { routeUs: session.openUs, expiresUs: session.closeUs };
}
