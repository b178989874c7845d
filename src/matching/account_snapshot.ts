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
  private readonly regulatoryFees: Decimal;
  private readonly borrowCost: Decimal;
  private readonly interest: Decimal;
  private readonly slippage: Decimal;

  constructor(account: AccountState) {
    this.createdUs = account.createdUs;
    this.funds = account.funds();
    this.ownCash = account.cash;
    this.equityBefore = account.lastEquity;
    this.fees = account.feesPaid;
    this.regulatoryFees = account.regulatoryFeesPaid;
    this.borrowCost = account.borrowPaid;
    this.interest = account.interestPaid;
    this.slippage = account.slippagePaid;
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
  get regulatoryFeesPaid(): string {
    return plain(this.regulatoryFees);
  }
  get borrowPaid(): string {
    return plain(this.borrowCost);
  }
  get interestPaid(): string {
    return plain(this.interest);
  }
  get slippagePaid(): string {
    return plain(this.slippage);
  }
  get shortingEnabled(): boolean {
    return this.multiplier === 2;
  }
}
