import type { Asset } from "../model/asset.ts";
import { Decimal } from "../util/decimal.ts";
import type { SymbolMarket } from "./market.ts";
import { AVERAGE_DECIMALS, type OrderState, SHARE_DECIMALS, ZERO } from "./order_state.ts";

/** Never added to. */
const EMPTY: OrderState[] = [];

/** What an account has in one symbol: its position, and its open orders. */
export class Holding {
  /** Signed; 0: flat. */
  qty = ZERO;
  averagePrice = ZERO;
  /** `qty` in float64. */
  #size = 0;
  /** In the order of acceptance. */
  #open = EMPTY;
  /** Among the account's active ones; −1: it is not. */
  place = -1;

  constructor(readonly asset: Asset, readonly market: SymbolMarket) {}

  /** A list that is replaced, never shortened, when an order ends: one can walk it whole. */
  get open(): readonly OrderState[] {
    return this.#open;
  }

  get isCrypto(): boolean {
    return this.asset.assetClass === "crypto";
  }

  /** Neither a position nor an order. */
  get isIdle(): boolean {
    return this.qty.isZero && this.#open.length === 0;
  }

  /** The market's, or what was paid where none is known. */
  get price(): Decimal {
    return this.market.lastDecimal ?? this.averagePrice;
  }

  /** Signed, in float64: for what is compared only. */
  get valueNumber(): number {
    const { lastPrice } = this.market;
    return this.#size * (Number.isNaN(lastPrice) ? this.averagePrice.toNumber() : lastPrice);
  }

  addOrder(order: OrderState): void {
    // Most are alone: a list of one has no room to spare.
    if (this.#open.length === 0) this.#open = [order];
    else this.#open.push(order);
    this.market.openOrders++;
  }

  removeOrder(order: OrderState): void {
    this.#open = this.#open.length === 1 ? EMPTY : this.#open.filter((other) => other !== order);
    this.market.openOrders--;
  }

  /** `qty` is signed. */
  applyExecution(qty: Decimal, price: Decimal): void {
    const before = this.qty;
    const after = before.plus(qty);
    if (before.isZero) this.averagePrice = price;
    else if (before.s === qty.s) {
      const cost = before.times(this.averagePrice).plus(qty.times(price));
      this.averagePrice = cost.quotient(after, AVERAGE_DECIMALS);
    } else if (after.s !== before.s) this.averagePrice = price;
    this.qty = after;
    this.#size = after.toNumber();
  }

  /** `ratio` new shares for each old one. */
  split(ratio: Decimal): void {
    this.qty = this.qty.times(ratio).round(SHARE_DECIMALS);
    this.averagePrice = this.averagePrice.quotient(ratio, AVERAGE_DECIMALS);
    this.#size = this.qty.toNumber();
  }

  /** What open orders would close of the position; the legs of a group count once. */
  heldQty(ignoring: OrderState | null): Decimal {
    if (this.qty.isZero) return ZERO;
    const closingSide = this.qty.s > 0 ? "sell" : "buy";
    let held = ZERO;
    for (const order of this.#open) {
      if (order === ignoring || order.side !== closingSide || order.status === "held") continue;
      const { group } = order;
      if (group !== null && order === group.stopLoss && group.takeProfit?.isOpen) continue;
      held = held.plus(order.terms.notional === null ? order.remainingQty : this.#toSell(order));
    }
    return held;
  }

  availableQty(ignoring: OrderState | null): Decimal {
    const free = this.qty.abs().minus(this.heldQty(ignoring));
    return free.s > 0 ? free : ZERO;
  }

  /** A closing order by notional holds about as much as it will sell; all where no price is known. */
  #toSell(order: OrderState): Decimal {
    const positionQty = this.qty.abs();
    const price = this.market.lastDecimal;
    if (price === null) return positionQty;
    const left = order.terms.notional!.minus(order.filledNotional);
    const qty = left.quotient(price, SHARE_DECIMALS, Decimal.roundUp);
    return qty.gt(positionQty) ? positionQty : qty;
  }
}
