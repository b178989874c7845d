/**
 * Ways to choose the points that are tried.
 * Invariant: a search is a function of space, seed and the values it was given, which it is given
 * all together: the number of workers changes nothing.
 */
import type { Dimension, Point } from "../space.ts";

export interface SearchOptions {
  space: readonly Dimension[];
  /** At most so many points; null: as many as the method needs. */
  trials: number | null;
  /** Numbers in [0, 1), seeded. */
  random(): number;
  /**
   * Tries points and gives what each is worth, more is better; null: nothing, it failed. Rejects
   * where the search is to end.
   */
  evaluate(points: Point[]): Promise<(number | null)[]>;
}

export interface SearchMethod {
  /** How many points will be tried at most. Throws ConfigError for a space it can't search. */
  count(options: Pick<SearchOptions, "space" | "trials">): number;
  run(options: SearchOptions): Promise<void>;
}

/** Trials where none are asked for. */
export const TRIALS_DEFAULT = 100;
/** Beyond it, a search is a mistake: each trial's returns are kept for the evidence. */
export const TRIALS_MAX = 100_000;
