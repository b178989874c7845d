import assert from "node:assert/strict";
import type { BarColumns } from "../model/bars.ts";
import { indicatorColumns } from "./indicator_columns.ts";
import { SMA } from "trading-signals";
import { type Indicator, IndicatorSet } from "./indicators.ts";
import { barsOf, walkBars } from "./test_bars.ts";

function feedAll(set: IndicatorSet, bars: BarColumns, eachBar: (row: number) => void = () => {}) {
  for (let i = 0; i < bars.timeUs.length; i++) {
    set.feed(
      bars.open[i],
      bars.high[i],
      bars.low[i],
      bars.close[i],
      bars.volume[i],
      bars.timeUs[i],
    );
    eachBar(i);
  }
}

const ofCloses = (...closes: number[]) =>
  barsOf(0, closes.map((close) => [close, close, close, close, 100] as const));

function assertClose(got: number, wanted: number, what: string, tolerance = 1e-9) {
  assert.ok(Math.abs(got - wanted) <= tolerance, `${what}: got ${got}, wanted ${wanted}`);
}

Deno.test("an indicator is NaN until it is ready, then keeps its value of one bar before", () => {
  const set = new IndicatorSet();
  const sma = set.sma(3);
  const seen: [number, number, boolean][] = [];
  feedAll(set, ofCloses(1, 2, 3, 7), () => seen.push([sma.value, sma.previous, sma.isReady]));
  assert.deepEqual(seen, [
    [NaN, NaN, false],
    [NaN, NaN, false],
    [2, NaN, true],
    [4, 2, true],
  ]);
});

Deno.test("an indicator that is made later sees only the bars that come then", () => {
  const set = new IndicatorSet();
  set.sma(1);
  feedAll(set, ofCloses(100, 200));
  const late = set.sma(2);
  const stochastic = set.stochastic(5, 1, 1);
  feedAll(set, barsOf(0, [[1, 2, 0, 1, 1], [1, 3, 1, 2, 1], [2, 4, 2, 3, 1]]));
  assert.equal(late.value, 2.5);
  feedAll(set, barsOf(0, [[3, 6, 3, 5, 1], [5, 8, 4, 6, 1]]));
  assert.equal(stochastic.value, 6 / 8 * 100);
});

Deno.test("each average is ready after its period, each oscillator when it has its bars", () => {
  const set = new IndicatorSet();
  const wanted: [Indicator, number, string][] = [
    [set.sma(5), 5, "sma"],
    [set.ema(5), 5, "ema"],
    [set.wma(5), 5, "wma"],
    [set.wilder(5), 5, "wilder"],
    [set.hma(9), 11, "hma"],
    [set.dema(5), 5, "dema"],
    [set.tema(5), 13, "tema"],
    [set.rsi(5), 6, "rsi"],
    [set.roc(5), 6, "roc"],
    [set.momentum(5), 6, "momentum"],
    [set.macd(3, 6, 4), 9, "macd"],
    [set.atr(5), 5, "atr"],
    [set.bollinger(5), 5, "bollinger"],
    [set.stochastic(5, 3, 3), 9, "stochastic"],
    [set.adx(5), 9, "adx"],
    [set.vwap(), 1, "vwap"],
    [set.cci(5), 5, "cci"],
    [set.obv(), 2, "obv"],
    [set.mfi(5), 6, "mfi"],
    [set.williamsR(5), 5, "williamsR"],
    [set.donchian(5), 5, "donchian"],
    [set.keltner(7, 5), 7, "keltner"],
    [set.superTrend(5), 5, "superTrend"],
  ];
  const readyAt = new Map<Indicator, number>();
  feedAll(set, walkBars(20), (row) => {
    for (const [indicator] of wanted) {
      assert.equal(indicator.isReady, !Number.isNaN(indicator.value));
      if (indicator.isReady && !readyAt.has(indicator)) readyAt.set(indicator, row + 1);
    }
  });
  for (const [indicator, bars, name] of wanted) assert.equal(readyAt.get(indicator), bars, name);
});

