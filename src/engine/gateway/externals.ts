/**
 * Trades of others in the account: by hand, by another program, by the broker itself. Invariant: runs
 * never have more on a side than the account can hold for them, so that no exit of theirs opens a
 * position; Σ positions + EXTERNAL = the broker's position, before and after.
 */
import type { Execution, Side } from "../../model/order.ts";
import { type Decimal, decimal, plain } from "../../util/decimal.ts";
import type { Book } from "./book.ts";
import type { Desk } from "./desk.ts";
import { cancelEntries } from "./halts.ts";
import { bookOutside } from "./recovery/book_outside.ts";
import type { Reports } from "./reports.ts";
import type { GatewayState } from "./state.ts";
import { isEntry } from "./work.ts";

const ZERO = decimal(0);
const ELSEWHERE = "closed elsewhere";

/** What of a run's position somebody else has closed. */
export interface Closed {
  runId: number;
  /** > 0. */
  qty: Decimal;
}

/**
 * Which positions a change of the account's (signed, not by Liu's orders) has closed. Whoever trades
 * beside Liu closes what is EXTERNAL first; what goes beyond it, on the side that closes positions of
 * runs, has closed those, the oldest run's first; what then is left is EXTERNAL. Who adds to what is
 * EXTERNAL closes nothing.
 */
export function closedBy(
  change: Decimal,
  external: Decimal,
  runs: readonly (readonly [runId: number, qty: Decimal])[],
): Closed[] {
  const closed: Closed[] = [];
  if (!external.isZero && external.s === change.s) return closed;
  let left = rest(change.abs(), external.abs());
  for (const [runId, qty] of runs) {
    if (left.isZero) break;
    if (qty.isZero || qty.s === change.s) continue;
    const size = qty.abs();
    const part = size.lt(left) ? size : left;
    closed.push({ runId, qty: part });
    left = rest(left, part);
  }
  return closed;
}

function rest(of: Decimal, less: Decimal): Decimal {
  return less.lt(of) ? of.minus(less) : ZERO;
}

export class Externals {
  /** Market time at which the account's positions were read: they hold all executions before it. */
  sinceUs = -Infinity;
  /** Changes that were taken in before anybody told of their executions. */
  readonly #ahead: { symbol: string; side: Side; left: Decimal; untilUs: number }[] = [];

  constructor(readonly state: GatewayState, readonly reports: Reports) {}

  /** A change of the account's position that no execution explains; its executions may come yet. */
  change(symbol: string, change: Decimal, price: Decimal): void {
    const timeUs = this.state.nowUs();
    const qty = change.abs();
    const side = change.s > 0 ? "buy" as const : "sell" as const;
    this.take({
      brokerOrderId: `external-${symbol}-${timeUs}`,
      clientOrderId: "",
      symbol,
      side,
      qty,
      price,
      cumulativeQty: qty,
      executionId: null,
      timeUs,
      fee: ZERO,
    }, "that no execution explains");
    this.#ahead.push({ symbol, side, left: qty, untilUs: timeUs });
  }

  /** An execution of an order that is not Liu's. False: it was taken in before. */
  take(execution: Execution, why: string): boolean {
    const { state } = this;
    const { book, options } = state;
    if (execution.timeUs < this.sinceUs || !book.isNew(execution)) return false;
    if (this.#ahead.length > 0 && this.#isAhead(execution)) return false;
    const { symbol, side, brokerOrderId: id } = execution;
    const desk = state.desk(symbol);
    const change = side === "buy" ? execution.qty : execution.qty.neg();
    const closed = closedBy(change, book.external(symbol), positionsOf(book, desk));
    this.#apply(execution);
    state.dayTrades?.note(execution);
    options.log("warning", "{symbol}: {side} {qty} at {price} {why} (EXTERNAL)", {
      symbol,
      side,
      qty: plain(execution.qty),
      price: plain(execution.price),
      why,
      alert: "external_trade",
    });
    for (const { runId, qty } of closed) {
      // What was EXTERNAL's for a moment was the run's in truth.
      const own = { qty, cumulativeQty: qty, executionId: null, fee: ZERO };
      const back = side === "buy" ? "sell" as const : "buy" as const;
      this.#apply({ ...execution, ...own, side: back, brokerOrderId: `${id}/back${runId}` });
      this.#close(desk, runId, { ...execution, ...own, brokerOrderId: `${id}/run${runId}` });
    }
    state.account.isStale = true;
    desk.touch();
    return true;
  }

  /** It explains what was taken in already. */
  #isAhead(execution: Execution): boolean {
    const { symbol, side, qty, timeUs } = execution;
    const change = this.#ahead.find((one) =>
      one.symbol === symbol && one.side === side && timeUs <= one.untilUs && qty.lte(one.left)
    );
    if (change === undefined) return false;
    change.left = change.left.minus(qty);
    this.state.book.ignore(execution);
    return true;
  }

  #close(desk: Desk, runId: number, execution: Execution): void {
    const { symbol } = desk;
    const { log, journal } = this.state.options;
    if (journal.isKept) journal.note({ type: "closed", runId, execution, reason: ELSEWHERE });
    if (!bookOutside(this.state, runId, execution, ELSEWHERE)) return;
    log("error", "{symbol}: {qty} of {strategy}'s position were closed by somebody else", {
      symbol,
      qty: plain(execution.qty),
      strategy: this.state.runs.get(runId)?.strategy ?? `run ${runId}`,
      alert: "position_closed_outside",
    });
    this.reports.outside(desk, runId, execution);
    this.#keepOut(desk, execution.timeUs);
  }

  /** What was closed is not opened again: in the symbol for this day, in several at all. */
  #keepOut(desk: Desk, timeUs: number): void {
    const { state } = this;
    const { symbol } = desk;
    const isLiquidation = state.closedOutside.note(symbol, timeUs);
    const why = `somebody else closed a position in ${symbol}`;
    for (const work of desk.works) if (isEntry(work.action)) work.cancelReason ??= why;
    const reason = isLiquidation ? state.closedOutside.liquidationOf(state.nowUs()) : null;
    if (reason === null) return;
    state.restrict("liquidated", "reducing", reason);
    cancelEntries(state, reason);
  }

  #apply(execution: Execution): void {
    const { book, options: { journal } } = this.state;
    if (journal.isKept) journal.note({ type: "execution", runId: null, execution });
    book.apply(null, execution);
  }
}

function positionsOf(book: Book, { symbol }: Desk): [number, Decimal][] {
  return book.holding(symbol).runs.entries().map(([runId, { qty }]) => [runId, qty]);
}
