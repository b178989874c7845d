/**
 * What user code can reach through what it is given, for lockdown() to freeze.
 * Invariant: an object that one strategy can reach and another, or the next trial, can reach too is
 * in here, or hangs on what is. tests/shared_state_test.ts looks for those that are not.
 */
import * as adapters from "../fincalcs/indicator_adapters.ts";
import * as indicators from "../fincalcs/indicators.ts";
import * as liu from "../mod.ts";
import { StoppedError } from "../sandbox/load_user_module.ts";
import * as errors from "../util/errors.ts";
import { StrategyKeystore } from "./consumer/keystore.ts";
import { Setup } from "./consumer/slot.ts";
import { VIEW_CLASSES } from "./consumer/views.ts";
import { MARKET_CLASSES } from "./scanners/market.ts";

export function userReachable(): unknown[] {
  return [
    liu,
    indicators,
    adapters,
    ...oneOfEach(),
    Setup,
    StrategyKeystore,
    ...VIEW_CLASSES,
    ...MARKET_CLASSES,
    errors,
    StoppedError,
  ];
}

/** Bars, whatever the indicator: all take it. */
const PERIOD = 5;

/**
 * An indicator of each kind that there is, made as a strategy makes it: with them their classes
 * and the library's are found, by whatever names.
 */
function oneOfEach(): unknown[] {
  const setup = new Setup("", "us_equity") as unknown as Record<string, (of: number) => unknown>;
  return Object.getOwnPropertyNames(indicators.IndicatorSet.prototype)
    .filter((name) => name !== "constructor" && name !== "feed")
    .map((name) => setup[name](PERIOD));
}
