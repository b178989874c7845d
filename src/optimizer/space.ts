/**
 * What is searched: dimensions, and points in them.
 * Invariant: a value is always one that its range holds, so that equal points have equal keys.
 */
import type { ParameterRange } from "../config/optimizer_plan.ts";
import { snakeCase } from "../contracts/params.ts";
import type { Json } from "../contracts/store.ts";

export interface Dimension {
  strategy: string;
  /** In camelCase; null: what the account begins with. */
  parameter: string | null;
  range: ParameterRange;
}

/** A value a dimension, in their order. */
export type Point = Json[];

/** Of a range without steps: ten between its ends. */
const GRID_STEPS = 10;

/** "mine.fast", or "portfolio". */
function labelOf({ strategy, parameter }: Dimension): string {
  return parameter === null ? "portfolio" : `${strategy}.${snakeCase(parameter)}`;
}

/** Dimensions that have more than one value. */
export function searched(space: readonly Dimension[]): Dimension[] {
  return space.filter(({ range }) => countOf(range) > 1);
}

/** How many values a range has; Infinity where it has no steps. */
export function countOf(range: ParameterRange): number {
  if (range.kind === "choice") return range.choices.length;
  if (range.min === range.max) return 1;
  if (range.delta === null) return Infinity;
  return Math.floor((range.max - range.min) / range.delta + 1e-9) + 1;
}

/** How many points a space has; Infinity where a dimension has no steps. */
export function pointsIn(space: readonly Dimension[]): number {
  return space.reduce((product, { range }) => product * countOf(range), 1);
}

/** How many values a range has in a grid. */
export function gridCount(range: ParameterRange): number {
  const count = countOf(range);
  return count === Infinity ? GRID_STEPS + 1 : count;
}

/** The values of a range in a grid: all, or eleven of a range without steps. */
export function gridValues(range: ParameterRange): Json[] {
  const count = countOf(range);
  if (count === Infinity) {
    return Array.from({ length: GRID_STEPS + 1 }, (_, i) => valueAt(range, i / GRID_STEPS));
  }
  return Array.from({ length: count }, (_, i) => nthValue(range, i));
}

/** The value at `share` (from 0 to 1) of a range. */
export function valueAt(range: ParameterRange, share: number): Json {
  const within = Math.min(1, Math.max(0, share));
  const count = countOf(range);
  if (count < Infinity) return nthValue(range, Math.min(count - 1, Math.floor(within * count)));
  const { min, max } = range as { min: number; max: number };
  return rounded(min + within * (max - min));
}

function nthValue(range: ParameterRange, n: number): Json {
  if (range.kind === "choice") return range.choices[n];
  return rounded(range.min + n * (range.delta ?? 0));
}

/** Without the last digits, in which 0.1 + 0.2 is not 0.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

export function pointAt(space: readonly Dimension[], shares: readonly number[]): Point {
  return space.map(({ range }, i) => valueAt(range, shares[i]));
}

export function keyOf(point: Point): string {
  return JSON.stringify(point);
}

/** A point as parameters of the strategies, and what the account begins with. */
export function parametersOf(space: readonly Dimension[], point: Point): {
  strategies: Record<string, Record<string, Json>>;
  portfolio: number | null;
} {
  const strategies: Record<string, Record<string, Json>> = {};
  let portfolio: number | null = null;
  space.forEach(({ strategy, parameter }, i) => {
    if (parameter === null) portfolio = Number(point[i]);
    else (strategies[strategy] ??= {})[parameter] = point[i];
  });
  return { strategies, portfolio };
}

/** A point as it is stored and shown: { "mine.fast": 10 }. */
export function namedValues(space: readonly Dimension[], point: Point): Record<string, Json> {
  return Object.fromEntries(space.map((dimension, i) => [labelOf(dimension), point[i]]));
}
