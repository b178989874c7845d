import type { Asset } from "../../model/asset.ts";
import type { Intent, RunInfo } from "../../protocol.ts";
import type { Position } from "./book.ts";
import type { Desk } from "./desk.ts";
import type { Liquidations } from "./liquidation.ts";
import { type QtyRules, qtyRules, type RiskView } from "./risk.ts";
import type { GatewayState } from "./state.ts";
import { isEntry, restOf, sideOf } from "./work.ts";

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

  get isOtherLong(): boolean {
    const { runId } = this.run;
    for (const [other, { qty }] of this.desk.positions.entries()) {
      if (other !== runId && qty.gt(0)) return true;
    }
    return this.desk.works.some((work) =>
      work.runId !== runId && work.action === "buy" && !work.isFinal
    );
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
    let qty = 0;
    for (const [, position] of this.desk.positions.entries()) {
      qty += Math.abs(position.qty.toNumber());
    }
    for (const work of this.desk.works) {
      if (isEntry(work.action)) qty += restOf(work).toNumber();
    }
    return qty * this.intent.referencePrice;
  }

  get dailyLoss(): number {
    return this.state.account.worstLoss;
  }

  get openOrders(): number {
    return this.state.board.openOrders;
  }

  get lastPrice(): number {
    return this.desk.lastPrice;
  }
}
