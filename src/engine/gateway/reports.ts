/**
 * What is told of an order: to the consumer that owns its run, to main's terminal, and to the
 * store.
 */
import type { Operation } from "../../contracts/store.ts";
import type { OrderAction } from "../../contracts/decision.ts";
import type { Execution } from "../../model/order.ts";
import type { OrderReport } from "../../protocol.ts";
import { plain } from "../../util/decimal.ts";
import type { BookEntry } from "./book.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, sideOf } from "./work.ts";

const OPERATIONS: Readonly<Record<OrderAction, Operation>> = {
  buy: "buy",
  sell: "sell",
  short: "sell_short",
  cover: "buy_short",
};

type Subject = { runId: number; symbol: string };
type Denial = { by: "risk" | "broker"; code: string; message: string };

export class Reports {
  constructor(readonly state: GatewayState) {}

  order(
    { runId, symbol }: Subject,
    event: OrderReport["event"],
    more: Partial<Pick<OrderReport, "fill" | "denial">> = {},
  ): void {
    const { book, runs, options } = this.state;
    const run = runs.get(runId);
    if (run === undefined) {
      options.log("warning", "No consumer has run {runId}: its report is lost", { runId, event });
      return;
    }
    const desk = this.state.desk(symbol);
    const position = book.position(runId, symbol);
    const protection = desk.protections.get(runId);
    const work = desk.openWork(runId);
    const price = (text: string | null | undefined) => text ? Number(text) : null;
    options.toConsumer(run.consumer, {
      type: "report",
      runId,
      symbol,
      event,
      intentSeq: desk.intentSeqs.get(runId) ?? -1,
      fill: more.fill ?? null,
      denial: more.denial ?? null,
      position: position && {
        qty: Number(position.qty),
        averagePrice: Number(position.cost.div(position.qty.abs())),
        openedUs: position.openedUs,
        stopPrice: price(protection?.stopPrice),
        targetPrice: price(protection?.targetPrice),
      },
      openOrder: work && {
        action: work.action,
        qty: Number(work.qty),
        filledQty: Number(work.filledQty),
        sinceUs: work.sinceUs,
      },
    });
  }

  denial(
    subject: Subject & { action: OrderAction; qty: number | string | null },
    denial: Denial,
  ): void {
    const { runId, symbol, action, qty } = subject;
    const { options } = this.state;
    const timeUs = this.state.nowUs();
    options.toMain({ type: "denial", timeUs, runId, symbol, ...denial });
    const row = {
      algoRunId: runId,
      symbol,
      side: sideOf(action),
      // What was asked for may be no number at all: that is why it was denied.
      qty: qty === null || !Number.isFinite(Number(qty)) ? null : plain(qty),
      ...denial,
      timeUs,
    };
    options.store.write([{ table: "order_denial", row }]);
    this.order(subject, denial.by === "risk" ? "denied" : "rejected", { denial });
  }

  /** Terminal and store. The consumer hears of it when the order's new state is known. */
  execution(child: ChildOrder, execution: Execution, entry: BookEntry, partial: boolean): void {
    const { work, runId, symbol } = child;
    const operation = work
      ? OPERATIONS[work.action]
      : execution.side === "sell"
      ? "sell"
      : "buy_short";
    const { options } = this.state;
    options.toMain({
      type: "trade",
      timeUs: execution.timeUs,
      runId,
      symbol,
      operation,
      qty: plain(execution.qty),
      price: plain(execution.price),
      fee: plain(execution.fee),
      partial,
      gain: entry.gain === null ? null : Number(entry.gain),
      reason: work?.reason ?? child.kind,
    });
    options.store.write([{
      table: "new_trades",
      row: {
        algoRunId: runId,
        symbol,
        operation,
        qty: plain(execution.qty),
        price: plain(execution.price),
        fee: plain(execution.fee),
        indicators: work?.indicators ?? { why: child.kind },
        tradeUs: execution.timeUs,
        decidedUs: work?.decidedUs ?? null,
        stopPrice: work?.stopPrice ?? null,
        targetPrice: work?.targetPrice ?? null,
        brokerOrderId: execution.brokerOrderId,
        clientOrderId: child.clientOrderId,
        cumulativeQty: plain(execution.cumulativeQty),
      },
    }]);
  }

  fill(child: ChildOrder, execution: Execution, partial: boolean): void {
    this.order(child, "fill", {
      fill: {
        side: execution.side,
        qty: execution.qty.toNumber(),
        price: execution.price.toNumber(),
        fee: execution.fee.toNumber(),
        timeUs: execution.timeUs,
        partial,
      },
    });
  }
}
