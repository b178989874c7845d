import type { BrokerPosition, RefusalCause } from "../../contracts/broker.ts";
import { type BrokerOrder, isFinal } from "../../model/order.ts";
import { decimal, plain } from "../../util/decimal.ts";
import { type Desk, REFUSALS_MAX } from "./desk.ts";
import type { OrderFlow } from "./order_flow.ts";
import type { GatewayState } from "./state.ts";
import { noteRestsLess } from "./protection.ts";
import { type ChildOrder, isOwnExit } from "./work.ts";

/**
 * What another order in the symbol has to do with a refusal: it holds the quantity, or stands on the
 * other side; or the broker has less than the book. Invariant: a refused exit is not sent again
 * before something has changed; an entry is dropped; no exit is larger than what the broker has.
 */
export class Obstacles {
  constructor(
    readonly state: GatewayState,
    readonly flow: OrderFlow,
    readonly options: {
      signal: AbortSignal;
      /** Ends an order at the broker that is over here. */
      end(child: ChildOrder): Promise<void>;
      /** The broker has less in the symbol than the book. */
      check(desk: Desk): void;
      wake(): void;
    },
  ) {}

  async found(child: ChildOrder, cause: RefusalCause, message: string): Promise<void> {
    const { desk, runId, work, symbol } = child;
    const isExit = work !== null && work.kind !== "entry";
    const isOwn = work !== null && isOwnExit(work);
    // Nobody sends it again meanwhile.
    if (isOwn) desk.refusals.set(runId, REFUSALS_MAX);
    const isForQty = cause === "qty_held" && !this.state.options.stepping;
    if (isForQty) desk.asking++;
    try {
      const { others, hasMoved } = await this.#clearWay(child, cause, isExit);
      this.#tell(child, cause, message, others);
      const position = isForQty ? await this.#position(symbol) : null;
      const isNews = isForQty && this.#noteShortfall(child, position);
      if (isOwn && (hasMoved || isNews)) this.#tryAgain(child);
      else if (isOwn && position !== null) this.#takeFree(child, position);
      else if (work === null && isNews) noteRestsLess(child);
    } catch (error) {
      if (this.options.signal.aborted) return;
      const text = "{symbol}: what stands in an order's way cannot be read: {error}";
      this.state.options.log("error", text, { symbol, error: String(error), alert: cause });
    } finally {
      if (isForQty) desk.asking--;
      desk.touch();
    }
    this.options.wake();
  }

  /** Liu's own orders give way to an exit; `others`: those that are not Liu's. */
  async #clearWay(
    child: ChildOrder,
    cause: RefusalCause,
    isExit: boolean,
  ): Promise<{ others: BrokerOrder[]; hasMoved: boolean }> {
    const { broker } = this.state.options;
    const others: BrokerOrder[] = [];
    let hasMoved = false;
    for (const parent of await broker.openOrders(this.options.signal)) {
      for (const order of [parent, ...parent.legs]) {
        if (order.symbol !== child.symbol || isFinal(order.status)) continue;
        if ((order.side === child.side) !== (cause === "qty_held")) continue;
        const known = this.flow.onListed(order);
        if (known === null) others.push(order);
        else if (isFinal(known.status)) {
          await this.options.end(known);
          hasMoved = true;
        } else if (isExit && known.work !== null && known.work.cancelReason === null) {
          known.work.cancelReason = `in the way of a ${child.kind} order`;
          hasMoved = true;
        }
      }
    }
    return { others, hasMoved };
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

  async #position(symbol: string): Promise<BrokerPosition | null> {
    const positions = await this.state.options.broker.positions(this.options.signal);
    return positions.find((one) => one.symbol === symbol) ?? null;
  }

  /** True: the broker has less than the book, or than was known before. */
  #noteShortfall({ desk, symbol }: ChildOrder, position: BrokerPosition | null): boolean {
    const net = this.state.book.net(symbol);
    const lacking = decimal(position?.qty ?? 0).minus(net);
    if (net.isZero || lacking.isZero || lacking.s === net.s) return false;
    if (desk.shortfall?.eq(lacking)) return false;
    desk.shortfall = lacking;
    this.options.check(desk);
    return true;
  }

  /** As much as the broker says is free; else it waits for the next look at positions. */
  #takeFree(child: ChildOrder, position: BrokerPosition): void {
    const available = decimal(position.qtyAvailable);
    // As much as was refused: trying that again would be a loop.
    if (available.isZero || available.gte(child.qty)) return;
    child.desk.available = available;
    this.#tryAgain(child);
  }

  #tryAgain({ desk, runId }: ChildOrder): void {
    desk.refusals.delete(runId);
    desk.touch();
  }
}
