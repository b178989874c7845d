/**
 * Candle patterns of one or two bars, all told by (open, high, low, close).
 * Prices are rounded to cents first, and compared in whole cents, so that "0.02" means two cents
 * whatever float64 makes of it. Prices that are not numbers match no pattern.
 *
 * With body = |close − open|, upper = high − max(open, close), lower = min(open, close) − low and
 * shadow = upper + lower. Formulas: LiuAlgoTrader's fincalcs.
 */

/** Any pattern of a single bar. */
export type CandlePattern = (open: number, high: number, low: number, close: number) => boolean;

/** Whole cents; halves away from zero. */
function cents(price: number): number {
  // The shortest text of 1.005 is "1.005": its half is seen where 1.005 * 100 = 100.49999… hides
  // it.
  const scaled = Number(`${price}e2`);
  return Number.isNaN(scaled) ? Math.round(price * 100) : Math.round(scaled);
}

function bodyOf(open: number, close: number): number {
  return Math.abs(cents(close) - cents(open));
}

function upperOf(open: number, high: number, close: number): number {
  return cents(high) - Math.max(cents(open), cents(close));
}

function lowerOf(open: number, low: number, close: number): number {
  return Math.min(cents(open), cents(close)) - cents(low);
}

/** Body < 0.02 < shadow, 2 × lower < upper, shadow > 2 × body: sellers took a rise back. */
export function gravestoneDoji(open: number, high: number, low: number, close: number): boolean {
  const body = bodyOf(open, close);
  const upper = upperOf(open, high, close);
  const lower = lowerOf(open, low, close);
  const shadow = upper + lower;
  return body < 2 && 2 < shadow && 2 * lower < upper && shadow > 2 * body;
}

/** All four prices are equal. */
export function fourPriceDoji(open: number, high: number, low: number, close: number): boolean {
  const price = cents(open);
  return price === cents(high) && price === cents(low) && price === cents(close);
}

/** Close = open, with a low at least 0.01 below and a high at least 0.01 above. */
export function doji(open: number, high: number, low: number, close: number): boolean {
  const price = cents(open);
  return cents(close) === price && cents(low) <= price - 1 && cents(high) >= price + 1;
}

/** Shadow ≥ 2 × body, both shadows > 0.02 and of about one length: 0.8 < upper ÷ lower < 1.2. */
export function spinningTop(open: number, high: number, low: number, close: number): boolean {
  const upper = upperOf(open, high, close);
  const lower = lowerOf(open, low, close);
  // In whole numbers, because 1.2 × 5 is not 6 in float64.
  return upper + lower >= 2 * bodyOf(open, close) && lower > 2 && upper > 2 &&
    8 * lower < 10 * upper && 10 * upper < 12 * lower;
}

/**
 * Close > open + 0.02 and (close − open) > 1.2 × ((high − close) + (open − low)).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(bullishCandle(10.00, 10.55, 9.95, 10.50), true);
 * assert.equal(bullishCandle(10.00, 10.80, 9.80, 10.50), false); // shadows of 0.50
 * ```
 */
export function bullishCandle(open: number, high: number, low: number, close: number): boolean {
  const rise = cents(close) - cents(open);
  return rise > 2 && 10 * rise > 12 * (cents(high) - cents(close) + cents(open) - cents(low));
}

/** Close < open and body ≥ 0.01. */
export function bearishCandle(
  open: number,
  _high: number,
  _low: number,
  close: number,
): boolean {
  return cents(open) - cents(close) >= 1;
}

/** Body < 0.01, lower > 2 × upper, shadow > 3 × body: buyers took a fall back. */
export function dragonflyCandle(open: number, high: number, low: number, close: number): boolean {
  const body = bodyOf(open, close);
  const upper = upperOf(open, high, close);
  const lower = lowerOf(open, low, close);
  return body < 1 && lower > 2 * upper && upper + lower > 3 * body;
}

/** One bar as the patterns of two bars take it: open, high, low, close. */
export type Ohlc = readonly [open: number, high: number, low: number, close: number];

/** A spinning top, then a bar with open > close. */
export function spinningTopBearishFollowup(first: Ohlc, second: Ohlc): boolean {
  return spinningTop(...first) && cents(second[0]) > cents(second[3]);
}

/** A bullish candle, then a dragonfly that opens above the first one's close. */
export function bullishCandleFollowedByDragonfly(first: Ohlc, second: Ohlc): boolean {
  return bullishCandle(...first) && dragonflyCandle(...second) &&
    cents(second[0]) > cents(first[3]);
}
