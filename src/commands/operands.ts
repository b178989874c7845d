import { InvalidArgumentError } from "commander";
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { ConfigError } from "../util/errors.ts";

/** Where a range begins: a date is the exchange's, from its midnight on. Microseconds. */
export function fromTime(text: string): number {
  return timeOf(text, ({ openUs }) => openUs);
}

/** Where a range ends, exclusive: a date is in it whole. Microseconds. */
export function toTime(text: string): number {
  return timeOf(text, ({ closeUs }) => closeUs);
}

/** "2022-01-03T14:30Z" */
export function timeText(us: number): string {
  return new Date(us / 1000).toISOString().replace(/(:00)?\.000Z$/, "Z");
}

/** Throws ConfigError for what cannot be one. */
export function symbolOf(text: string): string {
  if (/^[A-Z][A-Z0-9]*([./-][A-Z0-9]+)*$/.test(text)) return text;
  throw new ConfigError(`"${text}" is not a symbol: write AAPL, BRK.B, BTC/USD`);
}

function timeOf(text: string, ofDay: (day: { openUs: number; closeUs: number }) => number): number {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && isDate(text)) return ofDay(cryptoSession(text));
  const isTime = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[-+]\d\d:\d\d)$/.test(text) &&
    isDate(text.slice(0, 10));
  const ms = isTime ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms * 1000;
  throw new InvalidArgumentError(
    "It must be an exchange date, such as 2022-01-03, or a time with zone, such as " +
      "2022-01-03T09:30:00-05:00.",
  );
}

function isDate(text: string): boolean {
  try {
    return exchangeDate(cryptoSession(text).openUs) === text;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
