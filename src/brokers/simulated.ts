/**
 * A broker in the caller's own isolate, over the exchange core: what the simulated exchange is
 * behind its sockets. For backtests; no environment variable names it.
 * Invariant: an order gets the same answers and updates here as through the simulated exchange, but
 * for updates that say nothing beyond the answer to its request.
 */
import type { Broker, BrokerCapabilities, CancelResult, OrderUpdate } from "../contracts/broker.ts";
import type { Exchange } from "../matching/exchange.ts";
import type { ExchangeOrderRequest, ExchangeUpdate } from "../matching/types.ts";
import type { Asset } from "../model/asset.ts";
import { sessionAt } from "../model/calendar.ts";
import type { OrderRequest } from "../model/order.ts";
import { decimal, plain } from "../util/decimal.ts";
import { SimulatedOrder } from "./simulated_views.ts";

/** As at Alpaca, so that the same orders are taken. */
const CAPABILITIES: BrokerCapabilities = {
  brackets: ["us_equity"],
  fractional: ["us_equity", "crypto"],
  short: ["us_equity"],
  notional: ["us_equity", "crypto"],
  extendedHours: true,
  requestsPerMinute: Infinity,
  requestsReservedForCancels: 0,
  tellsOnce: true,
};

const ACCOUNT_ID = "backtest";

export interface SimulatedBrokerOptions {
  cash: string;
  assets: readonly Asset[];
  /** Called before an order is sent: the symbol's price is noted, where the exchange lacks it. */
  beforeOrder(symbol: string): void;
  /** All requests of a round have been made: what they cause at once, at the exchange. */
  afterRequests(): void;
}

export class SimulatedBroker implements Broker {
  readonly name = "simulated";
  readonly hosts: string[] = [];
  readonly capabilities = CAPABILITIES;
  readonly isRealMoney = false;
  /** Updates so far. */
  updates = 0;
  readonly #exchange: Exchange;
  readonly #options: SimulatedBrokerOptions;
  /** Client order id of the request that is under way. */
  #submitting: string | null = null;
  #onUpdate: (update: OrderUpdate) => void = () => {};
  #onStep: (n: number, timeUs: number) => void = () => {};

  constructor(exchange: Exchange, options: SimulatedBrokerOptions) {
    this.#exchange = exchange;
    this.#options = options;
    exchange.openAccount(ACCOUNT_ID, { cash: options.cash });
  }

