/**
 * Any indicator of technicalindicators by its name, over whole columns: for miners and analysis,
 * where breadth counts. Strategies use {@linkcode IndicatorSet}, which streams.
 * Invariant: value `i` of a result depends on the bars 0 … i alone.
 */
import * as lib from "technicalindicators";
import type { BarColumns } from "../model/bars.ts";

type ParamValue = number | boolean | string;
type Column = "open" | "high" | "low" | "close" | "volume";

interface Definition {
  calculate: (input: never) => unknown;
  /** Columns it takes; "values" is the one column that the parameter `source` names. */
  inputs: readonly (Column | "values")[];
  /** Fields of its result rows; none: the rows are numbers. */
  outputs?: readonly string[];
  params: Readonly<Record<string, number | boolean>>;
}

const HLC = ["high", "low", "close"] as const;
const HLCV = ["high", "low", "close", "volume"] as const;
const VALUES = ["values"] as const;

function ofValues(calculate: Definition["calculate"], period: number): Definition {
  return { calculate, inputs: VALUES, params: { period } };
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  sma: ofValues(lib.sma, 20),
  ema: ofValues(lib.ema, 20),
  wma: ofValues(lib.wma, 20),
  wema: ofValues(lib.wema, 20),
  rsi: ofValues(lib.rsi, 14),
  roc: ofValues(lib.roc, 12),
  trix: ofValues(lib.trix, 18),
  sd: ofValues(lib.sd, 20),
  highest: ofValues(lib.highest, 20),
  lowest: ofValues(lib.lowest, 20),
  sum: ofValues(lib.sum, 20),
  averagegain: ofValues(lib.averagegain, 14),
  averageloss: ofValues(lib.averageloss, 14),
  macd: {
    calculate: lib.macd,
    inputs: VALUES,
    outputs: ["MACD", "signal", "histogram"],
    params: {
      fastPeriod: 12,
      slowPeriod: 26,
      signalPeriod: 9,
      SimpleMAOscillator: false,
      SimpleMASignal: false,
    },
  },
  bollingerbands: {
    calculate: lib.bollingerbands,
    inputs: VALUES,
    outputs: ["lower", "middle", "upper", "pb"],
    params: { period: 20, stdDev: 2 },
  },
  stochasticrsi: {
    calculate: lib.stochasticrsi,
    inputs: VALUES,
    outputs: ["stochRSI", "k", "d"],
    params: { rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3 },
  },
  kst: {
    calculate: lib.kst,
    inputs: VALUES,
    outputs: ["kst", "signal"],
    params: {
      ROCPer1: 10,
      ROCPer2: 15,
      ROCPer3: 20,
      ROCPer4: 30,
      SMAROCPer1: 10,
      SMAROCPer2: 10,
      SMAROCPer3: 10,
      SMAROCPer4: 15,
      signalPeriod: 9,
    },
  },
  atr: { calculate: lib.atr, inputs: HLC, params: { period: 14 } },
  truerange: { calculate: lib.truerange, inputs: HLC, params: {} },
  adx: {
    calculate: lib.adx,
    inputs: HLC,
    outputs: ["adx", "pdi", "mdi"],
    params: { period: 14 },
  },
  cci: { calculate: lib.cci, inputs: HLC, params: { period: 20 } },
  williamsr: { calculate: lib.williamsr, inputs: HLC, params: { period: 14 } },
  stochastic: {
    calculate: lib.stochastic,
    inputs: HLC,
    outputs: ["k", "d"],
    params: { period: 14, signalPeriod: 3 },
  },
  psar: { calculate: lib.psar, inputs: ["high", "low"], params: { step: 0.02, max: 0.2 } },
  awesomeoscillator: {
    calculate: lib.awesomeoscillator,
    inputs: ["high", "low"],
    params: { fastPeriod: 5, slowPeriod: 34 },
  },
  ichimokucloud: {
    calculate: lib.ichimokucloud,
    inputs: ["high", "low"],
    outputs: ["conversion", "base", "spanA", "spanB"],
    params: { conversionPeriod: 9, basePeriod: 26, spanPeriod: 52, displacement: 26 },
  },
  keltnerchannels: {
    calculate: lib.keltnerchannels,
    inputs: HLC,
    outputs: ["lower", "middle", "upper"],
    params: { maPeriod: 20, atrPeriod: 10, multiplier: 2, useSMA: false },
  },
  chandelierexit: {
    calculate: lib.chandelierexit,
    inputs: HLC,
    outputs: ["exitLong", "exitShort"],
    params: { period: 22, multiplier: 3 },
  },
  adl: { calculate: lib.adl, inputs: HLCV, params: {} },
  mfi: { calculate: lib.mfi, inputs: HLCV, params: { period: 14 } },
  vwap: { calculate: lib.vwap, inputs: HLCV, params: {} },
  obv: { calculate: lib.obv, inputs: ["close", "volume"], params: {} },
  forceindex: { calculate: lib.forceindex, inputs: ["close", "volume"], params: { period: 13 } },
};

