import assert from "node:assert/strict";
import { emptyBars } from "../model/bars.ts";
import { indicatorSpecs, indicatorValues, warmUpBars } from "./daily_ohlc_indicators.ts";

Deno.test("indicators are written as calls, or as the original wrote them", () => {
  const specs = indicatorSpecs(["sma(2)", "SMA3", "macd(2, 3, 2)", "ema( 2 , volume)", "rsi"], "x");
  assert.deepEqual(
    specs.map(({ method, args }) => [method, args]),
    [["sma", [2]], ["sma", [3]], ["macd", [2, 3, 2]], ["ema", [2, "volume"]], ["rsi", []]],
  );
  const bars = emptyBars(4);
  bars.timeUs.set([0, 1, 2, 3].map((day) => day * 86400e6));
  for (const column of [bars.open, bars.high, bars.low, bars.close]) column.set([1, 2, 3, 4]);
  bars.volume.set([10, 20, 30, 40]);
  const last = indicatorValues(specs, bars, "x").at(-1)!;
  assert.equal(last["sma(2)"], 3.5);
  assert.equal(last.SMA3, 3);
  assert.deepEqual(Object.keys(last["macd(2, 3, 2)"] as object), ["value", "signal", "histogram"]);
  assert.equal(last.rsi, null);
  assert.equal(indicatorValues(specs, bars, "x")[0]!["sma(2)"], null);
});

Deno.test("every indicator of the module but the cumulative ones can be asked for", () => {
  const names = ["sma(5)", "ema(5)", "wma(5)", "wilder(5)", "hma(5)", "dema(5)", "tema(5)", "rsi"];
  names.push("macd", "atr", "bollinger(20, 2)", "stochastic", "adx", "cci", "mfi", "roc(5)");
  names.push("momentum(5)", "williamsR", "donchian", "keltner", "superTrend(10, 3)");
  const specs = indicatorSpecs(names, "x");
  assert.equal(specs.length, names.length);
  assert.ok(warmUpBars(specs) > 300);
  assert.equal(warmUpBars(indicatorSpecs(["sma(200)"], "x")), 400);
  assert.equal(warmUpBars([]), 0);
});

Deno.test("what is no indicator is told, with what was meant", () => {
  const cases: [text: string, why: RegExp][] = [
    ["sme(20)", /"sme\(20\)" is no indicator; did you mean "sma"\?/],
    ["sma", /"sma" cannot be: .*whole number of bars/],
    ["sma(0)", /cannot be/],
    ["sma(2.5)", /cannot be/],
    ["macd(26, 12, 9)", /fast must be below slow/],
    ["sma(20, closed)", /has no "closed"/],
    ["obv", /counts from the first bar/],
    ["every(5)", /is no indicator/],
    ["constructor", /is no indicator/],
    ["sma(20", /is no indicator/],
    ["", /is no indicator/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => indicatorSpecs([text], "x"), { name: "ConfigError", message }, text);
  }
});

Deno.test("warmed up, what never forgets is as good as with all history", () => {
  const texts = [
    "ema(30)",
    "tema(20)",
    "macd(12, 26, 9)",
    "wilder(50)",
    "rsi(14)",
    "atr",
    "adx(20)",
  ];
  const bars = emptyBars(3000);
  for (let i = 0; i < 3000; i++) {
    // Long ago prices were quite others.
    const close = (i < 2000 ? 500 : 100) + 20 * Math.sin(i / 7) + 5 * Math.cos(i);
    bars.timeUs[i] = i * 86400e6;
    bars.open[i] = bars.close[i] = close;
    bars.high[i] = close + 2 + Math.sin(i);
    bars.low[i] = close - 2;
  }
  for (const text of texts) {
    const specs = indicatorSpecs([text], "x");
    const short = emptyBars(warmUpBars(specs));
    for (const [name, column] of Object.entries(short)) {
      column.set(bars[name as keyof typeof bars].subarray(-column.length));
    }
    const numberOf = (of: typeof bars) => {
      const value = indicatorValues(specs, of, "x").at(-1)![text];
      return Number(typeof value === "object" ? (value as { value: number }).value : value);
    };
    const [whole, warm] = [numberOf(bars), numberOf(short)];
    assert.ok(
      Math.abs(whole - warm) < 1e-2 * Math.max(1, Math.abs(whole)),
      `${text} ${whole} ${warm}`,
    );
  }
});
