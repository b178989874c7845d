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
  assert.equal(warmUpBars(specs), 140);
  assert.equal(warmUpBars(indicatorSpecs(["sma(200)"], "x")), 800);
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
