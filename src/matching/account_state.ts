// One account: money, positions, orders, and what they hold of one another.
import { assert } from "../util/assert.ts";
import type { Asset } from "../model/asset.ts";
import { type Decimal, decimal, plain } from "../util/decimal.ts";
import { Holding } from "./holding.ts";
import type { SymbolMarket } from "./market.ts";
import { type OrderState, ZERO } from "./order_state.ts";
import type { AccountFigures, ExchangeExecution, ExchangePosition } from "./types.ts";

/** Equity from which an account has margin: Regulation T, FINRA rule 4210. */
const MARGIN_EQUITY_MIN = 2000;
const MAINTENANCE_RATE = decimal("0.3");
/** Added to the ask where a short sale is valued. */
const SHORT_COLLAR = decimal("1.03");
/** Share of all that is added up: the sums' errors are a thousandth of it. */
const SLACK = 1e-9;

const NONE: readonly OrderState[] = [];

export interface Funds {
  cash: Decimal;
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
  executions: ExchangeExecution[] = [];
  /** In the order of acceptance, final ones too. */
  orders: OrderState[] = [];
  /** null: client order ids are not looked at. */
  readonly #byClientId: Map<string, OrderState> | null;
  readonly #holdings = new Map<string, Holding>();
  /** Those with a position or an open order, in no order. */
  readonly #active: Holding[] = [];
  /** Open orders that hold buying power, in no order. */
  readonly #reserving: OrderState[] = [];
  /** Positions that are short. */
  #shorts = 0;

  constructor(
    readonly id: string,
    cash: Decimal,
    private readonly options: {
      isMargin: boolean;
      createdUs: number;
      forgets: boolean;
      marketOf(symbol: string): SymbolMarket;
      /** Prices of what is held are about to be read. */
      beforeValuing(): void;
    },
  ) {
    this.cash = this.lastEquity = cash;
    this.#byClientId = options.forgets ? null : new Map();
  }

  addOrder(order: OrderState): void {
    this.orders.push(order);
    if (this.#byClientId !== null) {
      this.#byClientId.set(order.clientOrderId, order);
      assert(this.#byClientId.size === this.orders.length, "client order id used twice");
    }
    order.holding.addOrder(order);
    if (order.reservePrice !== null) this.#reserving.push(order);
    this.#note(order.holding);
  }

  /** An order that has become final leaves the open ones. */
  removeOpen(order: OrderState): void {
    order.holding.removeOrder(order);
    if (order.reservePrice !== null) this.#noLongerReserves(order);
    this.#note(order.holding);
  }

  #noLongerReserves(order: OrderState): void {
    const last = this.#reserving.pop()!;
    if (last !== order) this.#reserving[this.#reserving.indexOf(order)] = last;
  }

  /** One that had become final is among the open ones again. */
  reopen(order: OrderState): void {
    order.holding.addOrder(order);
    this.#note(order.holding);
  }

