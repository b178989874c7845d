import {
  buy,
  type Collection,
  cover,
  type Decision,
  type DenialView,
  param,
  type ParamValues,
  sell,
  short,
  Strategy,
  type SymbolSetup,
  type Tick,
} from "../mod.ts";

interface Candidate<S extends Strategy> {
  tick: Tick<S>;
  /** From the VWAP, per cent. */
  distance: number;
}

/**
 * Bets on what has run away from its day's VWAP coming back, long and short.
 *
 * Every 5 minutes it ranks its symbols by their distance from the VWAP. Those furthest above, by
 * `min_distance` or more, that have begun to turn (below their 5 minute average) are sold short;
 * those furthest below that turn up are bought; no more than `max_positions` at a time. A position
 * is closed when `given_back` of the distance is gone, at its stop, or after `hold_minutes`. What
 * the broker does not lend is not tried again.
 *
 * ```toml
 * [strategies.vwap_reversion]
 * min_distance = 1.0
 * max_positions = 6
 * [[strategies.vwap_reversion.schedule]]
 * start = 30
 * duration = 300
 * ```
 */
export default class VwapReversion extends Strategy {
  static override runAllMinutes = 5;
  static override params = {
    minDistance: param.percent(1, { min: 0.1, doc: "from the VWAP, to enter" }),
    givenBack: param.percent(60, { min: 1, max: 100, doc: "of the entry's distance, to leave" }),
    maxPositions: param.int(6, { min: 1, max: 100, doc: "at a time, both sides together" }),
    share: param.percent(4, { min: 0.01, max: 100, doc: "of the portfolio in one position" }),
    minPrice: param.money(2, { doc: "cheaper stocks are left alone" }),
    stop: param.percent(1.2, { min: 0.1, max: 50, doc: "from the price at the entry" }),
    holdMinutes: param.int(90, { min: 1, doc: "a position is closed after them" }),
    restMinutes: param.int(20, { min: 0, doc: "between two trades in a symbol" }),
  };
  declare readonly params: ParamValues<typeof VwapReversion.params>;

  override setup(symbol: SymbolSetup) {
    return {
      average: symbol.ema(5),
      /** Of the newest entry, per cent. */
      entryDistance: 0,
      isUnborrowable: false,
      restsUntilMinute: 0,
    };
  }

  override shouldRunAll(): boolean {
    return true;
  }

  /** All is decided over all symbols together. */
  run(): void {}

  override runAll(collection: Collection<this>): [string, Decision][] {
    const decisions: [string, Decision][] = [];
    const candidates: Candidate<this>[] = [];
    let open = 0;
    for (const tick of collection) {
      if (tick.openOrder) open++;
      else if (tick.position) {
        open++;
        const exit = this.#exit(tick);
        if (exit) decisions.push([tick.symbol, exit]);
      } else {
        const distance = distancePercent(tick);
        if (this.#isEntry(tick, distance)) candidates.push({ tick, distance });
      }
    }
    candidates.sort((a, b) => Math.abs(b.distance) - Math.abs(a.distance));
    for (const { tick, distance } of candidates.slice(0, this.params.maxPositions - open)) {
      const entry = this.#entry(tick, distance);
      if (entry) decisions.push([tick.symbol, entry]);
    }
    return decisions;
  }

  override onDenied(denial: DenialView, { position, state, time }: Tick<this>): void {
    if (position) return;
    if (denial.by === "broker") state.isUnborrowable = true;
    state.restsUntilMinute = time.minutesSinceOpen + this.params.restMinutes;
  }

  #isEntry({ today, state, time, shortable }: Tick<this>, distance: number): boolean {
    const p = this.params;
    if (!this.isBuyTime(time) || time.minutesSinceOpen < state.restsUntilMinute) return false;
    if (!(Math.abs(distance) >= p.minDistance) || !(today.last >= p.minPrice)) return false;
    return distance > 0
      ? shortable && !state.isUnborrowable && today.last < state.average.value
      : today.last > state.average.value;
  }

  #entry({ today, size, state, time }: Tick<this>, distance: number): Decision | null {
    const p = this.params;
    // Whole shares: fractions cannot be sold short, nor protected at the broker.
    const qty = Math.floor(size.byShareOfPortfolio(p.share / 100));
    if (qty === 0) return null;
    state.restsUntilMinute = time.minutesSinceOpen + p.restMinutes;
    state.entryDistance = distance;
    const price = today.last;
    const isShort = distance > 0;
    const stopPrice = price * (1 + (isShort ? p.stop : -p.stop) / 100);
    const indicators = {
      why: isShort ? "above VWAP, turning" : "below VWAP, turning",
      distancePercent: distance,
      vwap: today.vwap,
      average: state.average.value,
    };
    return (isShort ? short : buy)({ qty, stopPrice, indicators });
  }

  #exit(tick: Tick<this>): Decision | null {
    const { position, state, time, today } = tick;
    if (!position) return null;
    const p = this.params;
    const distance = distancePercent(tick);
    const isShort = position.side === "short";
    // Unknown after a restart: then all of the way back.
    const leaveAt = Math.abs(state.entryDistance) * (1 - p.givenBack / 100);
    const isBack = (isShort ? distance : -distance) <= leaveAt;
    const isOld = time.us - position.openedUs >= p.holdMinutes * 60e6;
    if (!isBack && !isOld) return null;
    state.restsUntilMinute = time.minutesSinceOpen + p.restMinutes;
    const indicators = {
      why: isBack ? "back to VWAP" : "time",
      distancePercent: distance,
      vwap: today.vwap,
    };
    return (isShort ? cover : sell)({ qty: position.qty, indicators });
  }
}

/** From the day's VWAP to the last price. */
function distancePercent({ today }: Tick): number {
  return (today.last / today.vwap - 1) * 100;
}
