import type { Decision } from "../../contracts/decision.ts";
import type { ConsumerToMain } from "../../protocol.ts";
import type { Calls } from "./calls.ts";
import type { ConsumerOptions } from "./options.ts";
import type { FollowedSymbols } from "./followed.ts";
import type { Outbox } from "./outbox.ts";
import { intentOf, isEntry, type Slot } from "./slot.ts";

/** What strategies decide, on its way out. Invariant: intents are numbered in the order in which they were decided. */
export class Decisions {
  readonly #options: DecisionsOptions;
  #intentSeq = 0;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  /** Reading what user code returned can run user code: getters, proxies, toString. */
  read(slot: Slot, decision: Decision, nowUs: number): void {
    const { calls } = this.#options;
    const { run } = slot;
    if (run.isStopped) return;
    calls.begin(run);
    try {
      this.#decided(slot, decision, nowUs);
    } catch (error) {
      calls.failed(run, error);
    } finally {
      calls.end();
    }
  }

  /** Reads what user code returned, getters and all: called inside of its guard. */
  #decided(slot: Slot, decision: Decision, nowUs: number): void {
    const { run, symbol } = slot;
    const kind = decision.kind;
    if (kind === "reject" || kind === "cancel") {
      const reason = String(decision.reason);
      this.#options.onDecision?.(slot, decision, { kind, reason }, nowUs);
      return kind === "reject"
        ? this.#reject(slot, reason)
        : this.#options.outbox.cancel({ runId: run.runId, symbol: symbol.symbol, reason });
    }
    if (kind !== "order") {
      throw new TypeError(
        (decision as unknown) instanceof Promise
          ? "run must not be async: it returned a promise"
          : "run must return a decision or nothing",
      );
    }
    if (symbol.isIncomplete && isEntry(decision)) return;
    const intent = intentOf(slot, decision, this.#intentSeq++, nowUs);
    this.#options.onDecision?.(slot, decision, { kind, intent }, nowUs);
    slot.lastSeq = intent.seq;
    slot.openOrder ??= {
      action: intent.action,
      qty: intent.qty ?? 0,
      filledQty: 0,
      sinceUs: nowUs,
    };
    this.#options.outbox.intent(intent);
  }

  #reject(slot: Slot, reason: string): void {
    const { run, symbol: { symbol } } = slot;
    if (slot.position !== null || slot.openOrder !== null) {
      return run.instance.log.warning(
        `reject(${symbol}) has no effect while it has a position or an order there`,
      );
    }
    this.#options.followed.removeSlot(slot);
    this.#options.toMain({ type: "reject", runId: run.runId, symbol, reason });
  }
}

interface DecisionsOptions {
  calls: Calls;
  followed: FollowedSymbols;
  outbox: Outbox;
  toMain(message: ConsumerToMain): void;
  onDecision?: ConsumerOptions["onDecision"];
}
