/**
 * A broker for the length of one check: it takes intents, and fills them whole at prices of the
 * bars, quotes and trades that come after. No fees, no volume limits, no margin.
 *
 * Invariant: an order is filled only by what begins at its own time or later; where a bar reaches
 * both stop and target of a position, the stop counts.
 */
import type { OrderAction } from "../contracts/decision.ts";
import type { AccountFigures, Intent, OrderReport, PositionFigures } from "../protocol.ts";

/** Of the one run that a check has. */
export const RUN_ID = 1;

/** A fill, with what made it: the strategy's order, or the position's stop or target. */
export interface DeskFill {
  symbol: string;
  action: OrderAction;
  qty: number;
  price: number;
  timeUs: number;
  by: "order" | "stop" | "target";
}

interface Order {
  intent: Intent;
  qty: number;
  acceptedUs: number;
  isTriggered: boolean;
}

type Denial = NonNullable<OrderReport["denial"]>;

export interface DeskOptions {
  cash: number;
  report(report: OrderReport): void;
  onFill(fill: DeskFill): void;
  onDenied(intent: Intent, denial: Denial): void;
  /** Why the order is denied, by a rule of the test; null: it is not. */
  deny(intent: Intent): Denial | null;
  isShortable(symbol: string): boolean;
}

export class Desk {
  readonly positions = new Map<string, PositionFigures>();
  readonly #orders = new Map<string, Order>();
  readonly #last = new Map<string, number>();
  readonly #options: DeskOptions;
  #cash: number;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#cash = options.cash;
  }

  get account(): AccountFigures {
    let value = 0;
    let exposure = 0;
    for (const [symbol, { qty, averagePrice }] of this.positions) {
      const price = this.#last.get(symbol) ?? averagePrice;
      value += qty * price;
      exposure += Math.abs(qty * price);
    }
    const equity = this.#cash + value;
    return { cash: this.#cash, equity, buyingPower: Math.max(0, equity - exposure) };
  }

  /** A position that is there before the first event. */
  open(symbol: string, position: PositionFigures): void {
    this.positions.set(symbol, position);
    this.#cash -= position.qty * position.averagePrice;
    this.#report(symbol, { event: "order_status" });
  }

  take(intent: Intent, timeUs: number): void {
    const denial = this.#denialOf(intent) ?? this.#options.deny(intent);
    if (denial) {
      this.#options.onDenied(intent, denial);
      const event = denial.by === "risk" ? "denied" : "rejected";
      return this.#report(intent.symbol, { event, denial, seq: intent.seq });
    }
    const { symbol, stopPrice, targetPrice } = intent;
    const qty = intent.qty ?? intent.notional! / (intent.limitPrice ?? intent.referencePrice);
    this.#orders.set(symbol, { intent, qty, acceptedUs: timeUs, isTriggered: false });
    const position = this.positions.get(symbol);
    if (position) {
      position.stopPrice = stopPrice ?? position.stopPrice;
      position.targetPrice = targetPrice ?? position.targetPrice;
    }
    this.#report(symbol, { event: "accepted", seq: intent.seq });
  }

  cancel(symbol: string): void {
    const order = this.#orders.get(symbol);
    if (!order) return;
    this.#orders.delete(symbol);
    this.#report(symbol, { event: "canceled", seq: order.intent.seq });
  }

  onBar(symbol: string, startUs: number, open: number, high: number, low: number, close: number) {
    // A market order meets the open, before anything else of the bar.
    const { intent } = this.#orders.get(symbol) ?? {};
    if (intent?.limitPrice === null && intent.triggerPrice === null) {
      this.#match(symbol, startUs, open, high, low);
    }
    this.#protect(symbol, startUs, open, high, low);
    this.#match(symbol, startUs, open, high, low);
    this.#last.set(symbol, close);
  }

  /** A trade's price twice, or a quote's bid and ask. */
  onPrice(symbol: string, timeUs: number, bid: number, ask: number): void {
    const position = this.positions.get(symbol);
    const exit = position && position.qty < 0 ? ask : bid;
    this.#protect(symbol, timeUs, exit, exit, exit);
    const order = this.#orders.get(symbol);
    if (order && order.acceptedUs < timeUs) {
      const price = isBuy(order.intent.action) ? ask : bid;
      this.#match(symbol, timeUs, price, price, price);
    }
    this.#last.set(symbol, (bid + ask) / 2);
  }

  #denialOf(intent: Intent): Denial | null {
    const { action, symbol, problem, qty, notional } = intent;
    const risk = (code: string, message: string): Denial => ({ by: "risk", code, message });
    const held = this.positions.get(symbol)?.qty ?? 0;
    if (problem !== null) return risk("invalid_order", problem);
    if (!((qty ?? notional)! > 0)) return risk("qty_too_small", `quantity ${qty ?? notional}`);
    if (this.#orders.has(symbol)) return risk("order_open", `an order in ${symbol} is open`);
    if (action === "sell" || action === "cover") {
      const closes = action === "sell" ? held : -held;
      if (closes <= 0) return risk("no_position", `${action} without a position in ${symbol}`);
      if (qty !== null && qty > closes) return risk("exceeds_position", `${qty} of ${closes}`);
      return null;
    }
    if (action === "buy" ? held < 0 : held > 0) {
      return risk("opposite_position", `${action} while the position is ${held}`);
    }
    if (action === "short" && !this.#options.isShortable(symbol)) {
      return risk("not_shortable", `${symbol} cannot be sold short`);
    }
    const cost = notional ?? qty! * (intent.limitPrice ?? intent.referencePrice);
    const { buyingPower } = this.account;
    return cost > buyingPower ? risk("buying_power", `needs ${cost} of ${buyingPower}`) : null;
  }

  /** Stop and target of a position that is older than what is seen now. */
  #protect(symbol: string, timeUs: number, open: number, high: number, low: number): void {
    const position = this.positions.get(symbol);
    if (!position || position.openedUs >= timeUs) return;
    const { qty, stopPrice, targetPrice } = position;
    const isLong = qty > 0;
    const action = isLong ? "sell" : "cover";
    const worst = isLong ? low : high;
    const best = isLong ? high : low;
    const isPast = (price: number, level: number) => isLong ? price <= level : price >= level;
    if (stopPrice !== null && isPast(worst, stopPrice)) {
      const price = isPast(open, stopPrice) ? open : stopPrice;
      this.#close(symbol, { action, qty: Math.abs(qty), price, timeUs, by: "stop" });
    } else if (targetPrice !== null && isPast(targetPrice, best)) {
      const price = isPast(targetPrice, open) ? open : targetPrice;
      this.#close(symbol, { action, qty: Math.abs(qty), price, timeUs, by: "target" });
    }
  }

  /** The position's own exit takes the place of an order that is open. */
  #close(symbol: string, fill: Omit<DeskFill, "symbol">): void {
    const order = this.#orders.get(symbol);
    this.#orders.delete(symbol);
    this.#fill(symbol, fill, order?.intent.seq);
  }

  #match(symbol: string, timeUs: number, open: number, high: number, low: number): void {
    const order = this.#orders.get(symbol);
    if (!order || order.acceptedUs > timeUs) return;
    const { intent, qty } = order;
    const { action, triggerPrice, limitPrice } = intent;
    const buys = isBuy(action);
    let price = open;
    if (triggerPrice !== null && !order.isTriggered) {
      const isReached = (at: number) => buys ? at >= triggerPrice : at <= triggerPrice;
      if (!isReached(buys ? high : low)) return;
      order.isTriggered = true;
      if (!isReached(open)) price = triggerPrice;
    }
    if (limitPrice !== null) {
      const isWithin = (at: number) => buys ? at <= limitPrice : at >= limitPrice;
      if (!isWithin(buys ? low : high)) return;
      if (!isWithin(price)) price = limitPrice;
    }
    this.#orders.delete(symbol);
    this.#fill(symbol, { action, qty, price, timeUs, by: "order" }, intent.seq, intent);
  }

  #fill(
    symbol: string,
    fill: Omit<DeskFill, "symbol">,
    seq = -1,
    intent: Intent | null = null,
  ): void {
    const { action, qty, price, timeUs } = fill;
    const signed = isBuy(action) ? qty : -qty;
    const before = this.positions.get(symbol);
    const after = (before?.qty ?? 0) + signed;
    this.#cash -= signed * price;
    if (Math.abs(after) < 1e-12) this.positions.delete(symbol);
    else if (!before || Math.abs(after) > Math.abs(before.qty)) {
      const heldCost = Math.abs(before?.qty ?? 0) * (before?.averagePrice ?? 0);
      this.positions.set(symbol, {
        qty: after,
        averagePrice: (heldCost + qty * price) / Math.abs(after),
        openedUs: before?.openedUs ?? timeUs,
        stopPrice: intent?.stopPrice ?? before?.stopPrice ?? null,
        targetPrice: intent?.targetPrice ?? before?.targetPrice ?? null,
      });
    } else before.qty = after;
    this.#options.onFill({ symbol, ...fill });
    const side = isBuy(action) ? "buy" as const : "sell" as const;
    const reported = { side, qty, price, fee: 0, timeUs, partial: false };
    this.#report(symbol, { event: "fill", fill: reported, seq });
  }

  #report(
    symbol: string,
    { event, fill = null, denial = null, seq = -1 }: {
      event: OrderReport["event"];
      fill?: OrderReport["fill"];
      denial?: Denial | null;
      seq?: number;
    },
  ): void {
    const order = this.#orders.get(symbol);
    const position = this.positions.get(symbol);
    this.#options.report({
      type: "report",
      runId: RUN_ID,
      symbol,
      event,
      intentSeq: seq,
      fill,
      denial,
      position: position ? { ...position } : null,
      openOrder: order
        ? {
          action: order.intent.action,
          qty: order.qty,
          filledQty: 0,
          sinceUs: order.acceptedUs,
        }
        : null,
    });
  }
}

function isBuy(action: OrderAction): boolean {
  return action === "buy" || action === "cover";
}
