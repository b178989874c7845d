// An order inside the exchange: what was asked for, and how far it has come.
import { type Asset, tickSize } from "../model/asset.ts";
import { isFinal, type OrderStatus, type OrderType, type Side } from "../model/order.ts";
import type { TimeInForce } from "../model/order.ts";
import { type Decimal, decimal, roundToTick } from "../util/decimal.ts";
import { NOTHING_CHARGED, type OrderFees } from "./fees.ts";
import type { Holding } from "./holding.ts";
import type { Ids } from "./ids.ts";
import type { OrderTiming } from "./order_timing.ts";
import type { MatchableOrder, OrderClass, PositionIntent } from "./types.ts";

/** Decimal places of averages, which are quotients and can't be exact. */
export const AVERAGE_DECIMALS = 12;
/** The smallest fraction of a share. */
export const SHARE_DECIMALS = 9;
export const SHARE_FRACTION: Decimal = decimal("0.000000001");

export const ZERO: Decimal = decimal(0);

/** What was asked for. */
export interface OrderTerms {
  asset: Asset;
  side: Side;
  type: OrderType;
  orderClass: OrderClass;
  timeInForce: TimeInForce;
  extendedHours: boolean;
  qty: Decimal | null;
  notional: Decimal | null;
  limitPrice: Decimal | null;
  triggerPrice: Decimal | null;
  trailPrice: Decimal | null;
  trailPercent: Decimal | null;
  /** Of the legs that come with it. */
  takeProfitPrice: Decimal | null;
  stopLossPrice: Decimal | null;
  stopLossLimit: Decimal | null;
}

/** Who an order is among others. */
export interface OrderIdentity {
  ids: Ids;
  /** What its id is the text of. */
  number: number;
  /** In the order of acceptance. */
  seq: number;
  clientOrderId: string;
  positionIntent: PositionIntent;
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
  readonly number: number;
  readonly seq: number;
  readonly clientOrderId: string;
  readonly positionIntent: PositionIntent;
  isTriggered = false;
  status: OrderStatus = "accepted";
  /** A leg's shrinks when the other leg fills in part. */
  qty: Decimal | null;
  /** Moves with the mark of a trailing stop. */
  stopPrice: Decimal | null;
  /** High (sell) or low (buy) water mark of a trailing stop. */
  mark: Decimal | null = null;
  filledQty = ZERO;
  filledNotional = ZERO;
  /** What has been charged for that. */
  fees: OrderFees = NOTHING_CHARGED;
  group: OrderGroup | null = null;
  replaces: OrderState | null = null;
  replacedBy: OrderState | null = null;
  /** Per share or coin, while it opens a position; null: it holds no buying power. */
  reservePrice: Decimal | null = null;
  /** Only market events after this fill it. */
  acceptedUs: number;
  updatedUs: number;
  /** When it became final. */
  endedUs = NaN;
  /** Number of the last market event that it was matched with. */
  matchedEvent = 0;
  /** Of the one that filled it last, and, where that was at the event's first price, again. */
  filledBy = 0;
  openedBy = 0;
  readonly #ids: Ids;
  #id: string | null = null;

  constructor(
    readonly holding: Holding,
    { ids, number, seq, clientOrderId, positionIntent }: OrderIdentity,
    readonly terms: OrderTerms,
    /** Shared with the orders of the session. */
    public timing: OrderTiming,
    readonly createdUs: number,
  ) {
    this.#ids = ids;
    this.number = number;
    this.seq = seq;
    this.clientOrderId = clientOrderId;
    this.positionIntent = positionIntent;
    this.qty = terms.qty;
    this.stopPrice = terms.triggerPrice;
    this.acceptedUs = this.updatedUs = createdUs;
  }

  get id(): string {
    return this.#id ??= this.#ids.textOf(this.number);
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
  get limitPrice(): number {
    return this.terms.limitPrice === null ? NaN : this.terms.limitPrice.toNumber();
  }
  get triggerPrice(): number {
    return this.stopPrice === null ? NaN : this.stopPrice.toNumber();
  }
  get submittedUs(): number {
    return this.createdUs;
  }
  /** Waits until then for its session; with status "accepted". */
  get routeUs(): number {
    return this.timing.routeUs;
  }
  /** Ends when the clock has gone past it. */
  get expiresUs(): number {
    return this.timing.expiresUs;
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
  /** Of its group, without itself. */
  get legs(): OrderState[] {
    const { takeProfit, stopLoss } = this.group!;
    return [takeProfit, stopLoss].filter((leg): leg is OrderState => leg !== null && leg !== this);
  }

  /** Of an execution of it. */
  executionId(number: number): string {
    return this.#ids.textOf(number);
  }

  /** It, or another order of its group, is open. */
  get hasOpenGroup(): boolean {
    if (this.group === null) return false;
    const { entry, takeProfit, stopLoss } = this.group;
    return [entry, takeProfit, stopLoss].some((order) => order?.isOpen);
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

  /** `reserved` in float64: for what is compared only. */
  get reservedNumber(): number {
    if (this.reservePrice === null || !this.isOpen) return 0;
    if (this.qty === null) return this.reserved.toNumber();
    return (this.qty.toNumber() - this.filledQty.toNumber()) * this.reservePrice.toNumber();
  }

  trigger(): void {
    this.isTriggered = true;
  }

  trailTo(price: number): void {
    if (this.type !== "trailing_stop" || !(price > 0)) return;
    const isBuy = this.side === "buy";
    const before = this.mark?.toNumber() ?? NaN;
    // NaN compares false: the first price is always a new mark.
    if (isBuy ? price >= before : price <= before) return;
    const { trailPrice, trailPercent } = this.terms;
    const mark = decimal(price);
    const trail = trailPrice ?? mark.times(trailPercent ?? ZERO).times("0.01");
    const stop = isBuy ? mark.plus(trail) : mark.minus(trail);
    this.mark = mark;
    this.stopPrice = roundToTick(stop, tickSize(this.terms.asset, price));
  }
}

/** Of executions; null: there is none. */
export function averageOf(notional: Decimal, qty: Decimal): Decimal | null {
  return qty.isZero ? null : notional.quotient(qty, AVERAGE_DECIMALS);
}
