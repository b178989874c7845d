// The life of an order: taken in, routed, filled, ended, and what that does to the orders of its
// group.
import { assert } from "../util/assert.ts";
import { Decimal } from "../util/decimal.ts";
import type { AccountState, PriceOf } from "./account_state.ts";
import type { Fees } from "./fees.ts";
import { type OrderState, ZERO } from "./order_state.ts";
import type { ExchangeExecution, ExchangeUpdate, UpdateEvent } from "./types.ts";

export class OrderDesk {
  /** The exchange's clock. */
  nowUs: number;

  constructor(
    private readonly options: {
      startUs: number;
      fees: Fees;
      priceOf: PriceOf;
      newId(): string;
      onUpdate(update: ExchangeUpdate): void;
    },
  ) {
    this.nowUs = options.startUs;
  }

  /** Into the market, or queued until its session. */
  admit(account: AccountState, order: OrderState): void {
    account.addOrder(order);
    if (order.routeUs > this.nowUs) this.#emit(account, "accepted", order);
    else this.route(account, order);
  }

  /** A leg that waits for its entry. */
  admitHeld(account: AccountState, leg: OrderState): void {
    leg.status = "held";
    account.addOrder(leg);
  }

  route(account: AccountState, order: OrderState): void {
    order.status = "new";
    this.#emit(account, "new", order);
  }

  /** `isLast` says that nothing of an order by notional is left; one by quantity knows it. */
  fill(
    account: AccountState,
    order: OrderState,
    { qty, price, isLast }: { qty: Decimal; price: Decimal; isLast: boolean },
  ): void {
    const { asset, side } = order.terms;
    assert(qty.gt(ZERO) && order.isWorking, "a fill of nothing, or of an order out of the market");
    assert(order.qty === null || qty.lte(order.remainingQty), "a fill beyond the order's quantity");
    order.filledQty = order.filledQty.plus(qty);
    order.filledNotional = order.filledNotional.plus(qty.times(price));
    const fee = this.options.fees.isFree ? ZERO : this.#charge(account, order);
    account.applyExecution(asset, side === "buy" ? qty : qty.times(-1), price, fee);
    order.status = isLast ? "filled" : "partially_filled";
    if (isLast) {
      order.filledUs = this.nowUs;
      account.removeOpen(order);
    }
    const execution = this.#execution(order, { qty, price, fee });
    account.executions.push(execution);
    this.#emit(account, isLast ? "fill" : "partial_fill", order, execution);
    if (order.group === null) return;
    if (order === order.group.entry) {
      if (isLast) this.#activateLegs(account, order);
    } else {
      this.#shrinkOtherLeg(account, order, qty);
    }
  }

  /** What the newest execution adds to the order's fees. */
  #charge(account: AccountState, order: OrderState): Decimal {
    const { commission, regulatory } = order.fees;
    const { filledQty: qty, filledNotional: notional, side, terms } = order;
    const { assetClass } = terms.asset;
    order.fees = this.options.fees.of({ assetClass, side, qty, notional });
    const added = order.fees.regulatory.minus(regulatory);
    account.regulatoryFeesPaid = account.regulatoryFeesPaid.plus(added);
    return order.fees.commission.minus(commission).plus(added);
  }

  /** Ends an open order, and with it the rest of its group. */
  end(account: AccountState, order: OrderState, how: "canceled" | "expired"): void {
    order.status = how;
    if (how === "canceled") order.canceledUs = this.nowUs;
    else order.expiredUs = this.nowUs;
    account.removeOpen(order);
    this.#emit(account, how, order);
    if (order.group === null) return;
    const { entry, takeProfit, stopLoss } = order.group;
    for (const other of [entry, takeProfit, stopLoss]) {
      if (other?.isOpen) this.end(account, other, how);
    }
  }

  /** `next` takes the place of `order`, in its group too. */
  replace(account: AccountState, order: OrderState, next: OrderState): void {
    const wasHeld = order.status === "held";
    order.status = "replaced";
    order.replacedUs = this.nowUs;
    order.replacedBy = next.id;
    next.replaces = order.id;
    const { group } = order;
    if (group !== null) {
      next.group = group;
      if (group.entry === order) group.entry = next;
      if (group.takeProfit === order) group.takeProfit = next;
      if (group.stopLoss === order) group.stopLoss = next;
    }
    account.removeOpen(order);
    this.#emit(account, "replaced", order);
    if (wasHeld) this.admitHeld(account, next);
    else this.admit(account, next);
  }

  #activateLegs(account: AccountState, entry: OrderState): void {
    const group = entry.group!;
    // What was closed in the meantime, or is being closed, is not closed again.
    const available = account.availableQty(entry.symbol, this.options.priceOf);
    if (available.lt(group.remaining)) group.remaining = available;
    for (const leg of [group.takeProfit, group.stopLoss]) {
      if (leg === null || !leg.isOpen) continue;
      leg.acceptedUs = this.nowUs;
      leg.expiresUs = entry.expiresUs;
      leg.qty = group.remaining;
      if (group.remaining.gt(ZERO)) this.route(account, leg);
      else this.end(account, leg, "canceled");
    }
  }

  #shrinkOtherLeg(account: AccountState, leg: OrderState, qty: Decimal): void {
    const group = leg.group!;
    group.remaining = group.remaining.minus(qty);
    const other = leg === group.takeProfit ? group.stopLoss : group.takeProfit;
    if (other === null || !other.isOpen) return;
    if (group.remaining.eq(ZERO)) {
      this.end(account, other, "canceled");
    } else {
      other.qty = other.filledQty.plus(group.remaining);
      this.#emit(account, "restated", other);
    }
  }

  #execution(
    order: OrderState,
    { qty, price, fee }: { qty: Decimal; price: Decimal; fee: Decimal },
  ): ExchangeExecution {
    const isLast = order.status === "filled";
    const leavesQty = order.terms.notional === null
      ? order.remainingQty
      : order.terms.notional.minus(order.filledNotional).quotient(price, 9, Decimal.roundDown);
    return {
      brokerOrderId: order.id,
      clientOrderId: order.terms.clientOrderId,
      executionId: this.options.newId(),
      symbol: order.symbol,
      side: order.side,
      qty,
      price,
      cumulativeQty: order.filledQty,
      leavesQty: isLast ? ZERO : leavesQty,
      isLast,
      orderStatus: order.status,
      timeUs: this.nowUs,
      fee,
    };
  }

  #emit(
    account: AccountState,
    event: UpdateEvent,
    order: OrderState,
    execution: ExchangeExecution | null = null,
  ): void {
    order.updatedUs = this.nowUs;
    this.options.onUpdate({
      accountId: account.id,
      event,
      timeUs: this.nowUs,
      order: order.snapshot(),
      execution,
      positionQty: account.positionQty(order.symbol),
    });
  }
}
