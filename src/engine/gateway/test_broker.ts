/**
 * A broker in memory for the gateway's tests: it nets, holds, refuses and confirms as Alpaca does,
 * on demand.
 */
import type {
  Broker,
  BrokerAccount,
  BrokerPosition,
  CancelResult,
  OrderUpdate,
  SubmitResult,
  UpdatesState,
  UpdateStream,
} from "../../contracts/broker.ts";
import type { Asset } from "../../model/asset.ts";
import {
  type BrokerOrder,
  type Execution,
  isFinal,
  type OrderRequest,
  type OrderStatus,
} from "../../model/order.ts";
import { type Decimal, decimal, plain } from "../../util/decimal.ts";
import { RetryableError } from "../../util/errors.ts";
import type { Soon } from "../../util/soon.ts";
import {
  CAPABILITIES,
  isOco,
  opposite,
  outsideRequest,
  problemWith,
  testAsset,
} from "./test_orders.ts";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type TestOrder = Mutable<BrokerOrder> & {
  request: OrderRequest | null;
  parent: string | null;
};

export class TestBroker implements Broker {
  readonly name = "test";
  readonly hosts = [];
  readonly isRealMoney = false;
  readonly capabilities = { ...CAPABILITIES };
  /** In the gateway's own isolate: answers are there at once, and each thing is told once. */
  readonly isHere: boolean;
  readonly orders: TestOrder[] = [];
  readonly fills: Execution[] = [];
  readonly refusals: string[] = [];
  readonly shifts = new Map<string, Decimal>();
  /** Decides an answer before the broker's own rules do; null: these. */
  answer: (request: OrderRequest, attempt: number) => SubmitResult | null = () => null;
  /** Called with the order before the reply is given. */
  beforeReply: (order: TestOrder) => void = () => {};
  /** False: cancels are asked for and confirmed later, by `confirmCancel`. */
  confirmsCancels = true;
  nowUs = 0;
  cash = decimal(100_000);
  /** Of each execution. */
  fee = decimal("0.01");
  isBlocked = false;
  /** null: the cash. */
  equity: string | null = null;
  acks: number[] = [];
  /** True: what happens is not told. */
  isMuted = false;
  /** True: nothing can be read. */
  isDown = false;
  /** True: executions are not listed. */
  listsNothing = false;
  /** How updates reach the gateway. */
  deliver: (update: OrderUpdate, give: (update: OrderUpdate) => void) => void = (update, give) =>
    give(update);
  #onUpdate: (update: OrderUpdate) => void = () => {};
  #onState: (state: UpdatesState) => void = () => {};
  #onStep: (n: number, timeUs: number) => void = () => {};
  #asked: TestOrder[] = [];
  #attempts = new Map<string, number>();

  constructor({ isHere = false } = {}) {
    this.isHere = isHere;
    this.capabilities.tellsOnce = isHere;
  }

