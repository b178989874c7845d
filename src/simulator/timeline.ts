/**
 * All events of all symbols in the order in which they are delivered.
 * Invariants: an event is three numbers that point into a symbol's columns; a step is one time, and
 * every event belongs to exactly one step. Within a step: bars, quotes, trades, each by symbol.
 */
import { RowKind } from "../model/market_batch.ts";
import { ConfigError } from "../util/errors.ts";
import { dayEndUs, type MarketData, MINUTE_US, type SymbolData } from "../recorded/market_data.ts";

/** Ten years. */
const MINUTES_MAX = 3650 * 1440;

export interface Timeline {
  /** An event's symbol is a place in this list. */
  symbols: SymbolData[];
  /** Time of step n at n − 1: whole minutes from start to end, and each event's time. */
  stepsUs: Float64Array;
  /** Step n's events are firstEvent[n − 1] … firstEvent[n] − 1. */
  firstEvent: Uint32Array;
  kind: Uint8Array;
  symbol: Uint32Array;
  /** The row in the symbol's columns. */
  row: Uint32Array;
}

/** When row `i` is delivered: a bar at its end, a daily bar at the close, all else at once. */
export function dueUs(data: SymbolData, kind: number, i: number): number {
  switch (kind) {
    case RowKind.minuteBar:
      return data.minuteBars.timeUs[i] + MINUTE_US;
    case RowKind.dailyBar:
      return dayEndUs(data.assetClass, data.dailyBars.timeUs[i]);
    case RowKind.quote:
      return data.quotes.timeUs[i];
    default:
      return data.trades.timeUs[i];
  }
}

/** Steps and events of [startUs, endUs], both included. What was before is history only. */
export function buildTimeline(data: MarketData, startUs: number, endUs: number): Timeline {
  const symbols = [...data.values()];
  const due: number[] = [];
  const kinds: number[] = [];
  const ids: number[] = [];
  const rows: number[] = [];
  for (const kind of [RowKind.minuteBar, RowKind.dailyBar, RowKind.quote, RowKind.trade]) {
    symbols.forEach((symbol, id) => {
      const length = rowsOf(symbol, kind);
      for (let row = 0; row < length; row++) {
        const us = dueUs(symbol, kind, row);
        if (us < startUs || us > endUs) continue;
        due.push(us);
        kinds.push(kind);
        ids.push(id);
        rows.push(row);
      }
    });
  }
  // The sort is stable: events of one time stay in the order in which they were added.
  const order = Uint32Array.from(due.keys()).sort((a, b) => due[a] - due[b]);
  const stepsUs = stepTimes(due, startUs, endUs);
  const firstEvent = new Uint32Array(stepsUs.length + 1);
  let event = 0;
  for (let step = 0; step < stepsUs.length; step++) {
    firstEvent[step] = event;
    while (event < order.length && due[order[event]] <= stepsUs[step]) event++;
  }
  firstEvent[stepsUs.length] = event;
  return {
    symbols,
    stepsUs,
    firstEvent,
    kind: Uint8Array.from(order, (i) => kinds[i]),
    symbol: Uint32Array.from(order, (i) => ids[i]),
    row: Uint32Array.from(order, (i) => rows[i]),
  };
}

function rowsOf(symbol: SymbolData, kind: number): number {
  switch (kind) {
    case RowKind.minuteBar:
      return symbol.minuteBars.timeUs.length;
    case RowKind.dailyBar:
      // Where there is anything finer, the day's bar follows from it.
      return isDailyOnly(symbol) ? symbol.dailyBars.timeUs.length : 0;
    case RowKind.quote:
      return symbol.quotes.timeUs.length;
    default:
      return symbol.trades.timeUs.length;
  }
}

export function isDailyOnly(symbol: SymbolData): boolean {
  return symbol.minuteBars.timeUs.length + symbol.trades.timeUs.length +
      symbol.quotes.timeUs.length === 0;
}

function stepTimes(due: number[], startUs: number, endUs: number): Float64Array {
  const firstMinuteUs = Math.ceil(startUs / MINUTE_US) * MINUTE_US;
  const minutes = Math.max(0, Math.floor((endUs - firstMinuteUs) / MINUTE_US) + 1);
  if (minutes > MINUTES_MAX) {
    throw new ConfigError(
      `Cannot simulate ${Math.round(minutes / 1440)} days at a minute's grain: ` +
        `${MINUTES_MAX / 1440} days is the most; move start or end`,
    );
  }
  const times = new Float64Array(minutes + due.length);
  for (let i = 0; i < minutes; i++) times[i] = firstMinuteUs + i * MINUTE_US;
  times.set(due, minutes);
  times.sort();
  let length = 0;
  for (const us of times) {
    if (length === 0 || us !== times[length - 1]) times[length++] = us;
  }
  return times.slice(0, length);
}
