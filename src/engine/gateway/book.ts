import { Decimal, decimal } from "../../util/decimal.ts";
import type { Execution } from "../../model/order.ts";
import { type Split, splitShares } from "../../model/split.ts";
import { ByRun } from "./by_run.ts";

/** A run's position in a symbol, exact. */
export interface Position {
  /** Signed: a short is negative. Never 0: a flat position is not in the book. */
  readonly qty: Decimal;
  /** What was paid for what is held (taken in, for a short): Σ qty × price, > 0, without fees. */
  readonly cost: Decimal;
  /** Fees of the opening executions of what is held. */
  readonly fees: Decimal;
  readonly openedUs: number;
  /** Cost of one: the nearest float64, for those who look. */
  readonly averagePrice: number;
}

export interface BookEntry {
  /** After the execution; null: flat. */
  position: Position | null;
  /**
   * Realised by this execution, fees of both sides deducted; null where it only opened or added.
   */
  gain: Decimal | null;
  /**
   * The run went through flat to the other side, which no order of the gateway's is meant to do.
   */
  crossed: boolean;
}

/** One symbol: the runs' positions, what is nobody's, and their sum. */
export interface Holding {
  readonly runs: Positions;
  readonly external: Decimal;
  readonly net: Decimal;
}

/** By run; only the book changes them. */
export type Positions = Pick<ByRun<Position>, "get" | "has" | "size" | "entries">;

interface OwnHolding {
  readonly runs: ByRun<Position>;
  external: Decimal;
  net: Decimal;
}

const ZERO = decimal(0);
/** How the id of an execution begins that stands for all that an order filled and nobody listed. */
const SUM = "sum-";

export function sumId(brokerOrderId: string, cumulativeQty: Decimal): string {
  return `${SUM}${brokerOrderId}-${cumulativeQty.toFixed()}`;
}

/** What was applied of an order. */
interface Seen {
  /** Its filled quantity after each execution. */
  readonly quantities: Decimal[];
  readonly ids: string[];
  cost: Decimal;
  /** A sum was applied in the place of executions: all up to it are in it. */
  sum: Decimal | null;
  lastUs: number;
}

/** Of so many orders of others it is known what was applied. */
const FOREIGN_MAX = 10_000;

/**
 * Virtual positions by (run, symbol). What the broker holds beyond them is EXTERNAL: not Liu's,
 * never touched. Invariants: no execution is applied twice; Σ positions + EXTERNAL = the broker's
 * position.
 */
export class Book {
  readonly #holdings = new Map<string, OwnHolding>();
  /** What was applied, by the broker's order id. */
  readonly #seen = new Map<string, Seen>();
  readonly #seenIds = new Set<string>();
  /** Orders of nobody's, the oldest first. */
  readonly #foreign: string[] = [];
  /** The newest execution of an order that is not kept in mind any more. */
  #forgottenUs = -Infinity;
  /** How many positions there are, over all runs. */
  size = 0;

  /** `tellsOnce`: the broker gives each execution once, in order: they need not be kept in mind. */
  constructor(readonly tellsOnce = false) {}

  /** False: it was applied before, by either of its identities. */
  isNew({ brokerOrderId, cumulativeQty, executionId }: Execution): boolean {
    const seen = this.#seen.get(brokerOrderId);
    if (seen !== undefined) {
      for (const qty of seen.quantities) if (qty.eq(cumulativeQty)) return false;
      if (seen.sum !== null && cumulativeQty.lte(seen.sum)) return false;
    }
    return executionId === null || !this.#seenIds.has(executionId);
  }

  /**
   * Whether it was applied before is not known: of an order that nobody knows, and not newer than
   * those that were forgotten.
   */
  isForgotten({ brokerOrderId, timeUs }: Execution): boolean {
    return timeUs <= this.#forgottenUs && !this.#seen.has(brokerOrderId);
  }

  /** Nothing can come of the order any more: its executions need not be kept in mind. */
  forget(brokerOrderId: string): void {
    const seen = this.#seen.get(brokerOrderId);
    if (seen === undefined) return;
    this.#seen.delete(brokerOrderId);
    for (const id of seen.ids) this.#seenIds.delete(id);
    this.#forgottenUs = Math.max(this.#forgottenUs, seen.lastUs);
  }

  /** It is in the positions already, as something else. */
  ignore(execution: Execution): void {
    this.#keepInMind(execution);
    this.#keepForeign(execution.brokerOrderId);
  }

