import assert from "node:assert/strict";
import type { AssetClass } from "../model/asset.ts";
import { calendarDifferences, sessionWindows } from "./session_windows.ts";

function check(assetClass: AssetClass, cryptoEndMinutes: number | null, cases: string[][]): void {
  for (const [now, date, open, close] of cases) {
    const us = (time: string) => time === "" ? Infinity : Date.parse(`${time}:00Z`) * 1000;
    const options = { assets: [assetClass], cryptoEndMinutes };
    assert.deepEqual(sessionWindows(options, us(now)), [
      { assetClass, date, openUs: us(open), closeUs: us(close) },
    ], `at ${now}`);
  }
}

Deno.test("equities: today's session until its close, then the next one", () =>
  check("us_equity", null, [
    ["2022-01-03T05:00", "2022-01-03", "2022-01-03T14:30", "2022-01-03T21:00"],
    ["2022-01-03T20:59", "2022-01-03", "2022-01-03T14:30", "2022-01-03T21:00"],
    ["2022-01-03T21:00", "2022-01-04", "2022-01-04T14:30", "2022-01-04T21:00"],
    // Still Monday in New York.
    ["2022-01-04T04:59", "2022-01-04", "2022-01-04T14:30", "2022-01-04T21:00"],
    // Friday evening, a Saturday, and a Sunday before a holiday.
    ["2022-01-14T22:00", "2022-01-18", "2022-01-18T14:30", "2022-01-18T21:00"],
    ["2022-01-08T15:00", "2022-01-10", "2022-01-10T14:30", "2022-01-10T21:00"],
    ["2022-01-16T15:00", "2022-01-18", "2022-01-18T14:30", "2022-01-18T21:00"],
    // The day after Thanksgiving, before and after its early close.
    ["2021-11-25T15:00", "2021-11-26", "2021-11-26T14:30", "2021-11-26T18:00"],
    ["2021-11-26T17:59", "2021-11-26", "2021-11-26T14:30", "2021-11-26T18:00"],
    ["2021-11-26T18:00", "2021-11-29", "2021-11-29T14:30", "2021-11-29T21:00"],
    // Over the weekend on which clocks change.
    ["2022-03-11T21:00", "2022-03-14", "2022-03-14T13:30", "2022-03-14T20:00"],
  ]));

Deno.test("crypto: the exchange's day, to the plan's end", () => {
  check("crypto", null, [["2022-01-04T03:00", "2022-01-03", "2022-01-03T05:00", ""]]);
  check("crypto", 20 * 60, [
    ["2022-01-03T14:00", "2022-01-03", "2022-01-03T05:00", "2022-01-04T01:00"],
    ["2022-01-04T00:59", "2022-01-03", "2022-01-03T05:00", "2022-01-04T01:00"],
    ["2022-01-04T01:00", "2022-01-04", "2022-01-04T05:00", "2022-01-05T01:00"],
    // Days of 23 and of 25 hours end when the clock shows the time.
    ["2022-03-13T12:00", "2022-03-13", "2022-03-13T05:00", "2022-03-14T00:00"],
    ["2022-11-06T12:00", "2022-11-06", "2022-11-06T04:00", "2022-11-07T01:00"],
  ]);
});

Deno.test("crypto: an end at 00:00 is the midnight that ends the day", () =>
  check("crypto", 0, [
    ["2022-01-03T05:00", "2022-01-03", "2022-01-03T05:00", "2022-01-04T05:00"],
    ["2022-01-04T04:59", "2022-01-03", "2022-01-03T05:00", "2022-01-04T05:00"],
  ]));

const us = (time: string) => Date.parse(`${time}:00Z`) * 1000;
const ofBroker = (date: string, open: string, close: string) => ({
  date,
  openUs: us(`${date}T${open}`),
  closeUs: us(`${date}T${close}`),
});

Deno.test("fault 43: the broker's close counts, and what differs is told", () => {
  const calendar = [
    ofBroker("2022-01-03", "14:30", "18:00"),
    ofBroker("2022-01-05", "15:00", "21:00"),
    ofBroker("2022-01-08", "14:30", "21:00"),
  ];
  const at = (time: string) => {
    const options = { assets: ["us_equity" as const], cryptoEndMinutes: null };
    const [{ date, closeUs }] = sessionWindows(options, us(time), calendar);
    return [date, new Date(closeUs / 1000).toISOString().slice(11, 16)];
  };
  assert.deepEqual(at("2022-01-03T17:59"), ["2022-01-03", "18:00"]);
  // A day of mourning, of which our own calendar knows nothing.
  assert.deepEqual(at("2022-01-03T18:00"), ["2022-01-05", "21:00"]);
  assert.deepEqual(at("2022-01-09T12:00"), ["2022-01-10", "21:00"]);
  assert.deepEqual(calendarDifferences(calendar, "2022-01-03"), [
    "2022-01-03 is from 09:30 to 13:00",
    "2022-01-04 is no session",
    "2022-01-05 is from 10:00 to 16:00",
    "2022-01-06 is no session",
    "2022-01-07 is no session",
    "2022-01-08 is a session",
  ]);
  assert.deepEqual(calendarDifferences([], "2022-01-03"), []);
  assert.deepEqual(
    calendarDifferences([ofBroker("2022-01-03", "14:30", "21:00")], "2022-01-01"),
    [],
  );
});
