/**
 * Stop and target of a position.
 *
 * They rest at the broker, as legs of the entry's bracket, where the broker can hold them and
 * nothing is in their way (`mayRest`). In all other cases, and for good once resting legs had to be
 * cancelled, the gateway watches prices and sends a market order when one of them is reached. What
 * is cancelled is confirmed before anything else is sent (desk.ts), so that a leg that fills while
 * it is being cancelled is counted first: the fill wins.
 */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import { assetClassOf } from "../../model/asset.ts";
import { RowKind } from "../../model/market_batch.ts";
import type { Decimal } from "../../util/decimal.ts";
import { type ChildOrder, isLive, type Work } from "./work.ts";

export interface Protection {
  readonly runId: number;
  stopPrice: string | null;
  targetPrice: string | null;
  /** Legs at the broker, of the bracket that opened the position. */
  readonly legs: ChildOrder[];
  /** The bracket's own order: legs do not count before it is final. */
  parent: ChildOrder | null;
  /** Bars that began before it say nothing: their extremes may be older than the position. */
  sinceUs: number;
}

/**
 * One row of a watched symbol, as far as stops and targets go. For a long, `low` is what a sale
 * meets.
 */
export interface PriceSeen {
  symbol: string;
  kind: "bar" | "trade" | "quote";
  timeUs: number;
  /** A bar's low and high, a trade's price twice, a quote's bid and ask. */
  low: number;
  high: number;
}

/** Legs that can fill: none while the bracket's own order is open, they only wait for it then. */
export function restingLegs(protection: Protection | undefined): ChildOrder[] {
  if (!protection) return [];
  if (protection.parent && isLive(protection.parent)) return [];
  return protection.legs.filter(isLive);
}

/** Whether the entry can carry its protection to the broker. */
export function mayRest(
  work: Work,
  view: { capabilities: BrokerCapabilities; isAlone: boolean; isFlat: boolean; isSplit: boolean },
): boolean {
  return work.kind === "entry" && (work.stopPrice !== null || work.targetPrice !== null) &&
    view.capabilities.brackets.includes(assetClassOf(work.symbol)) &&
    !work.terms.extendedHours && (work.terms.type === "market" || work.terms.type === "limit") &&
    (work.terms.timeInForce === "day" || work.terms.timeInForce === "gtc") &&
    isWhole(work.qty) && view.isAlone && view.isFlat && !view.isSplit;
}

function isWhole(qty: Decimal): boolean {
  return qty.mod(1).eq(0);
}

/**
 * What a row makes of a position of this sign. Both within one bar: the stop, as nobody knows which
 * was first.
 */
export function reached(
  protection: Protection,
  sign: number,
  seen: PriceSeen,
): "stop" | "target" | null {
  if (seen.kind === "bar" && seen.timeUs < protection.sinceUs) return null;
  const stop = protection.stopPrice === null ? NaN : Number(protection.stopPrice);
  const target = protection.targetPrice === null ? NaN : Number(protection.targetPrice);
  // A sale meets the bid, a purchase the ask; of a bar the worse end counts for the stop, the
  // better for the target.
  const isQuote = seen.kind === "quote";
  if (sign > 0) {
    if (seen.low <= stop) return "stop";
    return (isQuote ? seen.low : seen.high) >= target ? "target" : null;
  }
  if (seen.high >= stop) return "stop";
  return (isQuote ? seen.high : seen.low) <= target ? "target" : null;
}

/** The row's prices; null for what shows none (half a quote, a status). */
export function priceSeen(
  kind: number,
  symbol: string,
  timeUs: number,
  row: { a: number; b: number; c: number },
): PriceSeen | null {
  switch (kind) {
    case RowKind.minuteBar:
      return { symbol, kind: "bar", timeUs, low: row.c, high: row.b };
    case RowKind.trade:
      return { symbol, kind: "trade", timeUs, low: row.a, high: row.a };
    case RowKind.quote:
      if (!(row.a > 0 && row.c > 0)) return null;
      return { symbol, kind: "quote", timeUs, low: row.a, high: row.c };
    default:
      return null;
  }
}

/** Rows are wanted for it: it is not at the broker, or not yet. */
export function wantsWatch(
  protection: Protection,
  hasPosition: boolean,
  hasEntry: boolean,
): boolean {
  if (protection.stopPrice === null && protection.targetPrice === null) return false;
  return hasEntry || (hasPosition && restingLegs(protection).length === 0);
}

/** A leg that the broker put in another's place belongs to the same protection. */
export function isReplacement(protection: Protection, replaces: string | null): boolean {
  return replaces !== null && protection.legs.some((leg) => leg.brokerOrderId === replaces);
}
