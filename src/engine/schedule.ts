/** What is due when, on the market's clock. Invariant: tasks run one after the other, in the order of their time. */
export interface Task {
  dueUs: number;
  /** What it is for, for the log. */
  name: string;
  run(nowUs: number): Promise<void>;
}

export class Schedule {
  readonly #tasks: Task[] = [];
  /** When the next task is due; Infinity without one. A number at hand: a backtest asks in each step. */
  #nextDueUs = Infinity;

  get nextDueUs(): number {
    return this.#nextDueUs;
  }

  add(task: Task): void {
    let at = this.#tasks.length;
    while (at > 0 && this.#tasks[at - 1].dueUs > task.dueUs) at--;
    this.#tasks.splice(at, 0, task);
    this.#nextDueUs = this.#tasks[0].dueUs;
  }

  #take(): Task {
    const task = this.#tasks.shift()!;
    this.#nextDueUs = this.#tasks[0]?.dueUs ?? Infinity;
    return task;
  }

  /** Runs all that is due at `nowUs`, also what a task adds. */
  async runDue(nowUs: number): Promise<void> {
    while (this.#tasks.length > 0 && this.#tasks[0].dueUs <= nowUs) {
      await this.#take().run(nowUs);
    }
  }
}
