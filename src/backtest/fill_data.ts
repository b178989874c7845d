import { fillSourceOf } from "../matching/fill_model.ts";
import { emptyTrades } from "../model/ticks.ts";
import type { FillModelName } from "../model/trading_costs.ts";
import { barsOfTrades, SECOND_US } from "../fincalcs/derive_bars.ts";
import type { MarketData, SymbolData } from "../recorded/market_data.ts";
import type { BacktestOptions, BacktestScale } from "./options.ts";
import { ConfigError } from "../util/errors.ts";

const SYMBOLS_SHOWN = 5;
const HELP = {
  bars: "Give bars, or another --fill",
  quotes: "Give --quotes FILE, or liu data import --kind quotes; or another --fill",
  trades: "Give --trades FILE, or liu data import --kind trades; or another --fill",
} as const;

/** Throws ConfigError where symbols have nothing that their orders could be filled by. */
export function checkFillData(
  data: MarketData,
  fillModel: FillModelName,
  scale: BacktestScale = "minute",
): void {
  const source = fillSourceOf(fillModel);
  if (source === null) return;
  if (scale === "day" && source !== "bars") {
    throw new ConfigError(
      `Cannot fill orders by ${source} with --scale day: by days there are none. ` +
        "Use --fill next_open, close or intrabar, or a finer scale",
    );
  }
  const count = (one: SymbolData) =>
    source === "bars"
      ? one.minuteBars.timeUs.length + one.dailyBars.timeUs.length
      : one[source].timeUs.length;
  const names = without(data, count);
  if (names === null) return;
  throw new ConfigError(
    `Cannot fill orders by ${source} (fill = "${fillModel}"): the data have none of ${names}. ` +
      HELP[source],
  );
}

/**
 * The data as a backtest of the scale wants them: by seconds without trades that nobody sees. Throws
 * ConfigError where they lack something.
 */
export function dataOfScale(
  data: MarketData,
  { scale = "minute", fillModel = "next_open", events }: Pick<
    BacktestOptions,
    "scale" | "fillModel" | "events"
  >,
): MarketData {
  switch (scale) {
    case "day":
    case "minute":
      return data;
    case "second": {
      const areSeen = events.includes("trade") || fillSourceOf(fillModel) !== "bars";
      const seconds = new Map([...data].map(([name, one]): [string, SymbolData] => {
        const secondBars = one.secondBars.timeUs.length > 0
          ? one.secondBars
          : barsOfTrades(one.trades, SECOND_US);
        return [name, { ...one, secondBars, trades: areSeen ? one.trades : emptyTrades() }];
      }));
      const names = without(seconds, ({ secondBars }) => secondBars.timeUs.length);
      if (names === null) return seconds;
      throw new ConfigError(
        `Cannot backtest with --scale second: there are neither second bars nor trades of ${names}. ` +
          "Give --bars FILE of seconds, --trades FILE, or import them (liu data import --scale second)",
      );
    }
    case "trade": {
      const names = without(
        data,
        ({ trades, quotes }) => trades.timeUs.length + quotes.timeUs.length,
      );
      if (names === null) return data;
      throw new ConfigError(
        `Cannot backtest with --scale trade: there are neither trades nor quotes of ${names}. ` +
          "Give --trades FILE, or liu data download --kind trades",
      );
    }
    default:
      return scale satisfies never;
  }
}

/** The symbols of which there is nothing, in words; null: there is something of each. */
function without(data: MarketData, count: (one: SymbolData) => number): string | null {
  const missing = [...data.values()].filter((one) => count(one) === 0);
  if (missing.length === 0) return null;
  const names = missing.slice(0, SYMBOLS_SHOWN).map(({ symbol }) => symbol).join(", ");
  return missing.length > SYMBOLS_SHOWN
    ? `${names} and ${missing.length - SYMBOLS_SHOWN} more`
    : names;
}
