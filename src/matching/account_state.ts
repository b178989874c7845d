// One account: money, positions, orders, and what they hold of one another.
import { assert } from "../util/assert.ts";
import type { Asset } from "../model/asset.ts";
import { Decimal, decimal, plain } from "../util/decimal.ts";
import type { AccountFigures, ExchangeExecution, ExchangePosition } from "./types.ts";
import { AVERAGE_DECIMALS, type OrderState, SHARE_FRACTION, ZERO } from "./order_state.ts";

/** NaN: no price is known. */
export type PriceOf = (symbol: string) => number;

/** Equity from which an account has margin: Regulation T, FINRA rule 4210. */
const MARGIN_EQUITY_MIN = 2000;
const MAINTENANCE_RATE = "0.3";
/** Added to the ask where a short sale is valued. */
const SHORT_COLLAR = "1.03";

interface PositionState {
  asset: Asset;
  /** Signed, never 0. */
  qty: Decimal;
  averagePrice: Decimal;
}

interface Funds {
  equity: Decimal;
  longValue: Decimal;
  shortValue: Decimal;
  initialMargin: Decimal;
  maintenanceMargin: Decimal;
  multiplier: 1 | 2;
  buyingPower: Decimal;
  nonMarginable: Decimal;
  reserved: Decimal;
}

export class AccountState {
  cash: Decimal;
  lastEquity: Decimal;
  feesPaid = ZERO;
  regulatoryFeesPaid = ZERO;
  borrowPaid = ZERO;
  interestPaid = ZERO;
  slippagePaid = ZERO;
  readonly executions: ExchangeExecution[] = [];
  readonly orders = new Map<string, OrderState>();
  readonly ordersByClientId = new Map<string, OrderState>();
  readonly #positions = new Map<string, PositionState>();
  /** By symbol, in the order of acceptance. */
  readonly #open = new Map<string, OrderState[]>();

  constructor(
    readonly id: string,
    cash: Decimal,
    private readonly isMargin: boolean,
    private readonly createdUs: number,
  ) {
    this.cash = this.lastEquity = cash;
  }

  addOrder(order: OrderState): void {
    assert(!this.ordersByClientId.has(order.terms.clientOrderId), "client order id used twice");
    this.orders.set(order.id, order);
    this.ordersByClientId.set(order.terms.clientOrderId, order);
    const open = this.#open.get(order.symbol);
    if (open === undefined) this.#open.set(order.symbol, [order]);
    else open.push(order);
  }

  /** An order that has become final leaves the open ones. */
  removeOpen(order: OrderState): void {
    const open = this.#open.get(order.symbol)!;
    // A new list, so that one that is being walked stays whole.
    this.#open.set(order.symbol, open.filter((other) => other !== order));
  }

  openIn(symbol: string): readonly OrderState[] {
    return this.#open.get(symbol) ?? [];
  }

