/**
 * Stop and target of a position.
 *
 * They rest at the broker wherever it can hold them: as legs of the entry's bracket, or, once these
 * had to give way, as orders of their own as soon as nothing is in their way (rest.ts). What does not
 * rest is watched: the gateway sends a market order when a price is reached. What is cancelled is
 * confirmed before anything else is sent (desk.ts), so that a leg that fills while it is being
 * cancelled is counted first: the fill wins.
 */
import { RowKind } from "../../model/market_batch.ts";
import { type Decimal, decimal } from "../../util/decimal.ts";
import { type ChildOrder, isLive } from "./work.ts";

/** Prices at which a position is left; null: none. */
export interface ExitPrices {
  stopPrice: string | null;
  targetPrice: string | null;
}

/** Orders at the broker of which one cancels the other: the legs of a bracket, an OCO, or one alone. */
export interface LegGroup extends Readonly<ExitPrices> {
  /** The entry that brought it along: legs only wait before it is final. null: sent by itself. */
  readonly entry: ChildOrder | null;
  readonly qty: Decimal;
  readonly legs: ChildOrder[];
}

export interface Protection extends ExitPrices {
  readonly runId: number;
  readonly groups: LegGroup[];
  /** Orders of its own that the broker refused or ended, in a row. */
  failures: number;
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

/** Legs that can fill: none while the entry is open, they only wait for it then. */
export function restingLegs({ entry, legs }: LegGroup): ChildOrder[] {
  return entry !== null && isLive(entry) ? [] : legs.filter(isLive);
}

export function isResting(protection: Protection): boolean {
  return protection.groups.some((group) => restingLegs(group).length > 0);
}

/** What the group holds of the account's position. */
export function heldBy(group: LegGroup): Decimal {
  if (restingLegs(group).length === 0) return decimal(0);
  const filled = group.legs.reduce((sum, leg) => sum.plus(leg.filledQty), decimal(0));
  const left = (group.entry?.filledQty ?? group.qty).minus(filled);
  return left.gt(0) ? left : decimal(0);
}

/** How much of the run's position has its exits at the broker. */
export function coveredBy(protection: Protection | undefined): Decimal {
  return (protection?.groups ?? []).reduce((sum, group) => sum.plus(heldBy(group)), decimal(0));
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

/** Rows are wanted for it: it is not at the broker, or not all of it, or not yet. `qty`: null, flat. */
export function wantsWatch(
  protection: Protection,
  qty: Decimal | null,
  hasEntry: boolean,
): boolean {
  if (protection.stopPrice === null && protection.targetPrice === null) return false;
  return hasEntry || (qty !== null && coveredBy(protection).lt(qty.abs()));
}

/** The group of the leg in whose place the broker has put another. */
export function groupOfReplaced(
  protection: Protection,
  replaces: string | null,
): LegGroup | undefined {
  if (replaces === null) return undefined;
  return protection.groups.find(({ legs }) => legs.some((leg) => leg.brokerOrderId === replaces));
}

/** An exit that was to rest by itself does not, or not any more, and not by a fill. */
export function noteNotResting(child: ChildOrder): void {
  const protection = child.desk.protections.get(child.runId);
  const group = protection?.groups.find(({ legs }) => legs.includes(child));
  if (!protection || !group?.legs.every((leg) => leg.reportedQty.eq(0))) return;
  protection.failures++;
}

/** It was refused for more than there is: less of it is another order. */
export function noteRestsLess({ desk, runId }: ChildOrder): void {
  const protection = desk.protections.get(runId);
  if (protection && protection.failures > 0) protection.failures--;
}

/** The group that an order brings along, or heads. */
export function groupOf(parent: ChildOrder): LegGroup | undefined {
  const groups = parent.desk.protections.get(parent.runId)?.groups;
  const isOf = ({ entry, legs }: LegGroup) => entry === parent || legs.includes(parent);
  if (!groups || groups.some(isOf) || parent.work === null) return groups?.find(isOf);
  const { takeProfit, stopLoss } = parent.request!;
  const group = {
    entry: parent,
    qty: parent.qty,
    stopPrice: stopLoss?.triggerPrice ?? null,
    targetPrice: takeProfit?.limitPrice ?? null,
    legs: [],
  };
  groups.push(group);
  return group;
}
