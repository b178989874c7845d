import { buy, param, type ParamValues, sell, Strategy, type Tick } from "../mod.ts";

/**
 * Trades towards a target portfolio that a miner has computed (`liu miner portfolio`), with few
 * orders: a position is left alone as long as it is near its target. What is not in the target any
 * more is sold; sales come first, so that they pay for what is bought. Long only. The symbols of the
 * target are followed without a scanner.
 *
 * ```toml
 * [strategies.target_portfolio]
 * target_portfolio = "momentum"
 * band = 20
 * ```
 */
export default class TargetPortfolio extends Strategy {
  static override type = "swing" as const;
  static override params = {
    band: param.percent(20, { min: 0, max: 100, doc: "of its target that a position may be off" }),
    minOrder: param.money(100, { doc: "smaller orders are not worth their cost" }),
    sellAfter: param.number(15, { min: 0, doc: "minutes after the open" }),
    buyAfter: param.number(30, { min: 0, doc: "minutes after the open" }),
    onExpiry: param.choice("hold", ["hold", "exit"], { doc: "of a target that has expired" }),
    ordersMax: param.int(3, { min: 1, max: 20, doc: "of a symbol in a session" }),
  };
  declare readonly params: ParamValues<typeof TargetPortfolio.params>;

  override create() {
    if (this.targetPortfolio === null) this.log.warning("there is no target: nothing is ordered");
    return true;
  }

  override setup() {
    return { date: "", orders: 0, nextUs: 0 };
  }

  run(tick: Tick<this>) {
    const { event, symbol, position, state, time, today, size } = tick;
    const price = today.last;
    if (event !== "minute" || !(price > 0) || position?.side === "short") return;
    if (state.date !== time.date) Object.assign(state, { date: time.date, orders: 0, nextUs: 0 });
    if (state.orders >= this.params.ordersMax || time.us < state.nextUs) return;
    const amount = this.#wanted(symbol, time.us);
    if (amount === null) return;
    const held = position?.qty ?? 0;
    const off = amount - held * price;
    const { band, minOrder, sellAfter, buyAfter } = this.params;
    if (amount > 0 && Math.abs(off) <= amount * band / 100) return;
    const indicators = { why: "rebalance", target: amount, held: held * price };
    if (off < 0) {
      if (time.minutesSinceOpen < sellAfter || held === 0) return;
      const qty = amount === 0 ? held : saleOf(held, -off / price);
      if (!(qty > 0) || (amount > 0 && qty * price < minOrder)) return;
      this.#count(state, time.us);
      return sell({ qty, indicators: { ...indicators, why: amount === 0 ? "exit" : "rebalance" } });
    }
    if (time.minutesSinceOpen < buyAfter || !this.isBuyTime(time)) return;
    const qty = size.byNotional(off);
    if (!(qty > 0) || qty * price < minOrder) return;
    this.#count(state, time.us);
    return buy({ qty, indicators });
  }

  /** Money that is to be in the symbol; null: it is left as it is. */
  #wanted(symbol: string, nowUs: number): number | null {
    const target = this.targetPortfolio;
    if (target === null) return null;
    if (target.expireUs !== null && nowUs >= target.expireUs) {
      return this.params.onExpiry === "exit" ? 0 : null;
    }
    const stock = target.stocks.find((one) => one.symbol === symbol);
    return stock === undefined ? 0 : stock.weight * target.size;
  }

  #count(state: { orders: number; nextUs: number }, nowUs: number): void {
    state.orders++;
    // One that was denied, or filled in part, is not tried again at once.
    state.nextUs = nowUs + AGAIN_US;
  }
}

const AGAIN_US = 10 * 60e6;

/** Whole shares of whole ones; a fraction is cut to what brokers take. */
function saleOf(held: number, wanted: number): number {
  const digits = Number.isInteger(held) ? 0 : 6;
  const factor = 10 ** digits;
  return Math.min(held, Math.floor(wanted * factor) / factor);
}
