import assert from "node:assert/strict";
import fc from "fast-check";
import {
  inverseVolatilityWeights,
  lastVolatility,
  returnMomentum,
  slopeMomentum,
} from "./portfolio_ranking.ts";

const near = (a: number, b: number) =>
  assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

Deno.test("momentum of returns leaves the last sessions out", () => {
  const closes = Float64Array.of(50, 100, 110, 120, 999);
  near(returnMomentum(closes, 3, 1), 0.2);
  near(returnMomentum(closes, 4, 0), 999 / 50 - 1);
  assert.ok(Number.isNaN(returnMomentum(closes, 5, 1)), "too short");
  assert.ok(Number.isNaN(returnMomentum(Float64Array.of(NaN, 1, 2), 2, 0)));
});

Deno.test("momentum of the slope is a steady growth's yearly rate, and less where it shakes", () => {
  const steady = Float64Array.from({ length: 90 }, (_, i) => 100 * 1.001 ** i);
  near(slopeMomentum(steady, 90), 1.001 ** 252 - 1);
  const shaken = steady.map((close, i) => close * (i % 2 ? 1.05 : 0.95));
  assert.ok(slopeMomentum(shaken, 90) < slopeMomentum(steady, 90));
  near(slopeMomentum(new Float64Array(90).fill(7), 90), 0);
  // ln: 0, 1, 1: slope 1/2, R² = 3/4.
  near(slopeMomentum(Float64Array.of(1, Math.E, Math.E), 3), Math.expm1(126) * 0.75);
  const gaps = steady.map((close, i) => i % 5 === 0 ? NaN : close);
  assert.ok(Number.isNaN(slopeMomentum(gaps, 90)));
});

Deno.test("a volatility wants all of its days", () => {
  near(lastVolatility(Float64Array.of(1, 100, 110, 99), 2), Math.sqrt(0.02));
  assert.ok(Number.isNaN(lastVolatility(Float64Array.of(100, NaN, 99), 2)));
  assert.ok(Number.isNaN(lastVolatility(Float64Array.of(100, 99), 2)));
});

Deno.test("weights go by 1 / volatility, and none is above the most", () => {
  const weights = (of: number[], max: number) =>
    inverseVolatilityWeights(of, max).map((weight) => Number(weight.toFixed(6)));
  assert.deepEqual(weights([0.01, 0.02], 1), [0.666667, 0.333333]);
  assert.deepEqual(weights([0.01, 0.02], 0.6), [0.6, 0.4]);
  assert.deepEqual(weights([0.01, 0.02, 0.02], 0.2), [0.2, 0.2, 0.2]);
  assert.deepEqual(weights([0.001, 0.02, 0.04], 0.5), [0.5, 0.333333, 0.166667]);
  assert.deepEqual(weights([], 0.1), []);
});

Deno.test("weights are above 0, never above the most, and together 1 where that can be", () => {
  const volatilities = fc.array(fc.double({ min: 1e-4, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(volatilities, fc.double({ min: 0.01, max: 1, noNaN: true }), (of, max) => {
      const weights = inverseVolatilityWeights(of, max);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      for (const weight of weights) assert.ok(weight >= 0 && weight <= max + 1e-12, String(weight));
      assert.ok(Math.abs(sum - Math.min(1, of.length * max)) < 1e-9, `${sum}`);
    }),
  );
});
