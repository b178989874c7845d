/**
 * What a strategy sees of the engine's state: read-only faces with private links, made once and reused.
 * Invariant: nothing here can be written to by user code, and nothing is allocated by reading a number. Faces that
 * strategies share are frozen: none finds there what another has left.
 */
import type {
  Keystore,
  MarketTime,
  OpenOrderView,
  PortfolioView,
  PositionView,
  QuoteView,
  SecondView,
  SizeView,
  StrategyLog,
  Tick,
  TickEvent,
  Today,
  VoiView,
} from "../../contracts/strategy.ts";
import { exchangeDate } from "../../model/calendar.ts";
import type { BarSeries } from "../../model/bar_series.ts";
import type { AccountFigures, OpenOrderFigures, PositionFigures } from "../../protocol.ts";
import { SlotSizeView } from "./size_view.ts";
import type { DayState, SymbolState } from "./symbol_state.ts";

// The engine's setters: of this module, not of the classes, so that a strategy that holds a view cannot reach them.
export let setTimeUs: (view: TimeView, us: number) => void;
/** To the end of the minute bar at `at` of `rows`. */
export let setToBarEnd: (view: TimeView, rows: Float64Array, at: number) => void;
export let setAccount: (view: AccountView, account: AccountFigures) => void;
export let setEvent: (tick: SlotTick, event: TickEvent) => void;

/** Time of the event that is being worked on; one per session window. */
export class TimeView implements MarketTime {
  #us = 0;
  #date = "";
  #dateFor = NaN;
  readonly #window: { openUs: number; closeUs: number };

  constructor(window: { openUs: number; closeUs: number }) {
    this.#window = window;
    Object.freeze(this);
  }

  static {
    setTimeUs = (view, us) => view.#us = us;
    setToBarEnd = (view, rows, at) => view.#us = rows[at] + 60e6;
  }

  get us(): number {
    return this.#us;
  }

  get date(): string {
    if (this.#dateFor !== this.#us) {
      this.#date = exchangeDate(this.#us);
      this.#dateFor = this.#us;
    }
    return this.#date;
  }

