/** What a scanner sees of the market. Invariant: it asks main for everything with its own time, and main gives nothing later. */
import type { Snapshot } from "../../contracts/provider.ts";
import type { Market, MarketRow, MarketRows } from "../../contracts/scanner.ts";
import type { AssetClass } from "../../model/asset.ts";
import type { BarColumns, BarScale } from "../../model/bars.ts";

/** Asks main; each answer is for the scan's own time. */
export interface MarketSource {
  snapshots(symbols: string[] | null): Promise<{ snapshots: Snapshot[]; shortable: string[] }>;
  bars(symbols: string[], scale: BarScale, count: number): Promise<Map<string, BarColumns>>;
  symbols(assetClass: AssetClass | null): Promise<string[]>;
}

export function marketOf(source: MarketSource): Market {
  return Object.freeze({
    async snapshots(symbols?: readonly string[]) {
      const { snapshots, shortable } = await source.snapshots(symbols ? [...symbols] : null);
      const canShort = new Set(shortable);
      return new Rows(snapshots.map((snapshot) => rowOf(snapshot, canShort.has(snapshot.symbol))));
    },
    bars: (symbols: readonly string[], scale: BarScale, count: number) =>
      source.bars([...symbols], scale, count),
    symbols: (assetClass?: AssetClass) => source.symbols(assetClass ?? null),
  });
}

function rowOf(snapshot: Snapshot, shortable: boolean): MarketRow {
  const { todayVolume, todayVwap, previousClose, previousVolume, last } = snapshot;
  return Object.freeze({
    symbol: snapshot.symbol,
    last,
    open: snapshot.todayOpen,
    high: snapshot.todayHigh,
    low: snapshot.todayLow,
    volume: todayVolume,
    vwap: todayVwap,
    bidPrice: snapshot.bidPrice,
    askPrice: snapshot.askPrice,
    previousClose,
    previousVolume,
    gapPercent: (last / previousClose - 1) * 100,
    dollarVolume: todayVolume * todayVwap,
    previousDollarVolume: previousClose * previousVolume,
    shortable,
  });
}

class Rows implements MarketRows {
  readonly #rows: readonly MarketRow[];

  constructor(rows: readonly MarketRow[]) {
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  [Symbol.iterator](): Iterator<MarketRow> {
    return this.#rows[Symbol.iterator]();
  }

  filter(keep: (row: MarketRow) => boolean): MarketRows {
    return new Rows(this.#rows.filter((row) => keep(row)));
  }

  top(count: number, by: keyof Omit<MarketRow, "symbol" | "shortable">): string[] {
    // Rows without the value (NaN) come last; equal ones stay in the symbols' order.
    const key = (row: MarketRow) => Number.isNaN(row[by]) ? -Infinity : row[by];
    return [...this.#rows].sort((x, y) => key(y) - key(x) || (x.symbol < y.symbol ? -1 : 1))
      .slice(0, count).map(({ symbol }) => symbol);
  }

  symbols(): string[] {
    return this.#rows.map(({ symbol }) => symbol);
  }
}

/** The class that user code can reach through what it is given: frozen before it is loaded. */
export const MARKET_CLASSES: readonly unknown[] = [Rows];
