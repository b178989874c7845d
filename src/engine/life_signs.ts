import type { SessionWorkers } from "./session_workers.ts";
import { beatOf } from "./control.ts";

/** Whether gateway and consumers come to their work: what a service manager's watchdog is told. */
export class LifeSigns {
  readonly #workers: Pick<SessionWorkers, "consumers" | "gatewayInbox" | "postGateway">;
  readonly #beats = new Map<Int32Array, number>();
  #hasAnswered = true;

  constructor(workers: Pick<SessionWorkers, "consumers" | "gatewayInbox" | "postGateway">) {
    this.#workers = workers;
  }

  /** To be asked in a steady rhythm: since the last time all have shown that they live. */
  look(): boolean {
    const { consumers, gatewayInbox, postGateway } = this.#workers;
    const hasAnswered = this.#hasAnswered;
    this.#hasAnswered = false;
    gatewayInbox.next("pong").then(() => this.#hasAnswered = true, () => {});
    postGateway.call(this.#workers, { type: "ping" });
    let isBeating = true;
    for (const { control, isReady } of consumers) {
      const beat = beatOf(control);
      // One that is being replaced is looked after already.
      if (isReady && this.#beats.get(control) === beat) isBeating = false;
      this.#beats.set(control, beat);
    }
    return hasAnswered && isBeating;
  }
}
