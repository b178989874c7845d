import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { barsOf, emptySymbol, mergeMarketData } from "../recorded/market_data.ts";
import { cutAfter } from "../recorded/cut.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { columnsOf, sharedData } from "./shared_data.ts";

const at = (time: string, date = "2022-01-03") => exchangeUs(date, time);
const bar = (timeUs: number, price: number) => [timeUs, price, price, price, price, 100, price, 1];

function data() {
  const minutes = ["15:57", "15:58", "15:59"].map((time, i) => bar(at(time), 100 + i));
  const next = [bar(at("09:30", "2022-01-04"), 200)];
  const quotes = {
    timeUs: Float64Array.of(at("09:31", "2022-01-04")),
    bidPrice: Float64Array.of(1),
    bidSize: Float64Array.of(1),
    askPrice: Float64Array.of(2),
    askSize: Float64Array.of(1),
  };
  return sharedData(mergeMarketData([
    { ...emptySymbol("AAA"), minuteBars: barsOf([...minutes, ...next]) },
    { ...emptySymbol("BBB"), minuteBars: barsOf(next), secondBars: barsOf(next), quotes },
  ]));
}

Deno.test("memory is shared: views of it, no copies", () => {
  const whole = data();
  const cut = cutAfter(whole, at("16:00"));
  const column = (of: typeof whole) => of.get("AAA")!.minuteBars.close;
  assert.ok(column(whole).buffer instanceof SharedArrayBuffer);
  assert.equal(column(cut).buffer, column(whole).buffer);
  assert.equal(sharedData(whole).get("AAA")!.minuteBars.close, column(whole), "once is enough");
});

Deno.test("of shared memory too, what comes later is cut away, and all kinds of it", () => {
  const whole = data();
  const cut = cutAfter(whole, at("24:00"));
  for (const [name, column] of columnsOf(cut)) {
    if (!name.endsWith("timeUs")) continue;
    const seen = column.filter((us) => us !== Number.MAX_SAFE_INTEGER);
    assert.ok(seen.every((us) => us < at("24:00")), name);
  }
  assert.equal(cut.get("AAA")!.minuteBars.timeUs.length, 3);
});

Deno.test("a fingerprint changes with a digit of the data, the plan or the search", () => {
  const parts = { data: data(), plan: { strategy: "code" }, search: { seed: 1 } };
  const print = fingerprintOf(parts);
  assert.deepEqual(fingerprintOf({ ...parts, data: data() }), print);
  const changed = data();
  changed.get("AAA")!.minuteBars.close[2] += 1e-9;
  assert.notEqual(fingerprintOf({ ...parts, data: changed }).data, print.data);
  assert.notEqual(fingerprintOf({ ...parts, plan: { strategy: "Code" } }).plan, print.plan);
  assert.notEqual(fingerprintOf({ ...parts, search: { seed: 2 } }).search, print.search);
  assert.ok([...columnsOf(parts.data)].length > 40);
});
