import type { Broker, SubmitResult } from "../../contracts/broker.ts";
import type { BrokerOrder, OrderRequest } from "../../model/order.ts";
import { decimal } from "../../util/decimal.ts";
import type { Soon } from "../../util/soon.ts";

export type SubmitOutcome =
  | { outcome: "accepted"; order: BrokerOrder }
  | { outcome: "refused"; code: string; message: string }
  /**
   * The id belongs to another order: what the journal says and what the broker has are not the same
   * world.
   */
  | { outcome: "mismatch"; message: string };

export interface SubmitOptions {
  broker: Broker;
  request: OrderRequest;
  /** An order update has come for this id: the broker has it, whatever a look-up says. */
  seen(): BrokerOrder | null;
  /** False: too old to be sent again. */
  isFresh(): boolean;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  log(message: string, properties: Record<string, unknown>): void;
}

/** An order that was just sent may take this long until a look-up finds it. */
const GRACE_MS = 500;
const BACK_OFF_MS_MAX = 30_000;

/**
 * Sends an order until its fate is known. An unknown answer is never taken for "no": it is looked
 * up by its client order id, and sent again, under the same id, only after the broker has said that
 * it does not have it.
 */
export function submitOrder(options: SubmitOptions): Soon<SubmitOutcome> {
  const { broker, request, signal } = options;
  const result = broker.submit(request, signal);
  if (!(result instanceof Promise)) return outcomeOf(options, result);
  return result
    .catch((error): SubmitResult => ({ result: "unknown", message: String(error) }))
    .then((result) => outcomeOf(options, result));
}

function outcomeOf(options: SubmitOptions, result: SubmitResult): Soon<SubmitOutcome> {
  switch (result.result) {
    case "accepted":
      return { outcome: "accepted", order: result.order };
    case "refused":
      return { outcome: "refused", code: String(result.code), message: result.message };
    case "rate_limited":
      return sentLater(options, result.retryAfterMs);
    case "duplicate":
    case "unknown":
      return lookedUp(options, result);
    default:
      return result satisfies never;
  }
}

async function sentLater(options: SubmitOptions, retryAfterMs: number): Promise<SubmitOutcome> {
  await options.wait(retryAfterMs, options.signal);
  return sentAgain(options, "the broker's rate limit");
}

async function lookedUp(options: SubmitOptions, result: SubmitResult): Promise<SubmitOutcome> {
  const { request, log } = options;
  log("{id}: the answer was {result}; looking it up", { id: request.clientOrderId, ...result });
  const order = await lookUp(options);
  return order !== null ? adopt(order, request) : sentAgain(options, "an answer that never came");
}

function sentAgain(options: SubmitOptions, waitedFor: string): Soon<SubmitOutcome> {
  const isLate = options.signal.aborted || !options.isFresh();
  return isLate ? tooLate(waitedFor) : submitOrder(options);
}

function tooLate(why: string): SubmitOutcome {
  const message = `not sent: it waited too long for ${why}`;
  return { outcome: "refused", code: "too_late", message };
}

/** null: the broker has said, after the grace, that it does not have it. */
async function lookUp(options: SubmitOptions): Promise<BrokerOrder | null> {
  const { broker, request, signal } = options;
  for (let waitMs = GRACE_MS;; waitMs = Math.min(2 * waitMs, BACK_OFF_MS_MAX)) {
    try {
      const order = await broker.orderByClientId(request.clientOrderId, signal);
      if (order !== null) return order;
      if (waitMs > GRACE_MS) return options.seen();
    } catch (error) {
      options.log("{id}: cannot be looked up: {error}", {
        id: request.clientOrderId,
        error: String(error),
      });
    }
    if (signal.aborted) return options.seen();
    await options.wait(waitMs, signal);
  }
}

/** Adopted only where it is what was to be sent. */
function adopt(order: BrokerOrder, request: OrderRequest): SubmitOutcome {
  const differs = (["side", "type"] as const).filter((name) => order[name] !== request[name])
    .map(String);
  for (const name of ["qty", "limitPrice", "triggerPrice"] as const) {
    const [a, b] = [order[name], request[name]];
    if ((a === null) !== (b === null) || (a !== null && !decimal(a).eq(b!))) differs.push(name);
  }
  if (differs.length === 0) return { outcome: "accepted", order };
  const message = `${request.clientOrderId} is another order at the broker: ${
    differs.join(", ")
  } differ`;
  return { outcome: "mismatch", message };
}
