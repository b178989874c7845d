import type { OrderStatus, Side } from "../model/order.ts";
import { Decimal } from "../util/decimal.ts";
import { type OrderState, ZERO } from "./order_state.ts";
import type { ExchangeExecution } from "./types.ts";

/** Decimals of what is left of an order by notional. */
const LEAVES_DECIMALS = 9;

/** One execution, as the order stood right after it. What it does not say itself, its order knows. */
export class ExecutionRecord implements ExchangeExecution {
  readonly cumulativeQty: Decimal;
  readonly isLast: boolean;
  private readonly orderQty: Decimal | null;
  private readonly filledNotional: Decimal;

  constructor(
    private readonly order: OrderState,
    private readonly number: number,
    readonly qty: Decimal,
    readonly price: Decimal,
    readonly fee: Decimal,
    readonly timeUs: number,
  ) {
    this.cumulativeQty = order.filledQty;
    this.isLast = order.status === "filled";
    this.orderQty = order.qty;
    this.filledNotional = order.filledNotional;
  }

  get brokerOrderId(): string {
    return this.order.id;
  }
  get clientOrderId(): string {
    return this.order.clientOrderId;
  }
  get executionId(): string {
    return this.order.executionId(this.number);
  }
  get symbol(): string {
    return this.order.symbol;
  }
  get side(): Side {
    return this.order.side;
  }
  get orderStatus(): OrderStatus {
    return this.isLast ? "filled" : "partially_filled";
  }
  get leavesQty(): Decimal {
    if (this.isLast) return ZERO;
    if (this.orderQty !== null) return this.orderQty.minus(this.cumulativeQty);
    const left = this.order.terms.notional!.minus(this.filledNotional);
    return left.quotient(this.price, LEAVES_DECIMALS, Decimal.roundDown);
  }
}
