// From a request to orders on the desk, or to a refusal. What is refused leaves no trace.
import type { Asset } from "../model/asset.ts";
import { type Decimal, readDecimal } from "../util/decimal.ts";
import { checkAccount } from "./account_check.ts";
import type { AccountState } from "./account_state.ts";
import type { Holding } from "./holding.ts";
import type { Ids } from "./ids.ts";
import type { OrderDesk } from "./order_desk.ts";
import { OrderSnapshot } from "./order_snapshot.ts";
import { type OrderGroup, OrderState, type OrderTerms } from "./order_state.ts";
import { type OrderTiming, timingOf } from "./order_timing.ts";
import { badParameter, unprocessable } from "./refusal.ts";
import {
  checkPrices,
  checkQuantity,
  checkRequest,
  checkTimeInForce,
  CLIENT_ORDER_ID_LENGTH_MAX,
  readRequest,
} from "./request_check.ts";
import type {
  ExchangeOrderRequest,
  OrderChange,
  OrderOutcome,
  PositionIntent,
  Refusal,
} from "./types.ts";

export class OrderIntake {
  #seq = 0;
  /** Of the day orders since `dayFromUs`. */
  #day: OrderTiming | null = null;
  #dayFromUs = Infinity;

  constructor(
    private readonly desk: OrderDesk,
    private readonly options: {
      assetOf(symbol: string): Asset | null;
      ids: Ids;
      /** From a request to its arrival at the exchange. */
      latencyUs: number;
    },
  ) {}

