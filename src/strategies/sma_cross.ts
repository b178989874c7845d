import {
  buy,
  param,
  type ParamValues,
  sell,
  Strategy,
  type SymbolSetup,
  type Tick,
} from "../mod.ts";

/**
 * Buys when the fast average of the closes crosses above the slow one, sells when it crosses back.
 * Long only, so that it also trades crypto, which cannot be sold short; in fractions where the
 * symbol has them.
 *
 * ```toml
 * [strategies.sma_cross]
 * fast = 10
 * slow = 30
 * ```
 */
export default class SmaCross extends Strategy {
  static override params = {
    fast: param.int(10, { min: 2, max: 200, doc: "minutes of the fast average" }),
    slow: param.int(30, { min: 3, max: 1000, doc: "minutes of the slow average" }),
    risk: param.money(100, { doc: "lost at most per trade, account currency" }),
    maxShare: param.percent(10, { min: 0.01, max: 100, doc: "of the portfolio in one position" }),
    stopRanges: param.number(3, { min: 0.1, doc: "stop below the price, in average true ranges" }),
  };
  declare readonly params: ParamValues<typeof SmaCross.params>;

  override setup(symbol: SymbolSetup) {
    return {
      fast: symbol.sma(this.params.fast),
      slow: symbol.sma(this.params.slow),
      atr: symbol.atr(14),
    };
  }

  run({ event, position, size, state, time, today }: Tick<this>) {
    if (event !== "minute") return;
    const { fast, slow, atr } = state;
    const p = this.params;
    const indicators = { fast: fast.value, slow: slow.value, atr: atr.value };
    if (position) {
      if (!(fast.value < slow.value)) return;
      return sell({ qty: position.qty, indicators: { why: "cross down", ...indicators } });
    }
    const isCrossUp = fast.previous <= slow.previous && fast.value > slow.value;
    if (!isCrossUp || !atr.isReady || !this.isBuyTime(time)) return;
    const stopPrice = today.last - p.stopRanges * atr.value;
    const qty = Math.min(
      size.byRisk(p.risk, stopPrice),
      size.byShareOfPortfolio(p.maxShare / 100),
    );
    if (!(qty > 0) || !(stopPrice > 0)) return;
    return buy({ qty, stopPrice, indicators: { why: "cross up", ...indicators } });
  }
}
