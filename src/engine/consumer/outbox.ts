import type { ConsumerToGateway, Intent } from "../../protocol.ts";

type Cancel = { runId: number; symbol: string; reason: string };
type KeystoreValue = { runId: number; key: string; context: string; value: string };

/** Of a step in which there was none; never added to. */
const NO_CANCELS: Cancel[] = [];
const NO_VALUES: KeystoreValue[] = [];

/** What goes to the gateway: at once, or, in a stepping session, all of a step together. */
export class Outbox {
  #intents: Intent[] = [];
  readonly #cancels: Cancel[] = [];
  readonly #keystore: KeystoreValue[] = [];
  readonly #isStepping: boolean;
  readonly #send: (message: ConsumerToGateway) => void;

  constructor(isStepping: boolean, send: (message: ConsumerToGateway) => void) {
    this.#isStepping = isStepping;
    this.#send = send;
  }

  intent(intent: Intent): void {
    if (!this.#isStepping) this.#send({ type: "intent", intent });
    // Mostly it is the only one: a list that it is pushed to makes room for many.
    else if (this.#intents.length === 0) this.#intents = [intent];
    else this.#intents.push(intent);
  }

  cancel(cancel: Cancel): void {
    if (this.#isStepping) this.#cancels.push(cancel);
    else this.#send({ type: "cancel", ...cancel });
  }

  keystore(value: KeystoreValue): void {
    if (this.#isStepping) this.#keystore.push(value);
    else this.#send({ type: "keystore", ...value });
  }

  /** Values of a step that will not come. */
  sendKeystore(): void {
    for (const value of this.#keystore.splice(0)) this.#send({ type: "keystore", ...value });
  }

  /** Stepping: nothing has been decided since the last step's end. */
  get isEmpty(): boolean {
    return this.#intents.length + this.#cancels.length + this.#keystore.length === 0;
  }

  endStep(n: number): void {
    this.#send({
      type: "stepDone",
      n,
      intents: this.#intents,
      cancels: this.#cancels.length === 0 ? NO_CANCELS : this.#cancels.splice(0),
      keystore: this.#keystore.length === 0 ? NO_VALUES : this.#keystore.splice(0),
    });
    this.#intents = [];
  }
}
