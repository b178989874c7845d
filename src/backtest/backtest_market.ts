/**
 * The market of a backtest: data, exchange, the account there, and the clock.
 * Invariant: the clock goes by steps, and what is due of orders has happened before anything of a
 * step is seen.
 */
import { SimulatedBroker } from "../brokers/simulated.ts";
import { AssetLists } from "../engine/asset_lists.ts";
import type { MarketAccess } from "../engine/scanner_market.ts";
import { Exchange } from "../matching/exchange.ts";
import { fillModelOf, fillSourceOf } from "../matching/fill_model.ts";
import type { ExchangeUpdate } from "../matching/types.ts";
import type { AssetClass } from "../model/asset.ts";
import { finestOf, type MarketData, MINUTE_US } from "../recorded/market_data.ts";
import { UsualDays } from "../recorded/usual_days.ts";
import { SymbolTable } from "../util/symbol_table.ts";
import { LazyAccount } from "./account_view.ts";
import { asDaily, BEFORE_CLOSE_US } from "./daily.ts";
import { EquityCurve } from "./equity.ts";
import { checkFillData, dataOfScale } from "./fill_data.ts";
import type { AccountAtOpen, BacktestOptions } from "./options.ts";
import { RecordedProvider } from "./recorded_provider.ts";
import { Replay } from "./replay.ts";

/** What indicators of daily bars are warmed up with. */
export const DAYS_OF_HISTORY = 400;

export class BacktestMarket {
  readonly symbols = new SymbolTable();
  readonly provider: RecordedProvider;
  readonly exchange: Exchange;
  readonly replay: Replay;
  readonly broker: SimulatedBroker;
  /** As strategies see it. */
  readonly account: LazyAccount;
  readonly curve = new EquityCurve();
  nowUs = NaN;
  #cash = NaN;

  constructor(options: BacktestOptions) {
    const { fromUs, fillModel = "next_open", cash } = options;
    checkFillData(options.data, fillModel, options.scale);
    const daily = options.scale === "day" ? asDaily(options.data) : null;
    // What is decided on a day's bar fills at that close, or is an order for the next open.
    const lagUs = daily && fillModel !== "close" ? BEFORE_CLOSE_US : 0;
    const data = daily?.data ?? dataOfScale(options.data, options);
    this.nowUs = fromUs;
    this.#cash = Number(cash);
    this.provider = new RecordedProvider(data, () => this.nowUs, daily && DAYS_OF_HISTORY);
    this.exchange = this.#makeExchange(options, data);
    this.replay = new Replay({
      data,
      symbols: this.symbols,
      exchange: this.exchange,
      events: options.events,
      barUs: MINUTE_US + lagUs,
      opensUs: daily?.opensUs ?? null,
      hasSeconds: options.scale === "second",
    });
    this.broker = new SimulatedBroker(this.exchange, {
      cash,
      assets: [...this.provider.assetBySymbol.values()],
      beforeOrder: (symbol) => this.replay.notePrice(symbol),
      afterRequests: () => {
        if (fillModel === "close") this.replay.matchCloses(this.nowUs);
      },
    });
    this.account = new LazyAccount(() => {
      const { cash, equity, buyingPower } = this.broker.account();
      return {
        cash: cash.toNumber(),
        equity: equity.toNumber(),
        buyingPower: buyingPower.toNumber(),
      };
    });
    this.#seed(data);
    this.curve.add(fromUs, this.#cash);
  }

  #makeExchange(options: BacktestOptions, data: MarketData): Exchange {
    const { fillModel = "next_open" } = options;
    const source = fillSourceOf(fillModel);
    const days = new UsualDays(data, () => this.nowUs);
    return new Exchange({
      startUs: options.fromUs,
      assetOf: (symbol) => this.provider.assetBySymbol.get(symbol) ?? null,
      onUpdate: (update) => this.#onUpdate(update),
      sourceOf: (symbol) => source ?? finestOf(data, symbol),
      fillModel: fillModelOf(fillModel),
      volumeShare: options.volumeShare ?? (source === "bars" ? null : 1),
      fees: options.fees,
      slippage: options.slippage,
      liquidityOf: (symbol) => days.of(symbol),
      nightRates: options.nightRates,
      beforeValuing: () => this.replay.notePrices(),
      onNight: (_accountId, cost) => this.#cash -= Number(cost),
      latencyUs: options.latencyUs,
      forgets: true,
    });
  }

  #seed(data: MarketData): void {
    for (const symbol of data.keys()) {
      const price = this.provider.lastPrice(symbol);
      if (!Number.isNaN(price)) this.exchange.seedPrice(symbol, price);
    }
  }

  /** The account holds something: its value moves with prices. */
  get isHolding(): boolean {
    return this.replay.isHolding;
  }

  /** What scanners may ask it. */
  access(assetClasses: readonly AssetClass[], signal: AbortSignal): MarketAccess {
    const { provider, provider: { assetBySymbol: assets } } = this;
    return { provider, assets, lists: new AssetLists(assets), assetClasses, signal };
  }

  /** Begins the step of `nowUs`: its events meet the open orders. True: something became of one. */
  beginStep(): boolean {
    const { updates } = this.broker;
    this.replay.stepUs = this.nowUs;
    this.exchange.advanceTo(this.nowUs);
    this.replay.match();
    this.account.expire();
    return this.broker.updates !== updates;
  }

  accountAtOpen(): AccountAtOpen {
    const { isFlat } = this.replay;
    return { isFlat, equity: this.broker.figures().equity };
  }

  /** A point of the equity curve. */
  sample(): void {
    this.curve.add(this.nowUs, this.#cash + this.replay.heldValue());
  }

  #onUpdate(update: ExchangeUpdate): void {
    const { execution, positionQty } = update;
    if (execution !== null) {
      this.replay.noteHeld(execution.symbol, positionQty.toNumber());
      const { qty, price, fee, side } = execution;
      const signed = qty.toNumber() * (side === "buy" ? 1 : -1);
      this.#cash -= signed * price.toNumber() + fee.toNumber();
      if (!this.isHolding) this.sample();
    }
    this.replay.noteOrder(update.order.symbol);
    this.broker.publish(update);
  }
}
