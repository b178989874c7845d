/**
 * Recorded data as a provider gives it, on the backtest's clock.
 * Invariant: nothing later than the clock is given, no bar before its end, and no view of columns
 * in which the future stands.
 */
import type { BarsQuery, Snapshot } from "../contracts/provider.ts";
import type { Asset } from "../model/asset.ts";
import { type BarColumns, emptyBars, sliceBars } from "../model/bars.ts";
import { assetOfData } from "../recorded/asset_of_data.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { KnownRows, RowClock } from "./known_rows.ts";
import { RecordedSnapshot } from "./recorded_snapshot.ts";
import { firstAfter } from "./symbol_feed.ts";

export class RecordedProvider {
  readonly assetBySymbol: ReadonlyMap<string, Asset>;
  readonly #bySymbol = new Map<string, KnownRows>();
  readonly #nowUs: () => number;
  readonly #clock = new RowClock();

  /**
   * `historyRows`: minute bars are given by their number, whatever the range begins with; null: by
   * the range.
   */
  constructor(
    data: MarketData,
    nowUs: () => number,
    private readonly historyRows: number | null = null,
  ) {
    for (const one of data.values()) {
      this.#bySymbol.set(one.symbol, new KnownRows(one, this.#clock));
    }
    this.#nowUs = nowUs;
    this.assetBySymbol = new Map(
      [...data.values()].map((symbol) => [symbol.symbol, assetOfData(symbol)]),
    );
  }

  bars({ symbols, scale, fromUs, toUs }: BarsQuery): Promise<Map<string, BarColumns>> {
    const found = new Map<string, BarColumns>();
    for (const symbol of symbols) {
      const rows = this.#bySymbol.get(symbol);
      if (rows === undefined) found.set(symbol, emptyBars());
      else if (scale === "second") found.set(symbol, this.#seconds(rows, fromUs, toUs));
      else if (scale === "minute") found.set(symbol, this.#minutes(rows, fromUs, toUs));
      else found.set(symbol, this.#days(rows, fromUs, toUs));
    }
    return Promise.resolve(found);
  }

  snapshots(symbols: string[]): Promise<Snapshot[]> {
    const nowUs = this.#nowUs();
    const snapshots: Snapshot[] = [];
    for (const symbol of symbols) {
      const rows = this.#bySymbol.get(symbol);
      if (rows !== undefined) snapshots.push(new RecordedSnapshot(rows, this.#clock, nowUs));
    }
    return Promise.resolve(snapshots);
  }

  /** The last price that is known, or NaN. */
  lastPrice(symbol: string): number {
    const rows = this.#bySymbol.get(symbol);
    if (rows === undefined) return NaN;
    const nowUs = this.#nowUs();
    const price = rows.lastTrade(nowUs);
    if (!Number.isNaN(price)) return price;
    const { timeUs, close } = rows.data.dailyBars;
    const { openUs } = this.#clock.day(nowUs);
    let i = rows.days(nowUs) - 1;
    while (i >= 0 && timeUs[i] >= openUs) i--;
    return i < 0 ? NaN : close[i];
  }

  #seconds(rows: KnownRows, fromUs: number, toUs: number): BarColumns {
    const { secondBars, secondBars: { timeUs } } = rows.data;
    const to = Math.min(rows.seconds(this.#nowUs()), firstAfter(timeUs, toUs - 1));
    return sliceBars(secondBars, firstAfter(timeUs, fromUs - 1), to);
  }

  #minutes(rows: KnownRows, fromUs: number, toUs: number): BarColumns {
    const { minuteBars, minuteBars: { timeUs } } = rows.data;
    const known = rows.minutes(this.#nowUs());
    const from = this.historyRows === null
      ? firstAfter(timeUs, fromUs - 1)
      : Math.max(0, known - this.historyRows);
    return sliceBars(minuteBars, from, Math.min(known, firstAfter(timeUs, toUs - 1)));
  }

  /** Complete days, and today's so far, that begin in the range. */
  #days(rows: KnownRows, fromUs: number, toUs: number): BarColumns {
    const nowUs = this.#nowUs();
    const days = rows.data.dailyBars;
    const complete = rows.days(nowUs);
    const from = firstAfter(days.timeUs, fromUs - 1);
    const to = Math.min(complete, firstAfter(days.timeUs, toUs - 1));
    const columns = sliceBars(days, from, to);
    const today = rows.today(nowUs);
    const lastUs = complete > 0 ? days.timeUs[complete - 1] : NaN;
    if (today === null || today[0] === lastUs || today[0] < fromUs || today[0] >= toUs) {
      return columns;
    }
    return appended(columns, today);
  }
}

const COLUMNS = ["timeUs", "open", "high", "low", "close", "volume", "vwap", "trades"] as const;

function appended(bars: BarColumns, row: number[]): BarColumns {
  const length = bars.timeUs.length;
  const out = sliceBars(bars, 0, length, length + 1);
  COLUMNS.forEach((name, column) => out[name][length] = row[column]);
  return out;
}
