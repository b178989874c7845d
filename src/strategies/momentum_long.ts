import {
  buy,
  type DenialView,
  findResistances,
  findStop,
  param,
  type ParamValues,
  reject,
  sell,
  Strategy,
  type SymbolSetup,
  type Tick,
} from "../mod.ts";

/** What was planned when a position was opened. */
interface Trade {
  targetPrice: number;
  /** Highest price since the entry: the trailed stop follows it. */
  highestPrice: number;
  isScaledOut: boolean;
}

/** The session's first minutes make the level; supports are looked for as far back as this. */
const SUPPORT_BARS = 180;
/** Three sessions of minutes: as far as resistances reach back. */
const RESISTANCE_BARS = 4 * 390;

/**
 * Buys the breakout of a stock that gapped up.
 *
 * Entry, at a minute's end: the price is above the high of the first `range_minutes`, not further
 * than `max_chase`; the minute's volume is `min_volume_ratio` of the average; the MACD is above its
 * signal and above 0; the RSI shows strength that is not exhausted; the next resistance leaves room
 * for `min_reward` times the risk.
 *
 * The stop is the last support, within `max_stop`; the target `reward` times the risk away, or the
 * next resistance.
 *
 * Exit: half at the target, with the stop moved up to the entry; the rest at `trail` below the
 * highest price; all of it at the stop (which rests at the broker) or after `hold_minutes`.
 *
 * ```toml
 * [strategies.momentum_long]
 * risk = 150
 * [[strategies.momentum_long.schedule]]
 * start = 15
 * duration = 150
 * ```
 */
export default class MomentumLong extends Strategy {
  static override params = {
    risk: param.money(150, { doc: "lost at most per trade, account currency" }),
    maxShare: param.percent(8, { min: 0, max: 100, doc: "of the portfolio in one position" }),
    minPrice: param.money(2, { doc: "cheaper stocks are rejected" }),
    minGap: param.percent(4, { doc: "least gap from the close before to the open" }),
    rangeMinutes: param.int(15, { min: 1, max: 120, doc: "minutes that make the early high" }),
    maxChase: param.percent(1.5, { min: 0, doc: "furthest above the level that it still buys" }),
    maxSpread: param.percent(0.3, { min: 0, doc: "widest spread of the quote, of its middle" }),
    minVolumeRatio: param.number(1.5, { min: 0, doc: "the minute's volume to the 20 before it" }),
    minRsi: param.number(55, { min: 0, max: 100 }),
    maxRsi: param.number(90, { min: 0, max: 100 }),
    maxStop: param.percent(2, { min: 0.1, max: 50, doc: "furthest stop below the price" }),
    reward: param.number(2, { min: 0, doc: "target, in multiples of the risk" }),
    minReward: param.number(1, { min: 0, doc: "least room to a resistance, same unit" }),
    trail: param.percent(1, { min: 0.05, max: 50, doc: "below the highest price" }),
    holdMinutes: param.int(180, { min: 1, doc: "a position is closed after them" }),
    lastEntryMinute: param.int(165, { min: 1, doc: "rejects what has not broken out by then" }),
    maxTrades: param.int(2, { min: 1, doc: "per symbol and session" }),
  };
  declare readonly params: ParamValues<typeof MomentumLong.params>;

  override setup(symbol: SymbolSetup) {
    return {
      macd: symbol.macd(12, 26, 9),
      rsi: symbol.rsi(14),
      atr: symbol.atr(14),
      averageVolume: symbol.sma(20, "volume"),
      earlyHigh: NaN,
      trades: 0,
      pausedUntilMinute: 0,
      trade: null as Trade | null,
    };
  }

  run(tick: Tick<this>) {
    if (tick.event !== "minute") return;
    return tick.position ? this.#manage(tick) : this.#look(tick);
  }

  /** Not bought: the reason (a limit, the broker) may pass. */
  override onDenied(_denial: DenialView, { position, state, time }: Tick<this>): void {
    if (position) return;
    state.trades--;
    state.pausedUntilMinute = time.minutesSinceOpen + 10;
  }

