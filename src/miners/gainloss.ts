import { type MineContext, Miner, param, type ParamValues } from "../mod.ts";

/**
 * Works out gain_loss and trade_analysis of the batches of the last days anew: of a batch that was
 * cut short, for instance. The same code as at a session's end; twice changes nothing.
 *
 * ```toml
 * [miners.gainloss]
 * days = 7
 * ```
 */
export default class GainLoss extends Miner {
  static override params = {
    days: param.int(1, { min: 1, max: 36_500, doc: "calendar days up to the run's date" }),
  };
  declare readonly params: ParamValues<typeof GainLoss.params>;

  async run({ batches, progress }: MineContext) {
    const found = await batches.recent(this.params.days);
    let [gains, trades] = [0, 0];
    for (const [done, { batchId }] of found.entries()) {
      progress(done, found.length);
      const stored = await batches.analyze(batchId);
      gains += stored.gains;
      trades += stored.trades;
    }
    return { batches: found.length, gain_loss: gains, trade_analysis: trades };
  }
}
