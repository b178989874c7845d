export type Trend = "sharp_up" | "up" | "flat" | "down" | "sharp_down" | "unknown";

export interface SeriesTrend {
  /**
   * Of the least-squares line, in the values' unit per step, rounded to 3 decimals; NaN if unknown.
   */
  slope: number;
  trend: Trend;
}

const POINTS_MIN = 4;

/**
 * Where a series goes: the slope of the least-squares line over 0 … n − 1, rounded to 3 decimals.
 * Above 1 is sharp up, above 0 up, 0 flat, down to −1 down, below −1 sharp down. Fewer than 4
 * values, or one that is not a finite number: unknown. Formula: LiuAlgoTrader's fincalcs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(seriesTrend([10, 10.5, 11, 11.5]), { slope: 0.5, trend: "up" });
 * assert.equal(seriesTrend([10, 11, 12]).trend, "unknown");
 * ```
 */
export function seriesTrend(values: ArrayLike<number>): SeriesTrend {
  const n = values.length;
  if (n < POINTS_MIN) return { slope: NaN, trend: "unknown" };
  // Σ (x − x̄)(y − ȳ) ÷ Σ (x − x̄)²; the x̄ of 0 … n − 1 makes ȳ fall out.
  const meanX = (n - 1) / 2;
  let products = 0;
  for (let x = 0; x < n; x++) products += (x - meanX) * values[x];
  const squares = n * (n * n - 1) / 12;
  const slope = Math.round(products / squares * 1000) / 1000;
  if (!Number.isFinite(slope)) return { slope: NaN, trend: "unknown" };
  return { slope: slope === 0 ? 0 : slope, trend: trendOf(slope) };
}

function trendOf(slope: number): Trend {
  if (slope > 1) return "sharp_up";
  if (slope > 0) return "up";
  if (slope === 0) return "flat";
  return slope >= -1 ? "down" : "sharp_down";
}
