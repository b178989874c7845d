// What the simulated exchange says, as a broker says it: nothing is copied, texts are made when they
// are read.
import type { ExchangeOrder } from "../matching/types.ts";
import type { BrokerOrder, OrderStatus, OrderType, Side, TimeInForce } from "../model/order.ts";
import type { Decimal } from "../util/decimal.ts";

const NO_LEGS: BrokerOrder[] = [];

export class SimulatedOrder implements BrokerOrder {
  constructor(private readonly order: ExchangeOrder) {}

  get brokerOrderId(): string {
    return this.order.id;
  }
  get clientOrderId(): string {
    return this.order.clientOrderId;
  }
  get symbol(): string {
    return this.order.symbol;
  }
  get side(): Side {
    return this.order.side;
  }
  get type(): OrderType {
    return this.order.type;
  }
  get timeInForce(): TimeInForce {
    return this.order.timeInForce;
  }
  get qty(): string | null {
    return this.order.qty;
  }
  get notional(): string | null {
    return this.order.notional;
  }
  get limitPrice(): string | null {
    return this.order.limitPrice;
  }
  get triggerPrice(): string | null {
    return this.order.triggerPrice;
  }
  get status(): OrderStatus {
    return this.order.status;
  }
  get filledQty(): Decimal {
    return this.order.filledQty;
  }
  get filledAveragePrice(): string | null {
    return this.order.filledAveragePrice;
  }
  get legs(): BrokerOrder[] {
    const { legs } = this.order;
    return legs === null ? NO_LEGS : legs.map((leg) => new SimulatedOrder(leg));
  }
  get replacedBy(): string | null {
    return this.order.replacedBy;
  }
  get replaces(): string | null {
    return this.order.replaces;
  }
  get submittedUs(): number {
    return this.order.submittedUs;
  }
  get updatedUs(): number {
    return this.order.updatedUs;
  }
}
