import type { Json } from "../../contracts/store.ts";
import type { AssetClass } from "../../model/asset.ts";
import type { BarBuffer } from "../../model/bar_series.ts";
import { BAR_ROW, BarColumn, type BarColumns } from "../../model/bars.ts";
import { type MarketBatch, RowKind } from "../../model/market_batch.ts";
import type { FollowMessage, SessionWindow } from "../../protocol.ts";
import type { Calls } from "./calls.ts";
import { Slot, type StrategyRun } from "./slot.ts";
import { restoreState } from "./state_copy.ts";
import { SymbolState } from "./symbol_state.ts";
import { type AccountView, SlotTick, type SymbolViews, symbolViews, TimeView } from "./views.ts";

/** History takes minutes at most. */
const EARLY_MAX = 30;

/**
 * A symbol as some of this consumer's strategies follow it. A strategy over a collection has bars
 * and quotes of its own, because elsewhere it may be on another consumer: what it has seen of a
 * symbol must not depend on who else follows it, and since when.
 */
export interface Followed {
  /** The strategy over a collection; null: all others together. */
  readonly collection: StrategyRun | null;
  /** The same symbol as others follow it. */
  next: Followed | null;
  readonly state: SymbolState;
  readonly views: SymbolViews;
  readonly time: TimeView;
  /** Strategies that follow it, in the order in which they began. */
  readonly slots: Slot[];
  /** Those that followed it in the session before: they go on where they stand when it is picked again. */
  readonly resting: Slot[];
}

/** The symbols of a consumer, by id and by name, and the session that each is in. */
export class FollowedSymbols {
  /** The first of each symbol. */
  readonly byId: (Followed | undefined)[] = [];
  readonly #bySymbol = new Map<string, number>();
  /** Bars that ended while their symbol's history was on its way, by symbol id. */
  readonly #early = new Map<number, Float64Array[]>();
  /** Symbols whose stream was interrupted meanwhile; true: it still is. */
  readonly #earlyGaps = new Map<number, boolean>();
  readonly #portfolio: AccountView;
  readonly #calls: Calls;
  readonly windows: Record<AssetClass, { openUs: number; closeUs: number }> = {
    us_equity: { openUs: -Infinity, closeUs: Infinity },
    crypto: { openUs: -Infinity, closeUs: Infinity },
  };
  readonly times: Record<AssetClass, TimeView> = {
    us_equity: new TimeView(this.windows.us_equity),
    crypto: new TimeView(this.windows.crypto),
  };

  constructor(portfolio: AccountView, calls: Calls) {
    this.#portfolio = portfolio;
    this.#calls = calls;
  }

  *[Symbol.iterator](): Generator<Followed> {
    for (const id of this.#bySymbol.values()) yield* this.#of(id);
  }

  *#of(symbolId: number | undefined): Generator<Followed> {
    let followed: Followed | null = this.byId[symbolId ?? -1] ?? null;
    for (; followed !== null; followed = followed.next) yield followed;
  }

  #named(symbol: string): Followed[] {
    return [...this.#of(this.#bySymbol.get(symbol))];
  }

  /** Whether all these runs find the symbol's bars here: no history is needed. */
  knows(symbolId: number, runIds: readonly number[], strategies: StrategyRun[]): boolean {
    const known = [...this.#of(symbolId)].map(({ collection }) => collection);
    return strategies.every((run) => !runIds.includes(run.runId) || known.includes(groupOf(run)));
  }

  #setWindows(windows: SessionWindow[]): void {
    for (const { assetClass, openUs, closeUs } of windows) {
      Object.assign(this.windows[assetClass], { openUs, closeUs });
    }
  }

  /**
   * A session begins for these classes of assets, maybe one after another. Symbols are to be picked anew, but for those
   * in which a strategy holds something; what is not picked in a whole session is forgotten.
   */
  startSession(windows: SessionWindow[]): void {
    for (const followed of [...this]) {
      const { asset: { assetClass }, day, buffer } = followed.state;
      const window = windows.find((one) => one.assetClass === assetClass);
      if (!window) continue;
      day.startSession(window.openUs, window.closeUs, lastCloseBefore(buffer, day.closeUs));
      followed.resting.length = 0;
      for (const slot of [...followed.slots]) {
        slot.isResting = false;
        if (slot.position !== null || slot.openOrder !== null) continue;
        followed.slots.splice(followed.slots.indexOf(slot), 1);
        slot.run.slots.delete(followed.state.symbol);
        followed.resting.push(slot);
      }
      this.#forgetUnused(followed);
    }
    this.#setWindows(windows);
  }

  /** The session is over: strategies are not asked again before the next. */
  endSession(): void {
    for (const { slots } of this) for (const slot of slots) slot.isResting = true;
  }

  /** Whether a run follows the symbol in this session. */
  isFollowing(runId: number, symbol: string): boolean {
    return this.#named(symbol).some(({ slots }) => slots.some(({ run }) => run.runId === runId));
  }

