import type { Operation, TradeRow } from "../../contracts/store.ts";
import type { OrderAction } from "../../contracts/decision.ts";
import type { Execution } from "../../model/order.ts";
import type { TradeLine } from "../../protocol.ts";
import type { Decimal } from "../../util/decimal.ts";
import type { ChildOrder, Work } from "./work.ts";

/** One execution of a run's order. What terminal and store read of it is made when they want it. */
export class ToldTrade {
  readonly child: ChildOrder;
  readonly execution: Execution;
  /** Realised by it; null where it opened or added. */
  readonly gain: Decimal | null;
  readonly partial: boolean;

  constructor(child: ChildOrder, execution: Execution, gain: Decimal | null, partial: boolean) {
    this.child = child;
    this.execution = execution;
    this.gain = gain;
    this.partial = partial;
  }

  get operation(): Operation {
    const { child: { work }, execution: { side } } = this;
    return work ? operationOf(work.action) : side === "sell" ? "sell" : "buy_short";
  }

  /** For the terminal. */
  line(): TradeLine {
    const { child: { work, runId, symbol, kind }, execution, gain, partial } = this;
    return {
      type: "trade",
      timeUs: execution.timeUs,
      runId,
      symbol,
      operation: this.operation,
      qty: execution.qty.toFixed(),
      price: execution.price.toFixed(),
      fee: execution.fee.toFixed(),
      partial,
      gain: gain === null ? null : gain.toNumber(),
      reason: work?.reason ?? kind,
    };
  }

  /** For the store. */
  row(): TradeRow {
    const { child: { work, runId, symbol, kind, clientOrderId }, execution } = this;
    return {
      algoRunId: runId,
      symbol,
      operation: this.operation,
      qty: execution.qty.toFixed(),
      price: execution.price.toFixed(),
      fee: execution.fee.toFixed(),
      indicators: work?.indicators ?? { why: kind },
      tradeUs: execution.timeUs,
      decidedUs: work?.decidedUs ?? null,
      decisionPrice: decisionPriceOf(work),
      stopPrice: work?.stopPrice ?? null,
      targetPrice: work?.targetPrice ?? null,
      brokerOrderId: execution.brokerOrderId,
      clientOrderId,
      cumulativeQty: execution.cumulativeQty.toFixed(),
    };
  }
}

/** Of an exit that no strategy decided there is none. */
function decisionPriceOf(work: Work | null): string | null {
  if (work === null || work.decidedUs === null || !(work.referencePrice > 0)) return null;
  return Number.isFinite(work.referencePrice) ? String(work.referencePrice) : null;
}

function operationOf(action: OrderAction): Operation {
  switch (action) {
    case "buy":
    case "sell":
      return action;
    case "short":
      return "sell_short";
    case "cover":
      return "buy_short";
    default:
      return action satisfies never;
  }
}
