/**
 * Meets the open orders of one account with one market event.
 * Invariants: only events after an order's acceptance and within its session fill it; all orders of
 * the account together take no more than the share of the event's size (auctions at open and close
 * are not bounded).
 */
import { Decimal, decimal } from "../util/decimal.ts";
import type { Side } from "../model/order.ts";
import type { AccountState } from "./account_state.ts";
import type { SymbolMarket } from "./market.ts";
import { stopInEntryBar } from "./fill_model.ts";
import type { OrderDesk } from "./order_desk.ts";
import { type OrderState, SHARE_DECIMALS, SHARE_FRACTION, ZERO } from "./order_state.ts";
import { type Phase, phaseAt } from "./order_timing.ts";
import type { Slippage } from "./slippage.ts";
import type { FillModel } from "./types.ts";

/** What orders meet. One is used for all events, one after the other. */
export class MarketEvent {
  kind: "bar" | "trade" | "quote" = "bar";
  symbol = "";
  /** A bar's start. */
  timeUs = NaN;
  /** A bar's end. */
  endUs = NaN;
  /** Fills what was accepted at its own time too: a bar's start, or the close that is traded at. */
  isInclusive = false;
  /** Counted by the exchange, so that an order meets an event once. */
  number = 0;
  /** Of a trade all four are its price. */
  open = NaN;
  high = NaN;
  low = NaN;
  close = NaN;
  /** Of a bar or a trade: for both sides together. */
  size = NaN;
  bidPrice = NaN;
  bidSize = NaN;
  askPrice = NaN;
  askSize = NaN;

  /** One size for both sides. */
  get isSizeShared(): boolean {
    return this.kind !== "quote";
  }

  /** What the opening auction gives. */
  firstPrice(side: Side): number {
    if (this.kind !== "quote") return this.open;
    return side === "buy" ? this.askPrice : this.bidPrice;
  }

  sizeFor(side: Side): number {
    if (this.kind !== "quote") return this.size;
    return side === "buy" ? this.askSize : this.bidSize;
  }

  /** NaN: the order does not fill. */
  priceFor(order: OrderState, model: FillModel): number {
    switch (this.kind) {
      case "bar":
        return model.onBar(order, this.open, this.high, this.low, this.close);
      case "trade":
        return model.onTrade(order, this.close);
      case "quote":
        // A side without a price fills nothing, and triggers nothing.
        if (!(this.firstPrice(order.side) > 0)) return NaN;
        return model.onQuote(order, this.bidPrice, this.askPrice);
      default:
        return this.kind satisfies never;
    }
  }
}

const ONE_SHARE = decimal(1);

/** What is left of the event's size, by side. */
type Budget = Record<Side, Decimal>;

export class Matcher {
  /** By account and symbol: the newest bar, and what is left of its close. */
  readonly #closes = new Map<string, { number: number; budget: Budget }>();

  constructor(
    private readonly desk: OrderDesk,
    private readonly options: {
      model: FillModel;
      /** null: orders are not bounded by the event's size. */
      volumeShare: Decimal | null;
      /** null: there is none. */
      slippage: Slippage | null;
    },
  ) {}

  match(account: AccountState, event: MarketEvent): void {
    const orders = account.openIn(event.symbol);
    if (orders.length === 0) return;
    const phase = orders[0].isCrypto ? "regular" : phaseAt(event.timeUs, event.kind === "bar");
    if (phase === "closed") return;
    const budget = this.#budgetOf(account, event);
    // A list that is replaced, never changed, when an order ends: it is walked whole.
    for (const order of orders) this.#matchOrder(account, order, event, phase, budget);
  }