type Pattern = (candles: never) => unknown;

/** Bars that the longest of the library's candlestick patterns looks at. */
const PATTERN_BARS = 5;

/** Candlestick patterns of one to five bars; bullish and bearish are any of their side. */
const PATTERNS: Readonly<Record<string, Pattern>> = {
  abandonedbaby: lib.abandonedbaby,
  bearish: lib.bearish,
  bearishengulfingpattern: lib.bearishengulfingpattern,
  bearishhammerstick: lib.bearishhammerstick,
  bearishharami: lib.bearishharami,
  bearishharamicross: lib.bearishharamicross,
  bearishinvertedhammerstick: lib.bearishinvertedhammerstick,
  bearishmarubozu: lib.bearishmarubozu,
  bearishspinningtop: lib.bearishspinningtop,
  bullish: lib.bullish,
  bullishengulfingpattern: lib.bullishengulfingpattern,
  bullishhammerstick: lib.bullishhammerstick,
  bullishharami: lib.bullishharami,
  bullishharamicross: lib.bullishharamicross,
  bullishinvertedhammerstick: lib.bullishinvertedhammerstick,
  bullishmarubozu: lib.bullishmarubozu,
  bullishspinningtop: lib.bullishspinningtop,
  darkcloudcover: lib.darkcloudcover,
  doji: lib.doji,
  downsidetasukigap: lib.downsidetasukigap,
  dragonflydoji: lib.dragonflydoji,
  eveningdojistar: lib.eveningdojistar,
  eveningstar: lib.eveningstar,
  gravestonedoji: lib.gravestonedoji,
  hammerpattern: lib.hammerpattern,
  hangingman: lib.hangingman,
  morningdojistar: lib.morningdojistar,
  morningstar: lib.morningstar,
  piercingline: lib.piercingline,
  shootingstar: lib.shootingstar,
  threeblackcrows: lib.threeblackcrows,
  threewhitesoldiers: lib.threewhitesoldiers,
  tweezerbottom: lib.tweezerbottom,
  tweezertop: lib.tweezertop,
};

/**
 * The names that {@linkcode indicatorColumns} knows, with each one's parameters and their defaults.
 */
export function indicatorDefaults(): Record<string, Record<string, ParamValue>> {
  const names: Record<string, Record<string, ParamValue>> = {};
  for (const [name, { inputs, params }] of Object.entries(DEFINITIONS)) {
    names[name] = inputs === VALUES ? { ...params, source: "close" } : { ...params };
  }
  for (const name of Object.keys(PATTERNS)) names[name] = {};
  return names;
}

/**
 * An indicator over bars: columns as long as the bars', NaN where it is not ready yet. One of a
 * single number has the column `value`, others one a field (`macd`: MACD, signal, histogram); a
 * candlestick pattern's `value` is 1 on the bar that completes it, else 0, and NaN on the first
 * four. Parameters bear the library's names and have the usual defaults; `source` is open, high,
 * low, close or volume. Units are the library's (technicalindicators 3.1): rsi, mfi and stochastic
 * 0 … 100, roc per cent. Throws RangeError, which says what is known, for another name, parameter
 * or value.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const close = Float64Array.of(1, 2, 3, 4);
 * const bars = {
 *   timeUs: Float64Array.of(0, 1, 2, 3), open: close, high: close, low: close, close,
 *   volume: close, vwap: close, trades: close,
 * };
 * assert.deepEqual([...indicatorColumns("sma", bars, { period: 3 }).value], [NaN, NaN, 2, 3]);
 * ```
 */
