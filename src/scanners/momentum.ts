import { param, type ParamValues, type ScanContext, Scanner } from "../mod.ts";

/**
 * Stocks that gap up on volume: tradable, within a price range, liquid the day before.
 *
 * ```toml
 * [scanners.momentum]
 * min_last_dv = 500_000
 * min_share_price = 2.0
 * max_share_price = 20.0
 * min_volume = 30_000
 * min_gap = 3.5
 * from_market_open = 15
 * recurrence = 5
 * max_symbols = 440
 * ```
 */
export default class Momentum extends Scanner {
  static override params = {
    minSharePrice: param.money(2, { doc: "lowest last price" }),
    maxSharePrice: param.money(20, { doc: "highest last price" }),
    minLastDv: param.money(500_000, { doc: "lowest dollar volume of the day before" }),
    minGap: param.percent(3.5, { doc: "least rise since the close before" }),
    minVolume: param.int(30_000, { min: 0, doc: "today's volume must be above it, shares" }),
    fromMarketOpen: param.number(15, { min: 0, doc: "minutes after the open of the first scan" }),
    maxSymbols: param.int(440, { min: 1 }),
  };
  declare readonly params: ParamValues<typeof Momentum.params>;

  async run({ market, log }: ScanContext): Promise<string[]> {
    const p = this.params;
    const rows = await market.snapshots();
    const picked = rows.filter((row) =>
      row.last >= p.minSharePrice && row.last <= p.maxSharePrice &&
      row.previousDollarVolume >= p.minLastDv &&
      row.gapPercent >= p.minGap &&
      row.volume > p.minVolume
    ).top(p.maxSymbols, "dollarVolume");
    log.debug(`${picked.length} of ${rows.length} symbols gap by ${p.minGap} % or more`);
    return picked;
  }
}
