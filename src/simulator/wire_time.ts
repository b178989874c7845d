import { exchangeDate, exchangeTime } from "../model/calendar.ts";

/** RFC 3339 in UTC, to the microsecond, no trailing zeros: "2022-01-03T14:30:00.25Z". */
export function rfc3339(us: number): string {
  return new Date(Math.floor(us / 1e6) * 1000).toISOString().slice(0, 19) + fraction(us) + "Z";
}

/** As rfc3339, in the exchange's zone: "2022-01-03T09:30:00.25-05:00". */
export function exchangeRfc3339(us: number): string {
  const local = `${exchangeDate(us)}T${exchangeTime(us)}`;
  const offsetMinutes = (Date.parse(`${local}Z`) - Math.floor(us / 1e6) * 1000) / 60_000;
  const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, "0");
  const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, "0");
  return `${local}${fraction(us)}${offsetMinutes < 0 ? "-" : "+"}${hours}:${minutes}`;
}

function fraction(us: number): string {
  const rest = us - Math.floor(us / 1e6) * 1e6;
  return rest === 0 ? "" : "." + String(Math.floor(rest)).padStart(6, "0").replace(/0+$/, "");
}
