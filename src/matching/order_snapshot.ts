import type { AssetClass } from "../model/asset.ts";
import type { OrderStatus, OrderType, Side, TimeInForce } from "../model/order.ts";
import type { Decimal } from "../util/decimal.ts";
import { averageOf, type OrderState } from "./order_state.ts";
import type { OrderTiming } from "./order_timing.ts";
import type { ExchangeOrder, OrderClass, PositionIntent } from "./types.ts";

/**
 * An order as it stood at one moment. What an order can still change is copied, all else is its
 * order's; texts are made when they are read, which most are not.
 */
export class OrderSnapshot implements ExchangeOrder {
  readonly status: OrderStatus;
  readonly updatedUs: number;
  readonly legs: OrderSnapshot[] | null;
  private readonly ownQty: Decimal | null;
  readonly filledQty: Decimal;
  private readonly filledNotional: Decimal;
  private readonly stopPrice: Decimal | null;
  private readonly mark: Decimal | null;
  private readonly parent: OrderState | null;
  private readonly timing: OrderTiming;

  /** `nested`: with its legs. */
  constructor(private readonly order: OrderState, nested: boolean) {
    this.status = order.status;
    this.updatedUs = order.updatedUs;
    this.ownQty = order.qty;
    this.filledQty = order.filledQty;
    this.filledNotional = order.filledNotional;
    this.stopPrice = order.stopPrice;
    this.mark = order.mark;
    this.parent = order.parent;
    this.timing = order.timing;
    this.legs = nested && this.parent === order
      ? order.legs.map((leg) => new OrderSnapshot(leg, false))
      : null;
  }

  get id(): string {
    return this.order.id;
  }
  get clientOrderId(): string {
    return this.order.clientOrderId;
  }
  get symbol(): string {
    return this.order.symbol;
  }
  get assetClass(): AssetClass {
    return this.order.terms.asset.assetClass;
  }
  get side(): Side {
    return this.order.side;
  }
  get type(): OrderType {
    return this.order.type;
  }
  get orderClass(): OrderClass {
    return this.order.terms.orderClass;
  }
  get positionIntent(): PositionIntent {
    return this.order.positionIntent;
  }
  get timeInForce(): TimeInForce {
    return this.order.terms.timeInForce;
  }
  get extendedHours(): boolean {
    return this.order.terms.extendedHours;
  }
  get qty(): string | null {
    return textOf(this.ownQty);
  }
  get notional(): string | null {
    return textOf(this.order.terms.notional);
  }
  get limitPrice(): string | null {
    return textOf(this.order.terms.limitPrice);
  }
  get triggerPrice(): string | null {
    return textOf(this.stopPrice);
  }
  get trailPrice(): string | null {
    return textOf(this.order.terms.trailPrice);
  }
  get trailPercent(): string | null {
    return textOf(this.order.terms.trailPercent);
  }
  get hwm(): string | null {
    return textOf(this.mark);
  }
  get filledAveragePrice(): string | null {
    return textOf(averageOf(this.filledNotional, this.filledQty));
  }
  get parentId(): string | null {
    return this.parent === null || this.parent === this.order ? null : this.parent.id;
  }
  get replaces(): string | null {
    return this.order.replaces?.id ?? null;
  }
  get replacedBy(): string | null {
    return this.status === "replaced" ? this.order.replacedBy!.id : null;
  }
  get createdUs(): number {
    return this.order.createdUs;
  }
  get submittedUs(): number {
    return this.order.submittedUs;
  }
  get expiresUs(): number | null {
    const { expiresUs } = this.timing;
    return Number.isFinite(expiresUs) ? expiresUs : null;
  }
  get filledUs(): number | null {
    return this.#endedAs("filled");
  }
  get expiredUs(): number | null {
    return this.#endedAs("expired");
  }
  get canceledUs(): number | null {
    return this.#endedAs("canceled");
  }
  get failedUs(): number | null {
    return this.#endedAs("rejected");
  }
  get replacedUs(): number | null {
    return this.#endedAs("replaced");
  }

  /** What is final does not change any more. */
  #endedAs(status: OrderStatus): number | null {
    return this.status === status ? this.order.endedUs : null;
  }
}

function textOf(value: Decimal | null): string | null {
  return value === null ? null : value.toFixed();
}
