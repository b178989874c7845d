/**
 * What a night costs: shares that are borrowed for a short sale, and money that is lent.
 * A charge is a year's rate / 360 for each midnight of the exchange that a position is held over,
 * weekends and holidays too, as at Alpaca; each is rounded half up to a cent.
 */
import { cryptoSession, exchangeDate } from "../model/calendar.ts";
import { type NightRates, NO_NIGHT_RATES } from "../model/trading_costs.ts";
import { Decimal, decimal, plain } from "../util/decimal.ts";
import type { AccountState } from "./account_state.ts";
import type { ExchangeOptions } from "./types.ts";

const DAYS_A_YEAR = 360;
const CENTS = 2;
const ZERO = decimal(0);

type Options = Pick<ExchangeOptions, "startUs" | "nightRates" | "onNight">;

/** null: nights cost nothing. */
export function nightChargesOf(options: Options): NightCharges | null {
  const { borrow, borrowBySymbol, margin } = { ...NO_NIGHT_RATES, ...options.nightRates };
  const rates = [borrow, margin, ...Object.values(borrowBySymbol)];
  return rates.some((rate) => rate !== 0) ? new NightCharges(options) : null;
}

export class NightCharges {
  readonly #options: Options;
  readonly #rates: NightRates;
  /** When the present night begins: its midnight. */
  #midnightUs: number;

  constructor(options: Options) {
    this.#options = options;
    this.#rates = { ...NO_NIGHT_RATES, ...options.nightRates };
    this.#midnightUs = midnightAfter(options.startUs);
  }

  /** The clock has to go past it. */
  get midnightUs(): number {
    return this.#midnightUs;
  }

  /** The nights that lie before `nowUs`, one after the other. */
  chargeUntil(nowUs: number, accounts: Iterable<AccountState>): void {
    if (nowUs <= this.#midnightUs) return;
    const all = [...accounts];
    const before = all.map(({ cash }) => cash);
    while (this.#midnightUs < nowUs) {
      for (const account of all) this.#charge(account);
      this.#midnightUs = midnightAfter(this.#midnightUs);
    }
    for (const [i, { id, cash }] of all.entries()) {
      if (!cash.eq(before[i])) this.#options.onNight?.(id, plain(before[i].minus(cash)));
    }
  }

  #charge(account: AccountState): void {
    const { borrow, borrowBySymbol, borrowLot, margin } = this.#rates;
    let borrowed = ZERO;
    let shortValue = ZERO;
    account.eachPosition((symbol, qty, price) => {
      if (qty.gt(ZERO)) return;
      shortValue = shortValue.plus(qty.times(price));
      const lots = qty.abs().div(borrowLot).round(0, Decimal.roundUp);
      const rate = borrowBySymbol[symbol] ?? borrow;
      borrowed = borrowed.plus(nightOf(lots.times(borrowLot).times(price), rate));
    });
    // Proceeds of short sales secure what was borrowed: they lend the account nothing.
    const owed = account.cash.plus(shortValue);
    const interest = owed.lt(ZERO) ? nightOf(owed.abs(), margin) : ZERO;
    account.chargeNight(borrowed, interest);
  }
}

function nightOf(value: Decimal, percentAYear: number): Decimal {
  return value.times(decimal(percentAYear)).times("0.01").div(DAYS_A_YEAR)
    .round(CENTS, Decimal.roundHalfUp);
}

function midnightAfter(us: number): number {
  return cryptoSession(exchangeDate(us)).closeUs;
}
