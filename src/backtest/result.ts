import type { Operation } from "../contracts/store.ts";
import type { AccountFigures as ExchangeFigures, ExchangePosition } from "../matching/types.ts";
import type { RunInfo, SessionWindow } from "../protocol.ts";
import { assetClassOf } from "../model/asset.ts";
import type { RunRecord } from "./decision_record.ts";
import { decimal, plain } from "../util/decimal.ts";
import type { TradeList } from "./trade_list.ts";
import { dailyValues, maxDrawdown, ruinedAt, sharpeRatio } from "../fincalcs/performance.ts";
import type { EquityCurve } from "./equity.ts";

export interface BacktestTrade {
  symbol: string;
  operation: Operation;
  /** Decimal texts. */
  qty: string;
  price: string;
  fee: string;
  timeUs: number;
  strategy: string;
}

/** Decimal texts, account currency. */
export interface BacktestCosts {
  /** Two parts of the fees. */
  commission: string;
  regulatoryFees: string;
  /** Paid by night, beside the fees. */
  borrow: string;
  interest: string;
  /** In the executions' prices already. */
  slippage: string;
}

export interface BacktestResult {
  batchId: string;
  fromUs: number;
  /** Market time of the end. */
  endUs: number;
  /** Up to where days count in daily figures: not beyond the last day of the data. */
  countedToUs: number;
  endReason: string;
  /** Decimal texts, account currency. */
  initialCash: string;
  cash: string;
  finalEquity: string;
  /** Of all executions: commission and regulatory fees together. */
  fees: string;
  costs: BacktestCosts;
  /** Shares: 0.1 is 10 %. */
  totalReturn: number;
  maxDrawdown: number;
  /** null where there are too few days, or the account was ruined. */
  sharpe: number | null;
  /** When its value was first 0 or less. */
  ruinedUs: number | null;
  /** Only what never closes was traded: each day counts, not sessions alone. */
  isRoundTheClock: boolean;
  /** Executions, in their order. */
  trades: BacktestTrade[];
  /** As the account holds them at the end. */
  openPositions: { symbol: string; qty: string; averagePrice: string; marketPrice: string }[];
  equity: { timeUs: Float64Array; equity: Float64Array };
  /** Strategies and their runs, as stored. */
  runs: RunInfo[];
  /** Strategies over a collection. */
  collections: string[];
  windows: SessionWindow[];
  /** Rows that were given to strategies, and steps of time. */
  rows: number;
  steps: number;
  /** Where it was asked for. */
  record?: RunRecord;
}

/** Puts the result together from what the backtest has collected. */
export function resultOf(run: {
  batchId: string;
  fromUs: number;
  endUs: number;
  countedToUs: number;
  endReason: string;
  cash: string;
  figures: ExchangeFigures;
  positions: ExchangePosition[];
  trades: TradeList;
  curve: EquityCurve;
  runs: RunInfo[];
  collections: string[];
  windows: SessionWindow[];
  rows: number;
  steps: number;
}): BacktestResult {
  const { batchId, fromUs, endUs, countedToUs, endReason, cash, figures, runs } = run;
  const { windows, rows, steps } = run;
  const names = new Map(runs.map(({ runId, strategy }) => [runId, strategy]));
  const { timeUs, equity } = run.curve;
  const ruinedUs = ruinedAt({ timeUs, equity }) ?? (Number(figures.equity) > 0 ? null : endUs);
  const trades = run.trades.toArray((runId) => names.get(runId) ?? "");
  // By what was traded; where nothing was, by what could have been.
  const classes = trades.length > 0
    ? trades.map(({ symbol }) => assetClassOf(symbol))
    : windows.map(({ assetClass }) => assetClass);
  const isRoundTheClock = classes.every((assetClass) => assetClass === "crypto");
  return {
    batchId,
    fromUs,
    endUs,
    countedToUs,
    endReason,
    initialCash: cash,
    cash: figures.cash,
    finalEquity: figures.equity,
    fees: figures.feesPaid,
    costs: costsOf(figures),
    totalReturn: Number(figures.equity) / Number(cash) - 1,
    maxDrawdown: maxDrawdown(equity),
    sharpe: ruinedUs !== null ? null : sharpeRatio(
      dailyValues({ timeUs, equity }, { fromUs, endUs: countedToUs, isRoundTheClock }),
      isRoundTheClock,
    ),
    ruinedUs,
    isRoundTheClock,
    trades,
    openPositions: run.positions.map(({ symbol, qty, averagePrice, currentPrice }) => ({
      symbol,
      qty,
      averagePrice,
      marketPrice: currentPrice,
    })),
    equity: { timeUs, equity },
    runs,
    collections: run.collections,
    windows,
    rows,
    steps,
  };
}

function costsOf(figures: ExchangeFigures): BacktestCosts {
  const { feesPaid, regulatoryFeesPaid, borrowPaid, interestPaid, slippagePaid } = figures;
  return {
    commission: plain(decimal(feesPaid).minus(decimal(regulatoryFeesPaid))),
    regulatoryFees: regulatoryFeesPaid,
    borrow: borrowPaid,
    interest: interestPaid,
    slippage: slippagePaid,
  };
}
