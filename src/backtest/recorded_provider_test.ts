import assert from "node:assert/strict";
import fc from "fast-check";
import { exchangeUs } from "../model/calendar.ts";
import { barsOf, emptySymbol, mergeMarketData, MINUTE_US } from "../recorded/market_data.ts";
import { KnownRows, RowClock } from "./known_rows.ts";
import { RecordedProvider } from "./recorded_provider.ts";

const FROM_US = exchangeUs("2022-01-03", "09:30");
const bar = (timeUs: number, price: number) => [timeUs, price, price, price, price, 10, price, 1];

/** Minutes with gaps over three days, and the days before. */
function data() {
  const minutes = [0, 1, 2, 5, 380, 1440, 1441, 2880, 2885];
  return mergeMarketData([{
    ...emptySymbol("AAPL"),
    minuteBars: barsOf(minutes.map((m, i) => bar(FROM_US + m * MINUTE_US, 100 + i))),
    dailyBars: barsOf([
      bar(exchangeUs("2021-12-30", "00:00"), 90),
      bar(exchangeUs("2021-12-31", "00:00"), 91),
    ]),
  }]);
}

Deno.test("what is known at a time does not depend on what was asked before", () => {
  const [symbol] = data().values();
  const times = fc.integer({ min: -10, max: 3000 }).map((minute) => FROM_US + minute * MINUTE_US);
  fc.assert(
    fc.property(fc.array(times, { minLength: 1 }), (times) => {
      const rows = new KnownRows(symbol, new RowClock());
      for (const nowUs of times) {
        const { timeUs } = symbol.minuteBars;
        assert.equal(rows.minutes(nowUs), timeUs.filter((us) => us + MINUTE_US <= nowUs).length);
        const fresh = new KnownRows(symbol, new RowClock());
        assert.equal(rows.days(nowUs), fresh.days(nowUs));
        assert.deepEqual(rows.today(nowUs), fresh.today(nowUs));
      }
    }),
    { seed: 1 },
  );
});

Deno.test("a snapshot shows its own time, also when it is read later", async () => {
  let nowUs = FROM_US;
  const provider = new RecordedProvider(data(), () => nowUs);
  const read = async () => (await provider.snapshots(["AAPL", "NONE"]))[0];
  const atOpen = await read();
  nowUs = FROM_US + 3 * MINUTE_US;
  const later = await read();
  nowUs = FROM_US + 3000 * MINUTE_US;
  assert.deepEqual(
    [atOpen.last, atOpen.todayOpen, atOpen.previousClose, atOpen.previousVolume],
    [91, 91, 91, 10],
  );
  assert.deepEqual(
    [later.last, later.todayOpen, later.todayHigh, later.todayVolume, later.previousClose],
    [102, 100, 102, 30, 91],
  );
  assert.equal((await read()).previousClose, 106);
});