  /** What the exchange has to say of an order. */
  publish(update: ExchangeUpdate): void {
    this.updates++;
    if (this.#isAnswered(update)) return;
    this.#onUpdate({
      event: update.event,
      order: new SimulatedOrder(update.order),
      execution: update.execution,
      timeUs: update.timeUs,
    });
  }

  /** The answer to the order's own request, which is under way, tells as much. */
  #isAnswered({ order, execution }: ExchangeUpdate): boolean {
    return this.#submitting !== null && execution === null && order.legs === null &&
      order.clientOrderId === this.#submitting;
  }

  /** Begins a step of the gateway. */
  step(n: number, timeUs: number): void {
    this.#onStep(n, timeUs);
  }

  figures() {
    return this.#exchange.account(ACCOUNT_ID);
  }

  exchangePositions() {
    return this.#exchange.positions(ACCOUNT_ID);
  }

  account() {
    const { cash, equity, buyingPower, multiplier } = this.#exchange.funds(ACCOUNT_ID);
    return {
      accountId: ACCOUNT_ID,
      currency: "USD",
      cash,
      equity,
      buyingPower,
      tradingBlocked: false,
      shortingEnabled: multiplier === 2,
    };
  }

  positions() {
    return Promise.resolve(
      this.#exchange.positions(ACCOUNT_ID).map((position) => ({
        symbol: position.symbol,
        qty: position.qty,
        qtyAvailable: position.qtyAvailable,
        averagePrice: position.averagePrice,
        marketPrice: position.currentPrice,
      })),
    );
  }

  assets(assetClass: Asset["assetClass"]) {
    const ofClass = this.#options.assets.filter((asset) => asset.assetClass === assetClass);
    return Promise.resolve(ofClass);
  }

  openOrders() {
    const orders = this.#exchange.orders(ACCOUNT_ID, { status: "open", limit: Infinity });
    return Promise.resolve(orders.map((order) => new SimulatedOrder(order)));
  }

  surelyAffords(cost: number): boolean {
    return this.#exchange.surelyAffords(ACCOUNT_ID, cost);
  }

  orderByClientId(clientOrderId: string) {
    const order = this.#exchange.orderByClientId(ACCOUNT_ID, clientOrderId);
    return order === null ? null : new SimulatedOrder(order);
  }

  executions(sinceUs: number) {
    const executions = this.#exchange.executions(ACCOUNT_ID);
    return Promise.resolve(executions.filter(({ timeUs }) => timeUs > sinceUs));
  }

  submit(order: OrderRequest) {
    this.#options.beforeOrder(order.symbol);
    this.#submitting = order.clientOrderId;
    const outcome = this.#exchange.submit(ACCOUNT_ID, exchangeRequest(order));
    this.#submitting = null;
    return resultOf(outcome);
  }

  cancel(brokerOrderId: string): CancelResult {
    const refusal = this.#exchange.cancel(ACCOUNT_ID, brokerOrderId);
    if (refusal === null) return { result: "requested" };
    if (refusal.status === 404) return { result: "not_found" };
    return { result: "not_cancelable", message: refusal.message };
  }

  replace(
    brokerOrderId: string,
    change: Partial<
      Pick<
        OrderRequest,
        "clientOrderId" | "qty" | "limitPrice" | "triggerPrice" | "trailPrice" | "timeInForce"
      >
    >,
  ) {
    const { clientOrderId, qty, limitPrice, triggerPrice, trailPrice, timeInForce } = change;
    const outcome = this.#exchange.replace(ACCOUNT_ID, brokerOrderId, {
      ...(clientOrderId === undefined ? {} : { clientOrderId }),
      ...(timeInForce === undefined ? {} : { timeInForce }),
      ...(qty == null ? {} : { qty: plain(qty) }),
      ...(limitPrice == null ? {} : { limitPrice }),
      ...(triggerPrice == null ? {} : { triggerPrice }),
      ...(trailPrice == null ? {} : { trail: trailPrice }),
    });
    return Promise.resolve(resultOf(outcome));
  }

  clock() {
    const timeUs = this.#exchange.nowUs;
    return Promise.resolve({ timeUs, rate: 0, isOpen: sessionAt(timeUs) !== null });
  }

  openUpdates(handlers: Parameters<Broker["openUpdates"]>[0]) {
    this.#onUpdate = handlers.onUpdate;
    this.#onStep = handlers.onStep;
    handlers.onState({ state: "connected" });
    return Promise.resolve({
      ackStep: () => this.#options.afterRequests(),
      close: () => Promise.resolve(),
    });
  }
}

function resultOf(outcome: ReturnType<Exchange["submit"]>) {
  if ("order" in outcome) {
    return { result: "accepted" as const, order: new SimulatedOrder(outcome.order) };
  }
  const { code, message } = outcome.error;
  return { result: "refused" as const, code, message };
}

/** A limit order with both legs, at the take-profit's own price, is an OCO: two exits of what is held. */
function exchangeRequest(order: OrderRequest): ExchangeOrderRequest {
  const { type, limitPrice, takeProfit, stopLoss } = order;
  if (type !== "limit" || takeProfit === null || stopLoss === null) return order;
  const isOco = limitPrice === null || decimal(limitPrice).eq(takeProfit.limitPrice);
  return isOco ? { ...order, limitPrice: null, orderClass: "oco" } : order;
}
