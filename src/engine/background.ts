/** What a session does beside its events. */
export class Background {
  readonly #onFailure: (error: unknown) => void;
  /** What must be done before a step is acknowledged. */
  readonly #pending = new Set<Promise<void>>();

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Its failure is told; gives one that does not fail. */
  guarded(task: Promise<void>): Promise<void> {
    return task.catch(this.#onFailure);
  }

  /** Something that a step waits for. */
  before(task: Promise<void>): void {
    const done = this.guarded(task).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** All that a step waits for is done, and what came of it. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}
