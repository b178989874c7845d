import type { Json, Operation } from "./store.ts";

/** What a trial of the optimizer earned, as an objective of one's own is given it. Frozen. */
export interface TrialResult {
  /** By strategy, defaults included; names in camelCase. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  /** Microseconds since the epoch. */
  readonly fromUs: number;
  readonly endUs: number;
  /** Account currency. */
  readonly initialCash: number;
  readonly finalEquity: number;
  readonly fees: number;
  /** Shares: 0.1 is 10 %. */
  readonly totalReturn: number;
  readonly maxDrawdown: number;
  /** A year's, of daily returns; null where they do not exist. */
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  /** Executions, in their order. */
  readonly trades: readonly TrialTrade[];
  /** The account's value while something was held, and at each change. */
  readonly equity: { readonly timeUs: Float64Array; readonly value: Float64Array };
  /** Of each session, or of each day where all that was traded never closes. */
  readonly dailyReturns: Float64Array;
}

export interface TrialTrade {
  readonly symbol: string;
  readonly operation: Operation;
  readonly qty: number;
  readonly price: number;
  readonly fee: number;
  readonly timeUs: number;
  readonly strategy: string;
}

/**
 * The default export of an objective's file: more is better; null, or what is no finite number, is
 * a trial that counts for nothing.
 *
 * @example
 * ```ts
 * import type { TrialResult } from "liu";
 *
 * // In the file: export default function …
 * function objective({ trades, totalReturn, maxDrawdown }: TrialResult): number | null {
 *   if (trades.length < 30) return null;
 *   return totalReturn / (0.01 + maxDrawdown);
 * }
 * ```
 */
export type Objective = (result: TrialResult) => number | null;