Deno.test("streams agree with the other library's columns over a walk", () => {
  const bars = walkBars(400, 7);
  const set = new IndicatorSet();
  const column = (name: string, params = {}, field = "value") =>
    indicatorColumns(name, bars, params)[field];
  const band = set.bollinger(20, 2);
  const stochastic = set.stochastic(14, 3, 1);
  const adx = set.adx(14);
  const donchian = set.donchian(20);
  // Averages that start from another first value come together in time: so the later half is
  // compared.
  const pairs: [string, () => number, Float64Array, number][] = [
    ["sma", valueOf(set.sma(10)), column("sma", { period: 10 }), 1e-9],
    [
      "sma of volume",
      valueOf(set.sma(10, "volume")),
      column("sma", { period: 10, source: "volume" }),
      1e-9,
    ],
    ["wma", valueOf(set.wma(10)), column("wma", { period: 10 }), 1e-9],
    ["ema", valueOf(set.ema(10)), column("ema", { period: 10 }), 1e-6],
    ["wilder", valueOf(set.wilder(10)), column("wema", { period: 10 }), 1e-6],
    ["rsi", valueOf(set.rsi(14)), column("rsi", { period: 14 }), 0.01],
    ["roc", valueOf(set.roc(12)), column("roc", { period: 12 }), 1e-9],
    ["macd", valueOf(set.macd(12, 26, 9)), column("macd", {}, "MACD"), 1e-4],
    ["atr", valueOf(set.atr(14)), column("atr", { period: 14 }), 1e-4],
    ["cci", valueOf(set.cci(20)), column("cci", { period: 20 }), 1e-6],
    ["mfi", valueOf(set.mfi(14)), column("mfi", { period: 14 }), 0.01],
    ["williamsR", valueOf(set.williamsR(14)), column("williamsr", { period: 14 }), 1e-9],
    ["bollinger upper", () => band.upper, column("bollingerbands", {}, "upper"), 1e-6],
    ["bollinger lower", () => band.lower, column("bollingerbands", {}, "lower"), 1e-6],
    ["%K", () => stochastic.k, column("stochastic", {}, "k"), 1e-9],
    ["%D", () => stochastic.d, column("stochastic", {}, "d"), 1e-9],
    ["adx", () => adx.value, column("adx", {}, "adx"), 1e-3],
    ["+DI", () => adx.plusDi, column("adx", {}, "pdi"), 1e-3],
    ["−DI", () => adx.minusDi, column("adx", {}, "mdi"), 1e-3],
    ["donchian upper", () => donchian.upper, column("highest", { source: "high" }), 1e-9],
    ["donchian lower", () => donchian.lower, column("lowest", { source: "low" }), 1e-9],
    ["vwap", valueOf(set.vwap()), dayVwap(bars), 1e-9],
  ];
  feedAll(set, bars, (row) => {
    if (row < 200) return;
    for (const [name, value, wanted, tolerance] of pairs) {
      assertClose(value(), wanted[row], `${name} of bar ${row}`, tolerance);
    }
  });
});

function valueOf(indicator: Indicator): () => number {
  return () => indicator.value;
}

/** Bars from 1970-01-01T00:00Z on: New York's day begins at 05:00, row 300. */
function dayVwap(bars: BarColumns): Float64Array {
  let notional = 0, volume = 0;
  return bars.close.map((close, i) => {
    if (i === 300) notional = volume = 0;
    notional += (bars.high[i] + bars.low[i] + close) / 3 * bars.volume[i];
    volume += bars.volume[i];
    return notional / volume;
  });
}

Deno.test("vwap of a new day waits for the day's first volume", () => {
  const set = new IndicatorSet();
  const vwap = set.vwap();
  const midnight = Date.parse("2022-01-04T05:00:00Z") * 1000;
  set.feed(10, 10, 10, 10, 100, midnight - 60e6);
  assert.equal(vwap.value, 10);
  set.feed(11, 11, 11, 11, 0, midnight);
  assert.deepEqual([vwap.value, vwap.isReady], [NaN, false]);
  set.feed(12, 12, 12, 12, 5, midnight + 60e6);
  assert.equal(vwap.value, 12);
});

