/**
 * All that the author of a strategy, scanner or miner may import, as "liu".
 *
 * @module
 */
export {
  bracket,
  buy,
  cancel,
  cover,
  limit,
  reject,
  sell,
  short,
  stop,
} from "./contracts/decision.ts";
export type {
  CancelDecision,
  Decision,
  OrderAction,
  OrderDecision,
  OrderOptions,
  RejectDecision,
} from "./contracts/decision.ts";
export { param } from "./contracts/params.ts";
export type { ParamSpec, ParamTable, ParamValues } from "./contracts/params.ts";
export { Strategy } from "./contracts/strategy.ts";
export type {
  Collection,
  DenialView,
  FillView,
  Keystore,
  MarketTime,
  OpenOrderView,
  PortfolioView,
  PositionView,
  QuoteView,
  ScheduleWindow,
  SecondView,
  SizeView,
  StrategyContext,
  StrategyLog,
  StrategyType,
  SymbolSetup,
  Tick,
  TickEvent,
  Today,
  VoiView,
} from "./contracts/strategy.ts";
export { Scanner } from "./contracts/scanner.ts";
export type { Market, MarketRow, MarketRows, ScanContext } from "./contracts/scanner.ts";
export type { Json } from "./contracts/store.ts";
export type { AssetClass } from "./model/asset.ts";
export type { BarColumns, BarScale } from "./model/bars.ts";
export { BarSeries, Series } from "./model/bar_series.ts";
