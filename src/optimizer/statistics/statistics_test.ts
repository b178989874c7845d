/** Figures by numpy 2.4.6 and scipy 1.17.1, worked out from the same definitions, apart from Liu. */
import assert from "node:assert/strict";
import { seededRandom } from "../../engine/worker.ts";
import { sortinoRatio } from "../../fincalcs/performance.ts";
import { bootstrapTrades, quantile } from "./bootstrap.ts";
import { momentsOf } from "./moments.ts";
import { normalCdf, normalInverse } from "./normal.ts";
import { overfitting } from "./overfitting.ts";
import {
  deflatedSharpe,
  expectedMaxSharpe,
  probabilisticSharpe,
  sharpeSample,
  sharpeVariance,
} from "./sharpe_tests.ts";

function near(actual: number | null | undefined, expected: number, within = 1e-9): void {
  assert.ok(
    typeof actual === "number" && Math.abs(actual - expected) <= within,
    `${actual} is not within ${within} of ${expected}`,
  );
}

/** 240 returns, skewed by a good day now and then. */
const RETURNS = Array.from(
  { length: 240 },
  (_, i) => ((i * 7919) % 101 - 49.2) / 5000 + (i % 37 === 0 ? 0.03 : 0),
);
/** Seven trials over 240 days, each a little better than the one before. */
const TRIALS = Array.from({ length: 7 }, (_, n) =>
  Array.from(
    { length: 240 },
    (_, i) => (((i + 3) * (n + 11) * 7907 + n * n * 31) % 199 - 98) / 10_000 + 0.0004 * n,
  ));

Deno.test("the normal distribution and its inverse are scipy's", () => {
  near(normalCdf(-3), 0.0013498980316300933, 1e-15);
  near(normalCdf(0.3), 0.6179114221889526, 1e-15);
  near(normalCdf(4), 0.9999683287581669, 1e-15);
  near(normalInverse(0.01), -2.3263478740408408, 1e-12);
  near(normalInverse(0.975), 1.9599639845400545, 1e-12);
  near(normalInverse(0.999999), 4.753424308817087, 1e-9);
});

Deno.test("the paper's example: a Sharpe ratio of 2.5, the best of 100, deflated to 0.90", () => {
  // Bailey and López de Prado 2014, "A numerical example": a year's ratio 2.5 over 1250 days of 250
  // a year, variance of the trials 1/2 a year's, skewness -3, kurtosis 10.
  const sample = { sharpe: 2.5 / Math.sqrt(250), count: 1250, skewness: -3, kurtosis: 10 };
  const variance = 0.5 / 250;
  near(expectedMaxSharpe(variance, 100), 0.11317200186513214);
  near(deflatedSharpe(sample, { variance, trials: 100 }), 0.9003968344493903);
  near(probabilisticSharpe(sample, 0), 0.9999968595078976);
});

Deno.test("moments and the probabilistic Sharpe ratio of a sample", () => {
  const moments = momentsOf(RETURNS)!;
  near(moments.mean, 0.0009983333333333328, 1e-15);
  near(moments.deviation, 0.006679528248986583, 1e-15);
  near(moments.skewness, 0.6201061148462708);
  near(moments.kurtosis, 3.5813192418442283);
  const sample = sharpeSample(RETURNS)!;
  near(sample.sharpe, 0.14946165299694628);
  near(probabilisticSharpe(sample, 0), 0.9919517969635604);
  near(sortinoRatio(RETURNS, false), 4.188087601775165);
});

Deno.test("returns without variance have no ratio, and tests of it say so", () => {
  assert.equal(sharpeSample([0, 0, 0]), null);
  assert.equal(sharpeSample([0.1]), null);
  // Two trials of ratios 0 (it never traded) and 1/√2.
  near(sharpeVariance([[0, 0], [0, 1]]), 0.25);
  assert.equal(expectedMaxSharpe(1, 1), 0);
});

