/**
 * All that a report says, as plain data.
 * Invariant: it says the same of the same rows, at any time: nothing here looks at a clock. What cannot be
 * known is null, and `notes` says why; nothing is guessed.
 */
import {
  calmarRatio,
  dailyReturns,
  dailyValues,
  dayEnds,
  daysAYear,
  ruinedAt,
  sharpeRatio,
  sortinoRatio,
  YEAR_US,
} from "../fincalcs/performance.ts";
import {
  annualVolatility,
  deepestFall,
  monthlyReturns,
  rollingFigures,
} from "../fincalcs/rolling.ts";
import { assetClassOf } from "../model/asset.ts";
import { cryptoSession, exchangeDate, sessionsBetween } from "../model/calendar.ts";
import { analyzeBatch } from "./batch_analysis.ts";
import { benchmarkOf } from "./benchmark.ts";
import { curveTimes, executionCurve } from "./execution_curve.ts";
import { orderFigures } from "./order_figures.ts";
import { dataGaps, priceCharts } from "./price_charts.ts";
import type { PriceBook } from "./price_book.ts";
import { notesOf } from "./report_notes.ts";
import type { Drawdown, Report, ReturnFigures } from "./report_types.ts";
import { reportBatches } from "./report_batches.ts";
import type { Selection } from "./selection.ts";
import { type Curve, thinCurve } from "./thin_curve.ts";
import { bestAndWorst, sum, tradeFigures, tradeGroups } from "./trade_figures.ts";
import { tripsOf } from "./trips.ts";

const POINTS_MAX = 2000;
const TRADES_SHOWN = 5;
/** From so many on a benchmark is shown by days. */
const DAYS_ENOUGH = 60;
/** A quarter of a year of sessions; where there are fewer days, a third of them. */
const ROLLING_DAYS = 63;
const ROLLING_DAYS_MIN = 5;

export interface ReportOptions {
  prices: PriceBook;
  /** What the account began with, where the caller says so. */
  startEquity?: number;
  /** Whose prices the account is held against; its bars are in `prices`. */
  benchmark?: string;
}

export function buildReport(selection: Selection, options: ReportOptions): Report {
  const { runs, trades, before, filters } = selection;
  const { prices } = options;
  const { analysis, results } = analyzeBatch(runs, trades, before);
  const trips = tripsOf(results, { runs, trades: [...before, ...trades] }, prices);
  const period = periodOf(selection);
  const start = startEquityOf(selection, options);
  const made = curveOf(selection, { prices, period, start });
  const { curve, source } = made;
  const daily = dailyOf(curve, period, start !== null);
  const fees = analysis.hasFees;
  const open = analysis.rows.filter(({ openQty }) => openQty !== "0")
    .map(({ symbol, strategy, openQty }) => ({ symbol, strategy, qty: openQty }));
  const shown = thinCurve(curve, { pointsMax: POINTS_MAX });
  const fall = start === null ? null : drawdownOf(curve);
  const benchmark = start === null ? null : benchmarkOf({
    wanted: options.benchmark,
    traded: [...new Set(trades.map(({ symbol }) => symbol))],
    prices,
    timesUs: daily.date.length > DAYS_ENOUGH
      ? [period.fromUs, ...dayEnds(period.fromUs, period.toUs, period.isRoundTheClock)]
      : thinTimes(made.exposure.timeUs),
    startEquity: start,
  });
  const gaps = dataGaps(trades, prices, period);
  const charts = priceCharts(trips, trades, prices);
  return {
    batches: reportBatches(selection),
    period: { ...period, days: daily.date.length },
    filters: {
      strategies: [...filters.strategies ?? []],
      symbols: [...filters.symbols ?? []],
      fromUs: filters.fromUs ?? null,
      toUs: filters.toUs ?? null,
    },
    notes: notesOf(selection, { prices, start, made, fees, benchmark, wanted: options.benchmark }),
    account: {
      startEquity: start,
      endEquity: start === null ? null : curve.equity.at(-1) ?? null,
      source,
      gain: Number(analysis.totals.gainValue),
      open,
    },
    returns: returnsOf({ curve, daily, fall, period, start }),
    trades: tradeFigures(trips),
    orders: orderFigures(selection, {
      hasFees: fees,
      meanEquity: start === null ? null : meanOf(curve.equity),
      exposure: made.exposure,
      hasEquity: start !== null,
      sessions: made.sessions,
    }),
    market: marketOf(selection),
    groups: tradeGroups(trips),
    ...bestAndWorst(trips, TRADES_SHOWN),
    trips,
    curve: { ...shown, drawdown: drawdownsOf(shown.equity, start !== null) },
    benchmark,
    daily,
    months: monthlyReturns(daily.date, daily.return),
    rolling: rollingOf(daily, start, period.isRoundTheClock),
    charts,
    gaps,
  };
}

