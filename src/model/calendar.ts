/**
 * The sessions of the US equities exchanges (NYSE, Nasdaq), and the day of crypto in the same
 * shape. Invariant: the exchange's zone, America/New_York, is known here and nowhere else. All
 * functions are pure: what is kept between calls are answers that never change.
 */

/** One trading day. All times are microseconds since the epoch; each period is [open, close). */
export interface Session {
  /** The exchange's date, "YYYY-MM-DD". */
  readonly date: string;
  /** Regular hours: 09:30 … 16:00 New York, 13:00 on an early close. */
  readonly openUs: number;
  readonly closeUs: number;
  /** Extended hours: 04:00 … 20:00 New York, 17:00 on an early close. */
  readonly extendedOpenUs: number;
  readonly extendedCloseUs: number;
  readonly isEarlyClose: boolean;
}

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;
const ZONE = "America/New_York";
/** Answers kept; beyond it the store is emptied. 100 years of days are 36,525. */
const KEPT_MAX = 40_000;

/**
 * The equities session of an exchange date, null where the exchange is closed (weekend, holiday).
 * Holidays follow the rules of NYSE 7.2 as they are since 1998, and the closures since 2000 that no
 * rule foretells.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(sessionOf("2022-07-04"), null);
 * const session = sessionOf("2022-11-25")!;
 * assert.equal(session.isEarlyClose, true);
 * assert.equal(session.closeUs, Date.parse("2022-11-25T18:00:00Z") * 1000);
 * ```
 */
export function sessionOf(date: string): Session | null {
  return sessionOfDay(dayOf(date));
}

/** The session whose regular hours hold `us`: openUs ≤ us < closeUs; null outside of them. */
export function sessionAt(us: number): Session | null {
  const session = extendedSessionAt(us);
  return session !== null && us >= session.openUs && us < session.closeUs ? session : null;
}

/** The session whose extended hours hold `us`, regular hours included; null outside of them. */
export function extendedSessionAt(us: number): Session | null {
  if (newest !== null && us >= newest.extendedOpenUs && us < newest.extendedCloseUs) return newest;
  const session = sessionOfDay(exchangeDay(us));
  if (session === null || us < session.extendedOpenUs || us >= session.extendedCloseUs) return null;
  newest = session;
  return session;
}

/** The first session that opens after `us`; one that opens at `us` itself is not next. */
export function nextSession(us: number): Session {
  for (let day = exchangeDay(us);; day++) {
    const session = sessionOfDay(day);
    if (session !== null && session.openUs > us) return session;
  }
}

/** The last session that had closed at `us`: closeUs ≤ us. */
export function previousSession(us: number): Session {
  for (let day = exchangeDay(us);; day--) {
    const session = sessionOfDay(day);
    if (session !== null && session.closeUs <= us) return session;
  }
}

/** The sessions of the dates `from` … `to`, both included, in order. */
export function sessionsBetween(from: string, to: string): Session[] {
  const sessions: Session[] = [];
  for (let day = dayOf(from), last = dayOf(to); day <= last; day++) {
    const session = sessionOfDay(day);
    if (session !== null) sessions.push(session);
  }
  return sessions;
}

/**
 * The 24 hours of an exchange date, midnight to midnight New York (23 or 25 hours on the two days
 * where clocks change): what crypto, which never closes, calls a session.
 */
export function cryptoSession(date: string): Session {
  return kept(wholeDays, dayOf(date), makeWholeDay);
}

function makeWholeDay(day: number): Session {
  const openUs = usOfDay(day, 0);
  const closeUs = usOfDay(day + 1, 0);
  return Object.freeze({
    date: dateOf(day),
    openUs,
    closeUs,
    extendedOpenUs: openUs,
    extendedCloseUs: closeUs,
    isEarlyClose: false,
  });
}

/** The exchange's date at `us`, "YYYY-MM-DD". */
export function exchangeDate(us: number): string {
  return dateOf(exchangeDay(us));
}

/**
 * The exchange's date at `us` as days since 1970-01-01: what to compare where a text costs too
 * much.
 */
export function exchangeDay(us: number): number {
  return Math.floor((us + offsetUs(us)) / DAY_US);
}

/** The exchange's wall clock at `us`: whole minutes since midnight, 0 … 1439 (570 is 09:30). */
export function minutesSinceMidnight(us: number): number {
  const localUs = us + offsetUs(us);
  return Math.floor((localUs - Math.floor(localUs / DAY_US) * DAY_US) / MINUTE_US);
}

