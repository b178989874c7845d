import { param, type ParamValues, type ScanContext, Scanner } from "../mod.ts";

/**
 * The stocks in which the most money was traded so far today.
 *
 * ```toml
 * [scanners.most_active]
 * min_share_price = 5
 * max_symbols = 20
 * from_market_open = 15
 * recurrence = 30
 * ```
 */
export default class MostActive extends Scanner {
  static override params = {
    minSharePrice: param.money(2, { doc: "lowest last price" }),
    minDollarVolume: param.money(1_000_000, { doc: "traded so far today, at least" }),
    fromMarketOpen: param.number(15, { min: 0, doc: "minutes after the open of the first scan" }),
    maxSymbols: param.int(20, { min: 1, max: 10_000 }),
  };
  declare readonly params: ParamValues<typeof MostActive.params>;

  async run({ market }: ScanContext): Promise<string[]> {
    const p = this.params;
    const rows = await market.snapshots();
    return rows
      .filter((row) => row.last >= p.minSharePrice && row.dollarVolume >= p.minDollarVolume)
      .top(p.maxSymbols, "dollarVolume");
  }
}
