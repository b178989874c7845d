import { param, type ParamValues, Scanner } from "../mod.ts";

/**
 * Always the same symbols.
 *
 * ```toml
 * [scanners.symbols]
 * asset_class = "crypto"
 * symbols = ["BTC/USD"]
 * target_strategy_name = "sma_cross"
 * ```
 */
export default class Symbols extends Scanner {
  static override params = {
    symbols: param.list([], { doc: 'as the broker writes them: "AAPL", "BRK.B", "BTC/USD"' }),
  };
  declare readonly params: ParamValues<typeof Symbols.params>;

  run(): readonly string[] {
    return this.params.symbols;
  }
}
