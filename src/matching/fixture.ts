// A small market for the tests: two stocks, a coin, and one account, on Monday 2022-01-03.
import type { Asset } from "../model/asset.ts";
import { exchangeUs } from "../model/calendar.ts";
import { plain } from "../util/decimal.ts";
import { Exchange } from "./exchange.ts";
import type {
  ExchangeExecution,
  ExchangeOptions,
  ExchangeOrder,
  ExchangeOrderRequest,
  ExchangeUpdate,
  OrderChange,
  OrderOutcome,
  Refusal,
} from "./types.ts";

export const DAY = "2022-01-03";
export const ACCOUNT = "test";

const STOCK: Asset = {
  symbol: "AAPL",
  assetClass: "us_equity",
  name: "Apple",
  exchange: "NASDAQ",
  tradable: true,
  shortable: true,
  easyToBorrow: true,
  fractionable: true,
  minOrderQty: "0.000000001",
  qtyIncrement: "0.000000001",
  priceIncrement: null,
};

export const ASSETS: ReadonlyMap<string, Asset> = new Map(
  [
    STOCK,
    { ...STOCK, symbol: "HARD", shortable: false, fractionable: false, qtyIncrement: "1" },
    { ...STOCK, symbol: "RARE", easyToBorrow: false },
    { ...STOCK, symbol: "GONE", tradable: false },
    {
      ...STOCK,
      symbol: "BTC/USD",
      assetClass: "crypto" as const,
      shortable: false,
      minOrderQty: "0.0001",
      qtyIncrement: "0.0001",
      priceIncrement: "1",
    },
  ].map((asset) => [asset.symbol, asset]),
);

export type Ask = Partial<ExchangeOrderRequest>;

/** The exchange's wall clock on the test's day, "HH:MM". */
export function at(time: string, date = DAY): number {
  return exchangeUs(date, time);
}

export class TestMarket {
  readonly exchange: Exchange;
  readonly updates: ExchangeUpdate[] = [];
  /** The updates' orders as they were read at once. */
  readonly shown: unknown[] = [];

  constructor(
    options: Partial<ExchangeOptions> & { cash?: string; margin?: boolean; time?: string } = {},
  ) {
    const { cash = "100000", margin = true, time = "09:30", ...rest } = options;
    this.exchange = new Exchange({
      startUs: at(time),
      assetOf: (symbol) => ASSETS.get(symbol) ?? null,
      onUpdate: (update) => {
        this.updates.push(update);
        this.shown.push(shownOf(update.order));
      },
      volumeShare: 1,
      ...rest,
    });
    this.exchange.openAccount(ACCOUNT, { cash, margin });
  }

  submit(ask: Ask): OrderOutcome {
    return this.exchange.submit(ACCOUNT, {
      clientOrderId: null,
      symbol: "AAPL",
      side: "buy",
      qty: ask.notional === undefined ? "10" : null,
      notional: null,
      type: "market",
      timeInForce: "day",
      limitPrice: null,
      triggerPrice: null,
      trailPrice: null,
      trailPercent: null,
      extendedHours: false,
      takeProfit: null,
      stopLoss: null,
      orderClass: null,
      positionIntent: null,
      ...ask,
    });
  }

  /** An order that must be taken. */
  order(ask: Ask): ExchangeOrder {
    return taken(this.submit(ask));
  }

  refused(ask: Ask): Refusal {
    const outcome = this.submit(ask);
    if ("error" in outcome) return outcome.error;
    throw new Error(`the order was taken: ${JSON.stringify(ask)}`);
  }

  replace(order: ExchangeOrder, change: OrderChange): ExchangeOrder {
    return taken(this.exchange.replace(ACCOUNT, order.id, change));
  }

  cancel(order: ExchangeOrder): Refusal | null {
    return this.exchange.cancel(ACCOUNT, order.id);
  }

  /** The bar that starts at `time`, with much volume where none is said. */
  bar(
    time: string,
    [open, high, low, close]: [number, number, number, number],
    volume = 1e6,
    symbol = "AAPL",
  ): void {
    this.exchange.onBar(symbol, at(time), open, high, low, close, volume);
  }

  flatBar(time: string, price: number, volume = 1e6, symbol = "AAPL"): void {
    this.bar(time, [price, price, price, price], volume, symbol);
  }

  /** `seconds` after the wall-clock time. */
  trade(time: string, seconds: number, price: number, size: number): void {
    this.exchange.onTrade("AAPL", at(time) + seconds * 1e6, price, size);
  }

  quote(time: string, seconds: number, bid: [number, number], ask: [number, number]): void {
    this.exchange.onQuote("AAPL", at(time) + seconds * 1e6, bid[0], bid[1], ask[0], ask[1]);
  }

  advance(time: string, date = DAY): void {
    this.exchange.advanceTo(at(time, date));
  }

  now(order: ExchangeOrder): ExchangeOrder {
    return this.exchange.order(ACCOUNT, order.id)!;
  }

  get position(): string {
    return this.exchange.position(ACCOUNT, "AAPL")?.qty ?? "0";
  }

  get executions(): readonly ExchangeExecution[] {
    return this.exchange.executions(ACCOUNT);
  }

  /** The executions, as texts. */
  get fills() {
    return this.executions.map(({ side, qty, price, fee, cumulativeQty, leavesQty, ...rest }) => ({
      ...rest,
      side,
      qty: plain(qty),
      price: plain(price),
      fee: plain(fee),
      cumulativeQty: plain(cumulativeQty),
      leavesQty: plain(leavesQty),
    }));
  }

  get account() {
    return this.exchange.account(ACCOUNT);
  }

  /** What was reported, a line an update: "fill buy market 10 @ 100". */
  get log(): string[] {
    return this.updates.map(({ event, order, execution }) => {
      const what = `${event} ${order.side} ${order.type}`;
      return execution === null ? what : `${what} ${execution.qty} @ ${execution.price}`;
    });
  }
}

/** All that an order says of itself. */
export function shownOf(order: ExchangeOrder): Record<string, unknown> {
  const { status, updatedUs, filledQty, legs } = order;
  const getters = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(order)))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => [name, order[name as keyof ExchangeOrder]]);
  return {
    ...Object.fromEntries(getters),
    status,
    updatedUs,
    filledQty: plain(filledQty),
    legs: legs?.map(shownOf) ?? null,
  };
}

function taken(outcome: OrderOutcome): ExchangeOrder {
  if ("order" in outcome) return outcome.order;
  throw new Error(`refused: ${JSON.stringify(outcome.error)}`);
}
