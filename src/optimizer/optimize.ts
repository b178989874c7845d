/**
 * A search over one range of time: points are chosen, tried by the workers, and told.
 * Invariant: which trials there are, and in which order, depends on space, method, seed and what
 * trials earned; not on the workers, nor on how many trials were known already.
 */
import type { Json, OptimizerRunRow } from "../contracts/store.ts";
import { seededRandom } from "../engine/worker.ts";
import { type MethodName, METHODS } from "./search/methods.ts";
import { type Dimension, namedValues, parametersOf, type Point } from "./space.ts";
import type { Trial, TrialOutcome } from "./trial_messages.ts";

export interface SearchPlan {
  space: readonly Dimension[];
  method: MethodName;
  /** null: as many as the method needs. */
  trials: number | null;
  seed: number;
}

export interface OptimizeOptions extends SearchPlan {
  fromUs: number;
  toUs: number;
  /** Finished ones of this range, which are not run again. */
  known: readonly OptimizerRunRow[];
  run(trial: Trial): Promise<TrialOutcome>;
  newBatchId(): string;
  /** In the order in which they end; known ones too. */
  onTrial(trial: FinishedTrial, isKnown: boolean): void;
}

export interface FinishedTrial {
  /** From 0, in the order in which they were chosen. */
  n: number;
  batchId: string;
  /** By label: "mine.fast". */
  named: Record<string, Json>;
  parameters: Trial["parameters"];
  portfolio: string | null;
  outcome: TrialOutcome;
}

/** Throws ConfigError for a space that the method can't search. */
export function trialsOf({ space, method, trials }: SearchPlan): number {
  return METHODS[method].count({ space, trials });
}

/** All trials, in the order in which they were chosen. */
export async function optimize(options: OptimizeOptions): Promise<FinishedTrial[]> {
  const { space, method, trials, seed } = options;
  const finished: FinishedTrial[] = [];
  const known = new Map(options.known.map((row) => [row.trial, row]));
  let next = 0;
  await METHODS[method].run({
    space,
    trials,
    random: seededRandom(seed),
    evaluate: async (points) => {
      const first = next;
      next += points.length;
      const tried = await Promise.all(
        points.map((point, i) => runTrial(options, first + i, point, known.get(first + i))),
      );
      finished.push(...tried);
      return tried.map(({ outcome: { value } }) => value);
    },
  });
  return finished;
}

async function runTrial(
  options: OptimizeOptions,
  n: number,
  point: Point,
  known: OptimizerRunRow | undefined,
): Promise<FinishedTrial> {
  const { space, fromUs, toUs } = options;
  const named = namedValues(space, point);
  const { strategies: parameters, portfolio: size } = parametersOf(space, point);
  const portfolio = size === null ? null : plainMoney(size);
  if (known !== undefined && stableKey(known.parameters) === stableKey(named)) {
    const outcome = outcomeOf(known);
    const trial = { n, batchId: known.batchId, named, parameters, portfolio, outcome };
    options.onTrial(trial, true);
    return trial;
  }
  const batchId = options.newBatchId();
  const outcome = await options.run({ batchId, fromUs, toUs, parameters, portfolio });
  const trial = { n, batchId, named, parameters, portfolio, outcome };
  options.onTrial(trial, false);
  return trial;
}

/** The best, the first of equal ones; null where none counts. */
export function bestOf(trials: readonly FinishedTrial[]): FinishedTrial | null {
  return ranked(trials)[0] ?? null;
}

/** Those that count, the best first. */
export function ranked(trials: readonly FinishedTrial[]): FinishedTrial[] {
  return trials.filter(({ outcome }) => outcome.value !== null)
    .sort((a, b) => b.outcome.value! - a.outcome.value! || a.n - b.n);
}

/** What a trial is stored as, besides its value. */
export function storedFigures({ ran }: TrialOutcome): Json {
  if (ran === null) return null;
  const { runs: _, ...stored } = ran;
  return stored as unknown as Json;
}

function outcomeOf({ value, problem, figures }: OptimizerRunRow): TrialOutcome {
  if (figures === null) return { value, problem, ran: null };
  const stored = figures as unknown as Omit<NonNullable<TrialOutcome["ran"]>, "runs">;
  return { value, problem, ran: { ...stored, runs: [] } };
}

/** jsonb gives keys in an order of its own. */
function stableKey(value: Json): string {
  const entries = Object.entries(value as Record<string, Json>);
  return JSON.stringify(entries.sort(([a], [b]) => a < b ? -1 : 1));
}

/** Without an exponent. */
function plainMoney(value: number): string {
  return value.toFixed(8).replace(/\.?0+$/, "");
}
