/** Indicators as miner.toml writes them: "sma(20)", "macd(12, 26, 9)", "ema(10, volume)", "SMA100". */
import type { Indicator } from "../fincalcs/indicators.ts";
import { type BarColumns, IndicatorSet, type Json } from "../mod.ts";
import { closest } from "../util/closest.ts";
import { ConfigError } from "../util/errors.ts";

export interface IndicatorSpec {
  /** As it is written; the key in stock_ohlc's indicators. */
  text: string;
  /** Of IndicatorSet. */
  method: string;
  args: (number | string)[];
}

/** What has no length to be warmed up by: it counts from the first bar, which each run moves. */
const CUMULATIVE = ["obv", "vwap"];
const NONE = ["constructor", "feed", "every"];
/**
 * Averages that never forget have forgotten all but a part of 1/5000 after so many periods: those
 * with a weight of 2 / (period + 1), some of which are averaged again, and Wilder's, of 1 / period.
 */
const PERIODS_OF_EMA = 6;
const PERIODS_OF_WILDER = 9;
/** The others look at their periods alone. */
const PERIODS = 2;
const EMA_LIKE = ["ema", "dema", "tema", "macd"];
const WILDER_LIKE = ["wilder", "rsi", "atr", "adx", "keltner", "superTrend"];
/** Where none is given: no default is longer. */
const BARS_DEFAULT = 47;
/** Numbers that some kinds have beside their value. */
const PARTS = ["signal", "histogram", "upper", "middle", "lower", "k", "d", "plusDi", "minusDi"];

/** Throws ConfigError for what cannot be an indicator. */
export function indicatorSpecs(texts: readonly string[], section: string): IndicatorSpec[] {
  const specs = texts.map((text) => specOf(text.trim(), section));
  const set = new IndicatorSet();
  for (const spec of specs) make(set, spec, section);
  return specs;
}

/** Bars before the first that is wanted. */
export function warmUpBars(specs: readonly IndicatorSpec[]): number {
  return Math.max(
    0,
    ...specs.map(({ method, args }) => {
      const numbers = args.filter((arg) => typeof arg === "number");
      const bars = Math.ceil(numbers.reduce((sum, bars) => sum + bars, 0)) || BARS_DEFAULT;
      if (EMA_LIKE.includes(method)) return PERIODS_OF_EMA * bars;
      return (WILDER_LIKE.includes(method) ? PERIODS_OF_WILDER : PERIODS) * bars;
    }),
  );
}

/** After each bar the values of all, by the texts; null until there is one. */
export function indicatorValues(
  specs: readonly IndicatorSpec[],
  bars: BarColumns,
  section: string,
): Record<string, Json>[] {
  const set = new IndicatorSet();
  const made = specs.map((spec) => make(set, spec, section));
  return Array.from(bars.timeUs, (timeUs, i) => {
    const { open, high, low, close, volume } = bars;
    set.feed(open[i]!, high[i]!, low[i]!, close[i]!, volume[i]!, timeUs);
    return Object.fromEntries(specs.map(({ text }, j) => [text, valueOf(made[j]!)]));
  });
}

function valueOf(indicator: Indicator): Json {
  const value = numberOf(indicator.value);
  const all = indicator as unknown as Record<string, number | boolean>;
  const parts = PARTS.filter((name) => name in all);
  if (parts.length === 0 && !("isUp" in all)) return value;
  const of: Record<string, Json> = { value };
  for (const name of parts) of[name] = numberOf(all[name] as number);
  if ("isUp" in all) of.isUp = value === null ? null : all.isUp!;
  return of;
}

function numberOf(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function specOf(text: string, section: string): IndicatorSpec {
  const match = /^([A-Za-z]+?)(?:(\d+)|\s*\(([^()]*)\))?$/.exec(text);
  const known = Object.getOwnPropertyNames(IndicatorSet.prototype)
    .filter((name) => !NONE.includes(name));
  const name = match?.[1] ?? "";
  const method = known.find((one) => one.toLowerCase() === name.toLowerCase());
  if (match === null || method === undefined) {
    const meant = closest(name, known);
    throw wrong(
      section,
      text,
      `is no indicator${meant ? `; did you mean "${meant}"?` : ""} Write sma(20); there are ` +
        known.filter((one) => !CUMULATIVE.includes(one)).join(", "),
    );
  }
  if (CUMULATIVE.includes(method)) {
    throw wrong(section, text, "counts from the first bar on: rows of two runs would not compare");
  }
  const args = (match[2] ?? match[3] ?? "").split(",").map((arg) => arg.trim())
    .filter((arg) => arg !== "")
    .map((arg) => Number.isNaN(Number(arg)) ? arg : Number(arg));
  return { text, method, args };
}

function make(
  set: IndicatorSet,
  { text, method, args }: IndicatorSpec,
  section: string,
): Indicator {
  const source = args.find((arg) => typeof arg === "string");
  if (source !== undefined && !SOURCES.includes(source as string)) {
    throw wrong(section, text, `has no "${source}": a source is one of ${SOURCES.join(", ")}`);
  }
  try {
    const of = set as unknown as Record<string, (...args: (number | string)[]) => Indicator>;
    return of[method]!(...args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw wrong(section, text, `cannot be: ${error.message}`);
  }
}

const SOURCES = ["open", "high", "low", "close", "volume", "typical"];

function wrong(section: string, text: string, why: string): ConfigError {
  return new ConfigError(`Cannot use [miners.${section}]: "indicators": "${text}" ${why}`);
}
