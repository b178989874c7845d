import { thinCurve } from "../analysis/thin_curve.ts";
import type { BacktestResult } from "../backtest/result.ts";
import type { BatchFigures } from "../contracts/store.ts";
import { dayEnds } from "../fincalcs/performance.ts";

const POINTS_MAX = 2000;

/** What reports want of a backtest, and its executions do not say. */
export function backtestFigures(result: BacktestResult): BatchFigures {
  const { fromUs, endUs, countedToUs, isRoundTheClock, maxDrawdown, costs } = result;
  return {
    startEquity: Number(result.initialCash),
    endEquity: Number(result.finalEquity),
    curve: thinCurve(result.equity, {
      pointsMax: POINTS_MAX,
      keptUs: dayEnds(fromUs, Math.max(endUs, countedToUs), isRoundTheClock),
    }),
    fromUs,
    countedToUs,
    isRoundTheClock,
    maxDrawdown,
    costs: { borrow: Number(costs.borrow), interest: Number(costs.interest) },
    market: null,
  };
}
