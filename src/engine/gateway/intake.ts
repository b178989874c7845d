import { assetClassOf } from "../../model/asset.ts";
import type { ConsumerToGateway, Intent } from "../../protocol.ts";
import type { Liquidations } from "./liquidation.ts";
import type { Reports } from "./reports.ts";
import { checkRisk } from "./risk.ts";
import type { GatewayState } from "./state.ts";
import { compare, isEntry, restOf, sideOf } from "./work.ts";

type Cancel = { runId: number; symbol: string; reason: string };
type Value = { runId: number; key: string; context: string; value: string };
export type StepDone = Extract<ConsumerToGateway, { type: "stepDone" }>;

/**
 * What consumers want: intents through the risk checks into works, cancels, and strategies' values.
 */
export class Intake {
  constructor(
    readonly state: GatewayState,
    readonly reports: Reports,
    readonly liquidations: Liquidations,
  ) {}

  /** A step's wishes of all consumers, in an order that does not depend on how many these are. */
  step(done: StepDone[]): void {
    const keyed = (item: { runId: number; symbol: string }) => ({
      symbol: item.symbol,
      strategy: this.state.runs.get(item.runId)?.strategy ?? "",
    });
    const inOrder = <T extends { runId: number; symbol: string }>(items: T[]) =>
      items.map((item) => ({ item, ...keyed(item) })).sort((a, b) =>
        compare(a.symbol, b.symbol) || compare(a.strategy, b.strategy)
      ).map(({ item }) => item);
    for (const cancel of inOrder(done.flatMap(({ cancels }) => cancels))) this.cancel(cancel);
    const intents = done.flatMap((one) => one.intents).sort((a, b) => a.seq - b.seq);
    for (const intent of inOrder(intents)) this.intent(intent);
    this.values(done.map(({ keystore }) => keystore));
  }

  cancel({ runId, symbol, reason }: Cancel): void {
    const work = this.state.desks.get(symbol)?.openWork(runId);
    // The gateway's own exits are not the strategy's to cancel.
    if (!work || work.intent === null) return;
    work.cancelReason ??= reason;
    this.state.dirty.add(symbol);
  }

  intent(intent: Intent): void {
    const { state } = this;
    const { runId, symbol } = intent;
    const run = state.runs.get(runId);
    if (run === undefined) {
      state.options.log("error", "An order of run {runId}, which does not exist, is dropped", {
        runId,
      });
      return;
    }
    const desk = state.desk(symbol);
    desk.intentSeqs.set(runId, intent.seq);
    const result = this.#check(intent);
    if (result.result === "denied") {
      const { code, message } = result;
      this.reports.denial(intent, { by: "risk", code, message });
      return;
    }
    const work = state.workOf(intent, run.strategy, result.order);
    desk.protect(work, state.book.position(runId, symbol) === null, state.nowUs());
    desk.works.push(work);
    if (isEntry(work.action)) desk.refusals.delete(runId);
    state.account.reserve(work, result.order.reserve);
    state.dirty.add(symbol);
  }

  /** The last value of a key within a consumer's step counts; among consumers, the greatest. */
  values(byConsumer: Value[][]): void {
    const last = new Map<string, { value: Value; strategy: string }>();
    for (const values of byConsumer) {
      const own = new Map<string, { value: Value; strategy: string }>();
      for (const value of values) {
        const strategy = this.state.runs.get(value.runId)?.strategy;
        if (strategy === undefined) continue;
        own.set(JSON.stringify([strategy, value.context, value.key]), { value, strategy });
      }
      for (const [key, one] of own) {
        const other = last.get(key);
        if (!other || compare(one.value.value, other.value.value) > 0) last.set(key, one);
      }
    }
    for (const key of [...last.keys()].sort()) {
      const { value, strategy } = last.get(key)!;
      this.#value(value, strategy);
    }
  }

  #value({ runId, key, context, value }: Value, strategy: string): void {
    const { options, runs } = this.state;
    const row = { algoName: strategy, context, key, value, timeUs: this.state.nowUs() };
    options.store.write([{ table: "keystore", row }]);
    const writer = runs.get(runId)!.consumer;
    const others = new Set<number>();
    for (const run of runs.values()) {
      if (run.strategy === strategy && run.consumer !== writer) others.add(run.consumer);
    }
    for (const consumer of others) {
      options.toConsumer(consumer, { type: "keystore", strategy, key, context, value });
    }
  }

  #check(intent: Intent) {
    const { state } = this;
    const { runId, symbol } = intent;
    const desk = state.desk(symbol);
    const run = state.runs.get(runId)!;
    const { broker, risk } = state.options;
    return checkRisk({
      intent,
      asset: state.assets.get(symbol) ?? null,
      capabilities: broker.capabilities,
      limits: risk,
      position: state.book.position(runId, symbol),
      hasOpenOrder: desk.openWork(runId) !== null,
      isOppositeOpen: desk.hasOpposite(runId, sideOf(intent.action)),
      isOtherLong: this.#isOtherLong(runId, symbol),
      isRegularSession: state.isRegularSession(symbol),
      isConnected: state.isConnected,
      isBlocked: state.account.broker.tradingBlocked,
      isShortingEnabled: state.account.broker.shortingEnabled,
      isNoEntries: state.isEntryClosed || this.liquidations.covers(run, symbol),
      isHalted: state.halted.has(symbol),
      buyingPower: state.account.available(assetClassOf(symbol) === "crypto"),
      symbolNotional: this.#symbolNotional(symbol, intent.referencePrice),
      dailyLoss: state.account.worstLoss,
      openOrders: state.openOrders(),
      lastPrice: desk.lastPrice,
    });
  }

  #isOtherLong(runId: number, symbol: string): boolean {
    const { book } = this.state;
    const holds = book.holders(symbol).some((other) =>
      other !== runId && book.position(other, symbol)!.qty.gt(0)
    );
    return holds ||
      this.state.desk(symbol).works.some((work) =>
        work.runId !== runId && work.action === "buy" && !work.isFinal
      );
  }

  #symbolNotional(symbol: string, price: number): number {
    const { book } = this.state;
    let qty = 0;
    for (const runId of book.holders(symbol)) {
      qty += Math.abs(Number(book.position(runId, symbol)!.qty));
    }
    for (const work of this.state.desk(symbol).works) {
      if (isEntry(work.action)) qty += Number(restOf(work));
    }
    return qty * price;
  }
}
