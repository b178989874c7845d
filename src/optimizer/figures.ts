/** What a trial earned, in figures. */
import type { BacktestResult } from "../backtest/result.ts";
import {
  calmarRatio,
  dailyReturns,
  dailyValues,
  maxDrawdown,
  ruinedAt,
  sharpeRatio,
  sortinoRatio,
} from "../fincalcs/performance.ts";

export interface TrialFigures {
  initialCash: number;
  finalEquity: number;
  fees: number;
  /** Shares: 0.1 is 10 %. */
  totalReturn: number;
  maxDrawdown: number;
  /** null where they do not exist; none does of an account that was ruined. */
  sharpe: number | null;
  sortino: number | null;
  calmar: number | null;
  executions: number;
  isRoundTheClock: boolean;
}

export const OBJECTIVES = ["sharpe", "sortino", "calmar", "gain"] as const;
export type ObjectiveName = typeof OBJECTIVES[number];

export function figuresOf(result: BacktestResult): {
  figures: TrialFigures;
  /** Of the days that the figures are of. */
  returns: number[];
  /** Of the days of the plan, whatever was traded: the same days in all trials. */
  commonReturns: number[];
} {
  const { fromUs, endUs, countedToUs, isRoundTheClock, totalReturn } = result;
  const values = dailyValues(result.equity, { fromUs, endUs: countedToUs, isRoundTheClock });
  const returns = dailyReturns(values);
  const isRuined = result.ruinedUs !== null;
  const isAllCrypto = result.windows.every(({ assetClass }) => assetClass === "crypto");
  const common = dailyValues(result.equity, {
    fromUs,
    endUs: countedToUs,
    isRoundTheClock: isAllCrypto,
  });
  return {
    returns,
    commonReturns: dailyReturns(common),
    figures: {
      initialCash: Number(result.initialCash),
      finalEquity: Number(result.finalEquity),
      fees: Number(result.fees),
      totalReturn,
      maxDrawdown: result.maxDrawdown,
      sharpe: result.sharpe,
      sortino: isRuined ? null : sortinoRatio(returns, isRoundTheClock),
      calmar: isRuined ? null : calmarRatio(totalReturn, result.maxDrawdown, endUs - fromUs),
      executions: result.trades.length,
      isRoundTheClock,
    },
  };
}

/**
 * Figures of several backtests, one after the other, as one account's, over all of the range: it is
 * flat where none of them ran.
 */
export function joinedFigures(
  parts: readonly BacktestResult[],
  { fromUs, endUs }: { fromUs: number; endUs: number },
): {
  figures: TrialFigures;
  returns: number[];
  ruinedUs: number | null;
  equity: { timeUs: number[]; equity: number[] };
} {
  const [first] = parts;
  const last = parts.at(-1)!;
  const timeUs = parts.flatMap((part) => [...part.equity.timeUs]);
  const equity = parts.flatMap((part) => [...part.equity.equity]);
  if (timeUs[0] > fromUs) {
    timeUs.unshift(fromUs);
    equity.unshift(Number(first.initialCash));
  }
  if (timeUs.at(-1)! < endUs) {
    timeUs.push(endUs);
    equity.push(Number(last.finalEquity));
  }
  const traded = parts.filter(({ trades }) => trades.length > 0);
  const isRoundTheClock = (traded.length > 0 ? traded : parts)
    .every((part) => part.isRoundTheClock);
  // Where the data end before the last part does, days behind them do not count.
  const toUs = last.countedToUs < last.endUs ? last.countedToUs : endUs;
  const values = dailyValues({ timeUs, equity }, { fromUs, endUs: toUs, isRoundTheClock });
  const ruinedUs = ruinedAt({ timeUs, equity }) ?? last.ruinedUs;
  const isRuined = ruinedUs !== null;
  const returns = dailyReturns(values);
  const totalReturn = Number(last.finalEquity) / Number(first.initialCash) - 1;
  const fall = maxDrawdown(equity);
  return {
    returns,
    ruinedUs,
    equity: { timeUs, equity },
    figures: {
      initialCash: Number(first.initialCash),
      finalEquity: Number(last.finalEquity),
      fees: parts.reduce((sum, { fees }) => sum + Number(fees), 0),
      totalReturn,
      maxDrawdown: fall,
      sharpe: isRuined ? null : sharpeRatio(values, isRoundTheClock),
      sortino: isRuined ? null : sortinoRatio(returns, isRoundTheClock),
      calmar: isRuined ? null : calmarRatio(totalReturn, fall, endUs - fromUs),
      executions: parts.reduce((sum, { trades }) => sum + trades.length, 0),
      isRoundTheClock,
    },
  };
}

export function valueOf(objective: ObjectiveName, figures: TrialFigures): number | null {
  switch (objective) {
    case "sharpe":
      return figures.sharpe;
    case "sortino":
      return figures.sortino;
    case "calmar":
      return figures.calmar;
    case "gain":
      return figures.totalReturn;
    default:
      return objective satisfies never;
  }
}
