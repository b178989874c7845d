/**
 * Bars made of what is finer: seconds and minutes of trades, minutes of seconds.
 * Invariant: a bar holds what happened from its start on and before its end; where nothing did,
 * there is none.
 */
import { type BarColumns, emptyBars } from "../model/bars.ts";
import type { TradeColumns } from "../model/ticks.ts";

export const SECOND_US = 1e6;

/** Every print counts, whatever its conditions. */
export function barsOfTrades({ timeUs, price, size }: TradeColumns, unitUs: number): BarColumns {
  const bars = new Builder(timeUs, unitUs);
  for (let i = 0; i < timeUs.length; i++) {
    bars.add(i, price[i], price[i], price[i], price[i], size[i], price[i] * size[i], 1);
  }
  return bars.finish();
}

export function barsOfBars(bars: BarColumns, unitUs: number): BarColumns {
  const { timeUs, open, high, low, close, volume, vwap, trades } = bars;
  const made = new Builder(timeUs, unitUs);
  for (let i = 0; i < timeUs.length; i++) {
    const turnover = vwap[i] * volume[i];
    made.add(i, open[i], high[i], low[i], close[i], volume[i], turnover, trades[i]);
  }
  return made.finish();
}

class Builder {
  readonly #bars: BarColumns;
  #last = -1;
  #turnover = 0;

  constructor(private readonly timeUs: Float64Array, private readonly unitUs: number) {
    this.#bars = emptyBars(countUnits(timeUs, unitUs));
  }

  add(
    i: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    turnover: number,
    trades: number,
  ): void {
    const bars = this.#bars;
    const startUs = Math.floor(this.timeUs[i] / this.unitUs) * this.unitUs;
    if (this.#last < 0 || bars.timeUs[this.#last] !== startUs) {
      const next = ++this.#last;
      bars.timeUs[next] = startUs;
      bars.open[next] = open;
      bars.high[next] = high;
      bars.low[next] = low;
      this.#turnover = 0;
    }
    const at = this.#last;
    this.#turnover += turnover;
    bars.high[at] = Math.max(bars.high[at], high);
    bars.low[at] = Math.min(bars.low[at], low);
    bars.close[at] = close;
    bars.volume[at] += volume;
    bars.vwap[at] = bars.volume[at] > 0 ? this.#turnover / bars.volume[at] : close;
    bars.trades[at] += trades;
  }

  finish(): BarColumns {
    return this.#bars;
  }
}

function countUnits(timeUs: Float64Array, unitUs: number): number {
  let count = 0;
  let last = NaN;
  for (const us of timeUs) {
    const unit = Math.floor(us / unitUs);
    if (unit !== last) count++;
    last = unit;
  }
  return count;
}
