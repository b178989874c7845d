/**
 * Who has seen the current step.
 * Invariant: where anybody has opted in, the next step waits until each of them has acknowledged
 * this one; where nobody has, the clock stands until the first plain market-data subscription.
 */

/** A socket that opted in and is authenticated. */
export interface StepMember {
  /** Sends the marker of the step that is current. */
  sendStep(): void;
}

export class StepGate {
  readonly #acked = new Map<StepMember, number>();
  #runsFree = false;

  /** `onChange` is called when what it asks for may have become true. */
  constructor(readonly current: () => number, readonly onChange: () => void) {}

  /** From now on the member is waited for; it gets the current step's marker at once. */
  join(member: StepMember): void {
    this.#acked.set(member, -1);
    member.sendStep();
  }

  leave(member: StepMember): void {
    if (this.#acked.delete(member)) this.onChange();
  }

  ack(member: StepMember, n: number): void {
    if (!this.#acked.has(member) || n > this.current()) return;
    this.#acked.set(member, n);
    this.onChange();
  }

  /** A socket that did not opt in has subscribed. */
  runFree(): void {
    if (this.#runsFree) return;
    this.#runsFree = true;
    this.onChange();
  }

  get hasMembers(): boolean {
    return this.#acked.size > 0;
  }

  get isOpen(): boolean {
    if (this.#acked.size === 0) return this.#runsFree;
    const current = this.current();
    for (const acked of this.#acked.values()) if (acked < current) return false;
    return true;
  }

  sendStep(): void {
    for (const member of this.#acked.keys()) member.sendStep();
  }
}