  get minutesSinceOpen(): number {
    return (this.#us - this.#window.openUs) / 60e6;
  }

  get minutesUntilClose(): number {
    return (this.#window.closeUs - this.#us) / 60e6;
  }
}

export class TodayView implements Today {
  readonly #day: DayState;
  readonly #symbol: SymbolState;

  constructor(symbol: SymbolState) {
    this.#symbol = symbol;
    this.#day = symbol.day;
  }

  get open(): number {
    return this.#day.open;
  }
  get high(): number {
    return this.#day.high;
  }
  get low(): number {
    return this.#day.low;
  }
  get last(): number {
    return this.#symbol.last;
  }
  get volume(): number {
    return this.#day.volume;
  }
  get vwap(): number {
    return this.#day.vwap;
  }
  get previousClose(): number {
    return this.#day.previousClose;
  }
  get gapPercent(): number {
    return (this.#day.open / this.#day.previousClose - 1) * 100;
  }
}

export class QuotesView implements QuoteView {
  readonly #symbol: SymbolState;

  constructor(symbol: SymbolState) {
    this.#symbol = symbol;
  }

  get bidPrice(): number {
    return this.#symbol.bidPrice;
  }
  get bidSize(): number {
    return this.#symbol.bidSize;
  }
  get askPrice(): number {
    return this.#symbol.askPrice;
  }
  get askSize(): number {
    return this.#symbol.askSize;
  }
}

export class SecondsView implements SecondView {
  readonly #symbol: SymbolState;

  constructor(symbol: SymbolState) {
    this.#symbol = symbol;
  }

  get timeUs(): number {
    return this.#symbol.second.timeUs;
  }
  get open(): number {
    return this.#symbol.second.open;
  }
  get high(): number {
    return this.#symbol.second.high;
  }
  get low(): number {
    return this.#symbol.second.low;
  }
  get close(): number {
    return this.#symbol.second.close;
  }
  get volume(): number {
    return this.#symbol.second.volume;
  }
  get vwap(): number {
    return this.#symbol.second.vwap;
  }
}

export class ImbalanceView implements VoiView {
  readonly #symbol: SymbolState;

  constructor(symbol: SymbolState) {
    this.#symbol = symbol;
  }

  get value(): number {
    return this.#symbol.voi.value;
  }

  last(): Float64Array {
    return this.#symbol.voi.last();
  }
}

/** The account, shared by all strategies of a consumer. */
export class AccountView implements PortfolioView {
  #account: AccountFigures = { cash: 0, equity: 0, buyingPower: 0 };
  readonly #planValue: number;

  /** `planValue` 0: the account's equity is the portfolio's value. */
  constructor(planValue: number) {
    this.#planValue = planValue;
    Object.freeze(this);
  }

  static {
    setAccount = (view, account) => view.#account = account;
  }

  get value(): number {
    return this.#planValue > 0 ? this.#planValue : this.#account.equity;
  }
  get cash(): number {
    return this.#account.cash;
  }
  get buyingPower(): number {
    return this.#account.buyingPower;
  }
}

/** What the engine knows of one strategy in one symbol; the views read it. */
export interface SlotFigures {
  position: PositionFigures | null;
  openOrder: OpenOrderFigures | null;
}

class SlotPositionView implements PositionView {
  readonly #slot: SlotFigures;
  readonly #symbol: SymbolState;

  constructor(slot: SlotFigures, symbol: SymbolState) {
    this.#slot = slot;
    this.#symbol = symbol;
  }

  get #figures(): PositionFigures {
    return this.#slot.position ??
      { qty: 0, averagePrice: NaN, openedUs: NaN, stopPrice: null, targetPrice: null };
  }

  get side(): "long" | "short" {
    return this.#figures.qty < 0 ? "short" : "long";
  }
  get qty(): number {
    return Math.abs(this.#figures.qty);
  }
  get averagePrice(): number {
    return this.#figures.averagePrice;
  }
  get openedUs(): number {
    return this.#figures.openedUs;
  }
  get unrealised(): number {
    return (this.#symbol.last - this.#figures.averagePrice) * this.#figures.qty;
  }
  get stopPrice(): number | null {
    return this.#figures.stopPrice;
  }
  get targetPrice(): number | null {
    return this.#figures.targetPrice;
  }
}

class SlotOrderView implements OpenOrderView {
  readonly #slot: SlotFigures;

  constructor(slot: SlotFigures) {
    this.#slot = slot;
  }

  get #figures(): OpenOrderFigures {
    return this.#slot.openOrder ?? { action: "buy", qty: 0, filledQty: 0, sinceUs: NaN };
  }

  get action(): OpenOrderFigures["action"] {
    return this.#figures.action;
  }
  get qty(): number {
    return this.#figures.qty;
  }
  get filledQty(): number {
    return this.#figures.filledQty;
  }
  get sinceUs(): number {
    return this.#figures.sinceUs;
  }
}

/** Faces of one symbol, shared by all strategies that follow it on this consumer. */
export interface SymbolViews {
  today: TodayView;
  second: SecondsView;
  quote: QuotesView;
  voi: ImbalanceView;
}

export function symbolViews(symbol: SymbolState): SymbolViews {
  const views: SymbolViews = {
    today: new TodayView(symbol),
    second: new SecondsView(symbol),
    quote: new QuotesView(symbol),
    voi: new ImbalanceView(symbol),
  };
  for (const view of Object.values(views)) Object.freeze(view);
  return Object.freeze(views);
}

/** The tick of one strategy in one symbol: made once, its event and time change. */
export class SlotTick implements Tick {
  readonly #slot: SlotFigures;
  readonly #symbol: SymbolState;
  readonly #views: SymbolViews;
  readonly #position: SlotPositionView;
  readonly #openOrder: SlotOrderView;
  #event: TickEvent = "session";
  readonly portfolio: PortfolioView;
  readonly time: MarketTime;
  readonly keystore: Keystore;
  readonly log: StrategyLog;
  readonly size: SizeView;

  constructor(options: {
    slot: SlotFigures;
    symbol: SymbolState;
    views: SymbolViews;
    portfolio: PortfolioView;
    time: MarketTime;
    keystore: Keystore;
    log: StrategyLog;
    // deno-lint-ignore no-explicit-any -- what the strategy's setup returned
    state: any;
  }) {
    this.#slot = options.slot;
    this.#symbol = options.symbol;
    this.#views = options.views;
    this.#position = new SlotPositionView(options.slot, options.symbol);
    this.#openOrder = new SlotOrderView(options.slot);
    this.portfolio = options.portfolio;
    this.time = options.time;
    this.keystore = options.keystore;
    this.log = options.log;
    this.state = options.state;
    this.size = new SlotSizeView(options.symbol, options.portfolio);
  }

  // deno-lint-ignore no-explicit-any -- what the strategy's setup returned
  readonly state: any;

  static {
    setEvent = (tick, event) => tick.#event = event;
  }

  get symbol(): string {
    return this.#symbol.symbol;
  }
  get event(): TickEvent {
    return this.#event;
  }
  get bars(): BarSeries {
    return this.#symbol.bars;
  }
  get today(): Today {
    return this.#views.today;
  }
  get second(): SecondView {
    return this.#views.second;
  }
  get quote(): QuoteView {
    return this.#views.quote;
  }
  get voi(): VoiView {
    return this.#views.voi;
  }
  get position(): PositionView | null {
    return this.#slot.position === null ? null : this.#position;
  }
  get openOrder(): OpenOrderView | null {
    return this.#slot.openOrder === null ? null : this.#openOrder;
  }
  get shortable(): boolean {
    return this.#symbol.asset.shortable;
  }
}

/** Classes that user code can reach through what it is given: frozen before it is loaded. */
export const VIEW_CLASSES: readonly (abstract new (...args: never[]) => unknown)[] = [
  TimeView,
  TodayView,
  QuotesView,
  SecondsView,
  ImbalanceView,
  AccountView,
  SlotPositionView,
  SlotOrderView,
  SlotSizeView,
  SlotTick,
];
