/**
 * trading-signals behind the shape of {@linkcode Indicator}.
 * Invariant: only this file knows the library; its results are read once, when a bar is added.
 */
import * as lib from "trading-signals";
import type {
  AdxIndicator,
  BandIndicator,
  BarSource,
  MacdIndicator,
  StochasticIndicator,
  SuperTrendIndicator,
} from "./indicators.ts";
import { Sma } from "./sma.ts";
import { type Candle, sourceOf, StreamIndicator } from "./stream_indicator.ts";

/** For the sandbox, which freezes all of it: some of its objects hang on indicators. */
export { lib };

interface Updated<Input> {
  update(input: Input, replace: boolean): number | null;
}

/** A number from a number; ready after `bars` bars. */
class FromNumber extends StreamIndicator {
  #bars = 0;
  constructor(
    private readonly library: Updated<number>,
    private readonly source: BarSource,
    private readonly bars: number,
    private readonly factor = 1,
  ) {
    super();
  }

  add(candle: Candle): void {
    const result = this.library.update(sourceOf(candle, this.source), false);
    if (++this.#bars >= this.bars && result !== null) this.set(result * this.factor);
  }
}

/** A number from a candle; ready when the library has a result. */
class FromCandle extends StreamIndicator {
  constructor(private readonly library: Updated<Candle>) {
    super();
  }

  add(candle: Candle): void {
    const result = this.library.update(candle, false);
    // Not a number is 0 ÷ 0: the prices stood still.
    if (result !== null) this.set(Number.isNaN(result) ? 0 : result);
  }
}

export function sma(period: number, source: BarSource): StreamIndicator {
  return new Sma(period, source);
}

export function ema(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.EMA(period), source, period);
}

export function wma(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.WMA(period), source, period);
}

export function wilder(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.WSMA(period), source, period);
}

export function hma(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.HMA(period), source, period);
}

export function dema(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.DEMA(period), source, period);
}

export function tema(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.TEMA(period), source, period);
}

export function rsi(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.RSI(period), source, period + 1);
}

/** The library's rate is a fraction. */
export function roc(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.ROC(period), source, period + 1, 100);
}

export function momentum(period: number, source: BarSource): StreamIndicator {
  return new FromNumber(new lib.MOM(period), source, period + 1);
}

export function atr(period: number): StreamIndicator {
  return new FromCandle(new lib.ATR(period));
}

export function cci(period: number): StreamIndicator {
  return new FromCandle(new lib.CCI(period));
}

export function obv(): StreamIndicator {
  return new FromCandle(new lib.OBV(2));
}

export function mfi(period: number): StreamIndicator {
  return new FromCandle(new lib.MFI(period));
}

export function williamsR(period: number): StreamIndicator {
  return new FromCandle(new lib.WilliamsR(period));
}

class Macd extends StreamIndicator implements MacdIndicator {
  signal = NaN;
  histogram = NaN;
  readonly #library: lib.MACD;
  #bars = 0;

  constructor(
    fast: number,
    private readonly slow: number,
    private readonly smoothing: number,
    private readonly source: BarSource,
  ) {
    super();
    this.#library = new lib.MACD(new lib.EMA(fast), new lib.EMA(slow), new lib.EMA(smoothing));
  }

  add(candle: Candle): void {
    const result = this.#library.update(sourceOf(candle, this.source), false);
    if (++this.#bars < this.slow + this.smoothing - 1 || result === null) return;
    this.set(result.macd);
    this.signal = result.signal;
    this.histogram = result.histogram;
  }
}

export function macd(
  fast: number,
  slow: number,
  signal: number,
  source: BarSource,
): StreamIndicator & MacdIndicator {
  return new Macd(fast, slow, signal, source);
}

class Bands extends StreamIndicator implements BandIndicator {
  upper = NaN;
  lower = NaN;

