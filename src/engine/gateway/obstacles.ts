import type { RefusalCause } from "../../contracts/broker.ts";
import { type BrokerOrder, isFinal } from "../../model/order.ts";
import { decimal, plain } from "../../util/decimal.ts";
import { REFUSALS_MAX } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { GatewayState } from "./state.ts";
import { type ChildOrder, isOwnExit } from "./work.ts";

/**
 * What another order in the symbol has to do with a refusal: it holds the quantity, or stands on the
 * other side. Invariant: a refused exit is not sent again before something has changed; an entry is
 * dropped.
 */
export class Obstacles {
  constructor(
    readonly state: GatewayState,
    readonly flow: OrderFlow,
    readonly options: {
      signal: AbortSignal;
      /** Ends an order at the broker that is over here. */
      end(child: ChildOrder): Promise<void>;
      wake(): void;
    },
  ) {}

  async found(child: ChildOrder, cause: RefusalCause, message: string): Promise<void> {
    const { desk, runId, work, symbol } = child;
    const isExit = work !== null && work.kind !== "entry";
    const isOwn = work !== null && isOwnExit(work);
    // Nobody sends it again meanwhile.
    if (isOwn) desk.refusals.set(runId, REFUSALS_MAX);
    try {
      const others = await this.#othersOf(child, cause, isExit);
      this.#tell(child, cause, message, others);
      if (isOwn) await this.#freeExit(child, cause === "wash_trade" && others.length > 0);
    } catch (error) {
      if (this.options.signal.aborted) return;
      const text = "{symbol}: what stands in an order's way cannot be read: {error}";
      this.state.options.log("error", text, { symbol, error: String(error), alert: cause });
    }
    this.options.wake();
  }

  /** Open orders that are in its way and not Liu's; Liu's own give way to an exit. */
  async #othersOf(
    child: ChildOrder,
    cause: RefusalCause,
    isExit: boolean,
  ): Promise<BrokerOrder[]> {
    const { broker } = this.state.options;
    const others: BrokerOrder[] = [];
    for (const parent of await broker.openOrders(this.options.signal)) {
      for (const order of [parent, ...parent.legs]) {
        if (order.symbol !== child.symbol || isFinal(order.status)) continue;
        if ((order.side === child.side) !== (cause === "qty_held")) continue;
        const known = this.flow.onListed(order);
        if (known === null) others.push(order);
        else if (isFinal(known.status)) await this.options.end(known);
        else if (isExit && known.work !== null) {
          known.work.cancelReason ??= `in the way of a ${child.kind} order`;
        }
      }
    }
    return others;
  }

  #tell(child: ChildOrder, cause: RefusalCause, message: string, others: BrokerOrder[]): void {
    const { symbol, kind, side, qty, clientOrderId: id } = child;
    const list = others.map((order) => `${order.side} ${order.qty} ${order.clientOrderId}`);
    const inTheWay = list.length === 0
      ? ""
      : `; in its way is what is not Liu's: ${list.join(", ")}`;
    this.state.options.log("error", "{symbol}: the {kind} {side} {qty} was refused: {why}", {
      symbol,
      kind,
      side,
      qty: plain(qty),
      why: message + inTheWay,
      id,
      alert: cause,
    });
  }

  /** With as much as the broker says is free; with nothing it waits for the next look at positions. */
  async #freeExit({ desk, runId, symbol }: ChildOrder, isBlocked: boolean): Promise<void> {
    if (isBlocked) return;
    const positions = await this.state.options.broker.positions(this.options.signal);
    const position = positions.find((one) => one.symbol === symbol);
    if (position === undefined) return;
    const available = decimal(position.qtyAvailable);
    if (available.isZero) return;
    desk.available = available;
    desk.refusals.delete(runId);
    desk.touch();
  }
}