interface Period {
  fromUs: number;
  toUs: number;
  isRoundTheClock: boolean;
}

/** From the first run's start to the last end, execution or both, within the filters. */
function periodOf({ runs, trades, filters, figures }: Selection): Period {
  const stored = [...figures.values()];
  const times = trades.map(({ tradeUs }) => tradeUs);
  const starts = [...stored.map(({ fromUs }) => fromUs), ...runs.map(({ startUs }) => startUs)];
  const ends = stored.length > 0
    ? stored.map(({ countedToUs }) => countedToUs)
    : runs.flatMap(({ endUs }) => endUs === null ? [] : [endUs]);
  const first = least([...starts, ...times]);
  const last = -least([...ends, ...times, first].map((us) => -us));
  const fromUs = Math.max(first, filters.fromUs ?? -Infinity);
  const symbols = new Set(trades.map(({ symbol }) => symbol));
  return {
    fromUs,
    toUs: Math.max(fromUs, Math.min(last, filters.toUs ?? Infinity)),
    isRoundTheClock: symbols.size > 0
      ? [...symbols].every((symbol) => assetClassOf(symbol) === "crypto")
      : stored.length > 0 && stored.every(({ isRoundTheClock }) => isRoundTheClock),
  };
}

/** Of hundreds of thousands of values, which no argument list takes. */
function least(values: readonly number[]): number {
  return values.reduce((low, one) => Math.min(low, one), Infinity);
}

function startEquityOf({ figures, batchIds }: Selection, options: ReportOptions): number | null {
  if (options.startEquity !== undefined) return options.startEquity;
  for (const id of batchIds) {
    const known = figures.get(id)?.startEquity;
    if (known !== undefined && known !== null && known > 0) return known;
  }
  return null;
}

export interface MadeCurve {
  curve: Curve;
  source: "account" | "executions";
  exposure: { timeUs: number[]; gross: number[]; equity: number[] };
  sessions: { openUs: number; closeUs: number }[];
  unpriced: string[];
  /** What the account had at the end beyond what executions explain; null: not known. */
  unexplained: number | null;
}

/** The account's own where all of one batch is looked at, else that of the executions. */
function curveOf(
  selection: Selection,
  { prices, period, start }: { prices: PriceBook; period: Period; start: number | null },
): MadeCurve {
  const { fromUs, toUs, isRoundTheClock } = period;
  const { trades, before, batchIds, figures } = selection;
  const [first, last] = [exchangeDate(fromUs), exchangeDate(Math.max(fromUs, toUs - 1))];
  const dates = isRoundTheClock
    ? dayEnds(fromUs, toUs, true).map((us) => exchangeDate(us - 1))
    : [];
  const sessions = isRoundTheClock ? dates.map(cryptoSession) : sessionsBetween(first, last);
  const dayEndsUs = sessions.map(({ closeUs }) => closeUs).filter((us) =>
    us > fromUs && us <= toUs
  );
  const timesUs = curveTimes({ fromUs, toUs, trades, sessions, dayEndsUs, pointsMax: POINTS_MAX });
  const made = executionCurve({
    startEquity: start ?? 0,
    before,
    trades,
    timesUs,
    dayEndsUs,
    prices,
  });
  const exposure = { timeUs: made.timeUs, gross: made.exposure, equity: made.equity };
  const stored = batchIds.length === 1 && !selection.isPart ? figures.get(batchIds[0]) : undefined;
  const isStored = stored !== undefined && stored.curve.timeUs.length > 1 &&
    stored.startEquity === start;
  const common = { exposure, sessions, unpriced: made.unpriced };
  if (!isStored) {
    const { timeUs, equity } = made;
    return { ...common, curve: { timeUs, equity }, source: "executions", unexplained: null };
  }
  const isFlat = made.exposure.at(-1) === 0;
  return {
    ...common,
    curve: stored.curve,
    source: "account",
    unexplained: isFlat ? stored.curve.equity.at(-1)! - made.equity.at(-1)! : null,
  };
}

