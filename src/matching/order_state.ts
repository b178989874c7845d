// An order inside the exchange: what was asked for, and how far it has come.
import { type Asset, tickSize } from "../model/asset.ts";
import { isFinal, type OrderStatus, type OrderType, type Side } from "../model/order.ts";
import type { TimeInForce } from "../model/order.ts";
import { Decimal, decimal, plain, roundToTick } from "../util/decimal.ts";
import { NOTHING_CHARGED, type OrderFees } from "./fees.ts";
import type { ExchangeOrder, MatchableOrder, OrderClass, PositionIntent } from "./types.ts";

/** Decimal places of averages, which are quotients and can't be exact. */
export const AVERAGE_DECIMALS = 12;
/** The smallest fraction of a share. */
export const SHARE_FRACTION = "0.000000001";

export const ZERO: Decimal = decimal(0);

/** What was asked for. */
export interface OrderTerms {
  accountId: string;
  clientOrderId: string;
  asset: Asset;
  side: Side;
  type: OrderType;
  orderClass: OrderClass;
  positionIntent: PositionIntent;
  timeInForce: TimeInForce;
  extendedHours: boolean;
  qty: Decimal | null;
  notional: Decimal | null;
  limitPrice: Decimal | null;
  triggerPrice: Decimal | null;
  trailPrice: Decimal | null;
  trailPercent: Decimal | null;
}

/**
 * Orders of which one makes or unmakes another. The parent is the entry, of an oco the take-profit.
 */
export interface OrderGroup {
  entry: OrderState | null;
  takeProfit: OrderState | null;
  stopLoss: OrderState | null;
  /** What the legs have still to close, together. */
  remaining: Decimal;
}

export class OrderState implements MatchableOrder {
  readonly limitPrice: number;
  triggerPrice: number;
  isTriggered = false;
  hwm = NaN;
  status: OrderStatus = "accepted";
  /** A leg's shrinks when the other leg fills in part. */
  qty: Decimal | null;
  filledQty = ZERO;
  filledNotional = ZERO;
  /** What has been charged for that. */
  fees: OrderFees = NOTHING_CHARGED;
  group: OrderGroup | null = null;
  replaces: string | null = null;
  replacedBy: string | null = null;
  /** Per share or coin, while it opens a position; null: it holds no buying power. */
  reservePrice: Decimal | null = null;
  /** Only market events after this fill it. */
  acceptedUs: number;
  /** Waits until then for its session; with status "accepted". */
  routeUs = -Infinity;
  /** Ends when the clock has gone past it. */
  expiresUs = Infinity;
  submittedUs: number;
  updatedUs: number;
  filledUs: number | null = null;
  expiredUs: number | null = null;
  canceledUs: number | null = null;
  replacedUs: number | null = null;
  /** Number of the last market event that it was matched with. */
  matchedEvent = 0;

  constructor(
    readonly id: string,
    /** In the order of acceptance. */
    readonly seq: number,
    readonly terms: OrderTerms,
    readonly createdUs: number,
  ) {
    this.qty = terms.qty;
    this.limitPrice = terms.limitPrice?.toNumber() ?? NaN;
    this.triggerPrice = terms.triggerPrice?.toNumber() ?? NaN;
    this.acceptedUs = this.submittedUs = this.updatedUs = createdUs;
  }

  get side(): Side {
    return this.terms.side;
  }
  get type(): OrderType {
    return this.terms.type;
  }
  get symbol(): string {
    return this.terms.asset.symbol;
  }
  get isOpen(): boolean {
    return !isFinal(this.status);
  }
  /** In the market: not queued for its session, and no leg that waits for its entry. */
  get isWorking(): boolean {
    return this.status === "new" || this.status === "partially_filled";
  }
  get isCrypto(): boolean {
    return this.terms.asset.assetClass === "crypto";
  }
  get parent(): OrderState | null {
    return this.group === null ? null : this.group.entry ?? this.group.takeProfit;
  }

  /** 0 for an order by notional. */
  get remainingQty(): Decimal {
    return this.qty === null ? ZERO : this.qty.minus(this.filledQty);
  }

  /** Value that is still to be opened, as buying power counts it. */
  get reserved(): Decimal {
    if (this.reservePrice === null || !this.isOpen) return ZERO;
    if (this.terms.notional === null) return this.remainingQty.times(this.reservePrice);
    const left = this.terms.notional.minus(this.filledNotional);
    return left.gt(ZERO) ? left : ZERO;
  }

  trigger(): void {
    this.isTriggered = true;
  }

  trailTo(price: number): void {
    if (this.type !== "trailing_stop" || !(price > 0)) return;
    const isBuy = this.side === "buy";
    // NaN compares false: the first price is always a new mark.
    if (isBuy ? price >= this.hwm : price <= this.hwm) return;
    this.hwm = price;
    const { trailPrice, trailPercent } = this.terms;
    const mark = decimal(price);
    const trail = trailPrice ?? mark.times(trailPercent ?? ZERO).times("0.01");
    const stop = isBuy ? mark.plus(trail) : mark.minus(trail);
    this.triggerPrice = roundToTick(stop, tickSize(this.terms.asset, price)).toNumber();
  }

  get filledAveragePrice(): Decimal | null {
    if (this.filledQty.eq(ZERO)) return null;
    return this.filledNotional.div(this.filledQty).round(AVERAGE_DECIMALS, Decimal.roundHalfUp);
  }

  snapshot(nested = true): ExchangeOrder {
    const { terms } = this;
    const text = (value: Decimal | null) => value === null ? null : plain(value);
    const float = (value: number) => Number.isNaN(value) ? null : plain(value);
    const average = this.filledAveragePrice;
    const isParent = this.group !== null && this.parent === this;
    return {
      id: this.id,
      clientOrderId: terms.clientOrderId,
      symbol: this.symbol,
      assetClass: terms.asset.assetClass,
      side: terms.side,
      type: terms.type,
      orderClass: terms.orderClass,
      positionIntent: terms.positionIntent,
      timeInForce: terms.timeInForce,
      extendedHours: terms.extendedHours,
      qty: text(this.qty),
      notional: text(terms.notional),
      limitPrice: text(terms.limitPrice),
      triggerPrice: float(this.triggerPrice),
      trailPrice: text(terms.trailPrice),
      trailPercent: text(terms.trailPercent),
      hwm: float(this.hwm),
      status: this.status,
      filledQty: plain(this.filledQty),
      filledAveragePrice: text(average),
      legs: nested && isParent ? this.#legs().map((leg) => leg.snapshot(false)) : null,
      parentId: this.group === null || isParent ? null : this.parent!.id,
      replaces: this.replaces,
      replacedBy: this.replacedBy,
      createdUs: this.createdUs,
      submittedUs: this.submittedUs,
      updatedUs: this.updatedUs,
      expiresUs: Number.isFinite(this.expiresUs) ? this.expiresUs : null,
      filledUs: this.filledUs,
      expiredUs: this.expiredUs,
      canceledUs: this.canceledUs,
      failedUs: null,
      replacedUs: this.replacedUs,
    };
  }

  #legs(): OrderState[] {
    const { takeProfit, stopLoss } = this.group!;
    return [takeProfit, stopLoss].filter((leg): leg is OrderState => leg !== null && leg !== this);
  }
}
