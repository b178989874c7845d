/** What a check is given: rows as they are written in a test, as the events of a timeline. */
import { type Asset, assetClassOf } from "../model/asset.ts";
import { type BarColumns, emptyBars } from "../model/bars.ts";
import { RowKind } from "../model/market_batch.ts";

const MINUTE_US = 60e6;
const VOLUME_DEFAULT = 100_000;

/**
 * A minute: its price all through, or open, high, low, close and, where wanted, volume (100,000).
 */
export type BarRow =
  | number
  | readonly [open: number, high: number, low: number, close: number, volume?: number];

/** What happens in one symbol. */
export interface CheckSymbol {
  /** Minute bars, one after the other from `start` on, or columns with their own times. */
  bars: readonly BarRow[] | BarColumns;
  /** Minutes right before them, for warm-up; with columns these have their own times. */
  history?: readonly BarRow[] | BarColumns;
  /** Seconds since the start, bid, ask and, where wanted, their sizes (100). */
  quotes?: readonly (readonly [
    seconds: number,
    bidPrice: number,
    askPrice: number,
    bidSize?: number,
    askSize?: number,
  ])[];
  /** Seconds since the start, price and, where wanted, size (100). */
  trades?: readonly (readonly [seconds: number, price: number, size?: number])[];
  /** Close of the session before. Default: unknown. */
  previousClose?: number;
  /** A position of the strategy's own before the first event; `qty` of a short is negative. */
  position?: { qty: number; averagePrice: number; stopPrice?: number; targetPrice?: number };
  /** What differs from a stock that can be sold short and traded in fractions. */
  asset?: Partial<Asset>;
}

/** A row of market data, and when it comes. */
export interface CheckEvent {
  timeUs: number;
  kind: RowKind;
  /** A place in the check's list of symbols. */
  symbol: number;
  /** The columns a–g of the kind. */
  values: number[];
}

/** Bars come when they end; of one time, bars before quotes before trades. */
export function eventsOf(symbols: readonly CheckSymbol[], startUs: number): CheckEvent[] {
  const events: CheckEvent[] = [];
  symbols.forEach(({ bars }, symbol) => {
    const c = columnsOf(bars, startUs);
    for (let i = 0; i < c.timeUs.length; i++) {
      const values = [
        c.open[i],
        c.high[i],
        c.low[i],
        c.close[i],
        c.volume[i],
        c.trades[i],
        c.vwap[i],
      ];
      const timeUs = c.timeUs[i] + MINUTE_US;
      events.push({ timeUs, kind: RowKind.minuteBar, symbol, values });
    }
  });
  symbols.forEach(({ quotes = [] }, symbol) => {
    for (const [seconds, bid, ask, bidSize = 100, askSize = 100] of quotes) {
      const timeUs = startUs + seconds * 1e6;
      events.push({ timeUs, kind: RowKind.quote, symbol, values: [bid, bidSize, ask, askSize] });
    }
  });
  symbols.forEach(({ trades = [] }, symbol) => {
    for (const [seconds, price, size = 100] of trades) {
      const timeUs = startUs + seconds * 1e6;
      events.push({ timeUs, kind: RowKind.trade, symbol, values: [price, size, 0] });
    }
  });
  return events;
}

export function isColumns(bars: readonly BarRow[] | BarColumns): bars is BarColumns {
  return !Array.isArray(bars);
}

export function columnsOf(bars: readonly BarRow[] | BarColumns, firstUs: number): BarColumns {
  if (isColumns(bars)) return bars;
  const columns = emptyBars(bars.length);
  bars.forEach((row, i) => {
    const [open, high, low, close, volume = VOLUME_DEFAULT] = typeof row === "number"
      ? [row, row, row, row]
      : row;
    columns.timeUs[i] = firstUs + i * MINUTE_US;
    columns.open[i] = open;
    columns.high[i] = high;
    columns.low[i] = low;
    columns.close[i] = columns.vwap[i] = close;
    columns.volume[i] = volume;
  });
  return columns;
}

/** A stock that can be sold short, or a coin; both in fractions. */
export function assetOf(symbol: string): Asset {
  const assetClass = assetClassOf(symbol);
  const isStock = assetClass === "us_equity";
  return {
    symbol,
    assetClass,
    name: symbol,
    exchange: isStock ? "NASDAQ" : "CRYPTO",
    tradable: true,
    shortable: isStock,
    easyToBorrow: isStock,
    fractionable: true,
    minOrderQty: "0.000000001",
    qtyIncrement: "0.000000001",
    priceIncrement: isStock ? null : "0.01",
  };
}