  /** True: rows were lost while its history was on its way, and it wants a refill. */
  follow(message: FollowMessage, strategies: StrategyRun[]): boolean {
    for (const run of strategies) {
      if (!message.runIds.includes(run.runId) || run.slots.has(message.symbol)) continue;
      const group = groupOf(run);
      const followed = [...this.#of(message.symbolId)].find((one) => one.collection === group) ??
        this.#add(message, group);
      const saved = message.states?.find(([runId]) => runId === run.runId)?.[1];
      const rested = followed.resting.findIndex((slot) => slot.run === run);
      if (rested < 0) this.#addSlot(run, followed, saved);
      else {
        const [slot] = followed.resting.splice(rested, 1);
        run.slots.set(message.symbol, slot);
        followed.slots.push(slot);
      }
    }
    const isAway = this.#earlyGaps.get(message.symbolId);
    this.#earlyGaps.delete(message.symbolId);
    return isAway === false;
  }

  /** A row of a symbol that is not followed, or not yet: its stream begins before its history is there. */
  keepEarly(batch: MarketBatch, i: number): void {
    const id = batch.symbol[i];
    if (batch.kind[i] === RowKind.gap) this.#earlyGaps.set(id, batch.b[i] === 1);
    if (batch.kind[i] !== RowKind.minuteBar) return;
    const bars = this.#early.get(id) ?? [];
    this.#early.set(id, bars);
    bars.push(batch.barRow(i, new Float64Array(BAR_ROW)));
    if (bars.length > EARLY_MAX) bars.shift();
  }

  #add(
    { symbol, symbolId, asset, history, previousClose }: FollowMessage,
    collection: StrategyRun | null,
  ): Followed {
    const first = this.byId[symbolId] ?? null;
    const state = new SymbolState(symbol, symbolId, asset);
    const { openUs, closeUs } = this.windows[asset.assetClass];
    state.day.startSession(openUs, closeUs, previousClose);
    state.onHistory(history);
    for (const bar of this.#early.get(symbolId) ?? []) state.onMinuteBar(bar, 0);
    this.#early.delete(symbolId);
    if (this.#earlyGaps.has(symbolId)) {
      state.markIncomplete();
      state.isAway = this.#earlyGaps.get(symbolId)!;
    }
    if (first !== null) takeOver(first.state, state);
    const followed: Followed = {
      collection,
      next: first,
      state,
      views: symbolViews(state),
      time: this.times[asset.assetClass],
      slots: [],
      resting: [],
    };
    this.byId[symbolId] = followed;
    this.#bySymbol.set(symbol, symbolId);
    return followed;
  }

  #addSlot(run: StrategyRun, followed: Followed, saved: Json = null): void {
    const slot = new Slot(run, followed.state);
    const isMade = this.#calls.call(run, () => {
      const state = run.instance.setup(slot.setup);
      if (saved !== null) restoreState(state, saved);
      slot.tick = new SlotTick({
        slot,
        symbol: followed.state,
        views: followed.views,
        portfolio: this.#portfolio,
        time: followed.time,
        keystore: run.instance.keystore,
        log: run.instance.log,
        state,
      });
      return true;
    });
    if (!isMade) return;
    slot.feed();
    run.slots.set(followed.state.symbol, slot);
    followed.slots.push(slot);
  }

  /** History of a symbol whose stream was interrupted: bars and indicators are whole again. */
  refill(symbol: string, history: BarColumns, fillsGap: boolean): void {
    for (const followed of this.#named(symbol)) {
      followed.state.onHistory(history, fillsGap);
      this.feed(followed);
      if (!fillsGap) continue;
      for (const { run, tick } of [...followed.slots]) {
        this.#calls.call(run, () => run.instance.onGap(tick));
      }
    }
  }

  /** Gives all indicators of a symbol the complete bars that they have not seen. */
  feed({ slots, resting }: Followed): void {
    for (let i = 0; i < slots.length; i++) slots[i].feed();
    for (let i = 0; i < resting.length; i++) resting[i].feed();
  }

  /** The same after a bar has come, at `at` of `rows`. */
  feedNext({ slots, resting }: Followed, rows: Float64Array, at: number): void {
    for (let i = 0; i < slots.length; i++) slots[i].feedNext(rows, at);
    for (let i = 0; i < resting.length; i++) resting[i].feedNext(rows, at);
  }

  removeSlot(slot: Slot): void {
    const { symbol } = slot.symbol;
    slot.run.slots.delete(symbol);
    const followed = this.#named(symbol).find(({ slots }) => slots.includes(slot));
    if (!followed) return;
    followed.slots.splice(followed.slots.indexOf(slot), 1);
    this.#forgetUnused(followed);
  }

  /** Whoever walks the symbol's list just then comes from it to the next all the same. */
  #forgetUnused(unused: Followed): void {
    const { slots, resting, next, state: { id, symbol } } = unused;
    if (slots.length + resting.length > 0) return;
    const before = [...this.#of(id)].find((one) => one.next === unused);
    if (before !== undefined) before.next = next;
    else if (next !== null) this.byId[id] = next;
    else {
      this.byId[id] = undefined;
      this.#bySymbol.delete(symbol);
    }
  }
}

function groupOf(run: StrategyRun): StrategyRun | null {
  return run.runsAll ? run : null;
}

/** Bars that ended while the history was on its way, and what no row will say again. */
function takeOver(from: SymbolState, to: SymbolState): void {
  to.isHalted = from.isHalted;
  const { buffer } = from;
  const row = new Float64Array(BAR_ROW);
  for (let i = 0; i < buffer.length; i++) {
    const timeUs = buffer.valueAt(i, BarColumn.timeUs);
    if (timeUs <= to.completeUs || timeUs > from.completeUs) continue;
    for (let column = 0; column < BAR_ROW; column++) row[column] = buffer.valueAt(i, column);
    to.onMinuteBar(row, 0);
  }
}

/** NaN where no bar is known. */
function lastCloseBefore(buffer: BarBuffer, us: number): number {
  let i = buffer.length - 1;
  while (i >= 0 && buffer.valueAt(i, BarColumn.timeUs) >= us) i--;
  return i < 0 ? NaN : buffer.valueAt(i, BarColumn.close);
}
