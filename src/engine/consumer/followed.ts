import type { AssetClass } from "../../model/asset.ts";
import type { BarBuffer } from "../../model/bar_series.ts";
import { BAR_ROW, BarColumn, type BarColumns } from "../../model/bars.ts";
import { type MarketBatch, RowKind } from "../../model/market_batch.ts";
import type { FollowMessage, SessionWindow } from "../../protocol.ts";
import type { Calls } from "./calls.ts";
import { Slot, type StrategyRun } from "./slot.ts";
import { SymbolState } from "./symbol_state.ts";
import { type AccountView, SlotTick, type SymbolViews, symbolViews, TimeView } from "./views.ts";

/** History takes minutes at most. */
const EARLY_MAX = 30;

/** A symbol that this consumer follows. */
export interface Followed {
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
  readonly byId: (Followed | undefined)[] = [];
  readonly #bySymbol = new Map<string, Followed>();
  /** Bars that ended while their symbol's history was on its way, by symbol id. */
  readonly #early = new Map<number, Float64Array[]>();
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

  [Symbol.iterator](): Iterator<Followed> {
    return this.#bySymbol.values();
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
    for (const followed of this.#bySymbol.values()) {
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
    return this.#bySymbol.get(symbol)?.slots.some(({ run }) => run.runId === runId) ?? false;
  }

  follow(message: FollowMessage, strategies: StrategyRun[]): void {
    const followed = this.byId[message.symbolId] ?? this.#add(message);
    for (const run of strategies) {
      if (!message.runIds.includes(run.runId) || run.slots.has(message.symbol)) continue;
      const rested = followed.resting.findIndex((slot) => slot.run === run);
      if (rested < 0) this.#addSlot(run, followed);
      else {
        const [slot] = followed.resting.splice(rested, 1);
        run.slots.set(message.symbol, slot);
        followed.slots.push(slot);
      }
    }
  }

  /** A row of a symbol that is not followed, or not yet: its stream begins before its history is there. */
  keepEarly(batch: MarketBatch, i: number): void {
    if (batch.kind[i] !== RowKind.minuteBar) return;
    const id = batch.symbol[i];
    const bars = this.#early.get(id) ?? [];
    this.#early.set(id, bars);
    bars.push(batch.barRow(i, new Float64Array(BAR_ROW)));
    if (bars.length > EARLY_MAX) bars.shift();
  }

  #add({ symbol, symbolId, asset, history, previousClose }: FollowMessage): Followed {
    const state = new SymbolState(symbol, symbolId, asset);
    const { openUs, closeUs } = this.windows[asset.assetClass];
    state.day.startSession(openUs, closeUs, previousClose);
    state.onHistory(history);
    for (const bar of this.#early.get(symbolId) ?? []) state.onMinuteBar(bar, 0);
    this.#early.delete(symbolId);
    const followed: Followed = {
      state,
      views: symbolViews(state),
      time: this.times[asset.assetClass],
      slots: [],
      resting: [],
    };
    this.byId[symbolId] = followed;
    this.#bySymbol.set(symbol, followed);
    return followed;
  }

  #addSlot(run: StrategyRun, followed: Followed): void {
    const slot = new Slot(run, followed.state);
    const isMade = this.#calls.call(run, () => {
      const state = run.instance.setup(slot.setup);
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
  refill(symbol: string, history: BarColumns): void {
    const followed = this.#bySymbol.get(symbol);
    if (!followed) return;
    followed.state.onHistory(history);
    this.feed(followed);
    for (const { run, tick } of [...followed.slots]) {
      this.#calls.call(run, () => run.instance.onGap(tick));
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
    const followed = this.#bySymbol.get(symbol);
    if (!followed) return;
    const at = followed.slots.indexOf(slot);
    if (at >= 0) followed.slots.splice(at, 1);
    this.#forgetUnused(followed);
  }

  #forgetUnused({ slots, resting, state: { id, symbol } }: Followed): void {
    if (slots.length + resting.length > 0) return;
    this.byId[id] = undefined;
    this.#bySymbol.delete(symbol);
  }
}

/** NaN where no bar is known. */
function lastCloseBefore(buffer: BarBuffer, us: number): number {
  let i = buffer.length - 1;
  while (i >= 0 && buffer.valueAt(i, BarColumn.timeUs) >= us) i--;
  return i < 0 ? NaN : buffer.valueAt(i, BarColumn.close);
}