  /** What orders may take of the event; null: all that they want. */
  #budgetOf({ id }: AccountState, event: MarketEvent): Budget | null {
    const { volumeShare, model } = this.options;
    if (volumeShare === null) return null;
    // A close is met again by the orders that were decided on it: it has one share for all of them.
    const closing = model.barMoment === "end" ? `${id} ${event.symbol}` : null;
    const known = closing === null ? undefined : this.#closes.get(closing);
    if (known?.number === event.number) return known.budget;
    const budget = {
      buy: sizeToTake(event.sizeFor("buy"), volumeShare),
      sell: sizeToTake(event.sizeFor("sell"), volumeShare),
    };
    if (closing !== null) this.#closes.set(closing, { number: event.number, budget });
    return budget;
  }

  /** At the session's end; `market.lastPrice` is the closing auction's. */
  closingAuction(account: AccountState, order: OrderState, market: SymbolMarket): void {
    const hasPrice = market.lastUs > Math.max(order.acceptedUs, order.routeUs);
    if (hasPrice && !market.isHalted) this.#auction(account, order, market.lastPrice);
    if (order.isOpen) this.desk.end(account, order, "canceled");
  }

  #matchOrder(
    account: AccountState,
    order: OrderState,
    event: MarketEvent,
    phase: Phase,
    budget: Budget | null,
  ): void {
    if (!order.isWorking || order.matchedEvent === event.number) return;
    order.matchedEvent = event.number;
    if (phase === "extended" && !order.terms.extendedHours) return;
    if (this.#isLate(order, event) && !this.#hasEnteredAtOpen(order, event)) {
      return this.#matchEntryBar(account, order, event, budget);
    }
    const stopLoss = order.group?.stopLoss;
    if (stopLoss?.isOpen && order === order.group!.takeProfit) {
      // Within a bar nobody knows which leg came first: the worse one.
      const wasTriggered = stopLoss.isTriggered;
      this.#matchOrder(account, stopLoss, event, phase, budget);
      if (!order.isOpen || stopLoss.isTriggered !== wasTriggered) return;
    }
    switch (order.terms.timeInForce) {
      case "cls":
        return;
      case "opg":
        this.#auction(account, order, event.firstPrice(order.side));
        break;
      default:
        this.#fillAt(account, order, event, budget, event.priceFor(order, this.options.model));
    }
    const { timeInForce } = order.terms;
    if (timeInForce === "day" || timeInForce === "gtc" || !order.isOpen) return;
    this.desk.end(account, order, "canceled");
  }

  /** Events of a bar come at its start or after it; where only closes count, at its end. */
  #isLate({ acceptedUs }: OrderState, event: MarketEvent): boolean {
    const isAtEnd = event.kind === "bar" && this.options.model.barMoment === "end";
    const reachUs = isAtEnd ? event.endUs : event.timeUs;
    return event.isInclusive ? reachUs < acceptedUs : reachUs <= acceptedUs;
  }

  /** A leg whose entry filled at the open of this very bar: all of the bar can meet it. */
  #hasEnteredAtOpen(order: OrderState, event: MarketEvent): boolean {
    if (order.group === null || !this.options.model.looksWithin) return false;
    const { entry } = order.group;
    if (entry === null || entry === order || event.kind !== "bar") return false;
    return entry.openedBy === event.number && entry.status === "filled";
  }

  /** Of the legs whose entry filled within this very bar, the stop: the worst is taken. */
  #matchEntryBar(
    account: AccountState,
    order: OrderState,
    event: MarketEvent,
    budget: Budget | null,
  ): void {
    if (order.group === null || order !== order.group.stopLoss) return;
    const { entry } = order.group;
    if (!this.options.model.looksWithin || event.kind !== "bar") return;
    if (entry?.status !== "filled" || entry.filledBy !== event.number) return;
    this.#fillAt(account, order, event, budget, stopInEntryBar(order, event.high, event.low));
  }

  #fillAt(
    account: AccountState,
    order: OrderState,
    event: MarketEvent,
    budget: Budget | null,
    floatPrice: number,
  ): void {
    if (!(floatPrice > 0)) return;
    const price = decimal(floatPrice);
    const wanted = wantedQty(order, price);
    if (wanted.isZero) {
      // Of an order by notional: nothing is left of the position that it sells.
      this.desk.end(account, order, "canceled");
      return;
    }
    const qty = budget === null ? wanted : takenFrom(budget, order, event, wanted);
    if (qty.isZero) return;
    order.filledBy = event.number;
    if (floatPrice === event.firstPrice(order.side)) order.openedBy = event.number;
    if (this.options.slippage !== null) return this.#slip(account, order, { qty, price, wanted });
    this.desk.fill(account, order, qty, price, qty.eq(wanted));
  }

  #auction(account: AccountState, order: OrderState, floatPrice: number): void {
    if (!(floatPrice > 0)) return;
    const { limitPrice } = order;
    if (order.side === "buy" ? floatPrice > limitPrice : floatPrice < limitPrice) return;
    const price = decimal(floatPrice);
    const qty = wantedQty(order, price);
    if (qty.lte(ZERO)) return;
    const isSlipping = this.options.slippage !== null;
    if (isSlipping) return this.#slip(account, order, { qty, price, wanted: qty });
    this.desk.fill(account, order, qty, price, true);
  }

  /** Fills at a worse price than the market's; an order by notional then has less of it. */
  #slip(
    account: AccountState,
    order: OrderState,
    market: { qty: Decimal; price: Decimal; wanted: Decimal },
  ): void {
    const price = this.options.slippage!.worse(order, market.price, market.qty);
    let { qty, wanted } = market;
    if (order.terms.notional !== null) {
      wanted = wantedQty(order, price);
      if (wanted.lt(qty)) qty = wanted;
      if (qty.eq(ZERO)) return this.desk.end(account, order, "canceled");
    }
    account.slippagePaid = account.slippagePaid.plus(price.minus(market.price).abs().times(qty));
    this.desk.fill(account, order, qty, price, qty.eq(wanted));
  }
}

function wantedQty(order: OrderState, price: Decimal): Decimal {
  const { notional } = order.terms;
  if (notional === null) return order.remainingQty;
  const left = notional.minus(order.filledNotional);
  const qty = left.quotient(price, SHARE_DECIMALS, Decimal.roundDown);
  if (order.positionIntent === "buy_to_open") return qty;
  const available = order.holding.availableQty(order);
  return qty.lt(available) ? qty : available;
}

function sizeToTake(size: number, share: Decimal): Decimal {
  return size > 0 && Number.isFinite(size) ? decimal(size).times(share) : ZERO;
}

/** As much as the event's size gives; 0 where a fok order does not get all. */
function takenFrom(
  budget: Budget,
  order: OrderState,
  event: MarketEvent,
  wanted: Decimal,
): Decimal {
  const { side } = order;
  const bound = budget[side].roundTo(qtyStep(order), Decimal.roundDown);
  const qty = wanted.lt(bound) ? wanted : bound;
  if (qty.lte(ZERO) || (order.terms.timeInForce === "fok" && qty.lt(wanted))) return ZERO;
  budget[side] = budget[side].minus(qty);
  if (event.isSizeShared) budget[side === "buy" ? "sell" : "buy"] = budget[side];
  return qty;
}

/** Fills of whole orders are whole shares. */
function qtyStep(order: OrderState): Decimal {
  if (order.qty === null) return SHARE_FRACTION;
  if (order.isCrypto) return decimal(order.terms.asset.qtyIncrement);
  return order.qty.isWhole ? ONE_SHARE : SHARE_FRACTION;
}
