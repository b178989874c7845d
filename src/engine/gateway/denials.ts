/** Every code of a denial by risk, in the order in which they are looked for. (E): entries only. */
export const DENIALS = {
  invalid_order:
    "a quantity, notional or price that is no positive number, or both or none of the first two",
  not_tradable: "the broker does not have the symbol; (E) it does not trade it now",
  trading_blocked: "the broker has blocked the account",
  trading_halted: "the trader lets no order through (HALTED)",
  no_connection: "(E) the broker's order updates are interrupted, so that positions are not known",
  max_daily_loss: "(E) the account has lost as much since the start as the plan allows for a day",
  max_drawdown: "(E) the account has lost as much since its highest of the day as the plan allows",
  reducing: "(E) the trader lets only orders through that shrink a position (REDUCING)",
  no_entries: "(E) the run is being liquidated, or its strategy has been stopped",
  reduce_only: "(E) the plan lets only exits through in the symbol",
  halted: "(E) trading in the symbol is halted",
  closed_outside: "(E) somebody else has closed a position of Liu's in the symbol today",
  symbol_locked: "(E) what became of an order in the symbol is not known yet",
  order_open: "the run has an order on its way or open in the symbol",
  no_position: "sell without a long position, cover without a short one",
  exceeds_position: "more than the run's own position",
  opposite_position:
    "(E) buy while the run is short, short while it is long: a run never goes through flat",
  opposite_order_open: "another run's order on the other side is open in the symbol",
  not_shortable: "(E) the symbol, the class or the account does not allow short sales",
  hard_to_borrow: "(E) short of a symbol that is hard to borrow: no shares have been located",
  loss_streak: "(E) the strategy has lost so many trades in a row in the symbol that it pauses",
  auction_closed: "opg after 9:28, cls after 15:50 (10 minutes before an early close)",
  market_closed: "outside the regular session only a limit order for extended hours is taken",
  extended_hours:
    "extended hours take limit orders with time in force day or gtc, where the broker has them",
  qty_too_small:
    "nothing is left after rounding down to the symbol's increment, or less than its minimum",
  below_tick: "a price that is nothing once it is rounded to the symbol's tick",
  bad_protection:
    "(E) the stop is not on the losing side of the price, or the target not on the gaining side",
  price_collar:
    "limit worse than the reference price, or that off the market, by more than the collar",
  day_trades: "(E) it could become the fourth day trade in five days of an account below 25,000",
  max_open_orders: "(E) as many orders are open as the plan allows",
  max_orders_per_minute: "(E) as many orders were made in the last minute as the plan allows",
  max_shares_per_order: "(E) more shares than the plan allows for an order",
  max_shares_per_minute: "(E) with it more shares in the last minute than the plan allows",
  max_notional_per_order: "(E) worth more than the plan allows for an order",
  max_notional_per_symbol: "(E) with it the symbol is worth more than the plan allows",
  max_notional_per_strategy: "(E) with it the strategy holds more than the plan allows",
  max_gross_exposure: "(E) with it longs and shorts together are more than the plan allows",
  buying_power: "(E) the account's buying power, less what is on its way, does not cover it",
} as const;

export type DenialCode = keyof typeof DENIALS;

export type Denied = { result: "denied"; code: DenialCode; message: string };

export function denied(code: DenialCode, message: string): Denied {
  return { result: "denied", code, message };
}
