/**
 * Indicators that follow a stream of bars, as a strategy's `setup(symbol)` makes them.
 * Invariant: an indicator has seen exactly the bars that its set was fed with since it was made, in
 * their order; its numbers are NaN until it has seen enough of them (`isReady`).
 */
import type { BarColumns } from "../model/bars.ts";
import { exchangeDay } from "../model/calendar.ts";
import { BarAggregator } from "./bar_aggregator.ts";
import * as adapters from "./indicator_adapters.ts";
import { type Candle, CandleRing, type StreamIndicator } from "./stream_indicator.ts";

/** One number that follows the bars. Read it at any time; nothing is computed by reading. */
export interface Indicator {
  /**
   * After the last completed bar; NaN until ready. Its unit is said at the method that makes it.
   */
  readonly value: number;
  /** `value` as it was one bar earlier, so that a crossing can be seen; NaN until there is one. */
  readonly previous: number;
  /** True once enough bars have come. */
  readonly isReady: boolean;
}

/** `value` is the MACD line: fast average − slow average, in the source's unit. */
export interface MacdIndicator extends Indicator {
  /** Exponential average of the MACD line. */
  readonly signal: number;
  /** MACD line − signal. */
  readonly histogram: number;
}

/** `value` is the middle line. All three in the source's unit. */
export interface BandIndicator extends Indicator {
  readonly upper: number;
  readonly middle: number;
  readonly lower: number;
}

/** `value` is %K, smoothed; 0 … 100. */
export interface StochasticIndicator extends Indicator {
  readonly k: number;
  /** Average of the last %K. */
  readonly d: number;
}

/** `value` is the ADX, 0 … 100: how strong the trend is, not where it goes. */
export interface AdxIndicator extends Indicator {
  /** Directional indicators +DI and −DI, 0 … 100. */
  readonly plusDi: number;
  readonly minusDi: number;
}

/** `value` is the line that the price has to cross for the trend to turn. */
export interface SuperTrendIndicator extends Indicator {
  readonly isUp: boolean;
}

/**
 * Which number of a bar an average or oscillator follows; "typical" is (high + low + close) / 3.
 */
export type BarSource = "open" | "high" | "low" | "close" | "volume" | "typical";

/** The engine's way in, by row: not a method, so that a strategy's setup shows what is for it. */
export let feedBar: (set: IndicatorSet, bars: BarColumns, i: number) => void;
/** Of the bar that stands at `at` of `rows` (BAR_ROW). */
export let feedRow: (set: IndicatorSet, rows: Float64Array, at: number) => void;

const NO_CANDLE: Candle = { open: NaN, high: NaN, low: NaN, close: NaN, volume: NaN, timeUs: NaN };

/** Longest period that can be asked for, in bars: 10 trading days of minutes are 3,900. */
export const PERIOD_BARS_MAX = 10_000;

/**
 * Makes indicators and feeds them all. Periods are in bars, whole numbers from 1 (where not said
 * otherwise) to {@linkcode PERIOD_BARS_MAX}; anything else is a RangeError. Nothing is allocated
 * per bar here; of the library, averages allocate a short-lived options object an update, and macd,
 * bollinger, stochastic, donchian, keltner and superTrend one result object a bar.
 *
 * @example A crossing of two averages
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const set = new IndicatorSet();
 * const fast = set.sma(2);
 * const slow = set.sma(3);
 * for (const [minute, close] of [10, 11, 12, 13].entries()) {
 *   set.feed(close, close, close, close, 100, minute * 60e6);
 * }
 * assert.equal(fast.value, 12.5);
 * assert.equal(slow.value, 12);
 * assert.equal(slow.previous, 11);
 * ```
 */
export class IndicatorSet {
  readonly #indicators: StreamIndicator[] = [];
  readonly #candles = new CandleRing();
  #takesCandles = false;
  readonly #aggregators: BarAggregator[] = [];