  #soon<T>(answer: T): Soon<T> {
    return this.isHere ? answer : Promise.resolve(answer);
  }

  account(): Soon<BrokerAccount> {
    return this.#soon({
      accountId: "test",
      currency: "USD",
      cash: plain(this.cash),
      equity: this.equity ?? plain(this.cash),
      buyingPower: plain(this.buyingPower),
      tradingBlocked: this.isBlocked,
      shortingEnabled: true,
    });
  }
  /** Cash, less what open orders that may buy will cost. */
  get buyingPower(): Decimal {
    const bound = this.open().filter(({ side, parent }) => side === "buy" && parent === null)
      .reduce(
        (sum, { qty, filledQty, limitPrice }) =>
          sum.plus(decimal(qty!).minus(filledQty).times(limitPrice ?? "100")),
        decimal(0),
      );
    return this.cash.minus(bound);
  }
  positions(): Promise<BrokerPosition[]> {
    if (this.isDown) return Promise.reject(new RetryableError("503"));
    const traded = this.fills.map(({ symbol }) => symbol);
    const symbols = [...new Set([...traded, ...this.shifts.keys()])].sort();
    return Promise.resolve(
      symbols.filter((symbol) => !this.net(symbol).isZero).map((symbol) => {
        const net = this.net(symbol);
        const held = this.held(symbol, net.gt(0) ? "sell" : "buy");
        return {
          symbol,
          qty: plain(net),
          qtyAvailable: plain(net.abs().minus(held)),
          averagePrice: "100",
          marketPrice: "100",
        };
      }),
    );
  }
  assets = (): Promise<Asset[]> => Promise.resolve(["A", "B", "C", "D"].map(testAsset));
  openOrders(): Promise<BrokerOrder[]> {
    if (this.isDown) return Promise.reject(new RetryableError("503"));
    const open = this.orders.filter((order) => !isFinal(order.status));
    return Promise.resolve(open.map((order) => this.#snapshot(order)));
  }
  orderByClientId(clientOrderId: string, _signal?: AbortSignal): Soon<BrokerOrder | null> {
    if (this.isDown) return Promise.reject(new RetryableError("503"));
    const order = this.orders.find((order) => order.clientOrderId === clientOrderId);
    return this.#soon(order ? this.#snapshot(order) : null);
  }
  orderById(id: string): Promise<BrokerOrder | null> {
    if (this.isDown) return Promise.reject(new RetryableError("503"));
    const order = this.orders.find(({ brokerOrderId }) => brokerOrderId === id);
    return Promise.resolve(order ? this.#snapshot(order) : null);
  }
  executions(sinceUs = -Infinity): Promise<Execution[]> {
    if (this.isDown) return Promise.reject(new RetryableError("503"));
    if (this.listsNothing) return Promise.resolve([]);
    return Promise.resolve(this.fills.filter(({ timeUs }) => timeUs >= sinceUs));
  }
  submit(request: OrderRequest, _signal?: AbortSignal): Soon<SubmitResult> {
    const attempt = (this.#attempts.get(request.clientOrderId) ?? 0) + 1;
    this.#attempts.set(request.clientOrderId, attempt);
    const answer = this.answer(request, attempt);
    if (this.isHere) return answer ?? this.take(request);
    return answer ? Promise.resolve(answer) : Promise.resolve().then(() => this.take(request));
  }
  /** By the broker's own rules. */
  take(request: OrderRequest): SubmitResult {
    if (this.orders.some(({ clientOrderId }) => clientOrderId === request.clientOrderId)) {
      return { result: "duplicate" };
    }
    const problem = problemWith(this, request);
    if (problem !== null) {
      this.refusals.push(problem);
      return { result: "refused", code: 40310000, message: problem };
    }
    if (isOco(request)) return this.#takeOco(request);
    const order = this.#make(request, null);
    if (request.takeProfit) {
      order.legs.push(
        this.#make({ ...opposite(request), type: "limit", ...request.takeProfit }, order),
      );
    }
    if (request.stopLoss) {
      order.legs.push(
        this.#make({ ...opposite(request), type: "stop", ...request.stopLoss }, order),
      );
    }
    this.update("new", order, "new");
    this.beforeReply(order);
    return { result: "accepted", order: this.#snapshot(order) };
  }
  #takeOco(request: OrderRequest): SubmitResult {
    const order = this.#make(request, null);
    order.parent = `oco ${order.brokerOrderId}`;
    const prices = { limitPrice: null, takeProfit: null, stopLoss: null, ...request.stopLoss };
    const stop = this.#make({ ...request, type: "stop", ...prices }, order);
    stop.parent = order.parent;
    order.legs.push(stop);
    this.update("new", order, "new");
    this.update("new", stop, "new");
    this.beforeReply(order);
    return { result: "accepted", order: this.#snapshot(order) };
  }
  cancel(brokerOrderId: string): Soon<CancelResult> {
    const order = this.orders.find((order) => order.brokerOrderId === brokerOrderId);
    if (!order) return this.#soon({ result: "not_found" });
    if (isFinal(order.status)) {
      return this.#soon({ result: "not_cancelable", message: order.status });
    }
    if (this.confirmsCancels) this.confirmCancel(order);
    else this.#asked.push(order);
    return this.#soon({ result: "requested" });
  }
  replace(): Promise<SubmitResult> {
    return Promise.resolve({ result: "refused", code: 0, message: "not here" });
  }
  clock(): Promise<{ timeUs: number; rate: number; isOpen: boolean }> {
    return Promise.resolve({ timeUs: this.nowUs, rate: 0, isOpen: true });
  }
  openUpdates(options: Parameters<Broker["openUpdates"]>[0]): Promise<UpdateStream> {
    this.#onUpdate = options.onUpdate;
    this.#onStep = options.onStep;
    this.#onState = options.onState;
    return Promise.resolve({
      ackStep: (n) => {
        this.acks.push(n);
        return this.#soon(undefined);
      },
      close: () => Promise.resolve(),
    });
  }

  // ---------------------------------------------------------------- the test's side

  say(state: UpdatesState): void {
    this.#onState(state);
  }

  step(n: number, timeUs: number): void {
    this.nowUs = timeUs;
    this.#onStep(n, timeUs);
  }

  /** Confirms the cancels that were asked for, of orders that have not ended otherwise. */
  confirmAsked(): void {
    for (const order of this.#asked.splice(0)) {
      if (!isFinal(order.status)) this.confirmCancel(order);
    }
  }

  confirmCancel(order: TestOrder): void {
    this.update("canceled", order, "canceled");
    for (const other of [...order.legs as TestOrder[], ...this.#siblings(order)]) {
      if (!isFinal(other.status)) this.update("canceled", other, "canceled");
    }
  }

  /**
   * Executes some of an order, and what follows of it for its legs. `times`: how often it is
   * reported; `isAlone`: the exchange has forgotten what follows of it.
   */
  fill(order: TestOrder, qty: string, price: string, times = 1, isAlone = false): void {
    const cumulative = decimal(order.filledQty).plus(qty);
    order.filledQty = plain(cumulative);
    order.filledAveragePrice = price;
    const isDone = cumulative.eq(order.qty!);
    const execution: Execution = {
      brokerOrderId: order.brokerOrderId,
      clientOrderId: order.clientOrderId,
      symbol: order.symbol,
      side: order.side,
      qty: decimal(qty),
      price: decimal(price),
      cumulativeQty: cumulative,
      executionId: `x${this.fills.length}`,
      timeUs: this.nowUs,
      fee: this.fee,
    };
    this.fills.push(execution);
    const signed = decimal(qty).times(order.side === "buy" ? 1 : -1);
    this.cash = this.cash.minus(signed.times(price)).minus(execution.fee);
    const [event, status] = isDone
      ? ["fill", "filled"] as const
      : ["partial_fill", "partially_filled"] as const;
    for (let i = 0; i < times; i++) this.update(event, order, status, execution);
    if (isAlone) return;
    for (const sibling of this.#siblings(order)) {
      if (isFinal(sibling.status)) continue;
      if (isDone) this.update("canceled", sibling, "canceled");
      else {
        sibling.qty = plain(decimal(sibling.qty!).minus(qty));
        this.update("restated", sibling, sibling.status);
      }
    }
    if (!isDone) return;
    for (const leg of order.legs as TestOrder[]) {
      if (leg.status === "held") this.update("new", leg, "new");
    }
  }

  update(
    event: string,
    order: TestOrder,
    status: OrderStatus,
    execution: Execution | null = null,
  ): void {
    order.status = status;
    if (this.isMuted) return;
    const told = { event, order: this.#snapshot(order), execution, timeUs: this.nowUs };
    this.deliver(told, this.give);
  }

  /** As if it had come on the stream. */
  readonly give = (update: OrderUpdate): void => this.#onUpdate(update);

  /** An order of somebody else's, filled at once. */
  tradeOutside(symbol: string, side: "buy" | "sell", qty: string, price: string): void {
    const order = this.#make(outsideRequest(symbol, side, qty), null);
    this.update("new", order, "new");
    this.fill(order, qty, price);
  }

  /** An order of somebody else's, which rests. */
  takeOutside(request: OrderRequest): void {
    this.update("new", this.#make(request, null), "new");
  }

  /** What the account holds is another all at once, and nobody says why. */
  shift(symbol: string, qty: string): void {
    this.shifts.set(symbol, (this.shifts.get(symbol) ?? decimal(0)).plus(qty));
  }

  /** Somebody changes an order by hand: a new one takes its place. */
  replaceByHand(order: TestOrder, qty: string): TestOrder {
    const next = this.#make(
      { ...order.request!, clientOrderId: `hand${this.orders.length}`, qty },
      null,
    );
    next.replaces = order.brokerOrderId;
    order.replacedBy = next.brokerOrderId;
    return next;
  }

  open(symbol?: string): TestOrder[] {
    return this.orders.filter((order) =>
      !isFinal(order.status) && order.status !== "held" && (!symbol || order.symbol === symbol)
    );
  }

  /** What open orders would close of the position; the legs of a group count once. */
  held(symbol: string, side: "buy" | "sell"): Decimal {
    return this.open(symbol).filter((order) => order.side === side).reduce((sum, order) => {
      const isSecond = order.type === "stop" &&
        this.#siblings(order).some((other) => !isFinal(other.status));
      return isSecond ? sum : sum.plus(order.qty!).minus(order.filledQty);
    }, decimal(0));
  }

  net(symbol: string): Decimal {
    return (this.shifts.get(symbol) ?? decimal(0)).plus(this.#filled(symbol));
  }

  #filled(symbol: string): Decimal {
    return this.fills.filter((fill) => fill.symbol === symbol).reduce(
      (sum, { side, qty }) => sum.plus(decimal(qty).times(side === "buy" ? 1 : -1)),
      decimal(0),
    );
  }

  #make(request: OrderRequest, parent: TestOrder | null): TestOrder {
    const order: TestOrder = {
      brokerOrderId: `b${this.orders.length + 1}`,
      clientOrderId: parent ? `leg${this.orders.length + 1}` : request.clientOrderId,
      symbol: request.symbol,
      side: request.side,
      type: request.type,
      timeInForce: request.timeInForce,
      qty: request.qty === null ? null : plain(request.qty),
      notional: null,
      limitPrice: request.limitPrice,
      triggerPrice: request.triggerPrice,
      status: parent ? "held" : "accepted",
      filledQty: "0",
      filledAveragePrice: null,
      legs: [],
      replacedBy: null,
      replaces: null,
      submittedUs: this.nowUs,
      updatedUs: this.nowUs,
      request,
      parent: parent?.brokerOrderId ?? null,
    };
    this.orders.push(order);
    return order;
  }

  #siblings(order: TestOrder): TestOrder[] {
    if (order.parent === null) return [];
    return this.orders.filter((other) => other.parent === order.parent && other !== order);
  }

  #snapshot(order: TestOrder): BrokerOrder {
    const { request: _request, parent: _parent, ...rest } = order;
    return { ...rest, legs: order.legs.map((leg) => this.#snapshot(leg as TestOrder)) };
  }
}
