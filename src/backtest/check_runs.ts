/** What all checks of a backtest are made of: more runs of it, on other data. */
import type { RunRecord } from "./decision_record.ts";
import type { BacktestSettings } from "./options.ts";

export interface CheckRuns {
  /** The backtest, its data whole. */
  settings: BacktestSettings;
  /** What was decided in it. */
  full: RunRecord;
  /** When it ended; µs. */
  endUs: number;
  /** Runs it with other settings, in an isolate of its own: modules keep state. */
  run(settings: BacktestSettings): Promise<RunRecord>;
  /** Runs at the same time. */
  concurrency: number;
  /** In [0, 1), seeded. */
  random(): number;
  /** Before the first run and after each. */
  onProgress?(done: number, total: number): void;
}

/** Runs tasks, some at a time; gives their results in the tasks' order. */
export async function pooled<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await task(items[i]);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  return results;
}

/** `count` of them, or all, in a random order. */
export function sample<Item>(items: readonly Item[], count: number, random: () => number): Item[] {
  const rest = [...items];
  const taken: Item[] = [];
  while (taken.length < count && rest.length > 0) {
    taken.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return taken;
}
