import type { CancelResult, RefusalCause, SubmitResult } from "../../contracts/broker.ts";
import { plain } from "../../util/decimal.ts";
import type { Soon } from "../../util/soon.ts";
import { type Desk, DeskRequests } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import { GatewayState } from "./state.ts";
import { isAnswer, settledOrder, type SubmitOutcome } from "./submit.ts";
import type { JournalWork } from "./journal.ts";
import type { ChildOrder, Work } from "./work.ts";

/** A decision older than this is not sent again, market time. */
const FRESH_US = 60e6;
const CANCEL_RETRY_MS = 1000;

/**
 * Carries out what desks have planned. Invariant: the journal has an order, durably, before the
 * broker has.
 */
export class Dispatch {
  constructor(
    readonly state: GatewayState,
    readonly flow: OrderFlow,
    readonly signal: AbortSignal,
    /** Something that was waited for has happened outside of a step. */
    readonly wake: (desk: Desk) => void,
    /** The journal does not take records any more. */
    readonly onNotDurable: (error: unknown) => void,
    /** Another order was the reason why it was refused. */
    readonly onObstacle: (child: ChildOrder, cause: RefusalCause, message: string) => void,
  ) {}

  /** One after the other, in this order. */
  run(requests: DeskRequests): Soon<void> {
    const { submits } = requests;
    for (const child of submits) this.flow.sending(child);
    const { isKept } = this.state.options.journal;
    const durable = isKept && submits.length > 0 ? this.#journal(submits) : undefined;
    if (!(durable instanceof Promise)) return this.#send(requests, 0);
    return durable.then(
      () => this.#send(requests, 0),
      (error) => this.#notDurable(requests, error),
    );
  }

