const ISO =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(\.\d{1,9})?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?$/;
/** The year 2255, up to which microseconds are exact in float64. */
const TIME_US_MAX = 2 ** 53;
/** No market's recorded prices are older: an earlier year is one that was written wrong. */
const TIME_US_MIN = Date.UTC(1800, 0, 1) * 1000;

/**
 * Microseconds since the epoch of an ISO time (without zone: UTC) or an epoch time, whose unit
 * (seconds, milliseconds, microseconds, nanoseconds) is told by its size; null where it is neither.
 */
export function parseTimeUs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const value = Number(text);
    // 1e11 s is the year 5138, 1e11 ms is 1973: no market data of today is ambiguous.
    const us = value < 1e11
      ? value * 1e6
      : value < 1e14
      ? value * 1000
      : value < 1e17
      ? value
      : value / 1000;
    return us <= TIME_US_MAX ? Math.round(us) : null;
  }
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, date, time = "00:00", seconds = "00", fraction = "", zone = "Z"] = match;
  const ms = Date.parse(`${date}T${time}:${seconds}${zone === "UTC" ? "Z" : zone}`);
  if (Number.isNaN(ms)) return null;
  // Date.parse moves 30 February into March.
  if (Number(date.slice(8)) > daysInMonth(Number(date.slice(0, 4)), Number(date.slice(5, 7)))) {
    return null;
  }
  const us = ms * 1000 + Math.floor(Number(fraction === "" ? 0 : `0${fraction}`) * 1e6 + 1e-4);
  return us >= TIME_US_MIN && us <= TIME_US_MAX ? us : null;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