  constructor(
    private readonly update: (
      candle: Candle,
    ) => { upper: number; middle: number; lower: number } | null,
  ) {
    super();
  }

  get middle(): number {
    return this.value;
  }

  add(candle: Candle): void {
    const result = this.update(candle);
    if (result === null) return;
    this.set(result.middle);
    this.upper = result.upper;
    this.lower = result.lower;
  }
}

export function bollinger(
  period: number,
  deviations: number,
  source: BarSource,
): StreamIndicator & BandIndicator {
  const library = new lib.BollingerBands(period, deviations);
  return new Bands((candle) => library.update(sourceOf(candle, source), false));
}

export function donchian(period: number): StreamIndicator & BandIndicator {
  const library = new lib.DonchianChannels(period);
  return new Bands((candle) => library.update(candle, false));
}

export function keltner(
  emaInterval: number,
  atrInterval: number,
  multiplier: number,
): StreamIndicator & BandIndicator {
  const library = new lib.KeltnerChannels({ emaInterval, atrInterval, multiplier });
  return new Bands((candle) => library.update(candle, false));
}

class Stochastic extends StreamIndicator implements StochasticIndicator {
  d = NaN;
  readonly #library: lib.StochasticOscillator;

  constructor(kPeriod: number, dPeriod: number, kSlowingPeriod: number) {
    super();
    this.#library = new lib.StochasticOscillator({ kPeriod, dPeriod, kSlowingPeriod });
  }

  get k(): number {
    return this.value;
  }

  add(candle: Candle): void {
    const result = this.#library.update(candle, false);
    if (result === null) return;
    this.set(result.stochK);
    this.d = result.stochD;
  }
}

export function stochastic(
  period: number,
  signal: number,
  slowing: number,
): StreamIndicator & StochasticIndicator {
  return new Stochastic(period, signal, slowing);
}

class Adx extends StreamIndicator implements AdxIndicator {
  plusDi = NaN;
  minusDi = NaN;
  readonly #library: lib.ADX;
  #hasRange = false;

  constructor(period: number) {
    super();
    this.#library = new lib.ADX(period);
  }

  add(candle: Candle): void {
    // Over bars without any range the library divides by 0, and its averages never recover from
    // NaN.
    this.#hasRange ||= candle.high > candle.low;
    if (!this.#hasRange) return;
    const result = this.#library.update(candle, false);
    if (result === null) return;
    this.set(result);
    this.plusDi = (this.#library.pdi as number) * 100;
    this.minusDi = (this.#library.mdi as number) * 100;
  }
}

export function adx(period: number): StreamIndicator & AdxIndicator {
  return new Adx(period);
}

class SuperTrend extends StreamIndicator implements SuperTrendIndicator {
  isUp = false;
  readonly #library: lib.SuperTrend;

  constructor(interval: number, multiplier: number) {
    super();
    this.#library = new lib.SuperTrend({ interval, multiplier });
  }

  add(candle: Candle): void {
    const result = this.#library.update(candle, false);
    if (result === null) return;
    this.set(result.supertrend);
    this.isUp = result.trend === lib.TradingSignal.BULLISH;
  }
}

export function superTrend(
  period: number,
  multiplier: number,
): StreamIndicator & SuperTrendIndicator {
  return new SuperTrend(period, multiplier);
}

class DayVwap extends StreamIndicator {
  #library = new lib.VWAP();
  #day = NaN;

  constructor(private readonly dayOf: (us: number) => number) {
    super();
  }

  add(candle: Candle): void {
    const day = this.dayOf(candle.timeUs);
    if (day !== this.#day) {
      this.#day = day;
      this.#library = new lib.VWAP();
      this.clear();
    }
    const result = this.#library.update(candle, false);
    if (result !== null) this.set(result);
  }
}

/** `dayOf`: the exchange day of a moment; a new day starts a new average. */
export function vwap(dayOf: (us: number) => number): StreamIndicator {
  return new DayVwap(dayOf);
}
