import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDays,
  cryptoSession,
  exchangeDate,
  exchangeDay,
  exchangeTime,
  exchangeUs,
  extendedSessionAt,
  minutesSinceMidnight,
  nextSession,
  previousSession,
  sessionAt,
  sessionOf,
  sessionsBetween,
} from "./calendar.ts";

const us = (iso: string) => Date.parse(iso) * 1000;

/** Weekdays of a year without a session. */
function closedWeekdays(year: number): string[] {
  const days: string[] = [];
  for (let date = `${year}-01-01`; date <= `${year}-12-31`; date = addDays(date, 1)) {
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6 && sessionOf(date) === null) days.push(date.slice(5));
  }
  return days;
}

function earlyCloses(year: number): string[] {
  return sessionsBetween(`${year}-01-01`, `${year}-12-31`).filter((s) => s.isEarlyClose)
    .map((s) => s.date.slice(5));
}

Deno.test("the exchange is closed on the holidays that its published calendars name", () => {
  const check = (year: number, days: string) =>
    assert.deepEqual(closedWeekdays(year), days.split(" "), `holidays of ${year}`);
  check(2000, "01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25");
  check(2001, "01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25");
  check(2004, "01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24");
  check(2007, "01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25");
  check(2010, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24");
  check(2012, "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25");
  check(2018, "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25");
  check(2020, "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25");
  check(2021, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24");
  check(2022, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26");
  check(2023, "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25");
  check(2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25");
  check(2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25");
  check(2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25");
  check(2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24");
  check(2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25");
  check(2030, "01-01 01-21 02-18 04-19 05-27 06-19 07-04 09-02 11-28 12-25");
});

Deno.test("the exchange closes at 13:00 on the days that its published calendars name", () => {
  const check = (year: number, days: string) =>
    assert.deepEqual(earlyCloses(year), days.split(" "), `early closes of ${year}`);
  check(2000, "07-03 11-24");
  check(2001, "07-03 11-23 12-24");
  check(2002, "07-05 11-29 12-24");
  check(2003, "07-03 11-28 12-24 12-26");
  check(2004, "11-26");
  check(2008, "07-03 11-28 12-24");
  check(2010, "11-26");
  check(2013, "07-03 11-29 12-24");
  check(2014, "07-03 11-28 12-24");
  check(2015, "11-27 12-24");
  check(2019, "07-03 11-29 12-24");
  check(2020, "11-27 12-24");
  check(2021, "11-26");
  check(2022, "11-25");
  check(2023, "07-03 11-24");
  check(2024, "07-03 11-29 12-24");
  check(2025, "07-03 11-28 12-24");
  check(2026, "11-27 12-24");
  check(2027, "11-26");
  check(2028, "07-03 11-24");
});

Deno.test("years have as many sessions as were traded", () => {
  const counts = { 2001: 248, 2012: 250, 2019: 252, 2020: 253, 2021: 252, 2022: 251, 2023: 250 };
  for (const [year, count] of Object.entries(counts)) {
    assert.equal(sessionsBetween(`${year}-01-01`, `${year}-12-31`).length, count, year);
  }
});

Deno.test("a session has its hours in winter, in summer and on an early close", () => {
  assert.deepEqual(sessionOf("2022-01-03"), {
    date: "2022-01-03",
    openUs: us("2022-01-03T14:30:00Z"),
    closeUs: us("2022-01-03T21:00:00Z"),
    extendedOpenUs: us("2022-01-03T09:00:00Z"),
    extendedCloseUs: us("2022-01-04T01:00:00Z"),
    isEarlyClose: false,
  });
  assert.equal(sessionOf("2022-07-05")!.openUs, us("2022-07-05T13:30:00Z"));
  const short = sessionOf("2022-11-25")!;
  assert.equal(short.closeUs, us("2022-11-25T18:00:00Z"));
  assert.equal(short.extendedCloseUs, us("2022-11-25T22:00:00Z"));
});

Deno.test("a session holds its open and not its close", () => {
  const open = us("2022-01-03T14:30:00Z");
  const close = us("2022-01-03T21:00:00Z");
  assert.equal(sessionAt(open - 1), null);
  assert.equal(sessionAt(open)?.date, "2022-01-03");
  assert.equal(sessionAt(close - 1)?.date, "2022-01-03");
  assert.equal(sessionAt(close), null);
  assert.equal(extendedSessionAt(close)?.date, "2022-01-03");
  assert.equal(extendedSessionAt(us("2022-01-04T00:59:59Z"))?.date, "2022-01-03");
  assert.equal(extendedSessionAt(us("2022-01-04T01:00:00Z")), null);
});

Deno.test("next and previous session pass over weekends and holidays", () => {
  const sunday = us("2022-01-16T12:00:00Z");
  assert.equal(nextSession(sunday).date, "2022-01-18");
  assert.equal(previousSession(sunday).date, "2022-01-14");
  const session = sessionOf("2022-01-18")!;
  assert.equal(nextSession(session.openUs - 1).date, "2022-01-18");
  assert.equal(nextSession(session.openUs).date, "2022-01-19");
  assert.equal(previousSession(session.closeUs - 1).date, "2022-01-14");
  assert.equal(previousSession(session.closeUs).date, "2022-01-18");
  assert.equal(nextSession(us("2001-09-10T21:00:00Z")).date, "2001-09-17");
});

Deno.test("crypto's session is the exchange's day, of 23 and 25 hours when clocks change", () => {
  const hours = (date: string) => {
    const session = cryptoSession(date);
    return (session.closeUs - session.openUs) / 3600e6;
  };
  assert.equal(cryptoSession("2022-01-03").openUs, us("2022-01-03T05:00:00Z"));
  assert.equal(hours("2022-01-03"), 24);
  assert.equal(hours("2022-03-13"), 23);
  assert.equal(hours("2022-11-06"), 25);
});

Deno.test("a skipped wall time is read by the old offset, a repeated one is the first", () => {
  assert.equal(exchangeUs("2022-03-13", "02:30"), us("2022-03-13T07:30:00Z"));
  assert.equal(exchangeUs("2022-03-13", "03:00"), us("2022-03-13T07:00:00Z"));
  assert.equal(exchangeUs("2022-11-06", "01:30"), us("2022-11-06T05:30:00Z"));
  assert.equal(exchangeUs("2022-11-06", "02:00"), us("2022-11-06T07:00:00Z"));
  assert.equal(exchangeUs("2022-01-03", "24:00"), exchangeUs("2022-01-04", "00:00"));
});

Deno.test("dates and times that are none are refused by name", () => {
  assert.throws(() => sessionOf("2022-02-30"), /"2022-02-30" as a date/);
  assert.throws(() => sessionOf("3.1.2022"), RangeError);
  assert.throws(() => exchangeUs("2022-01-03", "9:30"), /"9:30" as an exchange time/);
  assert.throws(() => exchangeUs("2022-01-03", "24:01"), RangeError);
  assert.throws(() => exchangeUs("2022-01-03", "12:60"), RangeError);
});

const wallClock = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "America/New_York",
  dateStyle: "short",
  timeStyle: "medium",
});
const anyMoment = fc.integer({
  min: Date.parse("1999-12-01T00:00:00Z") / 1000,
  max: Date.parse("2031-01-31T00:00:00Z") / 1000,
}).map((seconds) => seconds * 1e6);
/** Within a day of a change of clocks, where errors would be. */
const nearClockChange = fc.tuple(
  fc.constantFrom("2006-04-02", "2006-10-29", "2007-03-11", "2022-03-13", "2022-11-06"),
  fc.integer({ min: -86_400, max: 2 * 86_400 }),
).map(([date, seconds]) => us(`${date}T00:00:00Z`) + seconds * 1e6);

Deno.test("date and wall clock are those of Intl at any second", () => {
  fc.assert(
    fc.property(fc.oneof(anyMoment, nearClockChange), (moment) => {
      const [date, time] = wallClock.format(moment / 1000).split(" ");
      assert.equal(exchangeDate(moment), date);
      assert.equal(exchangeTime(moment), time);
      const [hours, minutes] = time.split(":").map(Number);
      assert.equal(minutesSinceMidnight(moment), hours * 60 + minutes);
      assert.equal(exchangeDay(moment), Date.parse(`${date}T00:00:00Z`) / 86_400e3);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a wall time leads to a moment that shows it, unless spring skips it", () => {
  fc.assert(
    fc.property(fc.oneof(anyMoment, nearClockChange), (moment) => {
      const [date, time] = wallClock.format(moment / 1000).split(" ");
      const found = exchangeUs(date, time.slice(0, 5));
      assert.equal(wallClock.format(found / 1000), `${date} ${time.slice(0, 5)}:00`);
      assert.ok(found <= moment, "the first of two");
      assert.ok(moment - found < 61 * 60e6 + 3600e6);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("sessions do not overlap, and neighbours find one another", () => {
  const all = sessionsBetween("2000-01-01", "2030-12-31");
  assert.equal(all.length, new Set(all.map((session) => session.date)).size);
  for (let i = 1; i < all.length; i++) {
    assert.ok(all[i - 1].extendedCloseUs < all[i].extendedOpenUs, all[i].date);
    assert.equal(nextSession(all[i - 1].openUs), all[i]);
    assert.equal(previousSession(all[i].closeUs - 1), all[i - 1]);
  }
});

Deno.test("days before there were time zones have dates too", () => {
  assert.equal(exchangeDate(Date.UTC(1850, 0, 3, 4, 56) * 1000), "1850-01-02");
  assert.equal(exchangeDate(Date.UTC(1850, 0, 3, 4, 57) * 1000), "1850-01-03");
});
