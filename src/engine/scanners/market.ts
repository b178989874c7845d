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
      const canShort = new Shortable(shortable);
      return new Rows(snapshots.map((snapshot) => new Row(snapshot, canShort)));
    },
    bars: (symbols: readonly string[], scale: BarScale, count: number) =>
      source.bars([...symbols], scale, count),
    symbols: (assetClass?: AssetClass) => source.symbols(assetClass ?? null),
  });
}

/** Symbols that can be sold short. Few scanners ask. */
class Shortable {
  readonly #symbols: readonly string[];
  #set: Set<string> | null = null;

  constructor(symbols: readonly string[]) {
    this.#symbols = symbols;
  }

  has(symbol: string): boolean {
    return (this.#set ??= new Set(this.#symbols)).has(symbol);
  }
}

/** Values are read where they stand: of a whole market a scanner looks at few. */
class Row implements MarketRow {
  readonly #snapshot: Snapshot;
  readonly #canShort: Shortable;

  constructor(snapshot: Snapshot, canShort: Shortable) {
    this.#snapshot = snapshot;
    this.#canShort = canShort;
  }

  get symbol(): string {
    return this.#snapshot.symbol;
  }

  get last(): number {
    return this.#snapshot.last;
  }

  get open(): number {
    return this.#snapshot.todayOpen;
  }

  get high(): number {
    return this.#snapshot.todayHigh;
  }

  get low(): number {
    return this.#snapshot.todayLow;
  }

  get volume(): number {
    return this.#snapshot.todayVolume;
  }

  get vwap(): number {
    return this.#snapshot.todayVwap;
  }

  get bidPrice(): number {
    return this.#snapshot.bidPrice;
  }

  get askPrice(): number {
    return this.#snapshot.askPrice;
  }

  get previousClose(): number {
    return this.#snapshot.previousClose;
  }

  get previousVolume(): number {
    return this.#snapshot.previousVolume;
  }

  get gapPercent(): number {
    return (this.last / this.previousClose - 1) * 100;
  }

  get dollarVolume(): number {
    return this.volume * this.vwap;
  }

  get previousDollarVolume(): number {
    return this.previousClose * this.previousVolume;
  }

  get shortable(): boolean {
    return this.#canShort.has(this.symbol);
  }
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
    const rows = this.#rows;
    const values = rows.map((row) => row[by]);
    return topOf(values, count, (i, j) => rows[i].symbol < rows[j].symbol)
      .map((i) => rows[i].symbol);
  }

  symbols(): string[] {
    return this.#rows.map(({ symbol }) => symbol);
  }
}

/**
 * Places of the `count` greatest values, the greatest first. Those without a value (NaN) come last;
 * of equal ones that first which `isBefore` says.
 * A scan wants few of many: they are put in their places, and the others not sorted.
 */
function topOf(
  values: readonly number[],
  count: number,
  isBefore: (i: number, j: number) => boolean,
): number[] {
  const key = (i: number) => Number.isNaN(values[i]) ? -Infinity : values[i];
  const isAhead = (i: number, j: number) => {
    const difference = key(i) - key(j);
    return difference > 0 || !(difference < 0) && isBefore(i, j);
  };
  const most = Math.trunc(Math.min(Math.max(0, count), values.length));
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === most && (most === 0 || !isAhead(i, best[most - 1]))) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isAhead(i, best[middle])) high = middle;
      else low = middle + 1;
    }
    best.splice(low, 0, i);
    if (best.length > most) best.pop();
  }
  return best;
}

/** Classes that user code can reach through what it is given: frozen before it is loaded. */
export const MARKET_CLASSES: readonly unknown[] = [Rows, Row];