  allOpen(): OrderState[] {
    return [...this.#open.values()].flat().sort((a, b) => a.seq - b.seq);
  }

  positionQty(symbol: string): Decimal {
    return this.#positions.get(symbol)?.qty ?? ZERO;
  }

  /** `qty` is signed. Cash moves by −qty × price − fee, exactly. */
  applyExecution(asset: Asset, qty: Decimal, price: Decimal, fee: Decimal): void {
    this.cash = this.cash.minus(qty.times(price)).minus(fee);
    this.feesPaid = this.feesPaid.plus(fee);
    const position = this.#positions.get(asset.symbol);
    if (position === undefined) {
      this.#positions.set(asset.symbol, { asset, qty, averagePrice: price });
      return;
    }
    const after = position.qty.plus(qty);
    if (after.eq(ZERO)) {
      this.#positions.delete(asset.symbol);
      return;
    }
    if (position.qty.s === qty.s) {
      const cost = position.qty.times(position.averagePrice).plus(qty.times(price));
      position.averagePrice = cost.div(after).round(AVERAGE_DECIMALS, Decimal.roundHalfUp);
    } else if (after.s !== position.qty.s) {
      position.averagePrice = price;
    }
    position.qty = after;
  }

  /** What a night costs. */
  chargeNight(borrowed: Decimal, interest: Decimal): void {
    this.cash = this.cash.minus(borrowed).minus(interest);
    this.borrowPaid = this.borrowPaid.plus(borrowed);
    this.interestPaid = this.interestPaid.plus(interest);
  }

  /** Signed quantities. */
  eachPosition(see: (symbol: string, qty: Decimal, averagePrice: Decimal) => void): void {
    for (const [symbol, { qty, averagePrice }] of this.#positions) see(symbol, qty, averagePrice);
  }

  /** What open orders would close of the position; the legs of a group count once. */
  heldQty(symbol: string, priceOf: PriceOf, ignoring: OrderState | null = null): Decimal {
    const position = this.positionQty(symbol);
    if (position.eq(ZERO)) return ZERO;
    const closingSide = position.gt(ZERO) ? "sell" : "buy";
    let held = ZERO;
    for (const order of this.openIn(symbol)) {
      if (order === ignoring || order.side !== closingSide || order.status === "held") continue;
      const { group } = order;
      if (group !== null && order === group.stopLoss && group.takeProfit?.isOpen) continue;
      held = held.plus(
        order.terms.notional === null
          ? order.remainingQty
          : notionalQty(order, priceOf(symbol), position.abs()),
      );
    }
    return held;
  }

  availableQty(symbol: string, priceOf: PriceOf, ignoring: OrderState | null = null): Decimal {
    const free = this.positionQty(symbol).abs().minus(this.heldQty(symbol, priceOf, ignoring));
    return free.gt(ZERO) ? free : ZERO;
  }

  funds(priceOf: PriceOf, ignoring: OrderState | null = null): Funds {
    let longValue = ZERO;
    let shortValue = ZERO;
    let cryptoValue = ZERO;
    for (const position of this.#positions.values()) {
      const value = position.qty.times(marketPrice(position, priceOf));
      if (value.gt(ZERO)) longValue = longValue.plus(value);
      else shortValue = shortValue.plus(value);
      if (position.asset.assetClass === "crypto") cryptoValue = cryptoValue.plus(value);
    }
    let reservedEquity = ZERO;
    let reservedCrypto = ZERO;
    for (const orders of this.#open.values()) {
      for (const order of orders) {
        if (order === ignoring) continue;
        if (order.isCrypto) reservedCrypto = reservedCrypto.plus(order.reserved);
        else reservedEquity = reservedEquity.plus(order.reserved);
      }
    }
    const equity = this.cash.plus(longValue).plus(shortValue);
    const multiplier = this.isMargin && equity.gte(MARGIN_EQUITY_MIN) ? 2 : 1;
    const marginable = longValue.minus(shortValue).minus(cryptoValue);
    const initialMargin = marginable.div(multiplier).plus(cryptoValue);
    const excess = equity.minus(initialMargin);
    // Proceeds of short sales are cash that can't be spent.
    const ownCash = this.cash.plus(shortValue);
    const settled = ownCash.lt(excess) ? ownCash : excess;
    return {
      equity,
      longValue,
      shortValue,
      initialMargin,
      maintenanceMargin: marginable.times(MAINTENANCE_RATE).plus(cryptoValue),
      multiplier,
      buyingPower: atLeastZero(
        excess.minus(reservedCrypto).times(multiplier).minus(reservedEquity),
      ),
      nonMarginable: atLeastZero(
        settled.minus(reservedCrypto).minus(reservedEquity.div(multiplier)),
      ),
      reserved: reservedEquity.plus(reservedCrypto),
    };
  }

  figures(priceOf: PriceOf): AccountFigures {
    const funds = this.funds(priceOf);
    return {
      cash: plain(this.cash),
      equity: plain(funds.equity),
      lastEquity: plain(this.lastEquity),
      longMarketValue: plain(funds.longValue),
      shortMarketValue: plain(funds.shortValue),
      initialMargin: plain(funds.initialMargin),
      maintenanceMargin: plain(funds.maintenanceMargin),
      multiplier: funds.multiplier,
      buyingPower: plain(funds.buyingPower),
      nonMarginableBuyingPower: plain(funds.nonMarginable),
      reserved: plain(funds.reserved),
      feesPaid: plain(this.feesPaid),
      regulatoryFeesPaid: plain(this.regulatoryFeesPaid),
      borrowPaid: plain(this.borrowPaid),
      interestPaid: plain(this.interestPaid),
      slippagePaid: plain(this.slippagePaid),
      shortingEnabled: funds.multiplier === 2,
      createdUs: this.createdUs,
    };
  }

  position(symbol: string, priceOf: PriceOf): ExchangePosition | null {
    const position = this.#positions.get(symbol);
    if (position === undefined) return null;
    const price = marketPrice(position, priceOf);
    const marketValue = position.qty.times(price);
    const costBasis = position.qty.times(position.averagePrice);
    return {
      symbol,
      assetClass: position.asset.assetClass,
      qty: plain(position.qty),
      qtyAvailable: plain(this.availableQty(symbol, priceOf)),
      averagePrice: plain(position.averagePrice),
      currentPrice: plain(price),
      marketValue: plain(marketValue),
      costBasis: plain(costBasis),
      unrealizedPl: plain(marketValue.minus(costBasis)),
    };
  }

  positions(priceOf: PriceOf): ExchangePosition[] {
    const symbols = [...this.#positions.keys()].sort();
    return symbols.map((symbol) => this.position(symbol, priceOf)!);
  }
}

/**
 * What one share of a short sale is valued at: 3 % above the ask, or the limit where that is more.
 */
export function shortReservePrice(askPrice: number, limitPrice: Decimal | null): Decimal | null {
  const collared = Number.isNaN(askPrice) ? null : decimal(askPrice).times(SHORT_COLLAR);
  if (collared === null || limitPrice === null) return collared ?? limitPrice;
  return limitPrice.gt(collared) ? limitPrice : collared;
}

/** A closing order by notional holds about as much as it will sell; all where no price is known. */
function notionalQty(order: OrderState, price: number, positionQty: Decimal): Decimal {
  if (Number.isNaN(price)) return positionQty;
  const left = order.terms.notional!.minus(order.filledNotional);
  const qty = left.div(decimal(price)).div(SHARE_FRACTION).round(0, Decimal.roundUp)
    .times(SHARE_FRACTION);
  return qty.gt(positionQty) ? positionQty : qty;
}

function marketPrice(position: PositionState, priceOf: PriceOf): Decimal {
  const price = priceOf(position.asset.symbol);
  return Number.isNaN(price) ? position.averagePrice : decimal(price);
}

function atLeastZero(value: Decimal): Decimal {
  return value.gt(ZERO) ? value : ZERO;
}
