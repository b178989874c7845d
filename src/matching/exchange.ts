/**
 * The exchange core: orders in, executions out. Pure: its clock is what it is told, its ids are
 * counted. Invariants: an order is matched only against events later than its acceptance; position
 * = Σ executions; cash = deposits − Σ signed notional − fees; a final order never changes. Accounts
 * do not see one another.
 *
 * As at Alpaca: legs of a bracket or oto are held until the entry has filled whole, and end with it
 * where it is canceled or expires, even if it has filled in part. Day orders expire; opg, cls, ioc
 * and fok orders are canceled. Of its own: legs become no larger than what other orders leave of the
 * position, so that no execution takes a position across zero.
 */
import { assert } from "../util/assert.ts";
import { decimal } from "../util/decimal.ts";
import { AccountState, type Funds } from "./account_state.ts";
import { ExchangeHand } from "./exchange_hand.ts";
import { closeAfter, closingOrder, partOf, shareOf } from "./exchange_parts.ts";
import { Fees } from "./fees.ts";
import { defaultFillModel } from "./fill_model.ts";
import { Ids } from "./ids.ts";
import { SymbolMarket } from "./market.ts";
import { MarketEvent, Matcher } from "./matcher.ts";
import { type NightCharges, nightChargesOf } from "./night_charges.ts";
import { OrderDesk } from "./order_desk.ts";
import { filterOrders } from "./order_filter.ts";
import { OrderIntake } from "./order_intake.ts";
import { OrderSnapshot } from "./order_snapshot.ts";
import type { OrderState } from "./order_state.ts";
import { badParameter, notFound, unprocessable } from "./refusal.ts";
import { slippageOf } from "./slippage.ts";
import type {
  AccountFigures,
  AccountOptions,
  ExchangeExecution,
  ExchangeOptions,
  ExchangeOrder,
  ExchangeOrderRequest,
  ExchangePosition,
  OrderChange,
  OrderFilter,
  OrderOutcome,
  Refusal,
} from "./types.ts";

