/** What speaks for a result, and what against it. docs/optimizer.md says how to read it. */
import { bootstrapTrades, type TradeBootstrap } from "./statistics/bootstrap.ts";
import { type Overfitting, overfitting } from "./statistics/overfitting.ts";
import {
  deflatedSharpe,
  expectedMaxSharpe,
  probabilisticSharpe,
  sharpeSample,
  sharpeVariance,
} from "./statistics/sharpe_tests.ts";

export interface Evidence {
  /** That the best was chosen from. */
  trials: number;
  /** Probability that the true Sharpe ratio is above 0, as if nothing had been chosen. */
  probabilisticSharpe: number | null;
  /** The same, knowing that it is the best of so many. */
  deflatedSharpe: number | null;
  /** A day's Sharpe ratio that the best of so many has by chance. */
  expectedMaxSharpe: number | null;
  overfitting: Overfitting | null;
  bootstrap: TradeBootstrap | null;
}

export function evidenceOf(options: {
  /** The best one's returns. */
  returns: readonly number[];
  /** Of all trials that could have been chosen, the best too; one: nothing was chosen. */
  trials: readonly (readonly number[])[];
  /** Of the best one's trades, in the order of their ends. */
  gains: readonly string[] | null;
  initialCash: number;
  random(): number;
}): Evidence {
  const { returns, gains, initialCash, random } = options;
  const length = Math.min(...options.trials.map(({ length }) => length));
  const trials = options.trials.map((one) => one.slice(0, length));
  const sample = sharpeSample(returns);
  const chosen = { variance: sharpeVariance(trials), trials: trials.length };
  const isChosen = trials.length > 1;
  return {
    trials: trials.length,
    probabilisticSharpe: sample && probabilisticSharpe(sample, 0),
    deflatedSharpe: sample && isChosen ? deflatedSharpe(sample, chosen) : null,
    expectedMaxSharpe: isChosen ? expectedMaxSharpe(chosen.variance, chosen.trials) : null,
    overfitting: isChosen ? overfitting(trials) : null,
    bootstrap: gains &&
      bootstrapTrades({
        gains: gains.map(Number),
        initialCash,
        random,
      }),
  };
}
