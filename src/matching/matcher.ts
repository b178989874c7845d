/**
 * Meets the open orders of one account with one market event.
 * Invariants: only events after an order's acceptance and within its session fill it; all orders of
 * the account together take no more than the share of the event's size (auctions at open and close
 * are not bounded).
 */
import { Decimal, decimal, roundToTick } from "../util/decimal.ts";
import type { Side } from "../model/order.ts";
import type { AccountState, PriceOf } from "./account_state.ts";
import type { SymbolMarket } from "./market.ts";
import type { OrderDesk } from "./order_desk.ts";
import { type OrderState, SHARE_FRACTION, ZERO } from "./order_state.ts";
import { type Phase, phaseAt } from "./order_timing.ts";
import type { Slippage } from "./slippage.ts";
import type { MatchableOrder } from "./types.ts";

export interface MarketEvent {
  symbol: string;
  /** A bar's start. */
  timeUs: number;
  isBar: boolean;
  /** Fills what was accepted at its own time too: a bar's start, or the close that is traded at. */
  isInclusive: boolean;
  /** Counted by the exchange, so that an order meets an event once. */
  number: number;
  /** NaN: it does not fill. */
  priceFor(order: MatchableOrder): number;
  /** What the opening auction gives. */
  firstPrice(side: Side): number;
  sizeFor(side: Side): number;
  /** One size for both sides. */
  isSizeShared: boolean;
}

/** More than any order. */
const UNBOUNDED = decimal("1e30");

/** What is left of the event's size, by side. */
type Budget = Record<Side, Decimal>;

export class Matcher {
  constructor(
    private readonly desk: OrderDesk,
    /** null: orders are not bounded by the event's size. */
    private readonly volumeShare: Decimal | null,
    private readonly priceOf: PriceOf,
    /** null: there is none. */
    private readonly slippage: Slippage | null,
  ) {}

  match(account: AccountState, event: MarketEvent): void {
    const orders = account.openIn(event.symbol);
    if (orders.length === 0) return;
    const phase = orders[0].isCrypto ? "regular" : phaseAt(event.timeUs, event.isBar);
    if (phase === "closed") return;
    const budget: Budget = {
      buy: this.#sizeToTake(event.sizeFor("buy")),
      sell: this.#sizeToTake(event.sizeFor("sell")),
    };
    // A list that is replaced, never changed, when an order ends: it is walked whole.
    for (const order of orders) this.#matchOrder(account, order, event, phase, budget);
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
    budget: Budget,
  ): void {
    if (!order.isWorking || order.matchedEvent === event.number) return;
    order.matchedEvent = event.number;
    // Events of a bar come at its start or after it.
    if (event.isInclusive ? event.timeUs < order.acceptedUs : event.timeUs <= order.acceptedUs) {
      return;
    }
    if (phase === "extended" && !order.terms.extendedHours) return;
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
        this.#fillFrom(account, order, event, budget);
    }
    const { timeInForce } = order.terms;
    if (timeInForce === "day" || timeInForce === "gtc" || !order.isOpen) return;
    this.desk.end(account, order, "canceled");
  }

  #fillFrom(account: AccountState, order: OrderState, event: MarketEvent, budget: Budget): void {
    const floatPrice = event.priceFor(order);
    if (!(floatPrice > 0)) return;
    const price = decimal(floatPrice);
    const wanted = this.#wantedQty(account, order, price);
    if (wanted.eq(ZERO)) {
      // Of an order by notional: nothing is left of the position that it sells.
      this.desk.end(account, order, "canceled");
      return;
    }
    const bound = roundToTick(budget[order.side], qtyStep(order), "down");
    const qty = wanted.lt(bound) ? wanted : bound;
    if (qty.lte(ZERO) || (order.terms.timeInForce === "fok" && qty.lt(wanted))) return;
    budget[order.side] = budget[order.side].minus(qty);
    if (event.isSizeShared) budget[order.side === "buy" ? "sell" : "buy"] = budget[order.side];
    if (this.slippage !== null) return this.#slip(account, order, { qty, price, wanted });
    this.desk.fill(account, order, { qty, price, isLast: qty.eq(wanted) });
  }

  #auction(account: AccountState, order: OrderState, floatPrice: number): void {
    if (!(floatPrice > 0)) return;
    const { limitPrice } = order;
    if (order.side === "buy" ? floatPrice > limitPrice : floatPrice < limitPrice) return;
    const price = decimal(floatPrice);
    const qty = this.#wantedQty(account, order, price);
    if (qty.lte(ZERO)) return;
    if (this.slippage !== null) return this.#slip(account, order, { qty, price, wanted: qty });
    this.desk.fill(account, order, { qty, price, isLast: true });
  }

  /** Fills at a worse price than the market's; an order by notional then has less of it. */
  #slip(
    account: AccountState,
    order: OrderState,
    market: { qty: Decimal; price: Decimal; wanted: Decimal },
  ): void {
    const price = this.slippage!.worse(order, market.price, market.qty);
    let { qty, wanted } = market;
    if (order.terms.notional !== null) {
      wanted = this.#wantedQty(account, order, price);
      if (wanted.lt(qty)) qty = wanted;
      if (qty.eq(ZERO)) return this.desk.end(account, order, "canceled");
    }
    account.slippagePaid = account.slippagePaid.plus(price.minus(market.price).abs().times(qty));
    this.desk.fill(account, order, { qty, price, isLast: qty.eq(wanted) });
  }

  #wantedQty(account: AccountState, order: OrderState, price: Decimal): Decimal {
    const { notional, positionIntent } = order.terms;
    if (notional === null) return order.remainingQty;
    const left = notional.minus(order.filledNotional).div(price);
    const qty = roundToTick(left, qtyStep(order), "down");
    if (positionIntent === "buy_to_open") return qty;
    const available = account.availableQty(order.symbol, this.priceOf, order);
    return qty.lt(available) ? qty : available;
  }

  #sizeToTake(size: number): Decimal {
    if (this.volumeShare === null) return UNBOUNDED;
    return size > 0 && Number.isFinite(size) ? decimal(size).times(this.volumeShare) : ZERO;
  }
}

/** Fills of whole orders are whole shares. */
function qtyStep(order: OrderState): string {
  if (order.qty === null) return SHARE_FRACTION;
  if (order.isCrypto) return order.terms.asset.qtyIncrement;
  return order.qty.round(0, Decimal.roundDown).eq(order.qty) ? "1" : SHARE_FRACTION;
}
