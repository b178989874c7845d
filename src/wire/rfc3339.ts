/** RFC 3339 times ("2022-01-03T14:31:00.123456789Z") as microseconds since the epoch. */

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Digits past the microsecond are cut off; NaN where the text is no such time. */
export function parseRfc3339Us(text: string): number {
  const match = SHAPE.exec(text);
  if (!match) return NaN;
  const [, year, month, day, hour, minute, second, fraction = "", zone] = match;
  const wholeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return wholeMs * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}

/** With as many digits of a second as are needed: none, or six. */
export function formatRfc3339(timeUs: number): string {
  const wholeS = Math.floor(timeUs / 1e6);
  const us = Math.floor(timeUs - wholeS * 1e6);
  const text = new Date(wholeS * 1000).toISOString().slice(0, 19);
  return us === 0 ? `${text}Z` : `${text}.${String(us).padStart(6, "0")}Z`;
}
