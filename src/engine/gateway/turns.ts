import type { Soon } from "../../util/soon.ts";

/**
 * Tasks one after the other, each at once where none is under way. Invariant: a task begins when
 * all that came before it have ended; after one that failed none begins any more.
 */
export class Turns {
  readonly #tasks: (() => Soon<void>)[] = [];
  readonly #idle: PromiseWithResolvers<void>[] = [];
  #isBusy = false;
  #failure: { error: unknown } | null = null;

  constructor(readonly onFailure: (error: unknown) => void) {}

  /** A task waits for its turn: one that is run now will have to, too. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  run(task: () => Soon<void>): void {
    if (this.#failure !== null) return this.onFailure(this.#failure.error);
    if (this.#isBusy) this.#tasks.push(task);
    else this.#work(task);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error;
    if (!this.#isBusy) return;
    const idle = Promise.withResolvers<void>();
    this.#idle.push(idle);
    await idle.promise;
  }

  /** The tasks that have come, up to one that waits for something: it goes on when that is there. */
  #work(first: (() => Soon<void>) | undefined): void {
    this.#isBusy = true;
    try {
      for (let task = first; task !== undefined; task = this.#next()) {
        const done = task();
        if (!(done instanceof Promise)) continue;
        done.then(() => this.#work(this.#next()), (error) => this.#fail(error));
        return;
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.#isBusy = false;
    if (this.#idle.length > 0) { for (const { resolve } of this.#idle.splice(0)) resolve(); }
  }

  #next(): (() => Soon<void>) | undefined {
    return this.#tasks.length === 0 ? undefined : this.#tasks.shift();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#tasks.length = 0;
    this.onFailure(error);
    for (const { reject } of this.#idle.splice(0)) reject(error);
  }
}