  get #arrivalUs(): number {
    return this.desk.nowUs + this.options.latencyUs;
  }

  submit(account: AccountState, request: ExchangeOrderRequest): OrderOutcome {
    const { ids } = this.options;
    const badId = checkClientOrderId(account, request.clientOrderId);
    if (badId !== null) return { error: badId };
    const asset = this.options.assetOf(request.symbol);
    if (asset === null) return { error: unprocessable(`asset "${request.symbol}" not found`) };
    const read = readRequest(request, asset);
    if ("refusal" in read) return { error: read.refusal };
    const holding = account.holdingOf(asset);
    const refusal = checkRequest(read, holding.market.lastPrice);
    if (refusal !== null) return { error: refusal };
    const timing = this.#timingOf(read);
    if ("refusal" in timing) return { error: timing.refusal };
    const admission = checkAccount({ account, holding, terms: read, ignoring: null });
    if ("refusal" in admission) return { error: admission.refusal };
    const { positionIntent } = admission;
    const specified = request.positionIntent ?? positionIntent;
    if (specified !== positionIntent) {
      return {
        error: unprocessable(
          `position intent mismatch, inferred: ${positionIntent}, specified: ${specified}`,
        ),
      };
    }
    const clientOrderId = request.clientOrderId ?? ids.textOf(ids.next());
    const order = this.#order(holding, read, timing, { clientOrderId, positionIntent });
    order.reservePrice = admission.reservePrice;
    if (read.orderClass === "simple") return { order: this.desk.admit(account, order) };
    this.#admitGroup(account, order);
    return { order: new OrderSnapshot(order, true) };
  }

  replace(account: AccountState, order: OrderState, change: OrderChange): OrderOutcome {
    const error = checkReplaceable(order, change) ??
      checkClientOrderId(account, change.clientOrderId ?? null);
    if (error !== null) return { error };
    const terms = changedTerms(order, change);
    if ("refusal" in terms) return { error: terms.refusal };
    const refusal = checkQuantity(terms) ?? checkPrices(terms) ?? checkTimeInForce(terms) ??
      checkLegs(order, terms);
    if (refusal !== null) return { error: refusal };
    const { ids } = this.options;
    const timing = terms.timeInForce === order.terms.timeInForce
      ? order.timing
      : this.#timingOf(terms);
    if ("refusal" in timing) return { error: timing.refusal };
    const { holding } = order;
    let { reservePrice } = order;
    // A leg closes what its entry opened, whatever its price.
    if (order.group === null || order === order.group.entry) {
      const admission = checkAccount({ account, holding, terms, ignoring: order });
      if ("refusal" in admission) return { error: admission.refusal };
      reservePrice = admission.reservePrice;
    }
    const { positionIntent } = order;
    const clientOrderId = change.clientOrderId ?? ids.textOf(ids.next());
    const next = this.#order(holding, terms, timing, { clientOrderId, positionIntent });
    next.reservePrice = reservePrice;
    next.isTriggered = order.isTriggered && change.triggerPrice === undefined;
    if (order.mark !== null) next.trailTo(order.mark.toNumber());
    this.desk.replace(account, order, next);
    return { order: new OrderSnapshot(next, true) };
  }

  #order(
    holding: Holding,
    terms: OrderTerms,
    timing: OrderTiming,
    named: { clientOrderId: string; positionIntent: PositionIntent },
  ): OrderState {
    const { ids, latencyUs } = this.options;
    const { clientOrderId, positionIntent } = named;
    const [number, seq] = [ids.next(), ++this.#seq];
    const identity = { ids, number, seq, clientOrderId, positionIntent };
    const order = new OrderState(holding, identity, terms, timing, this.desk.nowUs);
    if (latencyUs > 0) order.acceptedUs = this.#arrivalUs;
    const { buyPrice, sellPrice } = holding.market;
    if (terms.type === "trailing_stop") order.trailTo(terms.side === "buy" ? buyPrice : sellPrice);
    return order;
  }

  /** Plain day orders share their timing until the session's close. */
  #timingOf(terms: OrderTerms): OrderTiming | { refusal: Refusal } {
    const nowUs = this.#arrivalUs;
    const isPlain = terms.timeInForce === "day" && !terms.extendedHours &&
      terms.asset.assetClass === "us_equity";
    if (!isPlain) return timingOf(terms, nowUs);
    if (this.#day === null || nowUs < this.#dayFromUs || nowUs >= this.#day.expiresUs) {
      const timing = timingOf(terms, nowUs);
      if ("refusal" in timing) return timing;
      this.#day = timing;
      this.#dayFromUs = nowUs;
    }
    return this.#day;
  }

  /** `parent`: the entry; of an oco the take-profit. */
  #admitGroup(account: AccountState, parent: OrderState): void {
    const { takeProfitPrice, stopLossPrice, stopLossLimit } = parent.terms;
    const isOco = parent.terms.orderClass === "oco";
    const group: OrderGroup = {
      entry: isOco ? null : parent,
      takeProfit: isOco ? parent : null,
      stopLoss: null,
      remaining: parent.terms.qty!,
    };
    parent.group = group;
    const closing: PositionIntent = parent.side === "buy" ? "sell_to_close" : "buy_to_close";
    const leg = (prices: Partial<OrderTerms>): OrderState => {
      const { ids } = this.options;
      const named = {
        clientOrderId: ids.textOf(ids.next()),
        positionIntent: isOco ? parent.positionIntent : closing,
      };
      const terms = { ...legTerms(parent.terms, isOco), ...prices };
      const order = this.#order(parent.holding, terms, parent.timing, named);
      order.group = group;
      return order;
    };
    if (!isOco && takeProfitPrice !== null) {
      group.takeProfit = leg({ type: "limit", limitPrice: takeProfitPrice });
    }
    if (stopLossPrice !== null) {
      group.stopLoss = leg({
        type: stopLossLimit === null ? "stop" : "stop_limit",
        triggerPrice: stopLossPrice,
        limitPrice: stopLossLimit,
      });
    }
    this.desk.admit(account, parent);
    for (const order of [group.takeProfit, group.stopLoss]) {
      if (order === null || order === parent) continue;
      if (isOco) this.desk.admit(account, order);
      else this.desk.admitHeld(account, order);
    }
  }
}

