/** A report as plain data: what terminal, HTML, web and JSON are made of. docs/analysis.md says what each figure is. */
import type { Environment, Json, MarketFigures } from "../contracts/store.ts";
import type { Trip } from "./trips.ts";

export interface Report {
  batches: ReportBatch[];
  period: { fromUs: number; toUs: number; days: number; isRoundTheClock: boolean };
  filters: { strategies: string[]; symbols: string[]; fromUs: number | null; toUs: number | null };
  /** What is missing, and what was assumed, each as a sentence. */
  notes: string[];
  account: AccountFigures;
  returns: ReturnFigures;
  trades: TradeFigures;
  orders: OrderFigures;
  /** null: not stored, or backtests only. */
  market: MarketFigures | null;
  groups: Record<GroupName, GroupRow[]>;
  best: Trip[];
  worst: Trip[];
  /** All closed round trips, in the order of their ends. */
  trips: Trip[];
  curve: { timeUs: number[]; equity: number[]; drawdown: number[] };
  /** The same money in it, at the curve's times. */
  benchmark: { label: string; isTraded: boolean; timeUs: number[]; equity: number[] } | null;
  daily: { date: string[]; equity: number[]; return: number[] };
  months: { year: number; month: number; return: number }[];
  rolling: {
    days: number;
    date: string[];
    sharpe: (number | null)[];
    volatility: (number | null)[];
  } | null;
  charts: PriceChart[];
  gaps: { symbol: string; dates: string[]; sessions: number }[];
}

export interface ReportBatch {
  batchId: string;
  environment: Environment;
  /** Of Liu. */
  version: string;
  startUs: number;
  /** null: a run of it has no end. */
  endUs: number | null;
  endReasons: string[];
  runs: number;
  executions: number;
  strategies: { name: string; parameters: Json }[];
}

/** Account currency. */
export interface AccountFigures {
  /** null: not known, and not given. */
  startEquity: number | null;
  endEquity: number | null;
  /** account: as it was told while the batch ran; executions: worked out from these. */
  source: "account" | "executions";
  gain: number;
  /** What is held still. Decimal texts; a short is negative. */
  open: { symbol: string; strategy: string; qty: string }[];
}

/** Shares: 0.1 is 10 %. null: does not exist, or cannot be known. */
export interface ReturnFigures {
  total: number | null;
  cagr: number | null;
  volatility: number | null;
  sharpe: number | null;
  sortino: number | null;
  calmar: number | null;
  maxDrawdown: Drawdown | null;
  bestDay: { date: string; return: number } | null;
  worstDay: { date: string; return: number } | null;
  /** Of the days with a return that is not 0. */
  winningDays: number | null;
  ruinedUs: number | null;
}

export interface Drawdown {
  share: number;
  peakUs: number;
  troughUs: number;
  /** null: the peak was not reached again. */
  recoveredUs: number | null;
  /** From the peak until it was reached again, or the end, in days of 24 hours. */
  days: number;
}

export interface TradeFigures {
  count: number;
  wins: number;
  losses: number;
  winRate: number | null;
  /** Gains over losses; null: nothing was lost. */
  profitFactor: number | null;
  averageWin: number | null;
  averageLoss: number | null;
  /** Mean gain of a trade, account currency. */
  expectancy: number | null;
  /** Mean r of those with a stop. */
  expectancyR: number | null;
  withR: number;
  medianMinutes: number | null;
  longest: { wins: number; losses: number };
}

export interface OrderFigures {
  executions: number;
  /** Executed value, both sides. */
  notional: number;
  /** notional ÷ mean equity. */
  turnover: number | null;
  fees: number;
  hasFees: boolean;
  costs: { borrow: number; interest: number } | null;
  /** Against the price at the decision, > 0: worse. null: not stored. */
  slippage: { amount: number; bps: number; executions: number } | null;
  /** Share of the hours of trade in which something was held. */
  timeInMarket: number | null;
  /** Mean gross value held ÷ equity, over the hours of trade; null: not known. */
  exposure: number | null;
  denials: { by: string; code: string; count: number }[];
}

/** "total": one row, of all trades. */
export type GroupName = "symbol" | "strategy" | "side" | "weekday" | "hour" | "total";

export interface GroupRow {
  name: string;
  trades: number;
  winRate: number | null;
  profitFactor: number | null;
  gain: number;
  /** Of what was opened, %. */
  gainPercent: number | null;
  /** Mean. */
  r: number | null;
  fees: number;
}

export interface PriceChart {
  symbol: string;
  scale: "minute" | "day" | "executions";
  timeUs: number[];
  open: number[];
  high: number[];
  low: number[];
  close: number[];
  trips: Trip[];
  /** Of the symbol, beyond those here. */
  moreTrips: number;
}