export function indicatorColumns(
  name: string,
  bars: BarColumns,
  params: Readonly<Record<string, ParamValue>> = {},
): Record<string, Float64Array> {
  if (Object.hasOwn(PATTERNS, name)) {
    checkParams(name, params, {});
    return { value: patternColumn(PATTERNS[name], bars) };
  }
  if (!Object.hasOwn(DEFINITIONS, name)) {
    const known = [...Object.keys(DEFINITIONS), ...Object.keys(PATTERNS)].join(", ");
    throw new RangeError(`Cannot compute indicator "${name}": it is none of ${known}`);
  }
  const definition = DEFINITIONS[name];
  const { source = "close", ...rest } = params;
  checkParams(name, definition.inputs === VALUES ? rest : params, definition.params);
  const input: Record<string, unknown> = { ...definition.params, ...rest };
  for (const column of definition.inputs) {
    input[column] = [...bars[column === "values" ? checkSource(name, source) : column]];
  }
  const rows = definition.calculate(input as never) as unknown[];
  return toColumns(rows, bars.close.length, definition.outputs);
}

function toColumns(
  rows: unknown[],
  length: number,
  outputs: readonly string[] | undefined,
): Record<string, Float64Array> {
  // The library leaves out the bars at the start for which it has nothing.
  const first = length - rows.length;
  const columns: Record<string, Float64Array> = {};
  for (const output of outputs ?? ["value"]) {
    const column = new Float64Array(length).fill(NaN);
    for (let i = 0; i < rows.length; i++) {
      const value = outputs === undefined ? rows[i] : (rows[i] as Record<string, unknown>)[output];
      if (typeof value === "number") column[first + i] = value;
    }
    columns[output] = column;
  }
  return columns;
}

function patternColumn(pattern: Pattern, bars: BarColumns): Float64Array {
  const column = new Float64Array(bars.close.length).fill(NaN);
  for (let end = PATTERN_BARS; end <= column.length; end++) {
    const last = (values: Float64Array) => [...values.subarray(end - PATTERN_BARS, end)];
    const candles = {
      open: last(bars.open),
      high: last(bars.high),
      low: last(bars.low),
      close: last(bars.close),
    };
    column[end - 1] = pattern(candles as never) ? 1 : 0;
  }
  return column;
}

function checkSource(name: string, source: ParamValue): Column {
  switch (source) {
    case "open":
    case "high":
    case "low":
    case "close":
    case "volume":
      return source;
    default:
      throw new RangeError(
        `Cannot compute ${name}: source must be open, high, low, close or volume, got ${source}`,
      );
  }
}

function checkParams(
  name: string,
  params: Readonly<Record<string, ParamValue>>,
  defaults: Readonly<Record<string, number | boolean>>,
): void {
  for (const [param, value] of Object.entries(params)) {
    if (!Object.hasOwn(defaults, param)) {
      const known = Object.keys(defaults).join(", ") || "none";
      throw new RangeError(`Cannot compute ${name}: no parameter "${param}"; it has ${known}`);
    }
    if (typeof defaults[param] === "boolean") {
      if (typeof value === "boolean") continue;
      throw new RangeError(`Cannot compute ${name}: ${param} must be true or false, got ${value}`);
    }
    const isPeriod = /period|Per\d$|displacement/i.test(param);
    const isFit = typeof value === "number" && value > 0 && value < Infinity &&
      (!isPeriod || Number.isInteger(value));
    if (isFit) continue;
    const wanted = isPeriod ? "a whole number of bars from 1" : "a number above 0";
    throw new RangeError(`Cannot compute ${name}: ${param} must be ${wanted}, got ${value}`);
  }
}