function legTerms(parent: OrderTerms, isOco: boolean): OrderTerms {
  return {
    ...parent,
    side: isOco ? parent.side : parent.side === "buy" ? "sell" : "buy",
    limitPrice: null,
    triggerPrice: null,
    takeProfitPrice: null,
    stopLossPrice: null,
    stopLossLimit: null,
  };
}

function checkClientOrderId(account: AccountState, clientOrderId: string | null): Refusal | null {
  if (clientOrderId === null) return null;
  if (clientOrderId.length > CLIENT_ORDER_ID_LENGTH_MAX) {
    return badParameter(
      `client_order_id must be no more than ${CLIENT_ORDER_ID_LENGTH_MAX} characters`,
    );
  }
  return account.hasClientOrderId(clientOrderId)
    ? badParameter("client_order_id must be unique")
    : null;
}

function checkReplaceable(order: OrderState, change: OrderChange): Refusal | null {
  if (!order.isOpen) return unprocessable("unable to replace order, order is not open");
  if (order.status === "accepted") {
    return unprocessable("unable to replace order, order isn't sent to exchange yet");
  }
  if (order.terms.notional !== null) {
    return unprocessable("unable to replace order, orders by notional can't be replaced");
  }
  const { qty, timeInForce, limitPrice, triggerPrice, trail } = change;
  const values = [qty, timeInForce, limitPrice, triggerPrice, trail];
  if (values.every((value) => value === undefined)) {
    return unprocessable("order parameters are not changed");
  }
  if (order.group !== null && (qty ?? timeInForce ?? trail) !== undefined) {
    return unprocessable("only limit_price and stop_price of complex orders can be replaced");
  }
  return null;
}

/** The legs of a group stay on their sides of each other. */
function checkLegs(order: OrderState, next: OrderTerms): Refusal | null {
  const { takeProfit, stopLoss } = order.group ?? {};
  if (!takeProfit || !stopLoss || (order !== takeProfit && order !== stopLoss)) return null;
  const target = (order === takeProfit ? next : takeProfit.terms).limitPrice!;
  const stop = (order === stopLoss ? next : stopLoss.terms).triggerPrice!;
  const isApart = order.side === "sell" ? target.gt(stop) : target.lt(stop);
  return isApart ? null : unprocessable(
    `take_profit.limit_price must be ${order.side === "sell" ? ">" : "<"} stop_loss.stop_price`,
  );
}

function changedTerms(
  order: OrderState,
  change: OrderChange,
): OrderTerms | { refusal: Refusal } {
  let refusal: Refusal | null = null;
  const read = (name: string, text: string | undefined, now: Decimal | null): Decimal | null => {
    if (text === undefined) return now;
    const value = readDecimal(text);
    if (value !== null && value.gt(0)) return value;
    refusal ??= badParameter(`${name} must be a number > 0`);
    return null;
  };
  const { terms } = order;
  let qty: Decimal | null = order.remainingQty;
  if (change.qty !== undefined) {
    const whole = read("qty", change.qty, null);
    if (whole?.lte(order.filledQty)) refusal ??= unprocessable("qty must be > filled_qty");
    qty = whole?.minus(order.filledQty) ?? null;
  }
  const { trailPrice, trailPercent } = terms;
  const next: OrderTerms = {
    ...terms,
    qty,
    timeInForce: change.timeInForce ?? terms.timeInForce,
    limitPrice: read("limit_price", change.limitPrice, terms.limitPrice),
    triggerPrice: read("stop_price", change.triggerPrice, terms.triggerPrice),
    trailPrice: trailPrice === null ? trailPrice : read("trail", change.trail, trailPrice),
    trailPercent: trailPercent === null ? trailPercent : read("trail", change.trail, trailPercent),
    takeProfitPrice: null,
    stopLossPrice: null,
    stopLossLimit: null,
  };
  return refusal === null ? next : { refusal };
}
