import type { BrokerOrder } from "../../model/order.ts";
import type { DeskRequest } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import { GatewayState } from "./state.ts";
import { submitOrder } from "./submit.ts";
import type { ChildOrder } from "./work.ts";

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
    readonly wake: (symbol: string) => void,
  ) {}

  /** One after the other, in this order. */
  async run(requests: DeskRequest[]): Promise<void> {
    const { options } = this.state;
    const timeUs = this.state.nowUs();
    const submits = requests.filter((request) => request.kind === "submit");
    for (const { child } of submits) this.flow.sending(child);
    if (submits.length > 0) {
      await options.journal.append(submits.map(({ child }) => ({
        type: "order",
        sequence: GatewayState.sequenceOf(child.clientOrderId),
        runId: child.runId,
        kind: child.kind,
        intent: child.work?.intent ?? null,
        request: child.request!,
        timeUs,
      })));
    }
    for (const request of requests) {
      if (request.kind === "cancel") await this.#cancel(request.child);
      else await this.#submit(request.child);
    }
  }

  async #submit(child: ChildOrder): Promise<void> {
    const { options } = this.state;
    const sentUs = this.state.nowUs();
    const result = await submitOrder({
      broker: options.broker,
      request: child.request!,
      seen: () => child.held[0]?.order ?? null,
      isFresh: () => this.state.nowUs() - sentUs < FRESH_US,
      wait: options.wait,
      signal: this.signal,
      log: (message, properties) => options.log("warning", message, properties),
    });
    switch (result.outcome) {
      case "accepted":
        return this.flow.accepted(child, result.order);
      case "refused":
        return this.flow.refused(child, result.code, result.message);
      case "mismatch":
        options.log("error", "HALTED, no entries from now on: {message}", {
          message: result.message,
          symbol: child.symbol,
        });
        this.state.isEntryClosed = true;
        return this.flow.refused(child, "duplicate_mismatch", result.message);
      default:
        return result satisfies never;
    }
  }

  async #cancel(child: ChildOrder): Promise<void> {
    const { broker, wait } = this.state.options;
    while (child.brokerOrderId !== null) {
      const result = await broker.cancel(child.brokerOrderId, this.signal)
        .catch((error) => ({ result: "unknown" as const, message: String(error) }));
      if (result.result === "requested") return;
      if (result.result === "rate_limited") {
        await wait(result.retryAfterMs, this.signal);
        if (this.signal.aborted) return;
        continue;
      }
      break;
    }
    // It may be final already, and its update on the way: the look-up says.
    this.retryCancel(child);
    await this.lookUp(child);
  }

  /** Its state at the broker; what cannot be asked now stays as it is known. */
  async lookUp(child: ChildOrder): Promise<void> {
    const { broker, log } = this.state.options;
    let order: BrokerOrder | null;
    try {
      order = await broker.orderByClientId(child.clientOrderId, this.signal);
    } catch (error) {
      log("warning", "{id}: cannot be looked up: {error}", {
        id: child.clientOrderId,
        error: String(error),
      });
      return;
    }
    this.flow.onLookup(child, order);
  }

  /** In steps the next one tries again. */
  retryCancel(child: ChildOrder): void {
    child.cancel = "refused";
    if (this.state.options.stepping) return;
    this.state.options.wait(CANCEL_RETRY_MS, this.signal).then(() => {
      if (this.signal.aborted || child.cancel !== "refused") return;
      child.cancel = "none";
      this.wake(child.symbol);
    });
  }
}
