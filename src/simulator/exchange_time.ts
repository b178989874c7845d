import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

/** RFC 3339 in the exchange's zone, as Alpaca's clock has it: "2022-01-03T09:30:00-05:00". */
export function exchangeRfc3339(us: number): string {
  const local = `${exchangeDate(us)}T${exchangeTime(us)}`;
  const offsetMinutes = (Date.parse(`${local}Z`) - Math.floor(us / 1e6) * 1000) / 60_000;
  const two = (value: number) => String(value).padStart(2, "0");
  const fraction = formatRfc3339(us).slice(19, -1);
  return `${local}${fraction}${offsetMinutes < 0 ? "-" : "+"}` +
    `${two(Math.floor(Math.abs(offsetMinutes) / 60))}:${two(Math.abs(offsetMinutes) % 60)}`;
}
