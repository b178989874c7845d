/** What a scanner is and sees. Scanners run in their own worker; what they see ends at their time. */
import type { BarColumns, BarScale } from "../model/bars.ts";
import type { ParamTable } from "./params.ts";
import type { MarketTime, StrategyLog } from "./strategy.ts";

/**
 * A symbol's day so far. Before its first bar today `open` … `vwap` are those of the day before,
 * whose close `previousClose` then is. A view: copy the values that are to be kept or logged, by
 * their names.
 */
export interface MarketRow {
  readonly symbol: string;
  readonly last: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly volume: number;
  readonly vwap: number;
  readonly bidPrice: number;
  readonly askPrice: number;
  readonly previousClose: number;
  readonly previousVolume: number;
  /** Per cent from the close before to the last price. */
  readonly gapPercent: number;
  /** Today's volume × VWAP, in quote currency. */
  readonly dollarVolume: number;
  /** The day before: close × volume. */
  readonly previousDollarVolume: number;
  readonly shortable: boolean;
}

/** Rows that can be narrowed down to picks. */
export interface MarketRows extends Iterable<MarketRow> {
  readonly length: number;
  filter(keep: (row: MarketRow) => boolean): MarketRows;
  /** The `count` rows with the highest value of `by`, descending; equal ones in the symbols' order. */
  top(count: number, by: keyof Omit<MarketRow, "symbol" | "shortable">): string[];
  symbols(): string[];
}

export interface Market {
  /** The day so far of all tradable symbols, or of those named. */
  snapshots(symbols?: readonly string[]): Promise<MarketRows>;
  /** Bars by symbol that were complete at the scan's time. */
  bars(
    symbols: readonly string[],
    scale: BarScale,
    count: number,
  ): Promise<ReadonlyMap<string, BarColumns>>;
  /** Symbols that can be traded. */
  symbols(assetClass?: "us_equity" | "crypto"): Promise<readonly string[]>;
}

export interface ScanContext {
  readonly market: Market;
  readonly time: MarketTime;
  readonly log: StrategyLog;
}

/** Picks symbols for one strategy, or for all. */
export abstract class Scanner {
  static params: ParamTable = {};

  // deno-lint-ignore no-explicit-any -- typed by `declare readonly params: ParamValues<typeof X.params>`
  readonly params: Readonly<Record<string, any>>;
  /** As the plan calls it. */
  readonly name: string;

  /** Called by the engine. */
  constructor(context: { name: string; params: Readonly<Record<string, unknown>> }) {
    this.params = context.params;
    this.name = context.name;
  }

  /** Minutes after the open before which it is not run. */
  get fromMarketOpen(): number {
    return Number(this.params.fromMarketOpen ?? 0);
  }

  /** The picked symbols. */
  abstract run(context: ScanContext): Promise<readonly string[]> | readonly string[];
}
