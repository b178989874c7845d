import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { cutAfter, cutHistory, historyLength } from "./cut.ts";
import { barsOf, emptySymbol, type MarketData, mergeMarketData } from "./market_data.ts";
import { shake } from "./shake.ts";

const MINUTE_US = 60e6;
const OPEN_US = exchangeUs("2022-01-04", "09:30");

function row(timeUs: number, price: number): number[] {
  return [timeUs, price, price, price, price, 100, price, 1];
}

/** Two days of three minutes, and a trade and a quote half a minute after each minute's start. */
function data(): MarketData {
  const starts = [OPEN_US - 24 * 60 * MINUTE_US, OPEN_US]
    .flatMap((openUs) => [0, 1, 2].map((i) => openUs + i * MINUTE_US));
  const timeUs = Float64Array.from(starts, (us) => us + 30e6);
  const column = (value: number) => timeUs.map(() => value);
  return mergeMarketData([{
    ...emptySymbol("AAPL"),
    minuteBars: barsOf(starts.map((us, i) => row(us, 100 + i))),
    trades: { timeUs, price: column(100.25), size: column(1) },
    quotes: {
      timeUs,
      bidPrice: column(100),
      bidSize: column(1),
      askPrice: column(101),
      askSize: column(1),
    },
  }]);
}

function lengths(cut: MarketData) {
  const { minuteBars, dailyBars, trades, quotes } = cut.get("AAPL")!;
  return [minuteBars, dailyBars, trades, quotes].map(({ timeUs }) => timeUs.length);
}

Deno.test("what has not ended, or not happened, by a time is taken away", () => {
  assert.deepEqual(lengths(cutAfter(data(), Infinity)), [6, 2, 6, 6]);
  // The first minute of the second day has ended; the trade in the second is there.
  assert.deepEqual(lengths(cutAfter(data(), OPEN_US + 1.5 * MINUTE_US)), [4, 1, 5, 5]);
  assert.deepEqual(lengths(cutAfter(data(), OPEN_US + 1.5 * MINUTE_US - 1)), [4, 1, 4, 4]);
  const closeUs = exchangeUs("2022-01-04", "16:00");
  assert.deepEqual(lengths(cutAfter(data(), closeUs)), [6, 2, 6, 6]);
  assert.deepEqual(lengths(cutAfter(data(), closeUs - 2)), [6, 1, 6, 6]);
});

Deno.test("that there will be something stays known where all of it is later", () => {
  const cut = cutAfter(data(), OPEN_US - 48 * 60 * MINUTE_US).get("AAPL")!;
  for (const { timeUs } of [cut.minuteBars, cut.trades, cut.quotes]) {
    assert.deepEqual([...timeUs], [Number.MAX_SAFE_INTEGER]);
  }
  assert.equal(cut.dailyBars.timeUs.length, 0);
});

Deno.test("history is cut from its start, with what is finer", () => {
  const fromUs = OPEN_US - 60 * MINUTE_US;
  const all = { fromUs, minutes: Infinity, days: Infinity };
  assert.equal(historyLength(data().get("AAPL")!, "minuteBars", fromUs), 3);
  assert.equal(historyLength(data().get("AAPL")!, "dailyBars", fromUs), 1);
  assert.deepEqual(lengths(cutHistory(data(), all)), [6, 2, 6, 6]);
  assert.deepEqual(lengths(cutHistory(data(), { ...all, minutes: 1 })), [4, 2, 4, 4]);
  assert.deepEqual(lengths(cutHistory(data(), { ...all, minutes: 0 })), [3, 2, 3, 3]);
  assert.deepEqual(lengths(cutHistory(data(), { ...all, days: 0 })), [6, 1, 6, 6]);
});

Deno.test("cut and shaken data share nothing with the whole", () => {
  const whole = data();
  const copies = [cutAfter(whole, Infinity), shake(whole, () => 0.5, 1)];
  for (const copy of copies) {
    const buffers = (from: MarketData) =>
      [...from.values()].flatMap((one) =>
        [one.secondBars, one.minuteBars, one.dailyBars, one.trades, one.quotes]
          .flatMap((columns) => Object.values(columns).map(({ buffer }) => buffer))
      );
    const own = new Set(buffers(whole));
    assert.ok(buffers(copy).every((buffer) => !own.has(buffer)));
  }
});

Deno.test("prices are shaken by less than they are told with, both ways, times and sizes not", () => {
  const random = () => 0.75;
  const [up, down] = ([1, -1] as const).map((sign) => shake(data(), random, sign).get("AAPL")!);
  const { minuteBars, trades, quotes } = data().get("AAPL")!;
  const share = (to: Float64Array, from: Float64Array) => Math.log10(Math.abs(to[0] / from[0] - 1));
  assert.ok(up.minuteBars.close[0] > minuteBars.close[0]);
  assert.ok(down.minuteBars.close[0] < minuteBars.close[0]);
  for (
    const [to, from] of [[up.trades.price, trades.price], [up.quotes.bidPrice, quotes.bidPrice]]
  ) {
    assert.ok(share(to, from) < -11 && share(to, from) > -12);
  }
  assert.deepEqual(up.minuteBars.timeUs, minuteBars.timeUs);
  assert.deepEqual(up.minuteBars.volume, minuteBars.volume);
  assert.deepEqual(down.trades.size, trades.size);
});
