/** The cross of sma_cross.ts as a user writes it. */
import { buy, param, type ParamValues, sell, Strategy, type SymbolSetup, type Tick } from "liu";

export default class Cross extends Strategy {
  static override type = "swing" as const;
  static override params = {
    fast: param.int(10, { min: 2, max: 60 }),
    slow: param.int(30, { min: 5, max: 200 }),
  };
  declare readonly params: ParamValues<typeof Cross.params>;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(this.params.fast), slow: symbol.sma(this.params.slow) };
  }

  run({ position, state: { fast, slow }, time }: Tick<this>) {
    // At the close nothing can be ordered any more.
    if (time.minutesUntilClose <= 0) return;
    if (!position && fast.value > slow.value) return buy({ qty: 10 });
    if (position && fast.value < slow.value) return sell({ qty: 10 });
  }
}
