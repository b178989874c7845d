import type { GatewayState } from "../state.ts";

const RETRY_MS = 2000;

/**
 * What is done when the journal cannot be written (a full or broken disk): nothing is sent until all
 * that happened meanwhile is on disk.
 */
export class JournalWatch {
  #isRepairing = false;

  constructor(
    readonly state: GatewayState,
    readonly signal: AbortSignal,
    /** It is written again: what was held back can go. */
    readonly onRepaired: () => void,
  ) {}

  async failed(error: unknown): Promise<void> {
    const { state } = this;
    const reason = `the journal cannot be written (${error}): no order is sent until it can. ` +
      "Make room on its disk";
    state.restrict("journal", "halted", reason);
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    const { journal, wait } = state.options;
    do {
      await wait(RETRY_MS, this.signal);
      if (this.signal.aborted) return;
    } while (!await journal.repair());
    this.#isRepairing = false;
    for (const desk of state.desks.values()) {
      // What was held back was not the broker's refusal.
      desk.refusals.clear();
      for (const protection of desk.protections.values()) protection.failures = 0;
      desk.touch();
    }
    state.lift("journal");
    this.onRepaired();
  }
}
