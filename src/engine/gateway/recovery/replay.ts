import type { BrokerOrder, Execution, OrderStatus } from "../../../model/order.ts";
import type { Split } from "../../../model/split.ts";
import type { RunInfo } from "../../../protocol.ts";
import { type Decimal, decimal } from "../../../util/decimal.ts";
import type { JournalLeg, JournalRecord, JournalWork } from "../journal.ts";
import type { OrderFlow } from "../order_flow.ts";
import type { ExitPrices } from "../protection.ts";
import type { GatewayState } from "../state.ts";
import { type ChildOrder, sideOf, type Work } from "../work.ts";
import { bookOutside } from "./book_outside.ts";
import { carryRun, NOBODY } from "./carry_runs.ts";
import { applySplit } from "./splits.ts";

const ZERO = decimal(0);

type OrderRecord = Extract<JournalRecord, { type: "order" }>;
type LegRecord = Extract<JournalRecord, { type: "leg" }>;

/**
 * Reads a journal back through the same code that its records came from. What it leaves open is as
 * far as the journal goes: orders that were not answered are still being sent.
 */
export class Replay {
  /** Runs of the newest start: those whose rows may have no end. */
  runs: readonly RunInfo[] = [];
  /** Of the newest record that has one. */
  lastUs = 0;
  /** Orders by client order id, with what their legs were. */
  readonly orders = new Map<string, ChildOrder>();
  readonly splits: { doneTo: string | null; made: Split[] } = { doneTo: null, made: [] };
  readonly #works = new Map<number, Work>();

  constructor(readonly state: GatewayState, readonly flow: OrderFlow) {}

  run(records: readonly JournalRecord[]): void {
    for (const record of records) this.#read(record);
    this.#settle();
  }

  #read(record: JournalRecord): void {
    if ("timeUs" in record) this.lastUs = Math.max(this.lastUs, record.timeUs);
    switch (record.type) {
      case "session":
        // The trader had ended before it.
        return this.#settle();
      case "runs":
        return this.#startRuns(record);
      case "order":
        return this.#order(record);
      case "accepted": {
        const child = this.orders.get(record.clientOrderId);
        if (!child?.isSending) return;
        const { brokerOrderId, legs } = record;
        this.flow.accepted(child, orderOf(child, "accepted", brokerOrderId, legs));
        return;
      }
      case "refused": {
        const child = this.orders.get(record.clientOrderId);
        if (child?.isSending) this.flow.refused(child, record.code, record.message);
        return;
      }
      case "leg":
        return this.#leg(record);
      case "execution":
        return this.#execution(record.runId, record.execution);
      case "final":
        return this.#final(record);
      case "protection": {
        const { runId, symbol } = record;
        this.state.desk(symbol).restoreProtection(runId, pricesOf(record), this.lastUs);
        return;
      }
      case "known":
        return this.state.book.ignore(record.execution);
      case "closed":
        return void bookOutside(this.state, record.runId, record.execution, record.reason);
      case "external":
        return this.state.book.setExternal(record.symbol, decimal(record.qty));
      case "split":
        this.splits.made.push(record.split);
        return applySplit(this.state, record.split, record.isWhole);
      case "splits_done":
        this.splits.doneTo = record.to;
        return;
      case "day":
      case "resumed":
      case "end":
        return;
      default:
        return record satisfies never;
    }
  }

  #startRuns({ runs, continued }: Extract<JournalRecord, { type: "runs" }>): void {
    for (const run of runs) this.state.runs.set(run.runId, { ...run, consumer: NOBODY });
    for (const { from, to } of continued) carryRun(this.state, this.flow, from, to);
    this.runs = runs;
  }

  #order(record: OrderRecord): void {
    const { request, kind, timeUs } = record;
    const desk = this.state.desk(request.symbol);
    const work = record.work && this.#workOf(record, record.work);
    const runId = work?.runId ?? record.runId;
    const child: ChildOrder = {
      work,
      desk,
      runId,
      symbol: request.symbol,
      side: request.side,
      kind,
      qty: decimal(request.qty ?? 0),
      request,
      clientOrderId: request.clientOrderId,
      sentUs: timeUs,
      brokerOrderId: null,
      status: "sending",
      filledQty: ZERO,
      reportedQty: ZERO,
      isSending: true,
      held: null,
      cancel: "none",
    };
    this.orders.set(child.clientOrderId, child);
    if (work !== null) work.children = [...work.children, child];
    else {
      const prices = restingPrices(record);
      const protection = desk.protections.get(runId) ??
        desk.restoreProtection(runId, prices, timeUs);
      protection.groups.push({ ...prices, entry: null, qty: child.qty, legs: [child] });
    }
    this.flow.sending(child);
  }

  #workOf(record: OrderRecord, saved: JournalWork): Work {
    const known = this.#works.get(saved.id);
    if (known !== undefined) return known;
    const { intent, runId, kind, request: { symbol } } = record;
    const desk = this.state.desk(symbol);
    const work: Work = {
      ...saved,
      desk,
      runId,
      symbol,
      kind,
      seq: intent?.seq ?? -1,
      side: sideOf(saved.action),
      intent,
      qty: decimal(saved.qty),
      indicators: intent?.indicators ?? { why: saved.reason },
      decidedUs: intent?.decidedUs ?? null,
      children: [],
      filledQty: ZERO,
      cancelReason: null,
      isAccepted: false,
      isFinal: false,
    };
    this.#works.set(saved.id, work);
    // A record of what it protects may be among those that are lost.
    if (kind === "entry") desk.protect(work, !desk.positions.has(runId), record.timeUs);
    desk.open(work);
    return work;
  }

  #leg({ parentClientOrderId, leg }: LegRecord): void {
    const parent = this.orders.get(parentClientOrderId);
    if (parent === undefined) return;
    const order = orderOf(parent, parent.status, parent.brokerOrderId ?? "", [leg]);
    this.flow.onLookup(parent, order);
  }

  #execution(runId: number | null, execution: Execution): void {
    this.lastUs = Math.max(this.lastUs, execution.timeUs);
    if (this.flow.childOf(execution) !== undefined) return this.flow.onExecution(execution);
    // Of nobody's order, or of one whose record is lost.
    this.state.book.apply(runId, execution);
  }

  #final({ brokerOrderId, clientOrderId, status }: Extract<JournalRecord, { type: "final" }>) {
    const symbol = this.orders.get(clientOrderId)?.symbol;
    const child = this.orders.get(clientOrderId) ?? this.#legNamed(brokerOrderId, symbol);
    if (child === undefined || child.isSending) return;
    this.flow.onLookup(child, orderOf(child, status, brokerOrderId, []));
  }

  #legNamed(brokerOrderId: string, symbol = ""): ChildOrder | undefined {
    const report = { brokerOrderId, symbol, clientOrderId: "" } as BrokerOrder;
    return this.flow.childOf(report);
  }

  /**
   * Of what is open no further order is sent: what had not been sent when the trader ended is decided
   * anew, by whoever decided it.
   */
  #settle(): void {
    for (const work of this.#works.values()) {
      const { children } = work;
      const sent = children.reduce<Decimal>((sum, { qty }) => sum.plus(qty), ZERO);
      if (sent.lt(work.qty)) (work as { qty: Decimal }).qty = sent;
      const isDone = !work.isFinal && children.every((child) => isOver(child));
      if (isDone) this.flow.end(work, "the trader ended");
    }
  }
}

