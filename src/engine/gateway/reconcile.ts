/** Makes up for executions that nobody told of. */
import type { BrokerOrder, Execution } from "../../model/order.ts";
import { Decimal, decimal } from "../../util/decimal.ts";
import { OperationError, RetryableError } from "../../util/errors.ts";
import { sumId } from "./book.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { Reconciler } from "./reconciler.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isMissingFills } from "./work.ts";

const PAUSE_MS = 1000;
/** Executions may be listed later than the orders know of them. */
const READS_MAX = 5;
/** The broker's clock and ours differ. What is read twice counts once. */
const CLOCK_US = 60e6;
const PRICE_DECIMALS = 9;

/**
 * Makes up for what happened while no order updates came: the orders' states, and executions by
 * their identity. As long as it takes: without the answer nothing is known of what is open.
 */
export async function reconcile(
  state: GatewayState,
  flow: OrderFlow,
  reconciler: Reconciler,
): Promise<void> {
  const { broker, log } = state.options;
  const { signal } = reconciler.options;
  const live = flow.live();
  const sinceUs = Math.min(state.nowUs(), ...live.map((child) => child.sentUs)) - CLOCK_US;
  const ask = async () => {
    await reconciler.lookUpAll(live);
    for (const execution of await broker.executions(sinceUs, signal)) {
      flow.onListedExecution(execution);
    }
  };
  // An answer that cannot be read is no reason to leave what is held alone.
  await whileAnswered(state, signal, ask, (error) => error instanceof OperationError);
  for (const { symbol, clientOrderId } of live.filter(isMissingFills)) {
    log("error", "Executions of {clientOrderId} cannot be found", {
      symbol,
      clientOrderId,
      alert: "executions_missing",
    });
  }
  state.account.isStale = true;
}

/**
 * Fetches the executions that the broker's own figures of these orders say are missing. What is not
 * listed after a while is applied as one execution at what is left of the order's average price.
 */
export async function fetchMissing(
  state: GatewayState,
  flow: OrderFlow,
  { children, signal }: { children: readonly ChildOrder[]; signal: AbortSignal },
): Promise<void> {
  const { broker, wait, log } = state.options;
  for (let attempt = 1; attempt <= READS_MAX && !signal.aborted; attempt++) {
    const missing = children.filter(isMissingFills);
    if (missing.length === 0) return;
    if (attempt > 1) await wait((attempt - 1) * PAUSE_MS, signal);
    const sinceUs = Math.min(...missing.map((child) => child.sentUs)) - CLOCK_US;
    await whileAnswered(state, signal, async () => {
      for (const execution of await broker.executions(sinceUs, signal)) flow.onExecution(execution);
    });
    for (const child of missing) {
      if (isMissingFills(child)) continue;
      const { clientOrderId: id, symbol } = child;
      log("warning", "{symbol}: {id}: executions that were not told of have been fetched", {
        symbol,
        id,
      });
    }
  }
  for (const child of children) {
    if (!isMissingFills(child) || signal.aborted) continue;
    const order = await whileAnswered(
      state,
      signal,
      async () => await broker.orderByClientId(child.clientOrderId, signal),
    );
    if (order) applySum(state, flow, child, order);
  }
}

function applySum(
  state: GatewayState,
  flow: OrderFlow,
  child: ChildOrder,
  order: BrokerOrder,
): void {
  const execution = sumOf(state, child, order);
  if (execution === null) return;
  const text =
    "{symbol}: {id}: {qty} executed that the broker does not list, at {price} by its sum";
  const { clientOrderId: id, symbol } = child;
  const { qty, price } = execution;
  state.options.log("error", text, {
    symbol,
    id,
    qty: qty.toFixed(),
    price: price.toFixed(),
    alert: "execution_not_listed",
  });
  flow.onExecution(execution);
}

/** All that the order has filled and nobody has told of, as one execution. */
function sumOf({ book }: GatewayState, child: ChildOrder, order: BrokerOrder): Execution | null {
  const cumulativeQty = decimal(order.filledQty);
  const qty = cumulativeQty.minus(child.filledQty);
  if (order.filledAveragePrice === null || !qty.gt(0)) return null;
  const average = decimal(order.filledAveragePrice);
  const { brokerOrderId, clientOrderId, symbol, side, updatedUs } = order;
  const cost = average.times(cumulativeQty).minus(book.costOf(brokerOrderId));
  const price = cost.div(qty).round(PRICE_DECIMALS, Decimal.roundHalfEven);
  return {
    brokerOrderId,
    clientOrderId,
    symbol,
    side,
    qty,
    // Of a rounded average something odd may be left.
    price: price.gt(0) ? price : average,
    cumulativeQty,
    executionId: sumId(brokerOrderId, cumulativeQty),
    timeUs: updatedUs,
    fee: decimal(0),
  };
}

/** The answer, asked for until there is one; undefined: given up, as the gateway stops. */
async function whileAnswered<T>(
  state: GatewayState,
  signal: AbortSignal,
  ask: () => Promise<T>,
  isPassing: (error: unknown) => boolean = () => false,
): Promise<T | undefined> {
  const { wait, log } = state.options;
  let isTold = false;
  for (let attempt = 1; !signal.aborted; attempt = Math.min(attempt + 1, READS_MAX)) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) break;
      const isAway = error instanceof RetryableError;
      if (!isAway && !isPassing(error)) throw error;
      const text = "The broker does not answer: {error}";
      const alert = isAway || isTold ? {} : { alert: "not_reconciled" };
      log(isAway || isTold ? "warning" : "error", text, { error: String(error), ...alert });
      isTold ||= !isAway;
    }
    await wait(attempt * PAUSE_MS, signal);
  }
  return undefined;
}
