/**
 * The exchange core: orders in, executions out. Pure: its clock is what it is told, its ids are counted.
 * Invariants: an order is matched only against events later than its acceptance; position = Σ executions;
 * cash = deposits − Σ signed notional − fees; a final order never changes.
 */
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

const unbuilt = (): never => {
  throw new Error("being built");
};

export class Exchange {
  constructor(_options: ExchangeOptions) {}

  get nowUs(): number {
    return unbuilt();
  }

  openAccount(_accountId: string, _options: AccountOptions): void {
    unbuilt();
  }
  hasAccount(_accountId: string): boolean {
    return unbuilt();
  }

  /**
   * Moves the clock (never back): orders are routed at the open, and end after the close.
   * Give all market events of a time before advancing past it: a bar of 15:59 is given at 16:00:00, and what
   * ends at 16:00:00 ends when the clock goes past it.
   */
  advanceTo(_nowUs: number): void {
    unbuilt();
  }
  /** A price known before the first event (yesterday's close), for buying power and market value only. */
  seedPrice(_symbol: string, _price: number): void {
    unbuilt();
  }
  /** Given at the bar's end, `startUs + durationUs`. Volume in shares or coins. */
  onBar(
    _symbol: string,
    _startUs: number,
    _open: number,
    _high: number,
    _low: number,
    _close: number,
    _volume: number,
    _durationUs = 60e6,
  ): void {
    unbuilt();
  }
  onTrade(_symbol: string, _timeUs: number, _price: number, _size: number): void {
    unbuilt();
  }
  onQuote(
    _symbol: string,
    _timeUs: number,
    _bidPrice: number,
    _bidSize: number,
    _askPrice: number,
    _askSize: number,
  ): void {
    unbuilt();
  }
  onHalt(_symbol: string): void {
    unbuilt();
  }
  onResume(_symbol: string): void {
    unbuilt();
  }

  submit(_accountId: string, _request: ExchangeOrderRequest): OrderOutcome {
    return unbuilt();
  }
  /** null: canceled. */
  cancel(_accountId: string, _orderId: string): Refusal | null {
    return unbuilt();
  }
  replace(_accountId: string, _orderId: string, _change: OrderChange): OrderOutcome {
    return unbuilt();
  }
  /** Cancels all open orders; the answer names each that was asked for. */
  cancelAll(_accountId: string): { orderId: string; error: Refusal | null }[] {
    return unbuilt();
  }
  /** A market order for the whole position, or for `qty` or `percentage` (0–100) of it. */
  closePosition(
    _accountId: string,
    _symbol: string,
    _part: { qty?: string; percentage?: string } = {},
  ): OrderOutcome {
    return unbuilt();
  }

  order(
    _accountId: string,
    _orderId: string,
    _options?: { nested?: boolean },
  ): ExchangeOrder | null {
    return unbuilt();
  }
  orderByClientId(_accountId: string, _clientOrderId: string): ExchangeOrder | null {
    return unbuilt();
  }
  /** Newest first, open ones, at most 50, where the filter says nothing else. */
  orders(_accountId: string, _filter: OrderFilter = {}): ExchangeOrder[] {
    return unbuilt();
  }
  /** By symbol, flat ones left out. */
  positions(_accountId: string): ExchangePosition[] {
    return unbuilt();
  }
  position(_accountId: string, _symbol: string): ExchangePosition | null {
    return unbuilt();
  }
  /** All executions so far, oldest first. */
  executions(_accountId: string): readonly ExchangeExecution[] {
    return unbuilt();
  }
  account(_accountId: string): AccountFigures {
    return unbuilt();
  }
}