  /** null: there is no such order. */
  orderOf(number: number): OrderState | null {
    let low = 0;
    let high = this.orders.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.orders[middle].number < number) low = middle + 1;
      else high = middle;
    }
    return this.orders[low]?.number === number ? this.orders[low] : null;
  }

  hasClientOrderId(clientOrderId: string): boolean {
    return this.#byClientId?.has(clientOrderId) ?? false;
  }

  orderByClientId(clientOrderId: string): OrderState | undefined {
    if (this.#byClientId !== null) return this.#byClientId.get(clientOrderId);
    return this.orders.find((order) => order.clientOrderId === clientOrderId);
  }

  /** What is final, but for the orders whose groups are open. */
  forget(): void {
    this.executions = [];
    this.orders = this.orders.filter((order) => order.isOpen || order.hasOpenGroup);
  }

  holdingOf(asset: Asset): Holding {
    let holding = this.#holdings.get(asset.symbol);
    if (holding === undefined) {
      holding = new Holding(asset, this.options.marketOf(asset.symbol));
      this.#holdings.set(asset.symbol, holding);
    }
    return holding;
  }

  openIn(symbol: string): readonly OrderState[] {
    return this.#holdings.get(symbol)?.open ?? NONE;
  }

  allOpen(): OrderState[] {
    return this.#active.flatMap(({ open }) => open).sort((a, b) => a.seq - b.seq);
  }

  positionQty(symbol: string): Decimal {
    return this.#holdings.get(symbol)?.qty ?? ZERO;
  }

  /** Cash moves by the notional, qty × price, and the fee, exactly. */
  applyExecution(
    { holding, side }: OrderState,
    qty: Decimal,
    price: Decimal,
    notional: Decimal,
    fee: Decimal,
  ): void {
    const isBuy = side === "buy";
    this.cash = (isBuy ? this.cash.minus(notional) : this.cash.plus(notional)).minus(fee);
    this.feesPaid = this.feesPaid.plus(fee);
    const wasShort = holding.qty.s < 0;
    holding.applyExecution(isBuy ? qty : qty.neg(), price);
    this.#shorts += Number(holding.qty.s < 0) - Number(wasShort);
    this.#note(holding);
  }

  #note(holding: Holding): void {
    const { place } = holding;
    if (holding.isIdle === place < 0) return;
    if (place < 0) {
      holding.place = this.#active.push(holding) - 1;
      return;
    }
    const last = this.#active.pop()!;
    if (last !== holding) {
      this.#active[place] = last;
      last.place = place;
    }
    holding.place = -1;
  }

  split(symbol: string, ratio: Decimal): void {
    this.#holdings.get(symbol)?.split(ratio);
  }

  /** What a night costs. */
  chargeNight(borrowed: Decimal, interest: Decimal): void {
    this.cash = this.cash.minus(borrowed).minus(interest);
    this.borrowPaid = this.borrowPaid.plus(borrowed);
    this.interestPaid = this.interestPaid.plus(interest);
  }

  /** Signed quantities, and the market's prices. */
  eachPosition(see: (symbol: string, qty: Decimal, price: Decimal) => void): void {
    this.options.beforeValuing();
    for (const { asset, qty, price } of this.#active) {
      if (!qty.isZero) see(asset.symbol, qty, price);
    }
  }

  funds(ignoring: OrderState | null = null): Funds {
    this.options.beforeValuing();
    let longValue = ZERO;
    let shortValue = ZERO;
    let cryptoValue = ZERO;
    let reservedEquity = ZERO;
    let reservedCrypto = ZERO;
    for (const holding of this.#active) {
      if (!holding.qty.isZero) {
        const value = holding.qty.times(holding.price);
        if (value.s > 0) longValue = longValue.plus(value);
        else shortValue = shortValue.plus(value);
        if (holding.isCrypto) cryptoValue = cryptoValue.plus(value);
      }
      for (const order of holding.open) {
        if (order === ignoring || order.reservePrice === null) continue;
        if (holding.isCrypto) reservedCrypto = reservedCrypto.plus(order.reserved);
        else reservedEquity = reservedEquity.plus(order.reserved);
      }
    }
    const equity = this.cash.plus(longValue).plus(shortValue);
    const multiplier = this.options.isMargin && equity.gte(MARGIN_EQUITY_MIN) ? 2 : 1;
    const marginable = longValue.minus(shortValue).minus(cryptoValue);
    const initialMargin = marginable.div(multiplier).plus(cryptoValue);
    const excess = equity.minus(initialMargin);
    // Proceeds of short sales are cash that can't be spent.
    const ownCash = this.cash.plus(shortValue);
    const settled = ownCash.lt(excess) ? ownCash : excess;
    return {
      cash: this.cash,
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

  /**
   * Whether an equities order that costs so much is sure to be within the buying power. In float64,
   * with a margin that its errors are far below: false says nothing.
   */
  surelyAffords(cost: number, ignoring: OrderState | null): boolean {
    const cash = this.cash.toNumber();
    if (this.#cashAffords(cost, cash, ignoring)) return true;
    this.options.beforeValuing();
    let net = 0;
    let gross = 0;
    let crypto = 0;
    let reserved = 0;
    for (const holding of this.#active) {
      const value = holding.valueNumber;
      net += value;
      gross += Math.abs(value);
      if (holding.isCrypto) crypto += value;
      for (const order of holding.open) {
        if (order === ignoring || order.reservePrice === null) continue;
        // No less than it is, whatever the multiplier.
        reserved += order.reservedNumber * (holding.isCrypto ? 2 : 1);
      }
    }
    const equity = cash + net;
    const slack = SLACK * (Math.abs(cash) + gross + reserved);
    if (Math.abs(equity - MARGIN_EQUITY_MIN) <= slack) return false;
    const multiplier = this.options.isMargin && equity > MARGIN_EQUITY_MIN ? 2 : 1;
    const excess = equity - (gross - crypto) / multiplier - crypto;
    return cost < excess * multiplier - reserved - 10 * slack;
  }

  /**
   * What is held long only adds to the buying power, whatever it is worth: then the cash alone, less
   * what orders hold, may be enough. No price is asked for.
   */
  #cashAffords(cost: number, cash: number, ignoring: OrderState | null): boolean {
    if (this.#shorts > 0) return false;
    let reserved = 0;
    for (const order of this.#reserving) {
      if (order !== ignoring) reserved += order.reservedNumber * (order.isCrypto ? 2 : 1);
    }
    return cost + reserved < cash * (1 - 10 * SLACK);
  }

  figures(): AccountFigures {
    const funds = this.funds();
    return {
      cash: plain(funds.cash),
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
      createdUs: this.options.createdUs,
    };
  }

  position(symbol: string): ExchangePosition | null {
    const holding = this.#holdings.get(symbol);
    if (holding === undefined || holding.qty.isZero) return null;
    this.options.beforeValuing();
    const { qty, price, averagePrice, asset } = holding;
    const marketValue = qty.times(price);
    const costBasis = qty.times(averagePrice);
    return {
      symbol,
      assetClass: asset.assetClass,
      qty: plain(qty),
      qtyAvailable: plain(holding.availableQty(null)),
      averagePrice: plain(averagePrice),
      currentPrice: plain(price),
      marketValue: plain(marketValue),
      costBasis: plain(costBasis),
      unrealizedPl: plain(marketValue.minus(costBasis)),
    };
  }

  positions(): ExchangePosition[] {
    return this.#active.map(({ asset }) => asset.symbol).sort()
      .map((symbol) => this.position(symbol)).filter((position) => position !== null);
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

function atLeastZero(value: Decimal): Decimal {
  return value.gt(ZERO) ? value : ZERO;
}
