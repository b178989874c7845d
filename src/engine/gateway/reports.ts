/**
 * What is told of an order: to the consumer that owns its run, to main's terminal, and to the
 * store.
 */
import type { OrderAction } from "../../contracts/decision.ts";
import type { Execution } from "../../model/order.ts";
import type { OrderReport, PositionFigures } from "../../protocol.ts";
import { type Decimal, plain } from "../../util/decimal.ts";
import type { BookEntry, Position } from "./book.ts";
import type { Desk } from "./desk.ts";
import type { ExitPrices } from "./protection.ts";
import type { GatewayState } from "./state.ts";
import { ToldTrade } from "./told_trade.ts";
import { type ChildOrder, sideOf } from "./work.ts";

type Denial = { by: "risk" | "broker"; code: string; message: string };

export class Reports {
  constructor(readonly state: GatewayState) {}

  order(
    desk: Desk,
    runId: number,
    event: OrderReport["event"],
    fill: OrderReport["fill"] = null,
    denial: OrderReport["denial"] = null,
  ): void {
    const { runs, options } = this.state;
    const run = runs.get(runId);
    if (run === undefined) {
      options.log("warning", "No consumer has run {runId}: its report is lost", { runId, event });
      return;
    }
    const { symbol } = desk;
    const position = desk.positions.get(runId);
    const work = desk.openWork(runId);
    options.toConsumer(run.consumer, {
      type: "report",
      runId,
      symbol,
      event,
      intentSeq: desk.intentSeqs.get(runId) ?? -1,
      fill,
      denial,
      position: position === undefined ? null : figuresOf(position, desk.protections.get(runId)),
      openOrder: work && {
        action: work.action,
        qty: work.qty.toNumber(),
        filledQty: work.filledQty.toNumber(),
        sinceUs: work.sinceUs,
      },
    });
  }

  denial(
    desk: Desk,
    subject: { runId: number; action: OrderAction; qty: Decimal | number | null },
    denial: Denial,
  ): void {
    const { runId, action, qty } = subject;
    const { symbol } = desk;
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
    this.order(desk, runId, denial.by === "risk" ? "denied" : "rejected", null, denial);
  }

  /** Terminal and store. The consumer hears of it when the order's new state is known. */
  execution(child: ChildOrder, execution: Execution, entry: BookEntry, partial: boolean): void {
    const { options } = this.state;
    const trade = new ToldTrade(child, execution, entry.gain, partial);
    if (options.onTrade !== undefined) return options.onTrade(trade);
    options.toMain(trade.line());
    options.store.write([{ table: "new_trades", row: trade.row() }]);
  }

  /** A part of a run's position that somebody else has closed. */
  outside(desk: Desk, runId: number, execution: Execution): void {
    this.#told(desk, runId, execution, desk.positions.has(runId));
  }

  fill(child: ChildOrder, execution: Execution, partial: boolean): void {
    this.#told(child.desk, child.runId, execution, partial);
  }

  #told(desk: Desk, runId: number, execution: Execution, partial: boolean): void {
    this.order(desk, runId, "fill", {
      side: execution.side,
      qty: execution.qty.toNumber(),
      price: execution.price.toNumber(),
      fee: execution.fee.toNumber(),
      timeUs: execution.timeUs,
      partial,
    });
  }
}

function figuresOf(position: Position, protection: ExitPrices | undefined): PositionFigures {
  const { qty, averagePrice, openedUs } = position;
  return {
    qty: qty.toNumber(),
    averagePrice,
    openedUs,
    stopPrice: priceOf(protection?.stopPrice),
    targetPrice: priceOf(protection?.targetPrice),
  };
}

function priceOf(text: string | null | undefined): number | null {
  return text ? Number(text) : null;
}