  /** An order of which it is not known whether it was sent: it is looked up, and never sent. */
  resolve(child: ChildOrder): Promise<void> {
    const first: SubmitResult = { result: "unknown", message: "the trader ended" };
    return this.#settle(child, first, -Infinity).then((outcome) => {
      const isUnsent = outcome.result === "refused" && outcome.code === "too_late";
      if (!isUnsent) return this.#answered(child, outcome);
      const message = "not sent: the trader ended before the broker had it";
      this.flow.refused(child, "not_sent", message);
    });
  }

  /** The journal cannot be written: no order leaves, what is there can still be cancelled. */
  #notDurable({ cancels, submits }: DeskRequests, error: unknown): Soon<void> {
    const only = new DeskRequests();
    only.cancels.push(...cancels);
    this.onNotDurable(error);
    const message = `not sent: the journal cannot be written: ${error}`;
    for (const child of submits) this.flow.refused(child, "journal", message);
    return this.#send(only, 0);
  }

  #journal(submits: readonly ChildOrder[]): Soon<void> {
    const timeUs = this.state.nowUs();
    return this.state.options.journal.append(submits.map((child) => ({
      type: "order",
      sequence: GatewayState.sequenceOf(child.clientOrderId),
      runId: child.runId,
      kind: child.kind,
      intent: child.work?.intent ?? null,
      request: child.request!,
      work: child.work && journalWork(child.work),
      timeUs,
    })));
  }

  #send(requests: DeskRequests, from: number): Soon<void> {
    const { cancels, submits, count } = requests;
    for (let i = from; i < count; i++) {
      // What was not sent when the gateway gave up is found so by the next start.
      if (this.signal.aborted) return;
      const isCancel = i < cancels.length;
      const sent = isCancel ? this.#cancel(cancels[i]) : this.#submit(submits[i - cancels.length]);
      if (sent instanceof Promise) return sent.then(() => this.#send(requests, i + 1));
    }
  }

  #submit(child: ChildOrder): Soon<void> {
    // It was decided against while the journal was written: the kill switch, mostly.
    if (!isWanted(child)) return this.#answered(child, { result: "withdrawn" });
    const result = this.state.options.broker.submit(child.request!, this.signal);
    if (!(result instanceof Promise) && isAnswer(result)) return this.#answered(child, result);
    return this.#settle(child, result).then((outcome) => this.#answered(child, outcome));
  }

  #settle(
    child: ChildOrder,
    first: Soon<SubmitResult>,
    sentUs: number = this.state.nowUs(),
  ): Promise<SubmitOutcome> {
    const { options } = this.state;
    return settledOrder({
      broker: options.broker,
      request: child.request!,
      seen: () => child.held?.[0]?.order ?? null,
      isFresh: () => this.state.nowUs() - sentUs < FRESH_US,
      isWanted: () => isWanted(child),
      wait: options.wait,
      signal: this.signal,
      log: (message, properties) => options.log("warning", message, properties),
    }, first);
  }

  #answered(child: ChildOrder, result: SubmitOutcome): void {
    switch (result.result) {
      case "accepted":
        return this.flow.accepted(child, result.order);
      case "refused":
        this.flow.refused(child, String(result.code), result.message);
        if ("cause" in result && result.cause !== undefined) {
          this.onObstacle(child, result.cause, result.message);
        }
        return;
      case "withdrawn":
        return this.flow.withdrawn(child);
      case "mismatch":
        this.state.restrict("mismatch", "halted", result.message);
        return this.flow.refused(child, "duplicate_mismatch", result.message);
      case "unanswered":
        // It stays in question, in the journal too: "refused" there would be believed at the next start.
        return;
      default:
        return result satisfies never;
    }
  }

  #cancel(child: ChildOrder): Soon<void> {
    if (child.brokerOrderId === null) return this.#cancelFailed(child);
    const result = this.state.options.broker.cancel(child.brokerOrderId, this.signal);
    if (!(result instanceof Promise)) return this.#cancelAnswered(child, result);
    return result
      .catch((error): CancelResult => ({ result: "unknown", message: String(error) }))
      .then((result) => this.#cancelAnswered(child, result));
  }

  #cancelAnswered(child: ChildOrder, result: CancelResult): Soon<void> {
    if (result.result === "requested") return;
    if (result.result !== "rate_limited") return this.#cancelFailed(child);
    return this.state.options.wait(result.retryAfterMs, this.signal)
      .then(() => this.signal.aborted ? undefined : this.#cancel(child));
  }

  /** It may be final already, and its update on the way: the look-up says. */
  #cancelFailed(child: ChildOrder): Soon<void> {
    this.retryCancel(child);
    return this.lookUp(child);
  }

  /** Its state at the broker; what cannot be asked now stays as it is known. */
  lookUp(child: ChildOrder): Soon<void> {
    const { broker, log } = this.state.options;
    const order = broker.orderByClientId(child.clientOrderId, this.signal);
    if (!(order instanceof Promise)) return this.flow.onLookup(child, order);
    return order.then((order) => this.flow.onLookup(child, order), (error) => {
      log("warning", "{id}: cannot be looked up: {error}", {
        id: child.clientOrderId,
        error: String(error),
      });
    });
  }

  /** In steps the next one tries again. */
  retryCancel(child: ChildOrder): void {
    child.cancel = "refused";
    if (this.state.options.stepping) return;
    this.state.options.wait(CANCEL_RETRY_MS, this.signal).then(() => {
      if (this.signal.aborted || child.cancel !== "refused") return;
      child.cancel = "none";
      this.wake(child.desk);
    });
  }
}

function journalWork(work: Work): JournalWork {
  const { strategy, action, terms, stopPrice, targetPrice, referencePrice, reason, sinceUs } = work;
  return {
    id: GatewayState.sequenceOf(work.children[0].clientOrderId),
    strategy,
    action,
    qty: plain(work.qty),
    terms,
    stopPrice,
    targetPrice,
    referencePrice,
    reason,
    sinceUs,
  };
}

function isWanted({ work }: ChildOrder): boolean {
  return work === null || work.cancelReason === null;
}