  /** Σ qty × price of the order's executions, exact. Not kept where each thing is told once. */
  costOf(brokerOrderId: string): Decimal {
    return this.#seen.get(brokerOrderId)?.cost ?? ZERO;
  }

  #keepInMind({ brokerOrderId, cumulativeQty, executionId, timeUs }: Execution): Seen {
    let seen = this.#seen.get(brokerOrderId);
    if (seen === undefined) {
      seen = { quantities: [], ids: [], cost: ZERO, sum: null, lastUs: timeUs };
      this.#seen.set(brokerOrderId, seen);
    }
    seen.quantities.push(cumulativeQty);
    if (timeUs > seen.lastUs) seen.lastUs = timeUs;
    if (executionId === null) return seen;
    seen.ids.push(executionId);
    this.#seenIds.add(executionId);
    if (executionId.startsWith(SUM)) seen.sum = cumulativeQty;
    return seen;
  }

  /**
   * Applies an execution of a run's order, or of nobody's (`runId` null); null: it was applied
   * before. `known`: the symbol's holding, where the caller has it.
   */
  apply(
    runId: number | null,
    execution: Execution,
    known: Holding | null = null,
  ): BookEntry | null {
    if (!this.tellsOnce) {
      if (!this.isNew(execution)) return null;
      const seen = this.#keepInMind(execution);
      seen.cost = seen.cost.plus(execution.qty.times(execution.price));
      if (runId === null) this.#keepForeign(execution.brokerOrderId);
    }
    const { side } = execution;
    const holding = known as OwnHolding | null ?? this.#holding(execution.symbol);
    const qty = side === "buy" ? execution.qty : execution.qty.neg();
    holding.net = holding.net.plus(qty);
    if (runId === null) {
      holding.external = holding.external.plus(qty);
      return { position: null, gain: null, crossed: false };
    }
    const before = holding.runs.get(runId) ?? null;
    const entry = addTo(before, qty, execution);
    if (entry.position !== null) holding.runs.set(runId, entry.position);
    else holding.runs.delete(runId);
    this.size += Number(entry.position !== null) - Number(before !== null);
    return entry;
  }

  #keepForeign(brokerOrderId: string): void {
    if (this.#foreign.at(-1) === brokerOrderId) return;
    this.#foreign.push(brokerOrderId);
    if (this.#foreign.length > FOREIGN_MAX) this.forget(this.#foreign.shift()!);
  }

  position(runId: number, symbol: string): Position | null {
    return this.#holdings.get(symbol)?.runs.get(runId) ?? null;
  }

  get isFlat(): boolean {
    return this.size === 0;
  }

  /** By symbol, then run. */
  *all(): Generator<{ symbol: string; runId: number; position: Position }> {
    for (const symbol of [...this.#holdings.keys()].sort()) {
      for (const [runId, position] of this.#holdings.get(symbol)!.runs.entries()) {
        yield { symbol, runId, position };
      }
    }
  }

  /** What there is in the symbol: as it is, from now on. */
  holding(symbol: string): Holding {
    return this.#holding(symbol);
  }

  /** The broker's position in the symbol: all runs' and EXTERNAL. */
  net(symbol: string): Decimal {
    return this.#holdings.get(symbol)?.net ?? ZERO;
  }

  /** Those of which anything was ever held. */
  symbols(): Iterable<string> {
    return this.#holdings.keys();
  }

  external(symbol: string): Decimal {
    return this.#holdings.get(symbol)?.external ?? ZERO;
  }

  /** What is EXTERNAL, by symbol. */
  externals(): Map<string, Decimal> {
    return new Map([...this.#holdings].map(([symbol, { external }]) => [symbol, external]));
  }

  /** What a run holds is another's from here on. */
  carry(from: number, to: number): void {
    for (const { runs } of this.#holdings.values()) {
      const moved = runs.get(from);
      if (moved === undefined) continue;
      runs.delete(from);
      const known = runs.get(to);
      if (known === undefined) {
        runs.set(to, moved);
        continue;
      }
      const sum = joined(known, moved);
      this.size -= sum === null ? 2 : 1;
      if (sum === null) runs.delete(to);
      else runs.set(to, sum);
    }
  }

  /**
   * What is held becomes new shares, in multiples of `increment`. What it cost stays, but for the
   * part that is paid out.
   */
  split(split: Split, increment: Decimal): void {
    const holding = this.#holding(split.symbol);
    const held = holding.runs.entries();
    const before = [holding.external, ...held.map(([, { qty }]) => qty)];
    const [external, ...after] = splitShares(before, split, increment);
    holding.external = external;
    holding.net = after.reduce((sum, qty) => sum.plus(qty), external);
    held.forEach(([runId, position], i) => {
      if (after[i].isZero) {
        holding.runs.delete(runId);
        this.size--;
        return;
      }
      const exact = position.qty.times(split.newShares).div(split.oldShares);
      const kept = (of: Decimal) => after[i].eq(exact) ? of : of.times(after[i]).div(exact);
      const { fees, openedUs } = position;
      const cost = kept(position.cost);
      holding.runs.set(runId, positionOf(after[i], cost, kept(fees), openedUs));
    });
  }

  setExternal(symbol: string, qty: Decimal): void {
    const holding = this.#holding(symbol);
    holding.net = holding.net.minus(holding.external).plus(qty);
    holding.external = qty;
  }

  #holding(symbol: string): OwnHolding {
    let holding = this.#holdings.get(symbol);
    if (holding === undefined) {
      holding = { runs: new ByRun(), external: ZERO, net: ZERO };
      this.#holdings.set(symbol, holding);
    }
    return holding;
  }
}

function addTo(position: Position | null, qty: Decimal, execution: Execution): BookEntry {
  const { price, fee, timeUs } = execution;
  if (position === null) return opened(qty, qty.abs().times(price), price, fee, timeUs, false);
  if (position.qty.s === qty.s) return added(position, qty, price, fee);
  return reduced(position, qty, price, fee, timeUs);
}

function opened(
  qty: Decimal,
  cost: Decimal,
  price: Decimal,
  fees: Decimal,
  openedUs: number,
  crossed: boolean,
): BookEntry {
  const position = { qty, cost, fees, openedUs, averagePrice: price.toNumber() };
  return { position, gain: null, crossed };
}

function added(position: Position, qty: Decimal, price: Decimal, fee: Decimal): BookEntry {
  const cost = position.cost.plus(qty.abs().times(price));
  const after = positionOf(
    position.qty.plus(qty),
    cost,
    position.fees.plus(fee),
    position.openedUs,
  );
  return { position: after, gain: null, crossed: false };
}

function reduced(
  position: Position,
  qty: Decimal,
  price: Decimal,
  fee: Decimal,
  timeUs: number,
): BookEntry {
  const held = position.qty.abs();
  const size = qty.abs();
  const closed = size.gt(held) ? held : size;
  // Shares of the whole are taken by division only where something is left, so that a closed trade
  // is exact.
  const isWhole = closed.eq(held);
  const share = (of: Decimal) => isWhole ? of : of.times(closed).div(held);
  const cost = share(position.cost);
  const fees = share(position.fees);
  const proceeds = closed.times(price);
  const gain = (position.qty.s > 0 ? proceeds.minus(cost) : cost.minus(proceeds))
    .minus(fees).minus(fee);
  const left = position.qty.plus(qty);
  if (left.isZero) return { position: null, gain, crossed: false };
  if (left.s !== position.qty.s) {
    return { ...opened(left, left.abs().times(price), price, ZERO, timeUs, true), gain };
  }
  const feesLeft = position.fees.minus(fees);
  const after = positionOf(left, position.cost.minus(cost), feesLeft, position.openedUs);
  return { position: after, gain, crossed: false };
}

/** Two runs' positions as one; null: they cancel each other. */
function joined(a: Position, b: Position): Position | null {
  const qty = a.qty.plus(b.qty);
  if (qty.isZero) return null;
  const openedUs = Math.min(a.openedUs, b.openedUs);
  if (a.qty.s === b.qty.s) {
    return positionOf(qty, a.cost.plus(b.cost), a.fees.plus(b.fees), openedUs);
  }
  const larger = a.qty.s === qty.s ? a : b;
  const share = (of: Decimal) => of.times(qty.abs()).div(larger.qty.abs());
  return positionOf(qty, share(larger.cost), share(larger.fees), openedUs);
}

function positionOf(qty: Decimal, cost: Decimal, fees: Decimal, openedUs: number): Position {
  return { qty, cost, fees, openedUs, averagePrice: cost.div(qty.abs()).toNumber() };
}
