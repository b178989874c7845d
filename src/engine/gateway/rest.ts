/**
 * Which exits rest at the broker, which must go, and which are put there. Invariant: what rests never
 * sums up to more than the account's position in the symbol, and never to more than the run's own.
 */
import type { BrokerCapabilities } from "../../contracts/broker.ts";
import { assetClassOf } from "../../model/asset.ts";
import type { Side } from "../../model/order.ts";
import { Decimal, decimal } from "../../util/decimal.ts";
import type { Book } from "./book.ts";
import {
  coveredBy,
  type ExitPrices,
  heldBy,
  type LegGroup,
  type Protection,
  restingLegs,
} from "./protection.ts";
import { type ChildOrder, isLive, liveChild, restOf, type Work } from "./work.ts";

/** After so many orders that the broker refused or ended, in a row, the position is only watched. */
export const REST_FAILURES_MAX = 3;

export interface RestDesk {
  readonly symbol: string;
  /** The account's position, as far as the broker has it. */
  readonly net: Decimal;
  /** Refusals that are being looked into. */
  readonly asking: number;
  readonly works: readonly Work[];
  readonly protections: ReadonlyMap<number, Protection>;
}

export interface RestView {
  book: Book;
  capabilities: BrokerCapabilities;
  isRegularSession: boolean;
  /** Order updates come: what rests and what is held is known. */
  isConnected: boolean;
  /** Nobody will watch: what can rest is put to rest, and until it is cancelled. */
  isStopping: boolean;
}

/** One leg of each group that must go: the broker cancels the other with it. */
export function legsToCancel(desk: RestDesk, view: RestView): ChildOrder[] {
  const legs: ChildOrder[] = [];
  for (const protection of desk.protections.values()) {
    const hasWork = desk.works.some(({ runId }) => runId === protection.runId);
    const isTooMuch = !hasWork && restsTooMuch(desk, protection, view.book);
    for (const group of protection.groups) {
      const resting = restingLegs(group);
      if (resting.length === 0 || resting.some((leg) => leg.cancel === "requested")) continue;
      const isInWayNow = desk.works.some((work) => isInWay(desk, protection, group, work, view));
      // The old exits stay until the order that brings new prices is done with.
      const isUnwanted = isTooMuch || (!hasWork && !isAsWanted(protection, group, view));
      if (isInWayNow || isUnwanted) legs.push(resting[0]);
    }
  }
  return legs;
}

/** The work cannot be sent before all of these are gone. */
export function hasLegsInWay(desk: RestDesk, work: Work, view: RestView): boolean {
  return [...desk.protections.values()].some((protection) =>
    protection.groups.some((group) =>
      restingLegs(group).length > 0 && isInWay(desk, protection, group, work, view)
    )
  );
}

/** Exits that can be put to rest now. */
export function exitsToRest(
  desk: RestDesk,
  view: RestView,
): { protection: Protection; side: Side; qty: Decimal } | null {
  if (desk.asking > 0) return null;
  if (!view.isConnected || !(view.isRegularSession || view.isStopping)) return null;
  if (!view.capabilities.brackets.includes(assetClassOf(desk.symbol))) return null;
  for (const protection of desk.protections.values()) {
    const { runId, stopPrice, targetPrice, groups } = protection;
    const position = view.book.position(runId, desk.symbol);
    if (position === null || (stopPrice === null && targetPrice === null)) continue;
    if (protection.failures >= REST_FAILURES_MAX) continue;
    if (desk.works.some((work) => work.runId === runId)) continue;
    const isLeaving = groups.some((group) => {
      const resting = restingLegs(group);
      return resting.some((leg) => leg.cancel !== "none") ||
        (resting.length > 0 && !isAsWanted(protection, group, view));
    });
    if (isLeaving) continue;
    const side = position.qty.gt(0) ? "sell" : "buy";
    if (isSimple(protection) && desk.works.some((work) => work.side !== side)) continue;
    const open = position.qty.abs().minus(coveredBy(protection));
    const room = roomToRest(desk, side);
    const qty = (room.lt(open) ? room : open).round(0, Decimal.roundDown);
    if (qty.gt(0)) return { protection, side, qty };
  }
  return null;
}

