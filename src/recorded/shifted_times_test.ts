import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { isShifted } from "./shifted_times.ts";

/** Minutes of a Monday and a Tuesday, New York. */
function minutes(from: string, to: string): Float64Array {
  const times: number[] = [];
  for (const date of ["2022-01-03", "2022-01-04"]) {
    for (let us = exchangeUs(date, from); us < exchangeUs(date, to); us += 60e6) times.push(us);
  }
  return Float64Array.from(times);
}

Deno.test("a session that lies some hours off is seen, extended hours are no such", () => {
  assert.equal(isShifted(minutes("09:30", "16:00")), false);
  assert.equal(isShifted(minutes("04:00", "20:00")), false);
  assert.equal(isShifted(minutes("09:30", "09:40")), false);
  // New York's own hours, read as UTC; Tokyo's.
  assert.equal(isShifted(minutes("04:30", "11:00")), true);
  assert.equal(isShifted(minutes("18:30", "24:00")), true);
  assert.equal(isShifted(new Float64Array()), false);
});