Deno.test("prices that stand still give numbers, and none that last", () => {
  const set = new IndicatorSet();
  const indicators = {
    rsi: set.rsi(3),
    cci: set.cci(3),
    mfi: set.mfi(3),
    stochastic: set.stochastic(3, 2, 1),
    williamsR: set.williamsR(3),
    atr: set.atr(3),
    adx: set.adx(3),
  };
  feedAll(set, ofCloses(...Array(10).fill(5)));
  const values = () =>
    Object.fromEntries(Object.entries(indicators).map(([name, { value }]) => [name, value]));
  assert.deepEqual(values(), {
    rsi: 100,
    cci: 0,
    mfi: 50,
    stochastic: 0,
    williamsR: -100,
    atr: 0,
    adx: NaN,
  });
  feedAll(set, walkBars(30));
  for (const [name, value] of Object.entries(values())) assert.ok(Number.isFinite(value), name);
});

Deno.test("supertrend turns when the price crosses its line", () => {
  const set = new IndicatorSet();
  const trend = set.superTrend(2, 1);
  const rise = [10, 12, 14, 16, 18].map((c) => [c - 1, c + 1, c - 1, c, 1] as const);
  feedAll(set, barsOf(0, rise));
  assert.equal(trend.isUp, true);
  assert.ok(trend.value < 18);
  feedAll(set, barsOf(0, [[18, 18, 8, 8, 1]]));
  assert.equal(trend.isUp, false);
  assert.ok(trend.value > 8);
});

Deno.test("indicators of every 5 minutes are fed with the last minute of 5", () => {
  const set = new IndicatorSet();
  const every = set.every(5);
  const close = every.sma(1);
  const volume = every.sma(1, "volume");
  const seen: number[] = [];
  feedAll(set, ofCloses(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), () => seen.push(close.value));
  assert.deepEqual(seen, [NaN, NaN, NaN, NaN, 5, 5, 5, 5, 5, 10]);
  assert.equal(volume.value, 500);
  assert.throws(() => set.every(1), /every 1 minutes: give a whole number from 2/);
});

Deno.test("periods and factors that make no sense are refused by name", () => {
  const set = new IndicatorSet();
  const check = (make: () => unknown, message: RegExp) =>
    assert.throws(
      make,
      (error: Error) => error instanceof RangeError && message.test(error.message),
    );
  check(() => set.sma(0), /sma must be a whole number of bars, 1 to 10000, got 0/);
  check(() => set.ema(2.5), /ema .* got 2\.5/);
  check(() => set.rsi(1), /rsi .* 2 to/);
  check(() => set.atr(NaN), /atr .* got NaN/);
  check(() => set.macd(26, 12, 9), /fast must be below slow/);
  check(() => set.bollinger(20, 0), /deviations must be above 0, got 0/);
  check(() => set.sma(20_000), /got 20000/);
});

Deno.test("the simple average is the library's, to 1e-9 of the value, over many bars", () => {
  for (const period of [1, 2, 10, 30, 390]) {
    const set = new IndicatorSet();
    const own = set.sma(period);
    const library = new SMA(period);
    let seed = period;
    for (let i = 0; i < 20_000; i++) {
      seed = (seed * 16_807) % 2_147_483_647;
      // Large and small values in turn are what a running sum would suffer from.
      const close = (i % 1000 === 0 ? 1e9 : 100) * (0.5 + seed / 2_147_483_647);
      set.feed(close, close, close, close, 1, i * 60e6);
      library.update(close, false);
      if (i + 1 < period) {
        assert.equal(own.isReady, false);
        continue;
      }
      const expected = library.getResult()!;
      const tolerance = 1e-9 * Math.max(expected, 1e9 / 1000);
      assert.ok(Math.abs(own.value - expected) <= tolerance, `${period} ${i}: ${own.value}`);
    }
  }
});
