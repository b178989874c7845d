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
export type { Objective, TrialResult, TrialTrade } from "./contracts/objective.ts";
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
export { Miner } from "./contracts/miner.ts";
export type { MineBatches, MineContext, MineDatabase, MineHistory } from "./contracts/miner.ts";
export type { TickerReference } from "./contracts/provider.ts";
export { Scanner } from "./contracts/scanner.ts";
export type { Market, MarketRow, MarketRows, ScanContext } from "./contracts/scanner.ts";
export type { Json } from "./contracts/store.ts";
export type { AssetClass } from "./model/asset.ts";
export type { TargetPortfolio, TargetStock } from "./model/target_portfolio.ts";
export { emptyBars } from "./model/bars.ts";
export type { BarColumns, BarScale } from "./model/bars.ts";
export { BarSeries, Series } from "./model/bar_series.ts";
export {
  bearishCandle,
  bullishCandle,
  bullishCandleFollowedByDragonfly,
  doji,
  dragonflyCandle,
  fourPriceDoji,
  gravestoneDoji,
  spinningTop,
  spinningTopBearishFollowup,
} from "./fincalcs/candle_patterns.ts";
export type { CandlePattern, Ohlc } from "./fincalcs/candle_patterns.ts";
export { indicatorColumns, indicatorDefaults } from "./fincalcs/indicator_columns.ts";
export { IndicatorSet } from "./fincalcs/indicators.ts";
export type {
  AdxIndicator,
  BandIndicator,
  BarSource,
  Indicator,
  MacdIndicator,
  StochasticIndicator,
  SuperTrendIndicator,
} from "./fincalcs/indicators.ts";
export { resample } from "./fincalcs/resample.ts";
export {
  findResistances,
  findStop,
  findSupports,
  groupLevels,
} from "./fincalcs/support_resistance.ts";
export type { LevelOptions, SupportOptions, SupportRange } from "./fincalcs/support_resistance.ts";
export { seriesTrend } from "./fincalcs/trends.ts";
export type { SeriesTrend, Trend } from "./fincalcs/trends.ts";
export { VolumeOrderImbalance } from "./fincalcs/voi.ts";
export { volatility } from "./fincalcs/volatility.ts";
export { anchoredVwap } from "./fincalcs/vwap.ts";
export type { AnchoredVwap } from "./fincalcs/vwap.ts";
export {
  addDays,
  cryptoSession,
  exchangeDate,
  exchangeTime,
  exchangeUs,
  minutesSinceMidnight,
  nextSession,
  previousSession,
  sessionAt,
  sessionOf,
} from "./model/calendar.ts";
export type { Session } from "./model/calendar.ts";