  #look(tick: Tick<this>) {
    const { state, time, today, bars } = tick;
    const p = this.params;
    const minute = time.minutesSinceOpen;
    state.trade = null;
    if (minute < p.rangeMinutes) return;
    if (!(today.last >= p.minPrice)) return reject(`costs less than ${p.minPrice}`);
    if (!(today.gapPercent >= p.minGap)) {
      return reject(`gapped by ${today.gapPercent.toFixed(2)} %, less than ${p.minGap} %`);
    }
    if (state.trades >= p.maxTrades) return reject(`traded ${state.trades} times`);
    if (minute > p.lastEntryMinute) {
      const what = state.trades > 0 ? "traded, and nothing is bought after" : "no breakout by";
      return reject(`${what} minute ${p.lastEntryMinute}`);
    }
    if (Number.isNaN(state.earlyHigh)) state.earlyHigh = earlyHigh(tick, p.rangeMinutes);
    if (!this.isBuyTime(time) || minute < state.pausedUntilMinute) return;
    const price = today.last;
    const isBreakout = price > state.earlyHigh &&
      price <= state.earlyHigh * (1 + p.maxChase / 100);
    if (!isBreakout || !this.#isConfirmed(tick)) return;

    const support = findStop(bars.last(SUPPORT_BARS), { currentValue: price, nowUs: time.us });
    const stopPrice = Math.min(
      Math.max(support ?? 0, price * (1 - p.maxStop / 100)),
      price - 1.5 * state.atr.value,
    );
    const risk = price - stopPrice;
    const resistance = nextResistance(tick, price);
    if (resistance - price < p.minReward * risk) return;
    const targetPrice = Math.min(price + p.reward * risk, resistance);
    const { size } = tick;
    const qty = Math.min(size.byRisk(p.risk, stopPrice), size.byShareOfPortfolio(p.maxShare / 100));
    if (!(qty >= 1)) return;
    state.trades++;
    state.trade = { targetPrice, highestPrice: price, isScaledOut: false };
    return buy({
      qty,
      stopPrice,
      indicators: {
        why: "breakout",
        level: state.earlyHigh,
        support,
        resistance: known(resistance),
        target: targetPrice,
        gapPercent: today.gapPercent,
        volumeRatio: known(volumeRatio(tick)),
        macd: state.macd.value,
        macdSignal: state.macd.signal,
        rsi: state.rsi.value,
        voi: known(tick.voi.value),
      },
    });
  }

  #isConfirmed(tick: Tick<this>): boolean {
    const { state: { macd, rsi }, quote } = tick;
    const p = this.params;
    const spread = (quote.askPrice - quote.bidPrice) / (quote.askPrice + quote.bidPrice) * 200;
    return volumeRatio(tick) >= p.minVolumeRatio &&
      macd.histogram > 0 && macd.value > 0 &&
      rsi.value >= p.minRsi && rsi.value <= p.maxRsi &&
      // Without quotes nothing is known of the spread.
      !(spread > p.maxSpread);
  }

  #manage(tick: Tick<this>) {
    const { position, state, time, today } = tick;
    if (!position || !this.isSellTime(time)) return;
    const p = this.params;
    const price = today.last;
    const entryPrice = position.averagePrice;
    // A position from before a restart has its stop, but no plan.
    const stopPrice = position.stopPrice ?? entryPrice * (1 - p.maxStop / 100);
    const trade = state.trade ??= {
      targetPrice: entryPrice + p.reward * (entryPrice - stopPrice),
      highestPrice: price,
      isScaledOut: stopPrice >= entryPrice,
    };
    trade.highestPrice = Math.max(trade.highestPrice, price);
    const indicators = { target: trade.targetPrice, highest: trade.highestPrice };
    if (time.us - position.openedUs >= p.holdMinutes * 60e6) {
      return sell({ qty: position.qty, indicators: { why: "time", ...indicators } });
    }
    if (!trade.isScaledOut && price >= trade.targetPrice) {
      trade.isScaledOut = true;
      const half = Math.floor(position.qty / 2);
      if (half === 0) {
        return sell({ qty: position.qty, indicators: { why: "target", ...indicators } });
      }
      return sell({
        qty: half,
        stopPrice: entryPrice,
        indicators: { why: "target, half", ...indicators },
      });
    }
    const trailedStop = trade.highestPrice * (1 - p.trail / 100);
    if (trade.isScaledOut && price <= trailedStop) {
      return sell({ qty: position.qty, indicators: { why: "trailed stop", ...indicators } });
    }
  }
}

/** Highest price of the session's first `minutes`. */
function earlyHigh({ bars, time }: Tick<MomentumLong>, minutes: number): number {
  const openUs = time.us - time.minutesSinceOpen * 60e6;
  const { timeUs, high } = bars.since(openUs);
  let highest = NaN;
  for (let i = 0; i < timeUs.length && timeUs[i] < openUs + minutes * 60e6; i++) {
    if (!(high[i] <= highest)) highest = high[i];
  }
  return highest;
}

/** The newest complete minute's volume to the average of the 20 before it. */
function volumeRatio({ bars, state, time }: Tick<MomentumLong>): number {
  // Trades of this moment may have begun the next minute's bar.
  const isMaking = bars.timeUs.at(-1) > time.us - 60e6;
  return bars.volume.at(isMaking ? -2 : -1) / state.averageVolume.previous;
}

/** The lowest resistance above the price; Infinity: none. */
function nextResistance({ bars, time }: Tick<MomentumLong>, price: number): number {
  const levels = findResistances(bars.last(RESISTANCE_BARS), {
    currentValue: price * 1.001,
    nowUs: time.us,
  });
  return levels.length > 0 ? levels[0] : Infinity;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
