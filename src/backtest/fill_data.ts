import { fillSourceOf } from "../matching/fill_model.ts";
import type { FillModelName } from "../model/trading_costs.ts";
import type { MarketData, SymbolData } from "../recorded/market_data.ts";
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
  scale: "second" | "minute" | "day" | "trade" = "minute",
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
  const without = [...data.values()].filter((one) => count(one) === 0);
  if (without.length === 0) return;
  const names = without.slice(0, SYMBOLS_SHOWN).map(({ symbol }) => symbol).join(", ");
  const more = without.length > SYMBOLS_SHOWN ? ` and ${without.length - SYMBOLS_SHOWN} more` : "";
  throw new ConfigError(
    `Cannot fill orders by ${source} (fill = "${fillModel}"): the data have none of ${names}` +
      `${more}. ${HELP[source]}`,
  );
}
