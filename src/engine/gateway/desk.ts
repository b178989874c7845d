/**
 * All that goes on in one symbol, over all runs, and what is to be sent next. A plan looks at the
 * state alone: what led to it (a reply, an update, a lost race) makes no difference.
 *
 * The broker knows one position per symbol and account: it nets the runs' positions, refuses an
 * order that would take the position through flat, and refuses a quantity that another open order
 * holds. Hence the rules:
 *
 * 1. One order of a run at a time (risk: `order_open`). A work has at most one live child.
 * 2. A decision opposite to another run's open order is denied (risk: `opposite_order_open`): the
 *    account never trades with itself. The gateway's own exits (stop, target, liquidation) are not
 *    denied: opposite decisions of other runs are cancelled for them, opposite exits wait for each
 *    other.
 * 3. An order that would take the account's position through flat is split: first what leads to
 *    flat, less what other orders on the same side are already bringing there; the rest when that
 *    has been filled.
 * 4. Exits rest at the broker per run (rest.ts). Those that hold what an order needs, or could meet
 *    it, are cancelled, and the order is not sent before that is confirmed; they are put back as soon
 *    as nothing is in their way. An order in the direction of the position leaves them alone.
 * 5. An own exit cancels what else the run has open, waits for it, and then closes what is really
 *    left.
 */
import { type Asset, type AssetClass, assetClassOf } from "../../model/asset.ts";
import type { Side } from "../../model/order.ts";
import { Decimal, decimal } from "../../util/decimal.ts";
import type { Board } from "./board.ts";
import type { Holding, Positions } from "./book.ts";
import { ByRun } from "./by_run.ts";
import { type ExitPrices, isResting, type Protection } from "./protection.ts";
import type { QtyRules } from "./risk_view.ts";
import { exitsToRest, hasLegsInWay, legsOfEntry, legsToCancel, type RestView } from "./rest.ts";
import {
  byTurn,
  type ChildOrder,
  goesAnyTime,
  isEntry,
  isOwnExit,
  liveChild,
  restOf,
  type Work,
} from "./work.ts";

const ZERO = decimal(0);
const NOBODY: readonly ChildOrder[] = [];
const NO_WORKS: readonly Work[] = [];

/** After so many refused exits of a run in a row the gateway stops sending them, and says so. */
export const REFUSALS_MAX = 3;

export class Desk {
  #works: readonly Work[] = NO_WORKS;
  readonly #protections = new Map<number, Protection>();
  readonly assetClass: AssetClass;
  /** Orders that are on their way to the broker: what it has made of them is not known yet. */
  sending = 0;
  /** Why nothing is entered in the symbol; null: nothing speaks against it. */
  lock: string | null = null;
  /** A run's position may not be what it seems: no exit is made of it. */
  isDoubtful = false;
  /** What the broker says is free for the next own exit; null: all that is held. */
  available: Decimal | null = null;
  /** The broker's position less the book's, where it has less to close; null: none is known of. */
  shortfall: Decimal | null = null;
  /** Refusals that are being looked into: no exit is sent before it is known what can be closed. */
  asking = 0;
  /** Own exits that the broker refused, in a row, by run. */
  readonly refusals = new Map<number, number>();
  /** The newest intent that was taken in, by run. */
  readonly intentSeqs = new ByRun<number>();
  /** null: the broker does not have it. */
  asset: Asset | null = null;
  /** How quantities of the asset are rounded; worked out by the first who needs them. */
  rules: QtyRules | null = null;
  rulesOf: Asset | null = null;
  /** The last price seen of a watched symbol. */
  lastPrice = NaN;
  /** Its regular session was on when a price was last looked at. */
  wasRegular = true;

  /** `number`: its place among all desks. */
  constructor(
    readonly symbol: string,
    readonly number: number,
    readonly board: Board,
    readonly holding: Holding,
  ) {
    this.assetClass = assetClassOf(symbol);
  }

  /** Open ones, in the order in which they came. */
  get works(): readonly Work[] {
    return this.#works;
  }

  /** The book's, by run. */
  get positions(): Positions {
    return this.holding.runs;
  }

  /** The account's position, no more of it than the broker is known to have. */
  get net(): Decimal {
    const { shortfall, holding: { net } } = this;
    if (shortfall === null || net.isZero || shortfall.s === net.s) return net;
    const there = net.plus(shortfall);
    return there.s === net.s ? there : ZERO;
  }

  get protections(): ReadonlyMap<number, Protection> {
    return this.#protections;
  }

  /** Its plan is to be looked at again. */
  touch(): void {
    this.board.dirty.add(this);
  }