/** The exchange's wall clock at `us`, "HH:MM:SS". */
export function exchangeTime(us: number): string {
  return new Date(Math.floor((us + offsetUs(us)) / 1000)).toISOString().slice(11, 19);
}

/**
 * The moment at which the exchange's clock shows `time` ("HH:MM", "24:00" included) on `date`, in
 * microseconds since the epoch. A time that is skipped in spring is taken as if the clock had not
 * been moved; of a time that comes twice in autumn, the first is meant. Throws RangeError.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(exchangeUs("2022-01-03", "09:30"), Date.parse("2022-01-03T14:30:00Z") * 1000);
 * ```
 */
export function exchangeUs(date: string, time: string): number {
  const match = /^(\d\d):(\d\d)$/.exec(time);
  const minutes = match === null ? NaN : Number(match[1]) * 60 + Number(match[2]);
  if (match === null || Number(match[2]) > 59 || minutes > 24 * 60) {
    throw new RangeError(`Cannot read "${time}" as an exchange time: write HH:MM, 00:00 to 24:00`);
  }
  return usOfDay(dayOf(date), minutes);
}

/** `date` moved by whole days, "YYYY-MM-DD". */
export function addDays(date: string, days: number): string {
  return dateOf(dayOf(date) + days);
}

// Days are counted from 1970-01-01, which was a Thursday.

function dayOf(date: string): number {
  return kept(daysOfDates, date, readDate);
}

function readDate(date: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  // Date.parse refuses a day 32, and moves 2022-02-30 into March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`Cannot read "${date}" as a date: write an existing day as YYYY-MM-DD`);
  }
  return ms * 1000 / DAY_US;
}

function dateOf(day: number): string {
  return kept(datesOfDays, day, writeDate);
}

function writeDate(day: number): string {
  return new Date(day * DAY_US / 1000).toISOString().slice(0, 10);
}

/** 0 Sunday … 6 Saturday. */
function weekdayOf(day: number): number {
  return ((day + 4) % 7 + 7) % 7;
}

// Kept answers: a cache that nobody can see, because an answer never changes.
const sessions = new Map<number, Session | null>();
/** What was asked for last is mostly asked for again. */
let newest: Session | null = null;
const wholeDays = new Map<number, Session>();
const daysOfDates = new Map<string, number>();
const datesOfDays = new Map<number, string>();

function kept<Key, Answer>(
  answers: Map<Key, Answer>,
  key: Key,
  make: (key: Key) => Answer,
): Answer {
  const known = answers.get(key);
  if (known !== undefined) return known;
  if (answers.size >= KEPT_MAX) answers.clear();
  const answer = make(key);
  answers.set(key, answer);
  return answer;
}

function sessionOfDay(day: number): Session | null {
  return kept(sessions, day, makeSession);
}

function makeSession(day: number): Session | null {
  const weekday = weekdayOf(day);
  if (weekday === 0 || weekday === 6) return null;
  const date = dateOf(day);
  if (SPECIAL_CLOSURES.has(date) || isHoliday(day, date)) return null;
  const isEarlyClose = closesEarly(date, weekday);
  return Object.freeze({
    date,
    openUs: usOfDay(day, 9 * 60 + 30),
    closeUs: usOfDay(day, (isEarlyClose ? 13 : 16) * 60),
    extendedOpenUs: usOfDay(day, 4 * 60),
    extendedCloseUs: usOfDay(day, (isEarlyClose ? 17 : 20) * 60),
    isEarlyClose,
  });
}

/** Attacks of 2001, mourning for Reagan, Ford, Bush and Carter, hurricane Sandy. */
const SPECIAL_CLOSURES: ReadonlySet<string> = new Set([
  "2001-09-11",
  "2001-09-12",
  "2001-09-13",
  "2001-09-14",
  "2004-06-11",
  "2007-01-02",
  "2012-10-29",
  "2012-10-30",
  "2018-12-05",
  "2025-01-09",
]);

function isHoliday(day: number, date: string): boolean {
  const year = Number(date.slice(0, 4));
  switch (Number(date.slice(5, 7))) {
    case 1:
      // On a Saturday it is not moved to the Friday: the year's books are closed that day.
      return day === sundayToMonday(dayOf(`${year}-01-01`)) || day === nth(year, 1, 1, 3);
    case 2:
      return day === nth(year, 2, 1, 3);
    case 3:
    case 4:
      return day === easterSunday(year) - 2;
    case 5:
      return day === lastMondayOfMay(year);
    case 6:
      return year >= 2022 && day === observed(dayOf(`${year}-06-19`));
    case 7:
      return day === observed(dayOf(`${year}-07-04`));
    case 9:
      return day === nth(year, 9, 1, 1);
    case 11:
      return day === nth(year, 11, 4, 4);
    case 12:
      return day === observed(dayOf(`${year}-12-25`));
    default:
      return false;
  }
}

