import type { BrokerPosition } from "../../../contracts/broker.ts";
import type { Execution, Side } from "../../../model/order.ts";
import { type Decimal, decimal, plain } from "../../../util/decimal.ts";
import { closedBy } from "../externals.ts";
import type { JournalRecord } from "../journal.ts";
import type { GatewayState } from "../state.ts";
import { bookOutside } from "./book_outside.ts";

const ZERO = decimal(0);
const PRICE_DECIMALS = 6;
const ELSEWHERE = "closed elsewhere";

/** What the account was found to hold beside the book. Signed decimal texts. */
export interface Difference {
  symbol: string;
  /** All that the broker has of it, and what runs had in the book. */
  broker: string;
  runs: string;
  /** Not any run's, and not known before. */
  unknown: string;
  /** What runs had in the book and the broker has no more. */
  closed: string;
}

/**
 * Makes the book agree with what the broker holds, symbol by symbol. What it holds beyond the runs'
 * positions is EXTERNAL. Where it holds less than they have together, since `externalBefore`, theirs
 * are closed: by executions that are nobody's order's, at their price where they are known
 * (`outside`), else at cost. Gives what was changed; the journal has a record of each.
 */
export function settleDifferences(
  state: GatewayState,
  held: readonly Pick<BrokerPosition, "symbol" | "qty">[],
  externalBefore: ReadonlyMap<string, Decimal>,
  outside: readonly Execution[],
): Difference[] {
  const { book } = state;
  const atBroker = new Map(held.map(({ symbol, qty }) => [symbol, decimal(qty)]));
  const symbols = new Set([...atBroker.keys(), ...externalBefore.keys()]);
  for (const symbol of book.symbols()) symbols.add(symbol);
  const found: Difference[] = [];
  for (const symbol of [...symbols].sort()) {
    const broker = atBroker.get(symbol) ?? ZERO;
    const before = externalBefore.get(symbol) ?? ZERO;
    const runs = book.net(symbol).minus(book.external(symbol));
    const change = broker.minus(runs).minus(before);
    if (change.isZero) {
      // Executions of others that are told as well are in it already, and are in the journal.
      if (!book.external(symbol).eq(before)) {
        note(state, { type: "external", symbol, qty: plain(before) });
      }
      book.setExternal(symbol, before);
      continue;
    }
    const closed = closeRuns(state, symbol, { change, external: before, outside });
    const external = before.plus(change).minus(closed);
    book.setExternal(symbol, external);
    if (!external.eq(before)) note(state, { type: "external", symbol, qty: plain(external) });
    found.push({
      symbol,
      broker: plain(broker),
      runs: plain(runs),
      unknown: plain(change.minus(closed)),
      closed: plain(closed),
    });
  }
  return found;
}

/** Closes what runs hold against the change, as far as it goes; gives how much of it, signed. */
function closeRuns(
  state: GatewayState,
  symbol: string,
  { change, external, outside }: {
    change: Decimal;
    external: Decimal;
    outside: readonly Execution[];
  },
): Decimal {
  const { positions } = state.desk(symbol);
  const held = positions.entries().map(([runId, { qty }]) => [runId, qty] as const);
  const side = change.s > 0 ? "buy" : "sell";
  let sum = ZERO;
  for (const { runId, qty } of closedBy(change, external, held)) {
    const { cost, qty: heldQty } = positions.get(runId)!;
    const average = cost.div(heldQty.abs()).round(PRICE_DECIMALS);
    const timeUs = state.nowUs();
    const execution: Execution = {
      brokerOrderId: `closed-${runId}-${symbol}-${timeUs}`,
      clientOrderId: "",
      symbol,
      side,
      qty,
      price: priceOf(outside, symbol, side) ?? average,
      cumulativeQty: qty,
      executionId: null,
      timeUs,
      fee: ZERO,
    };
    note(state, { type: "closed", runId, execution, reason: ELSEWHERE });
    state.closedOutside.note(execution.symbol, execution.timeUs);
    bookOutside(state, runId, execution, ELSEWHERE);
    sum = sum.plus(change.s > 0 ? qty : qty.neg());
  }
  return sum;
}

/** The mean over what was executed on this side by orders that are not Liu's; null: nothing was. */
function priceOf(outside: readonly Execution[], symbol: string, side: Side): Decimal | null {
  let qty = ZERO;
  let cost = ZERO;
  for (const execution of outside) {
    if (execution.symbol !== symbol || execution.side !== side) continue;
    qty = qty.plus(execution.qty);
    cost = cost.plus(execution.qty.times(execution.price));
  }
  return qty.isZero ? null : cost.div(qty).round(PRICE_DECIMALS);
}

function note(state: GatewayState, record: JournalRecord): void {
  const { journal } = state.options;
  if (journal.isKept) journal.note(record);
}
