import { type AssetClass, assetClassOf } from "../../model/asset.ts";
import type { MainToGateway, RunInfo } from "../../protocol.ts";
import { type Decimal, decimal, plain } from "../../util/decimal.ts";
import { REFUSALS_MAX } from "./desk.ts";
import { isResting } from "./protection.ts";
import type { GatewayState } from "./state.ts";
import { compare } from "./work.ts";

type Request = Extract<MainToGateway, { type: "liquidate" }>;

/**
 * Closing of positions, wanted by main. A run that it covers enters no more positions in this
 * batch; what it holds is closed again and again (an entry may fill while it is being cancelled)
 * until it is flat.
 */
export class Liquidations {
  readonly #requests: Request[] = [];
  readonly #answered = new Set<number>();

  constructor(readonly state: GatewayState) {}

  add(request: Request): void {
    this.#requests.push(request);
    if (!this.#coversAny(request)) return;
    // What was refused before may be taken now, and this is the last chance.
    for (const desk of this.state.desks.values()) desk.refusals.clear();
  }

  /** A session begins after another: what its class was liquidated for is over. */
  startSession(assetClass: AssetClass): void {
    for (let i = this.#requests.length - 1; i >= 0; i--) {
      const { id, assetClasses } = this.#requests[i];
      if (!assetClasses.every((one) => one === assetClass)) continue;
      this.#requests.splice(i, 1);
      this.#answered.delete(id);
    }
  }

  /** What was wanted for this reason is not wanted any more. */
  forget(reason: string): void {
    for (let i = this.#requests.length - 1; i >= 0; i--) {
      if (this.#requests[i].reason !== reason) continue;
      this.#answered.delete(this.#requests[i].id);
      this.#requests.splice(i, 1);
    }
  }

  /** A run that is to be closed goes on under another number: that is closed, too. */
  carry(from: number, to: number): void {
    for (const [i, request] of this.#requests.entries()) {
      const { runIds } = request;
      if (runIds?.includes(from)) this.#requests[i] = { ...request, runIds: [...runIds, to] };
    }
  }

  get isWaiting(): boolean {
    return this.#answered.size < this.#requests.length;
  }

  covers(run: RunInfo, symbol: string): boolean {
    for (const request of this.#requests) if (coveredBy(request, run, symbol)) return true;
    return false;
  }

  /** Cancels what covered runs have open, and makes the orders that close what they hold. */
  ensure(): void {
    if (!this.#isWanted()) return;
    const { state } = this;
    for (const desk of state.board.busy.list) {
      for (const work of desk.works) {
        const run = state.runs.get(work.runId);
        if (work.kind === "liquidation" || !run || !this.covers(run, desk.symbol)) continue;
        if (work.kind === "stop" || work.kind === "target") continue;
        if (work.cancelReason === null) desk.touch();
        work.cancelReason ??= "liquidation";
      }
    }
    for (const { symbol, runId } of [...state.book.all()]) {
      const run = state.runs.get(runId);
      const desk = state.desk(symbol);
      if (!run || !this.covers(run, symbol) || desk.openWork(runId) !== null) continue;
      if ((desk.refusals.get(runId) ?? 0) >= REFUSALS_MAX) continue;
      desk.open(state.exitOf(runId, desk, "liquidation"));
    }
  }

  #isWanted(): boolean {
    for (const request of this.#requests) if (this.#coversAny(request)) return true;
    return false;
  }

  /** A request can stand for hours while there is nobody whom it could be about. */
  #coversAny({ scope }: Request): boolean {
    if (scope === "all") return true;
    for (const run of this.state.runs.values()) if (run.dayTrade) return true;
    return false;
  }

  /** Answers those that are flat, or whose time is over. */
  answer(): void {
    for (const request of this.#requests) {
      if (this.#answered.has(request.id)) continue;
      const { isFlat, open } = this.#left(request);
      if (!isFlat && this.state.nowUs() < request.deadlineUs) continue;
      this.#answered.add(request.id);
      this.state.options.toMain({ type: "liquidated", id: request.id, flat: isFlat, open });
    }
  }

  #left(request: Request): { isFlat: boolean; open: { symbol: string; qty: string }[] } {
    if (!this.#coversAny(request)) return { isFlat: true, open: [] };
    const { state } = this;
    const covers = (runId: number, symbol: string) => {
      const run = state.runs.get(runId);
      return run !== undefined && coveredBy(request, run, symbol);
    };
    const sums = new Map<string, Decimal>();
    for (const { symbol, runId, position } of state.book.all()) {
      if (!covers(runId, symbol)) continue;
      sums.set(symbol, (sums.get(symbol) ?? decimal(0)).plus(position.qty));
    }
    const isBusy = state.board.busy.list.some((desk) =>
      desk.works.some((work) => covers(work.runId, desk.symbol)) ||
      [...desk.protections.values()].some((protection) =>
        covers(protection.runId, desk.symbol) && isResting(protection)
      )
    );
    const open = [...sums].map(([symbol, qty]) => ({ symbol, qty: plain(qty) }));
    open.sort((a, b) => compare(a.symbol, b.symbol));
    return { isFlat: sums.size === 0 && !isBusy, open };
  }
}

function coveredBy(request: Request, run: RunInfo, symbol: string): boolean {
  const { runIds } = request;
  return (request.scope === "all" || run.dayTrade) &&
    (runIds === undefined || runIds.includes(run.runId)) &&
    request.assetClasses.includes(assetClassOf(symbol));
}
