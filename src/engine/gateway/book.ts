import { Decimal, decimal } from "../../util/decimal.ts";
import type { Execution } from "../../model/order.ts";

/** A run's position in a symbol, exact. */
export interface Position {
  /** Signed: a short is negative. Never 0: a flat position is not in the book. */
  readonly qty: Decimal;
  /** What was paid for what is held (taken in, for a short): Σ qty × price, > 0, without fees. */
  readonly cost: Decimal;
  /** Fees of the opening executions of what is held. */
  readonly fees: Decimal;
  readonly openedUs: number;
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

const ZERO = decimal(0);

/**
 * Virtual positions by (run, symbol). What the broker holds beyond them is EXTERNAL: not Liu's,
 * never touched. Invariants: no execution is applied twice; Σ positions + EXTERNAL = the broker's
 * position.
 */
export class Book {
  readonly #positions = new Map<string, Map<number, Position>>();
  readonly #external = new Map<string, Decimal>();
  readonly #seen = new Set<string>();
  readonly #seenIds = new Set<string>();

  /** False: it was applied before, by either of its identities. */
  isNew(execution: Execution): boolean {
    return !this.#seen.has(identity(execution)) &&
      !(execution.executionId !== null && this.#seenIds.has(execution.executionId));
  }

  /**
   * Applies an execution of a run's order, or of nobody's (`runId` null); null: it was applied
   * before.
   */
  apply(runId: number | null, execution: Execution): BookEntry | null {
    if (!this.isNew(execution)) return null;
    this.#seen.add(identity(execution));
    if (execution.executionId !== null) this.#seenIds.add(execution.executionId);
    const qty = execution.side === "buy" ? execution.qty : execution.qty.neg();
    if (runId === null) {
      this.setExternal(execution.symbol, this.external(execution.symbol).plus(qty));
      return { position: null, gain: null, crossed: false };
    }
    const runs = this.#positions.get(execution.symbol) ?? new Map<number, Position>();
    this.#positions.set(execution.symbol, runs);
    const entry = addTo(runs.get(runId) ?? null, qty, execution);
    if (entry.position) runs.set(runId, entry.position);
    else runs.delete(runId);
    return entry;
  }

  position(runId: number, symbol: string): Position | null {
    return this.#positions.get(symbol)?.get(runId) ?? null;
  }

  get isFlat(): boolean {
    for (const positions of this.#positions.values()) if (positions.size > 0) return false;
    return true;
  }

  /** How many positions there are, over all runs. */
  get size(): number {
    let size = 0;
    for (const positions of this.#positions.values()) size += positions.size;
    return size;
  }

  /** By symbol, then run. */
  *all(): Generator<{ symbol: string; runId: number; position: Position }> {
    for (const symbol of [...this.#positions.keys()].sort()) {
      const runs = [...this.#positions.get(symbol)!].sort(([a], [b]) => a - b);
      for (const [runId, position] of runs) yield { symbol, runId, position };
    }
  }

  /** Runs that hold the symbol. */
  holders(symbol: string): number[] {
    return [...this.#positions.get(symbol)?.keys() ?? []].sort((a, b) => a - b);
  }

  /** The broker's position in the symbol: all runs' and EXTERNAL. */
  net(symbol: string): Decimal {
    let sum = this.external(symbol);
    for (const position of this.#positions.get(symbol)?.values() ?? []) {
      sum = sum.plus(position.qty);
    }
    return sum;
  }

  external(symbol: string): Decimal {
    return this.#external.get(symbol) ?? ZERO;
  }

  setExternal(symbol: string, qty: Decimal): void {
    this.#external.set(symbol, qty);
  }
}

function identity(execution: Execution): string {
  const { brokerOrderId, cumulativeQty } = execution;
  return `${brokerOrderId} ${cumulativeQty.toFixed()}`;
}

function addTo(position: Position | null, qty: Decimal, execution: Execution): BookEntry {
  const { price, fee } = execution;
  if (position === null || position.qty.s === qty.s) {
    const after = {
      qty: (position?.qty ?? ZERO).plus(qty),
      cost: (position?.cost ?? ZERO).plus(qty.abs().times(price)),
      fees: (position?.fees ?? ZERO).plus(fee),
      openedUs: position?.openedUs ?? execution.timeUs,
    };
    return { position: after, gain: null, crossed: false };
  }
  const held = position.qty.abs();
  const closed = qty.abs().gt(held) ? held : qty.abs();
  // Shares of the whole are taken by division only where something is left, so that a closed trade
  // is exact.
  const share = (of: Decimal) => closed.eq(held) ? of : of.times(closed).div(held);
  const cost = share(position.cost);
  const fees = share(position.fees);
  const proceeds = closed.times(price);
  const gain = (position.qty.s > 0 ? proceeds.minus(cost) : cost.minus(proceeds))
    .minus(fees).minus(fee);
  const left = position.qty.plus(qty);
  if (left.eq(0)) return { position: null, gain, crossed: false };
  if (left.s === position.qty.s) {
    const after = {
      qty: left,
      cost: position.cost.minus(cost),
      fees: position.fees.minus(fees),
      openedUs: position.openedUs,
    };
    return { position: after, gain, crossed: false };
  }
  const after = {
    qty: left,
    cost: left.abs().times(price),
    fees: ZERO,
    openedUs: execution.timeUs,
  };
  return { position: after, gain, crossed: true };
}