/** `weekday` (1 Monday … 6 Saturday) of an open day. */
function closesEarly(date: string, weekday: number): boolean {
  const year = Number(date.slice(0, 4));
  switch (date.slice(5)) {
    // The eve of Independence Day; until 2012 a Wednesday was a whole day, and the Friday after was
    // short.
    case "07-03":
      return weekday !== 3 || year >= 2013;
    case "07-05":
      return weekday === 5 && year <= 2012;
    case "12-24":
      return true;
    case "12-26":
      return year === 2003;
    default:
      return date.slice(5, 7) === "11" && dayOf(date) === nth(year, 11, 4, 4) + 1;
  }
}

/** The nth `weekday` of a month. */
function nth(year: number, month: number, weekday: number, n: number): number {
  const first = dayOf(`${year}-${String(month).padStart(2, "0")}-01`);
  return first + (weekday - weekdayOf(first) + 7) % 7 + (n - 1) * 7;
}

function lastMondayOfMay(year: number): number {
  const last = dayOf(`${year}-05-31`);
  return last - (weekdayOf(last) + 6) % 7;
}

function sundayToMonday(day: number): number {
  return weekdayOf(day) === 0 ? day + 1 : day;
}

/** A Saturday's holiday is kept on the Friday before, a Sunday's on the Monday after. */
function observed(day: number): number {
  return weekdayOf(day) === 6 ? day - 1 : sundayToMonday(day);
}

/** Gregorian Easter by the anonymous algorithm (Meeus, Astronomical Algorithms, chapter 8). */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - c % 4) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  const date = `${year}-${String(Math.floor(n / 31)).padStart(2, "0")}-${
    String(n % 31 + 1).padStart(2, "0")
  }`;
  return dayOf(date);
}

/** The moment at which the exchange's clock shows `minutes` since midnight on `day`. */
function usOfDay(day: number, minutes: number): number {
  const localUs = day * DAY_US + minutes * MINUTE_US;
  // New York is behind UTC, so both readings lie before the answer or at it; the first that fits is
  // meant.
  const before = localUs - offsetUs(localUs - DAY_US / 2);
  if (before + offsetUs(before) === localUs) return before;
  const after = localUs - offsetUs(before);
  return after + offsetUs(after) === localUs ? after : before;
}

/** New York's offset on one UTC day: `first` until `changeUs`, `then` from it on. */
interface DayOffsets {
  first: number;
  then: number;
  changeUs: number;
}

const offsets = new Map<number, DayOffsets>();

/** What to add to UTC for New York's wall clock, microseconds (−5 h or −4 h). */
function offsetUs(us: number): number {
  const day = Math.floor(us / DAY_US);
  let kept = offsets.get(day);
  if (kept === undefined) {
    if (offsets.size >= KEPT_MAX) offsets.clear();
    kept = offsetsOfDay(day);
    offsets.set(day, kept);
  }
  return us < kept.changeUs ? kept.first : kept.then;
}

function offsetsOfDay(day: number): DayOffsets {
  const first = intlOffsetUs(day * DAY_US);
  const then = intlOffsetUs((day + 1) * DAY_US - MINUTE_US);
  if (first === then) return { first, then, changeUs: day * DAY_US };
  // Clocks change at a whole minute: half the interval until one minute is left.
  let low = 0;
  let high = 24 * 60 - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (intlOffsetUs(day * DAY_US + middle * MINUTE_US) === first) low = middle;
    else high = middle;
  }
  return { first, then, changeUs: day * DAY_US + high * MINUTE_US };
}

const offsetFormat = new Intl.DateTimeFormat("en-US", {
  timeZone: ZONE,
  timeZoneName: "longOffset",
});

function intlOffsetUs(us: number): number {
  const name =
    offsetFormat.formatToParts(us / 1000).find((part) => part.type === "timeZoneName")!.value;
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name);
  if (match === null) throw new Error(`Bug in Liu: zone offset "${name}" is not understood`);
  if (match[1] === undefined) return 0;
  // Before 1883 the city's own time, with seconds.
  const size = Number(match[2]) * HOUR_US + Number(match[3]) * MINUTE_US +
    Number(match[4] ?? 0) * 1e6;
  return match[1] === "-" ? -size : size;
}
