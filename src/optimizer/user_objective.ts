/** A user's objective: called in the worker, without permissions, as a strategy is. */
import type { BacktestResult } from "../backtest/result.ts";
import type { TrialResult } from "../contracts/objective.ts";
import type { Json, RunStart } from "../contracts/store.ts";
import type { Bundle } from "../sandbox/bundle.ts";
import { describeThrown, loadUserFunction } from "../sandbox/load_user_module.ts";
import type { TrialFigures } from "./figures.ts";
import type { TrialOutcome } from "./trial_messages.ts";

export async function userValue(options: {
  bundle: Bundle;
  stopFlag: Int32Array;
  result: BacktestResult;
  returns: readonly number[];
  figures: TrialFigures;
  runs: readonly RunStart[];
}): Promise<Pick<TrialOutcome, "value" | "problem">> {
  const { bundle, stopFlag } = options;
  // Code that does not load is the user's to mend, not this trial's misfortune.
  const objective = await loadUserFunction(bundle, stopFlag);
  let value: unknown;
  try {
    value = (objective as (result: TrialResult) => unknown)(trialResult(options));
  } catch (error) {
    const { message } = describeThrown(error, [bundle]);
    return { value: null, problem: `the objective threw: ${message}` };
  }
  if (value === null || value === undefined) return { value: null, problem: null };
  if (typeof value === "number" && Number.isFinite(value)) return { value, problem: null };
  const got = typeof value === "number" ? String(value) : `a ${typeof value}`;
  return { value: null, problem: `the objective gave ${got}, not a finite number or null` };
}

function trialResult({ result, returns, figures, runs }: {
  result: BacktestResult;
  returns: readonly number[];
  figures: TrialFigures;
  runs: readonly RunStart[];
}): TrialResult {
  const { fromUs, endUs } = result;
  const { executions: _, isRoundTheClock: __, ...shown } = figures;
  // A copy: what is stored of the runs is not the objective's to change.
  const parameters: Record<string, Record<string, Json>> = Object.fromEntries(
    runs.map(({ algoName, parameters }) => [algoName, JSON.parse(JSON.stringify(parameters))]),
  );
  return Object.freeze({
    ...shown,
    parameters: Object.freeze(parameters),
    fromUs,
    endUs,
    trades: Object.freeze(result.trades.map((trade) =>
      Object.freeze({
        ...trade,
        qty: Number(trade.qty),
        price: Number(trade.price),
        fee: Number(trade.fee),
      })
    )),
    equity: Object.freeze({ timeUs: result.equity.timeUs, value: result.equity.equity }),
    dailyReturns: Float64Array.from(returns),
  });
}
