import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sessionOf } from "../model/calendar.ts";
import { decimal } from "../util/decimal.ts";
import { generate } from "./generate.ts";
import type { SymbolData } from "../recorded/market_data.ts";

const session = sessionOf("2022-01-03")!;
const day = (count: number, seed: number, gridSeconds?: number) =>
  generate({ count, seed, startUs: session.openUs, endUs: session.closeUs, gridSeconds });

function hashOf(symbols: SymbolData[]): string {
  const hash = createHash("sha256");
  for (const { symbol, minuteBars, dailyBars, trades, quotes } of symbols) {
    hash.update(symbol);
    for (const columns of [minuteBars, dailyBars, trades, quotes]) {
      for (const column of Object.values(columns)) hash.update(new Uint8Array(column.buffer));
    }
  }
  return hash.digest("hex");
}

Deno.test("equal seeds give equal bytes, another seed other ones", () => {
  assert.equal(hashOf(day(10, 1)), hashOf(day(10, 1)));
  assert.notEqual(hashOf(day(10, 1)), hashOf(day(10, 2)));
  // Written down, so that another engine's or another version's arithmetic would be noticed.
  assert.equal(
    hashOf(day(3, 1)),
    "b2b20325edf20bd8b1b9951e732d2b2215112a22d0bfbd058bf637837863d923",
  );
});

Deno.test("a symbol's data do not depend on how many there are", () => {
  assert.equal(hashOf(day(20, 3).slice(0, 5)), hashOf(day(5, 3)));
});

Deno.test("a thousand symbols have a thousand names", () => {
  const names = new Set(day(1000, 1, 60).map(({ symbol }) => symbol));
  assert.equal(names.size, 1000);
});

Deno.test("bars are the aggregation of the trades, each at its quote, all on the tick", () => {
  for (const { symbol, minuteBars: bars, trades, quotes } of day(30, 5)) {
    assert.deepEqual(trades.timeUs, quotes.timeUs);
    assert.equal(trades.timeUs.length, 4 * 390);
    const tick = trades.price[0] >= 1 ? 0.01 : 0.0001;
    trades.price.forEach((price, i) => {
      assert.ok(quotes.askPrice[i] > quotes.bidPrice[i], `${symbol} spread`);
      assert.ok(price === quotes.bidPrice[i] || price === quotes.askPrice[i], `${symbol} price`);
      assert.ok(decimal(price).mod(tick).eq(0), `${symbol} ${price} is on the tick`);
    });
    const from = bars.timeUs.indexOf(session.openUs);
    for (let minute = 0; minute < 390; minute++) {
      const prices = trades.price.subarray(4 * minute, 4 * minute + 4);
      const sizes = trades.size.subarray(4 * minute, 4 * minute + 4);
      const i = from + minute;
      assert.deepEqual(
        [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i], bars.trades[i]],
        [
          prices[0],
          Math.max(...prices),
          Math.min(...prices),
          prices[3],
          sizes.reduce((sum, size) => sum + size, 0),
          4,
        ],
      );
    }
  }
});

Deno.test("days join, some gap up; one is a class share, one is below a dollar", () => {
  const symbols = day(10, 1);
  for (const { dailyBars, minuteBars } of symbols) {
    assert.equal(dailyBars.timeUs.length, 46);
    assert.equal(minuteBars.timeUs.length, 6 * 390);
    const last = dailyBars.timeUs.length - 1;
    assert.equal(dailyBars.open[last], minuteBars.open[5 * 390]);
    assert.equal(dailyBars.close[last - 1], minuteBars.close[5 * 390 - 1]);
  }
  const gaps = symbols.filter(({ dailyBars: { open, close } }) => open[45] / close[44] > 1.04);
  assert.ok(gaps.length >= 4);
  assert.ok(symbols.some(({ symbol }) => symbol.endsWith(".B")));
  assert.ok(symbols.some(({ trades }) => trades.price.every((price) => price < 1)));
  const rare = symbols.filter(({ isLentOut }) => isLentOut);
  assert.ok(rare.length > 0 && rare.length < symbols.length / 5);
  assert.ok(symbols.every(({ name }) => name.includes("generated")));
});

Deno.test("an early close ends the trades at 13:00", () => {
  const friday = sessionOf("2022-11-25")!;
  const [symbol] = generate({ count: 1, seed: 1, startUs: friday.openUs, endUs: friday.closeUs });
  assert.equal(symbol.trades.timeUs.length, 4 * 210);
  assert.equal(symbol.trades.timeUs.at(-1), friday.closeUs - 15e6);
});

Deno.test("what cannot be generated is refused", () => {
  assert.throws(() => day(0, 1), /Cannot generate 0 symbols/);
  assert.throws(() => day(1, -1), /seed -1/);
  assert.throws(() => day(1, 1, 7), /every 7 s/);
  const saturdayUs = Date.parse("2022-01-01T12:00:00Z") * 1000;
  assert.throws(
    () => generate({ count: 1, seed: 1, startUs: saturdayUs, endUs: saturdayUs + 1e9 }),
    /there is no session between/,
  );
});
