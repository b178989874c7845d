/** The portfolios that a plan's strategies trade towards: read, and followed. */
import type { Store } from "../contracts/store.ts";
import type { ScannerSetup } from "../engine/session_options.ts";
import { assetClassOf } from "../model/asset.ts";
import { exchangeDate } from "../model/calendar.ts";
import type { StrategySource } from "../protocol.ts";
import { ConfigError } from "../util/errors.ts";
import { logger } from "../util/log.ts";

/**
 * Puts the targets into the sources; gives scanners that pick what is in them. `fromUs`: of a
 * backtest, which may not know what was computed later. Throws ConfigError for one that would.
 */
export async function readTargets(
  sources: readonly StrategySource[],
  store: Pick<Store, "targetPortfolio">,
  fromUs: number | null = null,
): Promise<ScannerSetup[]> {
  const scanners: ScannerSetup[] = [];
  for (const source of sources) {
    const id = source.targetName ?? null;
    if (id === null) continue;
    const target = await store.targetPortfolio(id);
    if (target === null) {
      logger("plan").warning(
        `Strategy "${source.name}" has no target: no portfolio "${id}" has been computed. ` +
          "A miner does it: liu miner portfolio",
      );
      continue;
    }
    if (fromUs !== null && target.asOf >= exchangeDate(fromUs)) {
      throw new ConfigError(
        `Cannot backtest strategy "${source.name}" from ${exchangeDate(fromUs)}: its portfolio ` +
          `"${id}" was computed after the session of ${target.asOf}, so it knows what came. Compute ` +
          "it for an earlier day (liu miner portfolio --date DATE), or begin later",
      );
    }
    source.target = target;
    scanners.push(...scannersOf(source.name, target.stocks.map(({ symbol }) => symbol)));
  }
  return scanners;
}

function scannersOf(strategy: string, symbols: string[]): ScannerSetup[] {
  return [...Map.groupBy(symbols, assetClassOf)].map(([assetClass, symbols]) => ({
    source: {
      name: `target of ${strategy}`,
      parameters: { symbols },
      from: { kind: "builtin", builtin: "symbols" },
    },
    recurrenceMinutes: null,
    targets: [strategy],
    assetClass,
    netHosts: [],
  }));
}