function dailyOf(curve: Curve, { fromUs, toUs, isRoundTheClock }: Period, isKnown: boolean) {
  if (!isKnown || curve.timeUs.length === 0) return { date: [], equity: [], return: [] };
  const values = dailyValues(curve, { fromUs, endUs: toUs, isRoundTheClock });
  const ends = dayEnds(fromUs, toUs, isRoundTheClock);
  return {
    date: ends.map((us) => exchangeDate(us - 1)),
    equity: values,
    return: dailyReturns(values),
  };
}

function returnsOf({ curve, daily, fall, period, start }: {
  curve: Curve;
  daily: Report["daily"];
  fall: Drawdown | null;
  period: Period;
  start: number | null;
}): ReturnFigures {
  const nothing = {
    total: null,
    cagr: null,
    volatility: null,
    sharpe: null,
    sortino: null,
    calmar: null,
    maxDrawdown: fall,
    bestDay: null,
    worstDay: null,
    winningDays: null,
    ruinedUs: null,
  };
  if (start === null || curve.equity.length === 0) return nothing;
  const { isRoundTheClock } = period;
  const { return: returns, equity: values, date } = daily;
  const total = curve.equity.at(-1)! / start - 1;
  const ruinedUs = ruinedAt(curve);
  if (ruinedUs !== null) return { ...nothing, total, ruinedUs };
  const years = returns.length / daysAYear(isRoundTheClock);
  const moved = returns.filter((one) => one !== 0);
  const place = (better: (a: number, b: number) => boolean) => {
    if (returns.length === 0) return null;
    const at = returns.reduce((best, one, i) => better(one, returns[best]) ? i : best, 0);
    return { date: date[at], return: returns[at] };
  };
  return {
    ...nothing,
    total,
    cagr: returns.length < 2 ? null : (1 + total) ** (1 / years) - 1,
    volatility: annualVolatility(returns, isRoundTheClock),
    sharpe: sharpeRatio(values, isRoundTheClock),
    sortino: sortinoRatio(returns, isRoundTheClock),
    calmar: returns.length < 2 || fall === null
      ? null
      : calmarRatio(total, fall.share, years * YEAR_US),
    bestDay: place((a, b) => a > b),
    worstDay: place((a, b) => a < b),
    winningDays: moved.length === 0 ? null : moved.filter((one) => one > 0).length / moved.length,
  };
}

function drawdownOf({ timeUs, equity }: Curve): Drawdown | null {
  const fall = deepestFall(equity);
  if (fall === null) return null;
  const recoveredUs = fall.recovered === null ? null : timeUs[fall.recovered];
  return {
    share: fall.share,
    peakUs: timeUs[fall.peak],
    troughUs: timeUs[fall.trough],
    recoveredUs,
    days: ((recoveredUs ?? timeUs.at(-1)!) - timeUs[fall.peak]) / 86_400e6,
  };
}

/** ≤ 0: −0.1 is 10 % below the peak. */
function drawdownsOf(equity: readonly number[], isKnown: boolean): number[] {
  let peak = -Infinity;
  return equity.map((value) => {
    peak = Math.max(peak, value);
    return isKnown && peak > 0 ? Math.min(0, value / peak - 1) : 0;
  });
}

function rollingOf(
  { date, equity, return: returns }: Report["daily"],
  start: number | null,
  isRoundTheClock: boolean,
): Report["rolling"] {
  const days = Math.min(ROLLING_DAYS, Math.floor(returns.length / 3));
  if (start === null || days < ROLLING_DAYS_MIN) return null;
  return { days, date, ...rollingFigures(equity, returns, { days, isRoundTheClock }) };
}

function marketOf({ figures, isPart }: Selection): Report["market"] {
  const all = [...figures.values()].flatMap(({ market }) => market === null ? [] : [market]);
  if (all.length === 0 || isPart) return null;
  return {
    rows: sum(all.map(({ rows }) => rows)),
    dropped: sum(all.map(({ dropped }) => dropped)),
    outOfSync: sum(all.map(({ outOfSync }) => outOfSync)),
    rowsLost: sum(all.map(({ rowsLost }) => rowsLost)),
    lagSecondsMax: Math.max(...all.map(({ lagSecondsMax }) => lagSecondsMax)),
  };
}

/** Of the hours of trade; few enough to be drawn. */
function thinTimes(timesUs: readonly number[]): number[] {
  const every = Math.ceil(timesUs.length / 500);
  return timesUs.filter((_, i) => i % every === 0 || i === timesUs.length - 1);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}