Deno.test("the probability of overfitting, split by split", () => {
  const eight = overfitting(TRIALS, 8)!;
  assert.equal(eight.combinations, 70);
  near(eight.probability, 0.3);
  near(eight.meanLogit, 0.31782898967113987);
  // Blocks that differ by a row.
  const ten = overfitting(TRIALS.map((returns) => returns.slice(0, 230)), 10)!;
  assert.equal(ten.combinations, 252);
  near(ten.probability, 0.3055555555555556);
  near(ten.meanLogit, 0.4610717461934927);
  const sixteen = overfitting(TRIALS)!;
  assert.equal(sixteen.combinations, 12870);
  near(sixteen.probability, 0.239005439005439);
  near(sixteen.meanLogit, 0.6034586035732795);
});

Deno.test("one that is always best is not overfitted, noise is by half", () => {
  const random = seededRandom(3);
  const noise = Array.from(
    { length: 40 },
    () => Array.from({ length: 320 }, () => random() - 0.5),
  );
  const better = noise.map((returns, n) => n === 7 ? returns.map((one) => one + 1) : returns);
  assert.equal(overfitting(better, 8)!.probability, 0);
  const { probability } = overfitting(noise, 8)!;
  assert.ok(probability > 0.2 && probability < 0.8, String(probability));
  // What is equal shares its rank.
  assert.equal(overfitting([RETURNS, RETURNS], 8)!.probability, 0.5);
  assert.equal(overfitting(noise.map(() => RETURNS), 8)!.probability, 0.5);
  // Each trial twice: the best pair is still the best.
  assert.equal(overfitting([...better, ...better], 8)!.probability, 0);
  assert.equal(overfitting([RETURNS], 8), null);
  assert.equal(overfitting([[1, 2], [3, 4]], 8), null);
});

Deno.test("quantiles lie between neighbours, as numpy's", () => {
  const sorted = [1, 1, 2, 3, 4, 5, 6, 9];
  near(quantile(sorted, 0.025), 1);
  near(quantile(sorted, 0.5), 3.5);
  near(quantile(sorted, 0.975), 8.475);
});

Deno.test("trades resampled one by one gain and fall as numpy's resamples do", () => {
  const gains = Array.from({ length: 50 }, (_, i) => ((i * 37) % 23 - 10) * 7);
  const found = bootstrapTrades({
    gains,
    initialCash: 1000,
    random: seededRandom(1),
    blockLength: 1,
    resamples: 20_000,
  })!;
  // 200,000 (of falls: 100,000) resamples by numpy; within what 20,000 leave to chance.
  near(found.gain.low, -0.343, 0.03);
  near(found.gain.median, 0.308, 0.02);
  near(found.gain.high, 0.952, 0.03);
  near(found.maxDrawdown.low, 0.07698816, 0.01);
  near(found.maxDrawdown.median, 0.19131044, 0.01);
  near(found.maxDrawdown.high, 0.50338511, 0.03);
  near(found.lossProbability, 0.17464, 0.02);
});

Deno.test("pieces keep series together: losses in a row fall deeper", () => {
  const gains = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10) % 2 === 0 ? 10 : -10);
  const common = { gains, initialCash: 1000, resamples: 4000 };
  const apart = bootstrapTrades({ ...common, random: seededRandom(1), blockLength: 1 })!;
  const together = bootstrapTrades({ ...common, random: seededRandom(1), blockLength: 10 })!;
  const [deep, shallow] = [together.maxDrawdown.median, apart.maxDrawdown.median];
  assert.ok(deep > 1.3 * shallow, `${deep} ${shallow}`);
  const again = bootstrapTrades({ ...common, random: seededRandom(1), blockLength: 10 });
  assert.deepEqual(again, together, "the same seed, the same figures");
  assert.equal(bootstrapTrades({ ...common, random: seededRandom(1) })!.blockLength, 5);
  assert.equal(bootstrapTrades({ ...common, gains: [5], random: seededRandom(1) }), null);
});
