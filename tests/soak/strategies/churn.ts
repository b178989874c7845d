import { buy, param, type ParamValues, sell, Strategy, type SymbolSetup, type Tick } from "liu";

/** What nobody gives back, in a consumer that is to be replaced. */
const kept: number[][] = [];
let replacedUs = 0;
const BLOCK_NUMBERS = 1_000_000;
const BLOCKS = 24;

/**
 * Buys and sells one share of each symbol again and again, whatever the market does. Where it is
 * told to, it fills the heap now and then, in no call of its own: so that nobody can be blamed, the
 * consumer is replaced, and the strategy goes on in the next one.
 */
export default class Churn extends Strategy {
  static override params = {
    pauseMs: param.int(600, { min: 0, max: 60_000 }),
    /** Of the market's time; 0: never. Up to half of it is added. */
    fillSeconds: param.int(0, { min: 0, max: 1_000_000 }),
  };
  declare readonly params: ParamValues<typeof Churn.params>;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), nextUs: 0 };
  }

  run({ position, state, time, bars }: Tick<this>) {
    if (time.us < state.nextUs) return;
    this.#fill(time.us);
    state.nextUs = time.us + this.params.pauseMs * 1000;
    const why = `after ${bars.length} bars`;
    return position ? sell({ qty: position.qty, indicators: { why } }) : buy({ qty: 1 });
  }

  #fill(nowUs: number): void {
    const { fillSeconds } = this.params;
    if (fillSeconds === 0) return;
    if (replacedUs === 0) replacedUs = nowUs + fillSeconds * 1e6 * (1 + Math.random() / 2);
    if (nowUs < replacedUs || kept.length > 0) return;
    kept.push([]);
    void Promise.resolve().then(() => {
      for (let i = 0; i < BLOCKS; i++) kept.push(new Array(BLOCK_NUMBERS).fill(0.5 + i));
    });
  }
}
