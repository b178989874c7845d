import { type Decimal, plain } from "../util/decimal.ts";
import type { AccountState, Funds } from "./account_state.ts";
import type { AccountFigures } from "./types.ts";

/** An account's figures at one moment; texts are made when they are read. */
export class AccountSnapshot implements AccountFigures {
  readonly createdUs: number;
  private readonly funds: Funds;
  private readonly ownCash: Decimal;
  private readonly equityBefore: Decimal;
  private readonly fees: Decimal;

  constructor(account: AccountState) {
    this.createdUs = account.createdUs;
    this.funds = account.funds();
    this.ownCash = account.cash;
    this.equityBefore = account.lastEquity;
    this.fees = account.feesPaid;
  }

  get cash(): string {
    return plain(this.ownCash);
  }
  get equity(): string {
    return plain(this.funds.equity);
  }
  get lastEquity(): string {
    return plain(this.equityBefore);
  }
  get longMarketValue(): string {
    return plain(this.funds.longValue);
  }
  get shortMarketValue(): string {
    return plain(this.funds.shortValue);
  }
  get initialMargin(): string {
    return plain(this.funds.initialMargin);
  }
  get maintenanceMargin(): string {
    return plain(this.funds.maintenanceMargin);
  }
  get multiplier(): 1 | 2 {
    return this.funds.multiplier;
  }
  get buyingPower(): string {
    return plain(this.funds.buyingPower);
  }
  get nonMarginableBuyingPower(): string {
    return plain(this.funds.nonMarginable);
  }
  get reserved(): string {
    return plain(this.funds.reserved);
  }
  get feesPaid(): string {
    return plain(this.fees);
  }
  get shortingEnabled(): boolean {
    return this.multiplier === 2;
  }
}
