import { MarketBatch, RowKind } from "../../model/market_batch.ts";
import type { MarketMessage } from "../../protocol.ts";
import { type Desk, REFUSALS_MAX } from "./desk.ts";
import { coveredBy, type PriceSeen, priceSeen, reached, wantsWatch } from "./protection.ts";
import type { GatewayState } from "./state.ts";
import { compare, isOwnExit } from "./work.ts";

/** Prices of the symbols whose stops and targets are not at the broker. */
export class Watch {
  readonly #names: string[] = [];
  /** Stepping mode: rows of the step, looked at when its fills are known. */
  #seen: PriceSeen[] = [];
  /** What main was told. */
  #watched: ReadonlySet<string> = new Set();
  /** Rows come from the first watch on: a step's are complete with its end only. */
  hasWatched = false;
  /** The newest step of which all rows have come. */
  step = -1;

  constructor(readonly state: GatewayState) {}

  addSymbols(first: number, names: string[]): void {
    names.forEach((name, i) => this.#names[first + i] = name);
  }

  /** Takes a batch in and gives its buffer back. True: it ends a step. */
  onBatch(message: MarketMessage): boolean {
    const batch = MarketBatch.over(message.buffer, message.length, message.firstSeq);
    let endsStep = false;
    for (let i = 0; i < batch.length; i++) {
      const kind = batch.kind[i];
      if (kind === RowKind.step) {
        this.step = batch.a[i];
        endsStep = true;
        continue;
      }
      const symbol = this.#names[batch.symbol[i]];
      // Main may go on sending what was watched once.
      if (symbol === undefined || !this.#watched.has(symbol)) continue;
      const row = { a: batch.a[i], b: batch.b[i], c: batch.c[i] };
      const seen = priceSeen(kind, symbol, batch.timeUs[i], row);
      if (seen === null) continue;
      const desk = this.state.desk(symbol);
      desk.lastPrice = kind === RowKind.minuteBar ? batch.d[i] : (seen.low + seen.high) / 2;
      this.#seen.push(seen);
    }
    this.state.options.toMain({ type: "returned", buffer: message.buffer });
    return endsStep;
  }

  /** Makes the exits that the rows since the last call ask for. */
  look(): void {
    if (this.#seen.length === 0) return;
    // Rows of one time come in any order of symbols; within a symbol theirs is kept.
    const rows = this.#seen.sort((a, b) => compare(a.symbol, b.symbol));
    this.#seen = [];
    for (const seen of rows) {
      const desk = this.state.desk(seen.symbol);
      const isRegular = this.state.isRegularSession(desk);
      // What waited for the open can rest now.
      if (isRegular !== desk.wasRegular) desk.touch();
      desk.wasRegular = isRegular;
      for (const protection of desk.protections.values()) {
        const { runId } = protection;
        const position = desk.positions.get(runId);
        if (position === undefined || coveredBy(protection).gte(position.qty.abs())) continue;
        if (desk.works.some((work) => work.runId === runId && isOwnExit(work))) continue;
        if ((desk.refusals.get(runId) ?? 0) >= REFUSALS_MAX || desk.isDoubtful) continue;
        const kind = reached(protection, position.qty.s, seen);
        if (kind === null) continue;
        desk.open(this.state.exitOf(runId, desk, kind));
      }
    }
  }

  #hasProtections(): boolean {
    for (const desk of this.state.board.busy.list) if (desk.protections.size > 0) return true;
    return false;
  }

  #isWanted(desk: Desk): boolean {
    for (const protection of desk.protections.values()) {
      const qty = desk.positions.get(protection.runId)?.qty ?? null;
      const hasEntry = desk.openWork(protection.runId)?.kind === "entry";
      if (wantsWatch(protection, qty, hasEntry)) return true;
    }
    return false;
  }

  /** Tells main what is watched, where that has changed. */
  announce(): void {
    // Nearly always there is nothing to watch, and was nothing.
    if (this.#watched.size === 0 && !this.#hasProtections()) return;
    const wanted: string[] = [];
    for (const desk of this.state.board.busy.list) {
      if (desk.protections.size > 0 && this.#isWanted(desk)) wanted.push(desk.symbol);
    }
    if (
      wanted.length === this.#watched.size && wanted.every((symbol) => this.#watched.has(symbol))
    ) {
      return;
    }
    wanted.sort(compare);
    const before = this.#watched;
    this.#watched = new Set(wanted);
    for (const symbol of before) {
      if (!this.#watched.has(symbol)) this.state.desk(symbol).lastPrice = NaN;
    }
    this.hasWatched = true;
    this.state.options.toMain({ type: "watch", symbols: wanted });
  }
}
