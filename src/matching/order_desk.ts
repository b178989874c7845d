// The life of an order: taken in, routed, filled, ended, and what that does to the orders of its
// group.
import { assert } from "../util/assert.ts";
import type { Decimal } from "../util/decimal.ts";
import type { AccountState } from "./account_state.ts";
import { ExecutionRecord } from "./execution_record.ts";
import type { Fees } from "./fees.ts";
import type { Ids } from "./ids.ts";
import { OrderSnapshot } from "./order_snapshot.ts";
import { type OrderState, ZERO } from "./order_state.ts";
import type { ExchangeExecution, ExchangeUpdate, UpdateEvent } from "./types.ts";

interface OrderDeskOptions {
  startUs: number;
  fees: Fees;
  ids: Ids;
  onUpdate(update: ExchangeUpdate): void;
}

export class OrderDesk {
  /** The exchange's clock. */
  nowUs = NaN;
  /** Nothing of an order is due before it, neither its route nor its end. */
  dueUs = Infinity;

  private readonly options: OrderDeskOptions;

  // Not a parameter property: with one all fields begin as undefined, and a number in a field that
  // once was undefined is allocated each time that it is set.
  constructor(options: OrderDeskOptions) {
    this.options = options;
    this.nowUs = options.startUs;
  }

  /** Into the market, or queued until its session. Returns the order as it stands then. */
  admit(account: AccountState, order: OrderState): OrderSnapshot {
    account.addOrder(order);
    const isQueued = order.routeUs > this.nowUs;
    this.dueUs = Math.min(this.dueUs, isQueued ? order.routeUs : order.expiresUs + 1);
    return isQueued ? this.#emit(account, "accepted", order) : this.route(account, order);
  }

  /** A leg that waits for its entry. */
  admitHeld(account: AccountState, leg: OrderState): void {
    leg.status = "held";
    account.addOrder(leg);
    this.dueUs = Math.min(this.dueUs, leg.expiresUs + 1);
  }

  route(account: AccountState, order: OrderState): OrderSnapshot {
    order.status = "new";
    return this.#emit(account, "new", order);
  }

  /** `isLast` says that nothing of an order by notional is left; one by quantity knows it. */
  fill(
    account: AccountState,
    order: OrderState,
    qty: Decimal,
    price: Decimal,
    isLast: boolean,
  ): void {
    assert(
      qty.isPositive && order.isWorking,
      "a fill of nothing, or of an order out of the market",
    );
    const filledQty = order.filledQty.plus(qty);
    assert(order.qty === null || filledQty.lte(order.qty), "a fill beyond the order's quantity");
    order.filledQty = filledQty;
    const notional = qty.times(price);
    order.filledNotional = order.filledNotional.plus(notional);
    const fee = this.options.fees.isFree ? ZERO : this.#charge(account, order);
    account.applyExecution(order, qty, price, notional, fee);
    order.status = isLast ? "filled" : "partially_filled";
    if (isLast) {
      order.endedUs = this.nowUs;
      account.removeOpen(order);
    }
    const number = this.options.ids.next();
    const execution = new ExecutionRecord(order, number, qty, price, fee, this.nowUs);
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

  /** Says how it stands; of what the exchange does by itself each is told already. */
  tell(account: AccountState, event: UpdateEvent, order: OrderState): void {
    this.#emit(account, event, order);
  }

  /** Ends an open order, and with it the rest of its group. */
  end(account: AccountState, order: OrderState, how: "canceled" | "expired" | "rejected"): void {
    order.status = how;
    order.endedUs = this.nowUs;
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
    order.endedUs = this.nowUs;
    order.replacedBy = next;
    next.replaces = order;
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
    const available = entry.holding.availableQty(null);
    if (available.lt(group.remaining)) group.remaining = available;
    for (const leg of [group.takeProfit, group.stopLoss]) {
      if (leg === null || !leg.isOpen) continue;
      leg.acceptedUs = this.nowUs;
      leg.timing = { routeUs: leg.routeUs, expiresUs: entry.expiresUs };
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

  #emit(
    account: AccountState,
    event: UpdateEvent,
    order: OrderState,
    execution: ExchangeExecution | null = null,
  ): OrderSnapshot {
    order.updatedUs = this.nowUs;
    const snapshot = new OrderSnapshot(order, true);
    this.options.onUpdate({
      accountId: account.id,
      event,
      timeUs: this.nowUs,
      order: snapshot,
      execution,
      positionQty: order.holding.qty,
    });
    return snapshot;
  }
}
