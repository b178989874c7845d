import type { Operation } from "../../../contracts/store.ts";
import type { Execution } from "../../../model/order.ts";
import type { Position } from "../book.ts";
import type { GatewayState } from "../state.ts";

/**
 * Gives a run an execution that none of its known orders made: its position was closed elsewhere, or
 * the order's record is lost. False: it was applied before.
 */
export function bookOutside(
  state: GatewayState,
  runId: number,
  execution: Execution,
  reason: string,
): boolean {
  const { symbol, timeUs } = execution;
  const desk = state.desk(symbol);
  const operation = operationOf(execution, desk.positions.get(runId));
  const entry = state.book.apply(runId, execution, desk.holding);
  if (entry === null) return false;
  const [qty, price, fee] = [execution.qty, execution.price, execution.fee].map((value) =>
    value.toFixed()
  );
  const { toMain, store } = state.options;
  toMain({
    type: "trade",
    timeUs,
    runId,
    symbol,
    operation,
    qty,
    price,
    fee,
    partial: desk.positions.has(runId),
    gain: entry.gain === null ? null : entry.gain.toNumber(),
    reason,
  });
  store.write([{
    table: "new_trades",
    row: {
      algoRunId: runId,
      symbol,
      operation,
      qty,
      price,
      fee,
      indicators: { why: reason },
      tradeUs: timeUs,
      decidedUs: null,
      stopPrice: null,
      targetPrice: null,
      brokerOrderId: execution.brokerOrderId,
      clientOrderId: execution.clientOrderId,
      cumulativeQty: execution.cumulativeQty.toFixed(),
    },
  }]);
  desk.prune();
  desk.touch();
  return true;
}

function operationOf({ side }: Execution, position: Position | undefined): Operation {
  const isShort = position !== undefined && position.qty.s < 0;
  if (side === "buy") return isShort ? "buy_short" : "buy";
  return position === undefined || isShort ? "sell_short" : "sell";
}
