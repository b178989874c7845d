import type { Asset } from "../../model/asset.ts";
import type { Intent, RunInfo } from "../../protocol.ts";
import type { Position } from "./book.ts";
import type { Desk } from "./desk.ts";
import { exposureOf, grossExposure, strategyExposure } from "./exposure.ts";
import type { Liquidations } from "./liquidation.ts";
import { qtyRules } from "./risk_terms.ts";
import type { QtyRules, RiskView } from "./risk_view.ts";
import type { GatewayState } from "./state.ts";
import { sideOf } from "./work.ts";

/**
 * An intent and the world at its moment, for the risk checks. Nothing is worked out before a check
 * asks for it: most of it is asked for by entries only.
 */
export class IntentView implements RiskView {
  readonly asset: Asset | null;
  readonly position: Position | null;

  constructor(
    readonly state: GatewayState,
    readonly liquidations: Liquidations,
    readonly run: RunInfo,
    readonly desk: Desk,
    readonly intent: Intent,
  ) {
    this.asset = desk.asset;
    this.position = desk.positions.get(run.runId) ?? null;
  }

  qtyRules(asset: Asset): QtyRules {
    const { desk } = this;
    if (desk.rulesOf !== asset) {
      desk.rulesOf = asset;
      desk.rules = qtyRules(asset);
    }
    return desk.rules!;
  }

  get capabilities() {
    return this.state.options.broker.capabilities;
  }

  get limits() {
    return this.state.options.risk;
  }

  get hasOpenOrder(): boolean {
    return this.desk.openWork(this.run.runId) !== null;
  }

  get isOppositeOpen(): boolean {
    return this.desk.hasOpposite(this.run.runId, sideOf(this.intent.action));
  }

  get nowUs(): number {
    return this.state.nowUs();
  }

  get isRegularSession(): boolean {
    return this.state.isRegularSession(this.desk);
  }

  get isConnected(): boolean {
    return this.state.isConnected;
  }

  get isBlocked(): boolean {
    const { account } = this.state;
    return (account.known ?? account.broker).tradingBlocked;
  }

  get isShortingEnabled(): boolean {
    return this.state.account.broker.shortingEnabled;
  }

  get isNoEntries(): boolean {
    const { stopped } = this.state;
    if (stopped.size > 0 && stopped.has(this.run.runId)) return true;
    return this.liquidations.covers(this.run, this.desk.symbol);
  }

  get tradingState() {
    return this.state.restrictions.state;
  }

  get restriction(): string {
    return this.state.restrictions.reason;
  }

  get isHalted(): boolean {
    const { halted } = this.state;
    return halted.size > 0 && halted.has(this.desk.symbol);
  }

  get closedOutside(): string | null {
    const { state } = this;
    return state.closedOutside.reasonOf(this.desk.symbol, state.nowUs());
  }

  get lock(): string | null {
    return this.desk.lock;
  }

  surelyAffords(cost: number): boolean {
    const { account, options: { broker } } = this.state;
    if (broker.surelyAffords === undefined || this.desk.assetClass === "crypto") return false;
    return account.isPutOff && broker.surelyAffords(cost + account.reserved);
  }

  get buyingPower(): number {
    return this.state.account.available(this.desk.assetClass === "crypto");
  }

  get symbolNotional(): number {
    return exposureOf(this.desk, this.intent.referencePrice);
  }

  get strategyNotional(): number {
    return strategyExposure(this.state, this.run.strategy);
  }

  get grossExposure(): number {
    return grossExposure(this.state);
  }

  get dailyLoss(): number {
    return this.state.account.worstLoss;
  }

  get drawdown(): number {
    return this.state.account.worstDrawdown;
  }

  get ordersLastMinute(): number {
    return this.state.rates?.orders(this.nowUs) ?? 0;
  }

  get sharesLastMinute(): number {
    return this.state.rates?.shares(this.nowUs) ?? 0;
  }

  get pausedUntilUs(): number {
    const { streaks } = this.state;
    return streaks === null ? 0 : streaks.pausedUntilUs(this.run.strategy, this.desk.symbol);
  }

  get dayTradeProblem(): string | null {
    const { dayTrades, account } = this.state;
    if (dayTrades === null || this.desk.assetClass === "crypto") return null;
    return dayTrades.problem(Number(account.broker.equity), this.nowUs);
  }

  get openOrders(): number {
    return this.state.board.openOrders;
  }

  get lastPrice(): number {
    return this.desk.lastPrice;
  }
}
