import type { ConsumerToGateway, Intent } from "../../protocol.ts";
import { sortFew } from "../../util/sort_few.ts";
import type { Liquidations } from "./liquidation.ts";
import type { Reports } from "./reports.ts";
import { IntentView } from "./intent_view.ts";
import type { Desk } from "./desk.ts";
import type { Journal } from "./journal.ts";
import { checkRisk } from "./risk.ts";
import type { GatewayState } from "./state.ts";
import { compare, isEntry } from "./work.ts";

type Keyed = { runId: number; symbol: string };
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
    const cancels = done.length === 1 ? done[0].cancels : done.flatMap(({ cancels }) => cancels);
    sortFew(cancels, this.#byTurn);
    for (const cancel of cancels) this.cancel(cancel);
    const intents = done.length === 1 ? done[0].intents : done.flatMap(({ intents }) => intents);
    sortFew(intents, this.#bySeq);
    for (const intent of intents) this.intent(intent);
    for (const { keystore } of done) {
      if (keystore.length > 0) return this.values(done.map(({ keystore }) => keystore));
    }
  }

  readonly #byTurn = (a: Keyed, b: Keyed): number =>
    compare(a.symbol, b.symbol) || compare(this.#strategyOf(a), this.#strategyOf(b));

  readonly #bySeq = (a: Intent, b: Intent): number => this.#byTurn(a, b) || a.seq - b.seq;

  #strategyOf({ runId }: Keyed): string {
    return this.state.runs.get(runId)?.strategy ?? "";
  }

  cancel({ runId, symbol, reason }: Cancel): void {
    const desk = this.state.desks.get(symbol);
    const work = desk?.openWork(runId);
    // The gateway's own exits are not the strategy's to cancel.
    if (!desk || !work || work.intent === null) return;
    work.cancelReason ??= reason;
    desk.touch();
  }

  intent(intent: Intent): void {
    const { state } = this;
    const { runId, symbol } = intent;
    const run = state.runs.get(runId);
    if (run === undefined) {
      state.options.log("error", "An order of run {runId}, which does not exist, is dropped", {
        runId,
        alert: "unknown_run",
      });
      return;
    }
    const desk = state.desk(symbol);
    desk.intentSeqs.set(runId, intent.seq);
    const result = checkRisk(new IntentView(state, this.liquidations, run, desk, intent));
    if (result.result === "denied") {
      const { code, message } = result;
      this.reports.denial(desk, intent, { by: "risk", code, message });
      return;
    }
    const work = state.workOf(intent, desk, run.strategy, result);
    desk.protect(work, !desk.positions.has(runId), state.nowUs());
    const { journal } = state.options;
    if (journal.isKept) noteProtection(journal, desk, runId);
    desk.open(work);
    if (desk.refusals.size > 0 && isEntry(work.action)) desk.refusals.delete(runId);
    state.account.reserve(work, result.reserve);
    const isShares = desk.assetClass !== "crypto";
    state.rates?.add(state.nowUs(), isShares ? result.qty.toNumber() : 0);
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
}

function noteProtection(journal: Journal, desk: Desk, runId: number): void {
  const protection = desk.protections.get(runId);
  if (protection === undefined) return;
  const { stopPrice, targetPrice } = protection;
  journal.note({ type: "protection", runId, symbol: desk.symbol, stopPrice, targetPrice });
}