  /**
   * A set of its own over bars of `minutes` (whole, 2 … 1440), which start at multiples of it since
   * the exchange's midnight: `every(5).sma(10)` is the average of ten 5 minute bars. It is fed by
   * this set, with the last minute of each such bar, or, where that minute has no bar, with the
   * next that has.
   */
  every(minutes: number): IndicatorSet {
    if (!Number.isInteger(minutes) || minutes < 2 || minutes > 1440) {
      throw new RangeError(
        `Cannot make indicators of every ${minutes} minutes: give a whole number from 2 to 1440`,
      );
    }
    const set = new IndicatorSet();
    this.#aggregators.push(new BarAggregator(minutes, set.feed.bind(set)));
    return set;
  }

  /** Simple average of the last `period` values. */
  sma(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.sma(checked("sma", period), source));
  }

  /** Exponential average, weight 2 / (period + 1), that starts from the first value. */
  ema(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.ema(checked("ema", period), source));
  }

  /** Average with weights 1 … period, the newest heaviest. */
  wma(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.wma(checked("wma", period), source));
  }

  /**
   * Wilder's average, weight 1 / period, that starts from the simple average of the first `period`.
   */
  wilder(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.wilder(checked("wilder", period), source));
  }

  /** Hull's average, period from 4: quick, and smooth all the same. */
  hma(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.hma(checked("hma", period, 4), source));
  }

  /** Double exponential average: 2 × EMA − EMA of the EMA. */
  dema(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.dema(checked("dema", period), source));
  }

  /** Triple exponential average. */
  tema(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.tema(checked("tema", period), source));
  }

  /** Wilder's relative strength index, 0 … 100, period from 2; 100 where nothing was lost. */
  rsi(period = 14, source: BarSource = "close"): Indicator {
    return this.#register(adapters.rsi(checked("rsi", period, 2), source));
  }

  /** Appel's MACD; ready after slow + signal − 1 bars. `fast` is below `slow`. */
  macd(fast = 12, slow = 26, signal = 9, source: BarSource = "close"): MacdIndicator {
    checked("macd fast", fast);
    checked("macd slow", slow);
    checked("macd signal", signal);
    if (fast >= slow) {
      throw new RangeError(
        `Cannot make macd(${fast}, ${slow}, ${signal}): fast must be below slow`,
      );
    }
    return this.#register(adapters.macd(fast, slow, signal, source));
  }

  /** Wilder's average true range, in price; the first bar's range is high − low. */
  atr(period = 14): Indicator {
    return this.#register(adapters.atr(checked("atr", period)), 3);
  }

  /**
   * Simple average ± `deviations` (> 0) population standard deviations (n) of the last `period`.
   */
  bollinger(period = 20, deviations = 2, source: BarSource = "close"): BandIndicator {
    positive("bollinger deviations", deviations);
    return this.#register(adapters.bollinger(checked("bollinger", period), deviations, source));
  }

  /** Lane's stochastic: %K over `period`, averaged over `slowing`; %D its average over `signal`. */
  stochastic(period = 14, signal = 3, slowing = 3): StochasticIndicator {
    checked("stochastic signal", signal);
    checked("stochastic slowing", slowing);
    return this.#register(
      adapters.stochastic(checked("stochastic", period), signal, slowing),
      period,
    );
  }

  /** Wilder's average directional index; counts from the first bar with high > low. */
  adx(period = 14): AdxIndicator {
    return this.#register(adapters.adx(checked("adx", period)), 3);
  }

  /**
   * Volume-weighted average of (high + low + close) / 3 since the exchange's midnight, so including
   * the bars before the open; it starts anew each exchange day. Not ready before the first bar with
   * volume.
   */
  vwap(): Indicator {
    return this.#register(adapters.vwap(exchangeDay));
  }

  /** Lambert's commodity channel index of the typical price, mostly −100 … 100; 0 where flat. */
  cci(period = 20): Indicator {
    return this.#register(adapters.cci(checked("cci", period, 2)));
  }

  /**
   * On-balance volume since the first bar: volume added on a rise of the close, taken off on a
   * fall.
   */
  obv(): Indicator {
    return this.#register(adapters.obv(), 2);
  }

  /** Money flow index, 0 … 100; 50 where no money flowed. */
  mfi(period = 14): Indicator {
    return this.#register(adapters.mfi(checked("mfi", period)), period + 1);
  }

  /** Rate of change over `period` bars, per cent. */
  roc(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.roc(checked("roc", period), source));
  }

  /** Difference to `period` bars ago, in the source's unit. */
  momentum(period: number, source: BarSource = "close"): Indicator {
    return this.#register(adapters.momentum(checked("momentum", period), source));
  }

  /** Williams's %R, −100 … 0; −100 where flat. */
  williamsR(period = 14): Indicator {
    return this.#register(adapters.williamsR(checked("williamsR", period)), period);
  }

  /** Highest high and lowest low of the last `period` bars, and their middle. */
  donchian(period = 20): BandIndicator {
    return this.#register(adapters.donchian(checked("donchian", period)), period);
  }

  /**
   * Exponential average over `period` ± `multiplier` (> 0) average true ranges over `atrPeriod`.
   */
  keltner(period = 20, atrPeriod = 10, multiplier = 2): BandIndicator {
    positive("keltner multiplier", multiplier);
    checked("keltner atrPeriod", atrPeriod);
    return this.#register(adapters.keltner(checked("keltner", period), atrPeriod, multiplier), 3);
  }

  /** Supertrend: `multiplier` (> 0) average true ranges from the middle of the bar. */
  superTrend(period = 10, multiplier = 3): SuperTrendIndicator {
    positive("superTrend multiplier", multiplier);
    return this.#register(adapters.superTrend(checked("superTrend", period), multiplier), 3);
  }

  /**
   * One completed bar, for all indicators made so far. `timeUs` is its start; bars come in order.
   */
  feed(
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    timeUs: number,
  ): void {
    const aggregators = this.#aggregators;
    for (let i = 0; i < aggregators.length; i++) {
      aggregators[i].feed(open, high, low, close, volume, timeUs);
    }
    const indicators = this.#indicators;
    if (indicators.length === 0) return;
    const candle: Candle = this.#candles.next();
    candle.open = open;
    candle.high = high;
    candle.low = low;
    candle.close = close;
    candle.volume = volume;
    candle.timeUs = timeUs;
    for (let i = 0; i < indicators.length; i++) indicators[i].add(candle);
  }

  /** As feed(), of the bar at `at` of `rows`. */
  #feedRow(rows: Float64Array, at: number): void {
    for (let i = 0; i < this.#aggregators.length; i++) {
      this.#aggregators[i].feed(
        rows[at + 1],
        rows[at + 2],
        rows[at + 3],
        rows[at + 4],
        rows[at + 5],
        rows[at],
      );
    }
    const indicators = this.#indicators;
    if (indicators.length === 0) return;
    const candle = this.#takesCandles ? this.#candles.next() : NO_CANDLE;
    if (this.#takesCandles) {
      candle.open = rows[at + 1];
      candle.high = rows[at + 2];
      candle.low = rows[at + 3];
      candle.close = rows[at + 4];
      candle.volume = rows[at + 5];
      candle.timeUs = rows[at];
    }
    for (let i = 0; i < indicators.length; i++) indicators[i].addRow(rows, at, candle);
  }

  static {
    feedRow = (set, rows, at) => set.#feedRow(rows, at);
    feedBar = (set, { timeUs, open, high, low, close, volume }, i) => {
      if (set.#indicators.length === 0 && set.#aggregators.length === 0) return;
      set.feed(open[i], high[i], low[i], close[i], volume[i], timeUs[i]);
    };
  }

  /** `keptCandles`: how many of the candles it was given the library's indicator still reads. */
  #register<I extends StreamIndicator>(indicator: I, keptCandles = 0): I {
    this.#candles.reserve(keptCandles + 1);
    this.#takesCandles ||= indicator.takesCandles;
    this.#indicators.push(indicator);
    return indicator;
  }
}

function checked(what: string, period: number, min = 1): number {
  if (!Number.isInteger(period) || period < min || period > PERIOD_BARS_MAX) {
    throw new RangeError(
      `Cannot make the indicator: ${what} must be a whole number of bars, ${min} to ` +
        `${PERIOD_BARS_MAX}, got ${period}`,
    );
  }
  return period;
}

function positive(what: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new RangeError(`Cannot make the indicator: ${what} must be above 0, got ${value}`);
  }
}
