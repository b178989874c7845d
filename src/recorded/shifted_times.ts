import { cryptoSession, exchangeDate, sessionOf } from "../model/calendar.ts";
import { logger } from "../util/log.ts";
import type { SymbolData } from "./market_data.ts";

const HOUR_US = 3600e6;
/** Symbols that the warning names. */
const SHOWN_MAX = 3;

/** Where times without a zone were another zone's, a stock's whole day lies some hours off. */
export function warnOfShift(found: readonly SymbolData[], file: string): void {
  const shifted = found.filter(({ assetClass, minuteBars, secondBars }) =>
    assetClass !== "crypto" && (isShifted(minuteBars.timeUs) || isShifted(secondBars.timeUs))
  );
  if (shifted.length === 0) return;
  const symbols = shifted.slice(0, SHOWN_MAX).map(({ symbol }) => symbol).join(", ") +
    (shifted.length > SHOWN_MAX ? ` and ${shifted.length - SHOWN_MAX} more` : "");
  logger("data").warning(
    "{file}: most rows of {symbols} lie outside of the exchange's hours (09:30 to 16:00 New York). " +
      "Times without a zone are UTC: are these of another? Write them as 2022-01-03T09:30:00-05:00",
    { file, symbols },
  );
}

/**
 * More rows outside of regular hours than inside, and none in a session's first hour or none in its
 * last: data with all of the extended hours have more outside too, but the whole session.
 */
export function isShifted(timeUs: Float64Array): boolean {
  let [inside, early, late] = [0, 0, 0];
  let [fromUs, toUs, openUs, closeUs] = [0, -Infinity, 0, 0];
  for (let i = 0; i < timeUs.length; i++) {
    const us = timeUs[i];
    if (us < fromUs || us >= toUs) {
      const date = exchangeDate(us);
      ({ openUs: fromUs, closeUs: toUs } = cryptoSession(date));
      ({ openUs, closeUs } = sessionOf(date) ?? { openUs: 0, closeUs: 0 });
    }
    if (us < openUs || us >= closeUs) continue;
    inside++;
    if (us < openUs + HOUR_US) early++;
    if (us >= closeUs - HOUR_US) late++;
  }
  return timeUs.length > 2 * inside && (early === 0 || late === 0);
}