  open(work: Work): void {
    this.#works = this.#works.length === 0 ? [work] : [...this.#works, work];
    this.board.openOrders++;
    this.board.busy.add(this);
    this.touch();
  }

  close(work: Work): void {
    const before = this.#works;
    this.#works = before.length === 1 && before[0] === work
      ? NO_WORKS
      : before.filter((other) => other !== work);
    this.board.openOrders += this.#works.length - before.length;
    this.#noteIdle();
    this.touch();
  }

  #noteIdle(): void {
    if (this.#works.length + this.#protections.size === 0) this.board.busy.delete(this);
  }

  /** The newest: an own exit where there is one, as it comes after what it takes the place of. */
  openWork(runId: number): Work | null {
    const works = this.#works;
    for (let i = works.length - 1; i >= 0; i--) if (works[i].runId === runId) return works[i];
    return null;
  }

  /**
   * The run's protection from an accepted decision on; null leaves what there is, unless the run is
   * flat.
   */
  protect(work: Work, isFlat: boolean, nowUs: number): void {
    const hasPrices = work.stopPrice !== null || work.targetPrice !== null;
    if (!hasPrices && this.#protections.size === 0) return;
    const known = this.#protections.get(work.runId);
    if (known === undefined) {
      if (!hasPrices) return;
      this.board.busy.add(this);
      this.#protections.set(work.runId, {
        runId: work.runId,
        stopPrice: work.stopPrice,
        targetPrice: work.targetPrice,
        groups: [],
        failures: 0,
        sinceUs: nowUs,
      });
      return;
    }
    known.failures = 0;
    known.stopPrice = work.stopPrice ?? (isFlat ? null : known.stopPrice);
    known.targetPrice = work.targetPrice ?? (isFlat ? null : known.targetPrice);
  }

  /** Stop and target as they were found in the journal. */
  restoreProtection(runId: number, prices: ExitPrices, sinceUs: number): Protection {
    let known = this.#protections.get(runId);
    if (known === undefined) {
      known = { ...prices, runId, groups: [], failures: 0, sinceUs };
      this.#protections.set(runId, known);
      this.board.busy.add(this);
    }
    Object.assign(known, prices);
    return known;
  }

  /** A run's protection is another's from here on, in the place of one of its own. */
  carryProtection(from: number, to: number): void {
    const protection = this.#protections.get(from);
    if (protection === undefined) return;
    this.#protections.delete(from);
    const groups = [...this.#protections.get(to)?.groups ?? [], ...protection.groups];
    this.#protections.set(to, { ...protection, runId: to, groups });
  }

  /** Forgets protections of runs that are flat and have nothing open. */
  prune(): void {
    if (this.#protections.size === 0) return;
    for (const [runId, protection] of this.#protections) {
      if (this.positions.has(runId) || this.openWork(runId) !== null) continue;
      if (!isResting(protection)) this.#protections.delete(runId);
    }
    this.#noteIdle();
  }

  /** A non-protective order of another run on the other side. */
  hasOpposite(runId: number, side: "buy" | "sell"): boolean {
    for (const work of this.#works) if (work.runId !== runId && work.side !== side) return true;
    return false;
  }
}

/** What is to be sent, cancels first, each in its order. */
export class DeskRequests {
  readonly cancels: ChildOrder[] = [];
  readonly submits: ChildOrder[] = [];

  get count(): number {
    return this.cancels.length + this.submits.length;
  }

  clear(): void {
    // Popped, so that they keep their room.
    while (this.cancels.length > 0) this.cancels.pop();
    while (this.submits.length > 0) this.submits.pop();
  }
}

export interface PlanView extends RestView {
  makeChild(work: Work, qty: Decimal, legs: ExitPrices | null): ChildOrder;
  /** An exit that is to rest at the broker by itself. */
  makeExit(desk: Desk, protection: Protection, side: Side, qty: Decimal): ChildOrder;
  /** Ends a work of which nothing is at the broker. */
  end(work: Work, why: string): void;
}

/** Adds what is to be sent now; nothing: there is something to wait for, or nothing to do. */
export function planDesk(desk: Desk, view: PlanView, requests: DeskRequests): void {
  const hasProtections = desk.protections.size > 0;
  if (!hasProtections && !mayAct(desk.works)) return;
  giveWay(desk);
  const legs = hasProtections ? legsToCancel(desk, view) : NOBODY;
  const children = worksToCancel(desk, view);
  for (const leg of legs) cancelOnce(leg, requests);
  for (const child of children) cancelOnce(child, requests);
  for (const work of inTurn(desk.works)) {
    const qty = qtyToSend(desk, work, view);
    if (qty === null) continue;
    const child = view.makeChild(work, qty, legsOfEntry(desk, work, qty, view));
    work.children = work.children.length === 0 ? [child] : [...work.children, child];
    requests.submits.push(child);
  }
  if (!hasProtections) return;
  for (let rest = exitsToRest(desk, view); rest !== null; rest = exitsToRest(desk, view)) {
    const { protection, side, qty } = rest;
    const child = view.makeExit(desk, protection, side, qty);
    const { stopPrice, targetPrice } = protection;
    protection.groups.push({ entry: null, qty, stopPrice, targetPrice, legs: [child] });
    requests.submits.push(child);
  }
}

function cancelOnce(child: ChildOrder, requests: DeskRequests): void {
  if (child.cancel !== "none" || child.isSending) return;
  child.cancel = "requested";
  requests.cancels.push(child);
}

/** False: all that is open is at the broker, and wanted there. */
function mayAct(works: readonly Work[]): boolean {
  for (const work of works) {
    if (work.cancelReason !== null || isOwnExit(work) || liveChild(work) === null) return true;
  }
  return false;
}

/** Own exits first. */
function inTurn(works: readonly Work[]): readonly Work[] {
  if (works.length < 2) return works;
  return works.toSorted((a, b) => Number(isOwnExit(b)) - Number(isOwnExit(a)) || byTurn(a, b));
}

/** Rules 2 and 5. */
function giveWay({ works }: Desk): void {
  for (const exit of works) {
    if (!isOwnExit(exit)) continue;
    for (const other of works) {
      if (other === exit || isOwnExit(other)) continue;
      if (other.runId !== exit.runId && other.side === exit.side) continue;
      other.cancelReason ??= `gives way to a ${exit.kind} order`;
    }
  }
}

function worksToCancel(desk: Desk, view: PlanView): readonly ChildOrder[] {
  let children: ChildOrder[] | null = null;
  // A work that ends leaves another list behind.
  for (const work of desk.works) {
    if (work.cancelReason === null) continue;
    const child = liveChild(work);
    if (child) (children ??= []).push(child);
    else view.end(work, work.cancelReason);
  }
  return children ?? NOBODY;
}

/** How much of the work can be sent now; null: nothing. */
function qtyToSend(desk: Desk, work: Work, view: PlanView): Decimal | null {
  if (work.isFinal || work.cancelReason !== null || liveChild(work) !== null) return null;
  if (!view.isRegularSession && !goesAnyTime(work)) return null;
  const isExit = !isEntry(work.action);
  if (desk.asking > 0 && isExit) return null;
  if (desk.protections.size > 0 && hasLegsInWay(desk, work, view)) return null;
  for (const other of desk.works) {
    if (other === work) continue;
    if (other.runId === work.runId) return null;
    if (other.side !== work.side && liveChild(other) !== null) return null;
  }
  const rest = isExit ? min(restOf(work), held(work)) : restOf(work);
  if (rest.isZero) {
    view.end(work, "nothing is left to close");
    return null;
  }
  const room = roomToFlat(desk, work);
  // The broker has no more of it: what the book says beyond that is being looked into.
  if (room === null && isExit && desk.shortfall !== null) return null;
  if (room === null) return work.side === "buy" ? rest : sellable(work, rest, view);
  return isAbove(room) ? min(room, rest) : null;
}

/** What the run really has on the side that the exit closes. */
function held(work: Work): Decimal {
  const qty = work.desk.positions.get(work.runId)?.qty ?? ZERO;
  const isClosing = work.side === "sell" ? isAbove(qty) : qty.s < 0;
  return isClosing ? qty.abs() : ZERO;
}

/** Rule 3: what leads the account's position to flat; null: the order leads away from flat. */
function roomToFlat(desk: Desk, work: Work): Decimal | null {
  const { net } = desk;
  if (work.side === "buy" ? net.s > 0 : !isAbove(net)) return null;
  let room = net.abs();
  for (const other of desk.works) {
    const child = liveChild(other);
    if (other.side === work.side && child) room = room.minus(restOf(child));
  }
  return room;
}

/** What opens a short at the broker: whole shares only. */
function sellable(work: Work, rest: Decimal, view: PlanView): Decimal | null {
  if (work.desk.assetClass !== "us_equity") return rest;
  const whole = rest.round(0, Decimal.roundDown);
  if (isAbove(whole)) return whole;
  // A sale waits until the account's position can take it.
  if (isEntry(work.action)) view.end(work, "less than a whole share is left");
  return null;
}

function isAbove(value: Decimal): boolean {
  return value.s > 0 && !value.isZero;
}

function min(a: Decimal, b: Decimal): Decimal {
  return a.lt(b) ? a : b;
}
