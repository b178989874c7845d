import assert from "node:assert/strict";
import fc from "fast-check";
import {
  bearishCandle,
  bullishCandle,
  bullishCandleFollowedByDragonfly,
  type CandlePattern,
  doji,
  dragonflyCandle,
  fourPriceDoji,
  gravestoneDoji,
  type Ohlc,
  spinningTop,
  spinningTopBearishFollowup,
} from "./candle_patterns.ts";

type Case = [open: number, high: number, low: number, close: number, wanted: boolean, why: string];

function check(pattern: CandlePattern, cases: Case[]) {
  for (const [open, high, low, close, wanted, why] of cases) {
    assert.equal(pattern(open, high, low, close), wanted, `${pattern.name}: ${why}`);
  }
}

Deno.test("a gravestone doji has a small body at the foot of a long upper shadow", () => {
  check(gravestoneDoji, [
    [10.00, 10.50, 10.00, 10.01, true, "body 0.01, upper 0.49, no lower"],
    [10.00, 10.50, 10.00, 10.02, false, "body 0.02 is not below 0.02"],
    [10.00, 10.02, 10.00, 10.00, false, "shadow 0.02 is not above 0.02"],
    [10.00, 10.03, 10.00, 10.00, true, "shadow 0.03"],
    [10.00, 10.20, 9.90, 10.00, false, "2 × lower 0.20 is not below upper 0.20"],
    [10.00, 10.21, 9.90, 10.00, true, "2 × lower 0.20 is below upper 0.21"],
  ]);
});

Deno.test("a four price doji has one price, to the cent", () => {
  check(fourPriceDoji, [
    [10, 10, 10, 10, true, "all equal"],
    [10, 10.004, 9.996, 10, true, "equal once rounded"],
    [10, 10.01, 10, 10, false, "a high"],
    [10, 10, 9.99, 10, false, "a low"],
  ]);
});

Deno.test("a doji closes at its open, with a cent on each side", () => {
  check(doji, [
    [10, 10.01, 9.99, 10, true, "a cent on each side"],
    [10, 10.01, 10, 10, false, "no low"],
    [10, 10, 9.99, 10, false, "no high"],
    [10, 10.5, 9.5, 10.01, false, "close differs"],
    [0.3, 0.31, 0.29, 0.1 + 0.2, true, "0.30000000000000004 is 0.30"],
  ]);
});

Deno.test("a spinning top has two shadows of about one length around a small body", () => {
  check(spinningTop, [
    [10.00, 10.20, 9.90, 10.10, true, "body 0.10, shadows 0.10"],
    [10.00, 10.19, 9.90, 10.10, false, "shadow 0.19 is below 2 × 0.10"],
    [10.00, 10.02, 9.98, 10.00, false, "shadows of 0.02"],
    [10.00, 10.03, 9.97, 10.00, true, "shadows of 0.03"],
    [10.00, 10.12, 9.90, 10.00, false, "upper ÷ lower is 1.2"],
    [10.00, 10.11, 9.90, 10.00, true, "upper ÷ lower is 1.1"],
    [10.00, 10.08, 9.90, 10.00, false, "upper ÷ lower is 0.8"],
    [10.00, 10.09, 9.90, 10.00, true, "upper ÷ lower is 0.9"],
  ]);
});

Deno.test("a bullish candle rises more than 1.2 times its shadows", () => {
  check(bullishCandle, [
    [10.00, 10.55, 9.95, 10.50, true, "rise 0.50, shadows 0.10"],
    [10.00, 10.02, 10.00, 10.02, false, "rise of 0.02"],
    [10.00, 10.03, 10.00, 10.03, true, "rise of 0.03, no shadow"],
    [10.00, 10.17, 9.95, 10.12, false, "rise 0.12 is 1.2 × 0.10, not above"],
    [10.00, 10.18, 9.95, 10.13, true, "rise 0.13 is above 1.2 × 0.10"],
    [10.50, 10.55, 9.95, 10.00, false, "a fall"],
  ]);
});

Deno.test("a bearish candle closes at least a cent below its open", () => {
  check(bearishCandle, [
    [10.00, 10.00, 9.99, 9.99, true, "a cent"],
    [10.00, 10.00, 9.996, 9.996, false, "less than a cent once rounded"],
    [10.00, 10.01, 10.00, 10.01, false, "a rise"],
  ]);
});

Deno.test("a dragonfly has no body and hangs over a long lower shadow", () => {
  check(dragonflyCandle, [
    [10.00, 10.00, 9.50, 10.00, true, "lower 0.50"],
    [10.00, 10.00, 9.50, 10.01, false, "body 0.01 is not below 0.01"],
    [10.00, 10.10, 9.80, 10.00, false, "lower 0.20 is 2 × upper 0.10, not above"],
    [10.00, 10.10, 9.79, 10.00, true, "lower 0.21"],
    [10.00, 10.00, 10.00, 10.00, false, "no shadow"],
  ]);
});

Deno.test("two bars make the patterns of two bars", () => {
  const top: Ohlc = [10.00, 10.20, 9.90, 10.10];
  assert.equal(spinningTopBearishFollowup(top, [10.1, 10.1, 9.9, 10.0]), true);
  assert.equal(spinningTopBearishFollowup(top, [10.0, 10.1, 9.9, 10.0]), false);
  assert.equal(spinningTopBearishFollowup([10, 10, 10, 10], [10.1, 10.1, 9.9, 10.0]), false);

  const rise: Ohlc = [10.00, 10.55, 9.95, 10.50];
  assert.equal(bullishCandleFollowedByDragonfly(rise, [10.51, 10.51, 10.2, 10.51]), true);
  assert.equal(bullishCandleFollowedByDragonfly(rise, [10.50, 10.50, 10.2, 10.50]), false);
  assert.equal(bullishCandleFollowedByDragonfly(rise, [10.51, 10.51, 10.2, 10.55]), false);
});

Deno.test("no pattern matches prices that are missing", () => {
  const patterns = [
    gravestoneDoji,
    fourPriceDoji,
    doji,
    spinningTop,
    bullishCandle,
    bearishCandle,
    dragonflyCandle,
  ];
  for (const pattern of patterns) assert.equal(pattern(NaN, NaN, NaN, NaN), false, pattern.name);
});

Deno.test("a bar in cents is judged the same wherever float64 puts it", () => {
  const offset = fc.integer({ min: -60, max: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 500_000 }), offset, offset, offset, (o, a, b, c) => {
      const [low, , , high] = [o, o + a, o + b, o + c].sort((x, y) => x - y);
      const close = o + a;
      const rise = close - o;
      const wanted = rise > 2 && 5 * rise > 6 * (high - close + o - low);
      assert.equal(bullishCandle(o / 100, high / 100, low / 100, close / 100), wanted);
      assert.equal(
        doji(o / 100, high / 100, low / 100, close / 100),
        rise === 0 && low < o && high > o,
      );
    }),
  );
});
