import { buy, param, type ParamValues, sell, Strategy, type SymbolSetup, type Tick } from "liu";

/** Buys and sells one share of each symbol again and again, whatever the market does. */
export default class Churn extends Strategy {
  static override params = {
    pauseMs: param.int(600, { min: 0, max: 60_000 }),
  };
  declare readonly params: ParamValues<typeof Churn.params>;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), nextUs: 0 };
  }

  run({ position, state, time, bars }: Tick<this>) {
    if (time.us < state.nextUs) return;
    state.nextUs = time.us + this.params.pauseMs * 1000;
    const why = `after ${bars.length} bars`;
    return position ? sell({ qty: position.qty, indicators: { why } }) : buy({ qty: 1 });
  }
}