function isOver({ isSending, status, filledQty, reportedQty }: ChildOrder): boolean {
  return !isSending && filledQty.gte(reportedQty) &&
    ["filled", "canceled", "expired", "rejected", "replaced"].includes(status);
}

function pricesOf({ stopPrice, targetPrice }: ExitPrices): ExitPrices {
  return { stopPrice, targetPrice };
}

/** The prices of an exit that rests by itself: both, an OCO; else its own. */
function restingPrices({ request }: OrderRecord): ExitPrices {
  const { stopLoss, takeProfit, triggerPrice, limitPrice } = request;
  return {
    stopPrice: stopLoss?.triggerPrice ?? triggerPrice,
    targetPrice: takeProfit?.limitPrice ?? limitPrice,
  };
}

/** An order as the journal knows it, in the form in which the broker would tell it. */
export function orderOf(
  child: ChildOrder,
  status: OrderStatus,
  brokerOrderId: string,
  legs: readonly JournalLeg[],
): BrokerOrder {
  const { clientOrderId, symbol, side, request, sentUs } = child;
  const order: BrokerOrder = {
    brokerOrderId,
    clientOrderId,
    symbol,
    side,
    type: request?.type ?? "stop",
    timeInForce: request?.timeInForce ?? "gtc",
    qty: child.qty.toFixed(),
    notional: null,
    limitPrice: null,
    triggerPrice: null,
    status,
    filledQty: status === "filled" ? child.qty : child.filledQty,
    filledAveragePrice: null,
    legs: [],
    replacedBy: null,
    replaces: null,
    submittedUs: sentUs,
    updatedUs: sentUs,
  };
  return {
    ...order,
    legs: legs.map((leg) => ({ ...order, ...leg, status: "held", filledQty: "0" })),
  };
}
