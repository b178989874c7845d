/** What the round trips say: rates, groups, the best and the worst. */
import { exchangeTime, minutesSinceMidnight } from "../model/calendar.ts";
import type { GroupName, GroupRow, TradeFigures } from "./report_types.ts";
import type { Trip } from "./trips.ts";

const WEEKDAYS = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
];

export function tradeFigures(trips: readonly Trip[]): TradeFigures {
  const gains = trips.map(({ gain }) => gain);
  const wins = gains.filter((gain) => gain > 0);
  const losses = gains.filter((gain) => gain < 0);
  const rs = trips.flatMap(({ r }) => r === null ? [] : [r]);
  const minutes = trips.map(({ startUs, endUs }) => (endUs - startUs) / 60e6).sort((a, b) => a - b);
  return {
    count: trips.length,
    wins: wins.length,
    losses: losses.length,
    winRate: share(wins.length, trips.length),
    profitFactor: profitFactor(trips),
    averageWin: mean(wins),
    averageLoss: mean(losses),
    expectancy: mean(gains),
    expectancyR: mean(rs),
    withR: rs.length,
    medianMinutes: minutes.length === 0 ? null : median(minutes),
    longest: {
      wins: longestRun(gains, (gain) => gain > 0),
      losses: longestRun(gains, (gain) => gain < 0),
    },
  };
}

/** By the entry's time of the exchange; hours are begun ones. */
export function tradeGroups(trips: readonly Trip[]): Record<GroupName, GroupRow[]> {
  return {
    symbol: groupsBy(trips, ({ symbol }) => symbol),
    strategy: groupsBy(trips, ({ strategy }) => strategy),
    side: groupsBy(trips, ({ side }) => side),
    weekday: groupsBy(trips, ({ startUs }) => weekdayOf(startUs), WEEKDAYS),
    total: groupsBy(trips, () => "total"),
    hour: groupsBy(trips, ({ startUs }) => `${exchangeTime(startUs).slice(0, 2)}:00`),
  };
}

/** By gain; of equal ones the earlier first. Those that won, or lost, alone. */
export function bestAndWorst(
  trips: readonly Trip[],
  count: number,
): { best: Trip[]; worst: Trip[] } {
  const sorted = trips.toSorted((a, b) => b.gain - a.gain);
  return {
    best: sorted.filter(({ gain }) => gain > 0).slice(0, count),
    worst: sorted.filter(({ gain }) => gain < 0).reverse().slice(0, count),
  };
}

function weekdayOf(us: number): string {
  // The exchange's midnight, read as one of UTC.
  const midnightUs = us - minutesSinceMidnight(us) * 60e6;
  return WEEKDAYS[new Date((midnightUs + 12 * 3600e6) / 1000).getUTCDay()];
}

function groupsBy(
  trips: readonly Trip[],
  nameOf: (trip: Trip) => string,
  order: readonly string[] = [],
): GroupRow[] {
  const groups = [...Map.groupBy(trips, nameOf)];
  groups.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : a > b ? 1 : 0));
  return groups.map(([name, rows]) => ({
    name,
    trades: rows.length,
    winRate: share(rows.filter(({ gain }) => gain > 0).length, rows.length),
    profitFactor: profitFactor(rows),
    gain: sum(rows.map(({ gain }) => gain)),
    gainPercent: percentOf(rows),
    r: mean(rows.flatMap(({ r }) => r === null ? [] : [r])),
    fees: sum(rows.map(({ fees }) => fees)),
  }));
}

function percentOf(trips: readonly Trip[]): number | null {
  const opened = sum(trips.map(({ qty, entryPrice }) => Math.abs(qty * entryPrice)));
  return opened > 0 ? 100 * sum(trips.map(({ gain }) => gain)) / opened : null;
}

function profitFactor(trips: readonly Trip[]): number | null {
  let [won, lost] = [0, 0];
  for (const { gain } of trips) gain > 0 ? won += gain : lost -= gain;
  return lost > 0 ? won / lost : null;
}

function longestRun(values: readonly number[], isIn: (value: number) => boolean): number {
  let [run, longest] = [0, 0];
  for (const value of values) {
    run = isIn(value) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
