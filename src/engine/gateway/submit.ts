import type { Broker, SubmitResult } from "../../contracts/broker.ts";
import type { BrokerOrder, OrderRequest } from "../../model/order.ts";
import { decimal } from "../../util/decimal.ts";
import type { Soon } from "../../util/soon.ts";

/** What the broker has said for good. */
export type SubmitAnswer = Extract<SubmitResult, { result: "accepted" | "refused" }>;

export type SubmitOutcome =
  | SubmitAnswer
  | { result: "refused"; code: string; message: string }
  /**
   * The id belongs to another order: what the journal says and what the broker has are not the same
   * world.
   */
  | { result: "mismatch"; message: string }
  /** Nobody wants it any more, and the broker does not have it. */
  | { result: "withdrawn" }
  /** The gateway stops before anybody has said what became of it: the next start asks. */
  | { result: "unanswered" };

export interface SubmitOptions {
  broker: Broker;
  request: OrderRequest;
  /** An order update has come for this id: the broker has it, whatever a look-up says. */
  seen(): BrokerOrder | null;
  /** False: too old to be sent again. */
  isFresh(): boolean;
  /** False: it was cancelled meanwhile. */
  isWanted(): boolean;
  wait(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  log(message: string, properties: Record<string, unknown>): void;
}

/** An order that was just sent may take this long until a look-up finds it. */
const GRACE_MS = 500;
const BACK_OFF_MS_MAX = 30_000;
/** The broker could not be asked to the end. */
const UNKNOWN = "unknown";

export function isAnswer(result: SubmitResult): result is SubmitAnswer {
  return result.result === "accepted" || result.result === "refused";
}

/**
 * An order that was sent is sent on until its fate is known. An unknown answer is never taken for
 * "no": it is looked up by its client order id, and sent again, under the same id, only after the
 * broker has said that it does not have it.
 */
export async function settledOrder(
  options: SubmitOptions,
  first: Soon<SubmitResult>,
): Promise<SubmitOutcome> {
  const { broker, request, signal, log } = options;
  let answer = first;
  while (true) {
    const result = await known(answer);
    switch (result.result) {
      case "accepted":
      case "refused":
        return result;
      case "rate_limited":
        await options.wait(result.retryAfterMs, signal);
        if (!options.isWanted()) return { result: "withdrawn" };
        if (signal.aborted || !options.isFresh()) return tooLate("the broker's rate limit");
        break;
      case "duplicate":
      case "unknown": {
        const { clientOrderId: id } = request;
        log("{id}: the answer was {result}; looking it up", { id, ...result });
        const order = await lookUp(options);
        if (order === UNKNOWN) return { result: "unanswered" };
        if (order !== null) return adopt(order, request);
        if (!options.isWanted()) return { result: "withdrawn" };
        if (signal.aborted || !options.isFresh()) return tooLate("an answer that never came");
        break;
      }
      default:
        return result satisfies never;
    }
    answer = broker.submit(request, signal);
  }
}

async function known(answer: Soon<SubmitResult>): Promise<SubmitResult> {
  try {
    return await answer;
  } catch (error) {
    return { result: "unknown", message: String(error) };
  }
}

function tooLate(why: string): SubmitOutcome {
  const message = `not sent: it waited too long for ${why}`;
  return { result: "refused", code: "too_late", message };
}

/** null: the broker has said, after the grace, that it does not have it. */
async function lookUp(options: SubmitOptions): Promise<BrokerOrder | null | typeof UNKNOWN> {
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
    if (signal.aborted) return options.seen() ?? UNKNOWN;
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
  if (differs.length === 0) return { result: "accepted", order };
  const message = `${request.clientOrderId} is another order at the broker: ${
    differs.join(", ")
  } differ`;
  return { result: "mismatch", message };
}
