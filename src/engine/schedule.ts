/** What is due when, on the market's clock. Invariant: tasks run one after the other, in the order of their time. */
export interface Task {
  dueUs: number;
  /** What it is for, for the log. */
  name: string;
  run(nowUs: number): Promise<void>;
}

export class Schedule {
  readonly #tasks: Task[] = [];

  add(task: Task): void {
    let at = this.#tasks.length;
    while (at > 0 && this.#tasks[at - 1].dueUs > task.dueUs) at--;
    this.#tasks.splice(at, 0, task);
  }

  /** When the next task is due; Infinity without one. */
  get nextDueUs(): number {
    return this.#tasks.length > 0 ? this.#tasks[0].dueUs : Infinity;
  }

  /** Runs all that is due at `nowUs`, also what a task adds. */
  async runDue(nowUs: number): Promise<void> {
    while (this.#tasks.length > 0 && this.#tasks[0].dueUs <= nowUs) {
      await this.#tasks.shift()!.run(nowUs);
    }
  }
}