const MINUTE_US = 60_000_000;

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #accounts = new Map<string, AccountState>();
  readonly #markets = new Map<string, SymbolMarket>();
  readonly #desk: OrderDesk;
  readonly #intake: OrderIntake;
  readonly #matcher: Matcher;
  readonly #ids = new Ids();
  readonly #event = new MarketEvent();
  readonly #nights: NightCharges | null;
  readonly #marketOf = (symbol: string): SymbolMarket => this.market(symbol);
  #eventNumber = 0;
  /** When the day's equity is taken down. */
  #sessionCloseUs = NaN;

  constructor(options: ExchangeOptions) {
    const { startUs, onUpdate, latencyUs = 0 } = options;
    this.#options = options;
    const marketOf = this.#marketOf;
    const ids = this.#ids;
    this.#nights = nightChargesOf(options);
    this.#desk = new OrderDesk({ startUs, fees: new Fees(options.fees), ids, onUpdate });
    this.#matcher = new Matcher(this.#desk, {
      model: options.fillModel ?? defaultFillModel,
      volumeShare: shareOf(options.volumeShare),
      slippage: slippageOf(options, marketOf),
    });
    const assetOf = (symbol: string) => options.assetOf(symbol);
    this.#intake = new OrderIntake(this.#desk, { assetOf, ids, latencyUs });
    this.#sessionCloseUs = closeAfter(startUs);
  }

  /** µs since the epoch; what is submitted now is accepted at this time. */
  get nowUs(): number {
    return this.#desk.nowUs;
  }

  openAccount(accountId: string, { cash, margin = true }: AccountOptions): void {
    assert(!this.#accounts.has(accountId), `account ${accountId} is open already`);
    const account = new AccountState(accountId, decimal(cash), {
      isMargin: margin,
      createdUs: this.nowUs,
      forgets: this.#options.forgets ?? false,
      marketOf: this.#marketOf,
      beforeValuing: () => this.#options.beforeValuing?.(),
    });
    this.#accounts.set(accountId, account);
  }

  hasAccount(accountId: string): boolean {
    return this.#accounts.has(accountId);
  }

  /**
   * Moves the clock (never back): orders are routed at the open, and end after the close.
   * Give all market events of a time before advancing past it: a bar of 15:59 is given at 16:00:00,
   * and what ends at 16:00:00 ends when the clock goes past it.
   */
  advanceTo(nowUs: number): void {
    const isDue = nowUs >= this.#desk.dueUs || nowUs > this.#sessionCloseUs ||
      (this.#nights !== null && nowUs > this.#nights.midnightUs);
    if (isDue) this.#doDue(nowUs);
    this.#desk.nowUs = Math.max(this.nowUs, nowUs);
  }

  /**
   * A price known before the first event (yesterday's close), for buying power and market value
   * only.
   */
  seedPrice(symbol: string, price: number): void {
    this.market(symbol).seed(price);
  }

  /**
   * Given at the bar's end, `startUs + durationUs`; a day's bar starts at the open. Volume in
   * shares or coins.
   */
  onBar(
    symbol: string,
    startUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    durationUs = MINUTE_US,
  ): void {
    this.advanceTo(startUs + durationUs);
    const market = this.market(symbol);
    market.setLast(close, startUs + durationUs);
    market.barNumber = ++this.#eventNumber;
    if (market.isHalted || !market.isFilledBy("bars") || market.openOrders === 0) return;
    const event = this.#event;
    event.kind = "bar";
    event.endUs = startUs + durationUs;
    event.isInclusive = true;
    event.open = open;
    event.high = high;
    event.low = low;
    event.close = close;
    event.size = volume;
    this.#match(symbol, startUs, market.barNumber);
  }

  /**
   * The newest bar's close once more, for the orders that were accepted at its end: they trade at
   * it. For backtests whose orders fill at the close that they were decided on. An order meets it
   * once.
   */
  onClose(symbol: string, timeUs: number, close: number, volume: number): void {
    const market = this.market(symbol);
    if (market.isHalted || !market.isFilledBy("bars") || market.openOrders === 0) return;
    this.#setTrade(close, volume);
    this.#event.isInclusive = true;
    this.#match(symbol, timeUs, market.barNumber);
  }

  /**
   * The close of a bar that has no order to meet: in place of onBar, which would do no more with
   * it.
   */
  notePrice(market: SymbolMarket, price: number, timeUs: number): void {
    market.setLast(price, timeUs);
    market.barNumber = ++this.#eventNumber;
  }

  /** Size in shares or coins. */
  onTrade(symbol: string, timeUs: number, price: number, size: number): void {
    this.advanceTo(timeUs);
    const market = this.market(symbol);
    market.setLast(price, timeUs);
    if (market.isHalted || !market.isFilledBy("trades") || market.openOrders === 0) return;
    this.#setTrade(price, size);
    this.#event.isInclusive = false;
    this.#match(symbol, timeUs, ++this.#eventNumber);
  }

  /** Sizes in shares or coins. */
  onQuote(
    symbol: string,
    timeUs: number,
    bidPrice: number,
    bidSize: number,
    askPrice: number,
    askSize: number,
  ): void {
    this.advanceTo(timeUs);
    const market = this.market(symbol);
    market.setQuote(bidPrice, askPrice, timeUs);
    if (market.isHalted || !market.isFilledBy("quotes") || market.openOrders === 0) return;
    const event = this.#event;
    event.kind = "quote";
    event.isInclusive = false;
    event.bidPrice = bidPrice;
    event.bidSize = bidSize;
    event.askPrice = askPrice;
    event.askSize = askSize;
    this.#match(symbol, timeUs, ++this.#eventNumber);
  }

  /** No order of the symbol fills until it resumes. */
  onHalt(symbol: string): void {
    this.market(symbol).isHalted = true;
  }

  onResume(symbol: string): void {
    this.market(symbol).isHalted = false;
  }

  submit(accountId: string, request: ExchangeOrderRequest): OrderOutcome {
    return this.#intake.submit(this.#account(accountId), request);
  }

  /** null: canceled. */
  cancel(accountId: string, orderId: string): Refusal | null {
    const account = this.#account(accountId);
    const order = account.orderOf(this.#ids.numberOf(orderId));
    if (order === null) return notFound(`order not found for ${orderId}`);
    if (!order.isOpen) return unprocessable(`order is already in "${order.status}" state`);
    this.#desk.end(account, order, "canceled");
    return null;
  }

  /**
   * Puts a new order in the place of an open one, for what that has not filled. Of bracket, oco and
   * oto orders only the prices can be changed.
   */
  replace(accountId: string, orderId: string, change: OrderChange): OrderOutcome {
    const account = this.#account(accountId);
    const order = account.orderOf(this.#ids.numberOf(orderId));
    if (order === null) return { error: notFound(`order not found for ${orderId}`) };
    return this.#intake.replace(account, order, change);
  }

  /** Cancels all open orders, and names them. */
  cancelAll(accountId: string): string[] {
    const account = this.#account(accountId);
    const open = account.allOpen();
    // One that was canceled with its group is canceled already.
    for (const order of open) if (order.isOpen) this.#desk.end(account, order, "canceled");
    return open.map((order) => order.id);
  }

  /** A market order for the whole position, or for `qty` or `percentage` (0–100) of it. */
  closePosition(
    accountId: string,
    symbol: string,
    part: { qty?: string; percentage?: string } = {},
  ): OrderOutcome {
    const position = this.#account(accountId).positionQty(symbol);
    const asset = this.#options.assetOf(symbol);
    if (asset === null || position.eq(0)) return { error: notFound("position does not exist") };
    const qty = partOf(position.abs(), part);
    if (qty === null) return { error: badParameter("percentage must be > 0 and <= 100") };
    const side = position.gt(0) ? "sell" : "buy";
    return this.submit(accountId, closingOrder(asset, side, qty));
  }

  /** null: there is no such order. Legs stand under their parent unless `nested` is false. */
  order(accountId: string, orderId: string, { nested = true } = {}): ExchangeOrder | null {
    const order = this.#account(accountId).orderOf(this.#ids.numberOf(orderId));
    return order === null ? null : new OrderSnapshot(order, nested);
  }

  orderByClientId(accountId: string, clientOrderId: string): ExchangeOrder | null {
    const order = this.#account(accountId).orderByClientId(clientOrderId);
    return order === undefined ? null : new OrderSnapshot(order, true);
  }

  /** Newest first, open ones, at most 50, where the filter says nothing else. */
  orders(accountId: string, filter: OrderFilter = {}): ExchangeOrder[] {
    return filterOrders(this.#account(accountId).orders, filter);
  }

  /** By symbol, flat ones left out. */
  positions(accountId: string): ExchangePosition[] {
    return this.#account(accountId).positions();
  }

  position(accountId: string, symbol: string): ExchangePosition | null {
    return this.#account(accountId).position(symbol);
  }

  /** All executions so far, oldest first. */
  executions(accountId: string): readonly ExchangeExecution[] {
    return this.#account(accountId).executions;
  }

  /** What the account's figures are made of. */
  funds(accountId: string): Funds {
    return this.#account(accountId).funds();
  }

  account(accountId: string): AccountFigures {
    return this.#account(accountId).figures();
  }

  /** An equities order of this cost is sure to be within the buying power; false says nothing. */
  surelyAffords(accountId: string, cost: number): boolean {
    return this.#account(accountId).surelyAffords(cost, null);
  }

  /** What the market would not do. */
  hand(): ExchangeHand {
    const [desk, accountOf] = [this.#desk, (id: string) => this.#account(id)];
    const numberOf = (orderId: string) => this.#ids.numberOf(orderId);
    return new ExchangeHand({ desk, accountOf, numberOf, marketOf: this.#marketOf });
  }

  #setTrade(price: number, size: number): void {
    const event = this.#event;
    event.kind = "trade";
    event.open =
      event.high =
      event.low =
      event.close =
        price;
    event.size = size;
  }

  #match(symbol: string, timeUs: number, number: number): void {
    const event = this.#event;
    event.symbol = symbol;
    event.timeUs = timeUs;
    event.number = number;
    for (const account of this.#accounts.values()) this.#matcher.match(account, event);
  }

  /** Routes and ends what is due up to `nowUs`, in the order of time and acceptance. */
  #doDue(nowUs: number): void {
    const due: { dueUs: number; account: AccountState; order: OrderState }[] = [];
    for (const account of this.#accounts.values()) {
      for (const order of account.allOpen()) {
        // Queued orders are due twice: at their route, and at their end.
        if (order.status === "accepted" && order.routeUs <= nowUs) {
          due.push({ dueUs: order.routeUs, account, order });
        }
        if (order.expiresUs < nowUs) due.push({ dueUs: order.expiresUs, account, order });
      }
    }
    due.sort((a, b) => a.dueUs - b.dueUs || a.order.seq - b.order.seq);
    for (const { dueUs, account, order } of due) {
      if (!order.isOpen) continue;
      this.#desk.nowUs = Math.max(this.nowUs, dueUs);
      if (order.status === "accepted") this.#desk.route(account, order);
      else this.#endOfTime(account, order);
    }
    if (nowUs > this.#sessionCloseUs) {
      for (const account of this.#accounts.values()) {
        account.lastEquity = account.funds().equity;
        if (this.#options.forgets) account.forget();
      }
      this.#sessionCloseUs = closeAfter(nowUs);
    }
    this.#nights?.chargeUntil(nowUs, this.#accounts.values());
    this.#desk.dueUs = this.#nextDueUs();
  }

  #nextDueUs(): number {
    let dueUs = Infinity;
    for (const account of this.#accounts.values()) {
      for (const order of account.allOpen()) {
        dueUs = Math.min(dueUs, order.status === "accepted" ? order.routeUs : order.expiresUs + 1);
      }
    }
    return dueUs;
  }

  #endOfTime(account: AccountState, order: OrderState): void {
    const { timeInForce } = order.terms;
    if (timeInForce === "cls") {
      this.#matcher.closingAuction(account, order, this.market(order.symbol));
    } else {
      this.#desk.end(account, order, timeInForce === "day" ? "expired" : "canceled");
    }
  }

  #account(accountId: string): AccountState {
    const account = this.#accounts.get(accountId);
    // The message is put together only where it is needed: this is asked for each order.
    if (account === undefined) assert(false, `there is no account ${accountId}`);
    return account;
  }

  /** What the exchange has seen of a symbol: the same object, whatever it sees later. */
  market(symbol: string): SymbolMarket {
    let market = this.#markets.get(symbol);
    if (market === undefined) {
      market = new SymbolMarket(this.#options.sourceOf?.(symbol) ?? null);
      this.#markets.set(symbol, market);
    }
    return market;
  }
}
