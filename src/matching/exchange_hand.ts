/**
 * The exchange's own hand, which follows no market: for a simulated exchange that is to misbehave.
 * Invariant: whatever it does, position = Σ executions and cash = deposits − Σ signed notional
 * still hold (but for a split); only the rules of when and whether an order fills are broken.
 */
import { assert } from "../util/assert.ts";
import { type Decimal, decimal } from "../util/decimal.ts";
import type { AccountState } from "./account_state.ts";
import type { SymbolMarket } from "./market.ts";
import type { OrderDesk } from "./order_desk.ts";
import type { OrderState } from "./order_state.ts";
import { OrderSnapshot } from "./order_snapshot.ts";
import type { ExchangeOrder, UpdateEvent } from "./types.ts";
import type { OrderStatus } from "../model/order.ts";

export interface ExchangeHandOptions {
  desk: OrderDesk;
  accountOf(accountId: string): AccountState;
  numberOf(orderId: string): number;
  marketOf(symbol: string): SymbolMarket;
}

export class ExchangeHand {
  readonly #options: ExchangeHandOptions;

  constructor(options: ExchangeHandOptions) {
    this.#options = options;
  }

  /** null: there is no such order, or it is final. */
  openOrder(accountId: string, orderId: string): ExchangeOrder | null {
    const order = this.#find(accountId, orderId);
    return order?.isOpen ? new OrderSnapshot(order, true) : null;
  }

  /**
   * Fills some of an open order (all that is left of it, where `qty` is null or more), whatever its
   * status and its limit. `price` null: its limit, else the market's. False: it was final.
   */
  fill(accountId: string, orderId: string, qty: number | null, price: number | null): boolean {
    const order = this.#find(accountId, orderId);
    if (!order?.isOpen) return false;
    const at = decimal(price ?? this.#priceOf(order));
    const left = order.qty === null
      ? order.terms.notional!.minus(order.filledNotional).div(at).round(9)
      : order.remainingQty;
    const filled: Decimal = qty === null || left.lt(decimal(qty)) ? left : decimal(qty);
    if (!order.isWorking) order.status = order.filledQty.isZero ? "new" : "partially_filled";
    const account = this.#options.accountOf(accountId);
    this.#options.desk.fill(account, order, filled, at, filled.eq(left));
    return true;
  }

  /** Ends an open order, and its group with it. False: it was final. */
  end(accountId: string, orderId: string, how: "canceled" | "expired" | "rejected"): boolean {
    const order = this.#find(accountId, orderId);
    if (!order?.isOpen) return false;
    this.#options.desk.end(this.#options.accountOf(accountId), order, how);
    return true;
  }

  /** An open order stands in this status from now on, and that is told. False: it is final. */
  setStatus(accountId: string, orderId: string, status: OrderStatus, event: UpdateEvent): boolean {
    const order = this.#find(accountId, orderId);
    if (!order?.isOpen) return false;
    order.status = status;
    this.#options.desk.tell(this.#options.accountOf(accountId), event, order);
    return true;
  }

  /** Back in the market, as far as it had come. */
  release(accountId: string, orderId: string, event: UpdateEvent): boolean {
    const order = this.#find(accountId, orderId);
    if (!order?.isOpen) return false;
    const status = order.filledQty.isZero ? "new" : "partially_filled";
    return this.setStatus(accountId, orderId, status, event);
  }

  /** The market does not meet it any more; only the hand fills it. */
  keepFromMarket(accountId: string, orderId: string): void {
    const order = this.#find(accountId, orderId);
    if (order !== null) order.acceptedUs = Infinity;
  }

  /** The other leg of its group, where that is open. */
  otherLeg(accountId: string, orderId: string): string | null {
    const group = this.#find(accountId, orderId)?.group;
    if (!group?.takeProfit || !group.stopLoss) return null;
    if (group.takeProfit.id === orderId) return group.stopLoss.isOpen ? group.stopLoss.id : null;
    if (group.stopLoss.id !== orderId) return null;
    return group.takeProfit.isOpen ? group.takeProfit.id : null;
  }

  /** The other leg no longer knows of it: what one does is nothing to the other. */
  detachOtherLeg(accountId: string, orderId: string): void {
    const group = this.#find(accountId, orderId)?.group;
    if (!group?.takeProfit || !group.stopLoss) return;
    const other = group.takeProfit.id === orderId ? group.stopLoss : group.takeProfit;
    if (other === group.takeProfit) group.takeProfit = null;
    else group.stopLoss = null;
    other.group = null;
  }

  /**
   * Undoes a replacement that was answered: the new order never came to be, the old one stands.
   * Nothing is told.
   */
  undoReplace(accountId: string, orderId: string, nextId: string, status: OrderStatus): void {
    const account = this.#options.accountOf(accountId);
    const order = this.#find(accountId, orderId);
    const next = this.#find(accountId, nextId);
    assert(order !== null && next !== null, "a replacement of an order that is not there");
    const { group } = next;
    next.status = "rejected";
    next.endedUs = this.#options.desk.nowUs;
    account.removeOpen(next);
    next.group = null;
    order.status = status;
    order.endedUs = NaN;
    order.replacedBy = null;
    if (group?.entry === next) group.entry = order;
    if (group?.takeProfit === next) group.takeProfit = order;
    if (group?.stopLoss === next) group.stopLoss = order;
    account.reopen(order);
  }

  /** A split, of which no execution tells: `ratio` new shares for each old one. */
  splitPosition(accountId: string, symbol: string, ratio: number): void {
    this.#options.accountOf(accountId).split(symbol, decimal(ratio));
  }

  tell(accountId: string, orderId: string, event: UpdateEvent): void {
    const order = this.#find(accountId, orderId);
    if (order !== null) this.#options.desk.tell(this.#options.accountOf(accountId), event, order);
  }

  #find(accountId: string, orderId: string): OrderState | null {
    return this.#options.accountOf(accountId).orderOf(this.#options.numberOf(orderId));
  }

  #priceOf(order: OrderState): number {
    if (!Number.isNaN(order.limitPrice)) return order.limitPrice;
    const market = this.#options.marketOf(order.symbol);
    const price = order.side === "buy" ? market.buyPrice : market.sellPrice;
    if (price > 0) return price;
    return Number.isNaN(order.triggerPrice) ? 1 : order.triggerPrice;
  }
}
