/**
 * Values by run. In one symbol there are few runs, mostly one: a list is looked through faster than
 * a Map is asked, and costs less to change. In no order that means anything.
 */
export class ByRun<T> {
  readonly #runIds: number[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  get(runId: number): T | undefined {
    const runIds = this.#runIds;
    for (let i = 0; i < runIds.length; i++) if (runIds[i] === runId) return this.#values[i];
    return undefined;
  }

  has(runId: number): boolean {
    return this.get(runId) !== undefined;
  }

  set(runId: number, value: T): void {
    const runIds = this.#runIds;
    for (let i = 0; i < runIds.length; i++) {
      if (runIds[i] !== runId) continue;
      this.#values[i] = value;
      return;
    }
    runIds.push(runId);
    this.#values.push(value);
  }

  delete(runId: number): void {
    const runIds = this.#runIds;
    for (let i = 0; i < runIds.length; i++) {
      if (runIds[i] !== runId) continue;
      const lastId = runIds.pop()!;
      const last = this.#values.pop()!;
      if (i === runIds.length) return;
      runIds[i] = lastId;
      this.#values[i] = last;
      return;
    }
  }

  /** By run. */
  entries(): [runId: number, value: T][] {
    return this.#runIds.map((runId, i): [number, T] => [runId, this.#values[i]])
      .sort(([a], [b]) => a - b);
  }
}