/** The exits that the entry of this quantity can carry to the broker; null: none. */
export function legsOfEntry(
  desk: RestDesk,
  work: Work,
  qty: Decimal,
  view: RestView,
): ExitPrices | null {
  const protection = desk.protections.get(work.runId);
  if (work.kind !== "entry" || protection === undefined) return null;
  const { type, limitPrice, timeInForce, extendedHours } = work.terms;
  const { stopPrice, targetPrice } = protection;
  const isKind = (stopPrice !== null || targetPrice !== null) &&
    view.capabilities.brackets.includes(assetClassOf(work.symbol)) && !extendedHours &&
    (type === "market" || type === "limit") && (timeInForce === "day" || timeInForce === "gtc");
  const isWhole = qty.mod(1).eq(0) && qty.eq(work.qty) && work.children.length === 0;
  const net = view.book.net(desk.symbol);
  const isOpening = work.side === "buy" ? net.gte(0) : net.lte(0);
  if (!isKind || !isWhole || !isOpening) return null;
  // Prices of before may lie on the wrong side of this entry.
  const price = decimal(limitPrice ?? work.referencePrice);
  const sign = work.side === "buy" ? 1 : -1;
  const isBelow = stopPrice === null || price.minus(stopPrice).times(sign).gt(0);
  const isAbove = targetPrice === null || price.minus(targetPrice).times(sign).lt(0);
  return isBelow && isAbove ? { stopPrice, targetPrice } : null;
}

/** An order alone could meet one of the other side: the broker refuses both at once. */
function isSimple({ stopPrice, targetPrice }: ExitPrices): boolean {
  return stopPrice === null || targetPrice === null;
}

function isInWay(
  desk: RestDesk,
  protection: Protection,
  group: LegGroup,
  work: Work,
  view: RestView,
): boolean {
  if (work.isFinal || work.cancelReason !== null) return false;
  if (!view.isRegularSession && !work.terms.extendedHours) return false;
  if (group.legs[0]?.side !== work.side) return group.entry === null && isSimple(group);
  // It needs what the legs hold: its own run's always, others' where there is not enough beside.
  return work.runId === protection.runId || restOf(work).gt(roomFor(desk, work));
}

/** Somebody else has closed some of the position: what it rests on would open one on the other side. */
function restsTooMuch({ symbol }: RestDesk, protection: Protection, book: Book): boolean {
  const position = book.position(protection.runId, symbol);
  const covered = coveredBy(protection);
  return position === null ? covered.gt(0) : covered.gt(position.qty.abs());
}

/** As the run's protection is now, and, where the trader ends, until it is cancelled. */
function isAsWanted(protection: Protection, group: LegGroup, view: RestView): boolean {
  if (group.stopPrice !== protection.stopPrice) return false;
  if (group.targetPrice !== protection.targetPrice) return false;
  return !view.isStopping || group.entry?.request?.timeInForce !== "day";
}

/** What neither other runs' legs nor other orders hold of the account's position. */
function roomFor(desk: RestDesk, work: Work): Decimal {
  let room = closable(desk, work.side);
  for (const { runId, groups } of desk.protections.values()) {
    if (runId === work.runId) continue;
    for (const group of groups) room = room.minus(heldBy(group));
  }
  for (const other of desk.works) {
    const child = other !== work && other.side === work.side ? liveChild(other) : null;
    if (child) room = room.minus(restOf(child));
  }
  return room;
}

/** What neither legs nor orders that are wanted will hold. */
function roomToRest(desk: RestDesk, side: Side): Decimal {
  let room = closable(desk, side);
  for (const { groups } of desk.protections.values()) {
    for (const group of groups) {
      // What a bracket's entry has filled its legs will hold, as soon as it has filled whole.
      const isOpening = group.entry !== null && isLive(group.entry);
      room = room.minus(isOpening ? group.entry.filledQty : heldBy(group));
    }
  }
  for (const work of desk.works) if (work.side === side) room = room.minus(restOf(work));
  return room;
}

/** The account's position, where this side closes it. */
function closable(desk: RestDesk, side: Side): Decimal {
  const net = desk.net.times(side === "sell" ? 1 : -1);
  return net.gt(0) ? net : decimal(0);
}
