/** Whether data speak for a backtest's range: nothing is traded on days that are not there. */
import type { BacktestScale } from "../backtest/options.ts";
import { type AssetClass, assetClassOf } from "../model/asset.ts";
import {
  addDays,
  cryptoSession,
  exchangeDate,
  type Session,
  sessionsBetween,
} from "../model/calendar.ts";
import type { MarketData, SymbolData } from "../recorded/market_data.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";

/** Symbols that one warning names. */
const SHOWN_MAX = 3;

export interface TestedRange {
  fromUs: number;
  toUs: number;
  scale: BacktestScale;
}

/** What of the range lies in sessions of the class; of days, the whole days, as bars are timed. */
export function sessionsOf(assetClass: AssetClass, range: TestedRange): Session[] {
  const [first, last] = [exchangeDate(range.fromUs), exchangeDate(range.toUs - 1)];
  const sessions: Session[] = [];
  if (assetClass === "crypto") {
    for (let date = first; date <= last; date = addDays(date, 1)) {
      sessions.push(cryptoSession(date));
    }
  } else sessions.push(...sessionsBetween(first, last));
  return sessions
    .map((session) => range.scale === "day" ? cryptoSession(session.date) : session)
    .map(({ openUs, closeUs, ...session }) => ({
      ...session,
      openUs: Math.max(openUs, range.fromUs),
      closeUs: Math.min(closeUs, range.toUs),
    }))
    .filter(({ openUs, closeUs }) => openUs < closeUs);
}

/** Throws ConfigError where no exchange of these assets is open in the range. */
export function mustHaveSessions(assets: readonly AssetClass[], range: TestedRange): void {
  if (assets.some((assetClass) => sessionsOf(assetClass, range).length > 0)) return;
  throw new ConfigError(
    `Cannot backtest ${rangeText(range)}: the exchange is closed then (a weekend, a holiday, or ` +
      "outside of its hours). Give a range with a session",
  );
}

/**
 * Warns of symbols that lack whole sessions: of `expected`, or else of all that there are.
 * Throws ConfigError where no symbol has a row in a session of the range.
 */
export function checkSessions(
  data: MarketData,
  expected: readonly string[],
  range: TestedRange,
): void {
  const byClass = {
    us_equity: sessionsOf("us_equity", range),
    crypto: sessionsOf("crypto", range),
  };
  const lackOf = (symbol: string) => {
    const sessions = byClass[assetClassOf(symbol)];
    return { symbol, sessions, without: lacking(data.get(symbol), sessions, range.scale) };
  };
  const lacks = [...data.keys()].map(lackOf);
  if (lacks.every(({ sessions, without }) => without.length === sessions.length)) {
    throw new ConfigError(
      `Cannot backtest ${rangeText(range)}: no symbol has a row in a session of it. ` +
        `${heldText(data, range)}. Give a range that the data have, or other data`,
    );
  }
  const missing = (expected.length === 0 ? lacks : [...new Set(expected)].map(lackOf))
    .filter(({ without }) => without.length > 0);
  if (missing.length === 0) return;
  const texts = missing.slice(0, SHOWN_MAX).map(({ symbol, sessions, without }) =>
    `${symbol} has no rows on ${without.length} of ${sessions.length} sessions, first ` +
    `${without[0]!.date}, last ${without.at(-1)!.date}`
  );
  const more = missing.length - texts.length;
  logger("backtest").warning(
    "Data are missing, and nothing is traded there: {lacks}",
    { lacks: `${texts.join("; ")}${more > 0 ? `; and ${more} more symbols` : ""}` },
  );
}

/** The sessions in which a symbol has no row that would be replayed. */
function lacking(data: SymbolData | undefined, sessions: Session[], scale: BacktestScale) {
  if (data === undefined) return sessions;
  let without = sessions;
  for (const timeUs of timesOf(data, scale)) {
    let at = 0;
    without = without.filter(({ openUs, closeUs }) => {
      at = firstFrom(timeUs, openUs, at);
      return !(timeUs[at]! < closeUs);
    });
  }
  return without;
}

function timesOf(data: SymbolData, scale: BacktestScale): Float64Array[] {
  const { dailyBars, minuteBars, secondBars, trades, quotes } = data;
  if (scale === "day") return [dailyBars.timeUs];
  return [minuteBars, secondBars, trades, quotes].map(({ timeUs }) => timeUs);
}

/** The first place from `at` on of a time that is not before `us`: it is mostly near. */
function firstFrom(timeUs: Float64Array, us: number, at: number): number {
  let low = at;
  let step = 1;
  for (; timeUs[low + step - 1]! < us; step *= 2) low += step;
  let high = Math.min(timeUs.length, low + step - 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeUs[middle]! < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rangeText({ fromUs, toUs }: TestedRange): string {
  return `from ${exchangeDate(fromUs)} to ${exchangeDate(toUs - 1)}`;
}

/** What there is instead, of one symbol. */
function heldText(data: MarketData, { scale }: TestedRange): string {
  const [[symbol, first]] = [...data];
  const times = timesOf(first, scale).filter(({ length }) => length > 0);
  if (times.length === 0) {
    return scale === "day"
      ? `${symbol} has no days`
      : `${symbol} has days alone, for which there is --scale day`;
  }
  const from = exchangeDate(Math.min(...times.map((timeUs) => timeUs[0]!)));
  const to = exchangeDate(Math.max(...times.map((timeUs) => timeUs.at(-1)!)));
  return `The rows of ${symbol} are from ${from} to ${to}`;
}
