/**
 * A symbol's bars in memory, and the read-only face of them that strategies see.
 * Invariant: what a strategy holds can neither be written to nor reach anything later than its clock.
 */
import type { BarColumns } from "./bars.ts";
import { BarRows } from "./bar_rows.ts";
import { BAR_ROW, emptyBars, sliceBars } from "./bars.ts";
import type { GivenBars } from "./given_bars.ts";

const COLUMNS = ["timeUs", "open", "high", "low", "close", "volume", "vwap", "trades"] as const;

const CAPACITY_MIN = 512;

/** Columns without room, which nothing is written to: a buffer begins with them. */
const NO_BARS = emptyBars();
const NO_COLUMNS = listOf(NO_BARS);
/** Room behind history: many symbols are followed for a few bars only. */
const ROWS_AHEAD = 16;

/**
 * Bars in contiguous columns that grow at the end; the oldest half goes when `rowsMax` is reached.
 * New ones stand in rows until somebody reads the columns: a row is one cache line, a bar in columns
 * is eight, and most strategies read few bars or none. Those of a backtest stay where they are
 * recorded until then: of many symbols' bars the copies alone would fill the caches.
 */
export class BarBuffer {
  length = 0;
  /** Start of the newest bar; −∞ before the first. */
  lastTimeUs = -Infinity;
  readonly #newRows = new BarRows();
  /** Where the newest `#givenCount` bars are, from `#givenFrom` on; there are no new rows then. */
  #given: GivenBars | null = null;
  #givenFrom = 0;
  #givenCount = 0;
  #columns: BarColumns = NO_BARS;
  /** The same columns, in their order. */
  #list = NO_COLUMNS;
  readonly rowsMax: number;

  constructor(rowsMax = 16_384) {
    this.rowsMax = rowsMax;
  }

  /** `length` of their rows are in use. */
  get columns(): BarColumns {
    if (this.#newCount > 0) this.#putNew();
    return this.#columns;
  }

  /** One of them. */
  column(index: number): Float64Array {
    if (this.#newCount > 0) this.#putNew();
    return this.#list[index];
  }

  /** A number of row `i`, which is there. */
  valueAt(i: number, column: number): number {
    const place = i - (this.length - this.#newCount);
    if (place < 0) return this.#list[column][i];
    if (this.#givenCount === 0) return this.#newRows.at(place, column);
    return this.#given!.valueAt(this.#givenFrom + place, column);
  }

  /** Bars that do not stand in the columns yet. */
  get #newCount(): number {
    return this.#newRows.length + this.#givenCount;
  }

  /** Appends the bar that stands at `at` of `rows`, and starts after the last one. */
  append(rows: Float64Array, at: number): void {
    if (this.length === this.rowsMax) this.#dropOldest();
    if (this.#givenCount > 0) this.#putNew();
    this.#newRows.append(rows, at);
    this.lastTimeUs = rows[at];
    this.length++;
  }

  /** Appends the newest of the given bars, which also stands at `at` of `rows`. */
  appendGiven(given: GivenBars, rows: Float64Array, at: number): void {
    if (this.length === this.rowsMax) this.#dropOldest();
    const newest = given.length - 1;
    if (given !== this.#given || newest !== this.#givenFrom + this.#givenCount) {
      if (this.#newCount > 0) this.#putNew();
      this.#given = given;
      this.#givenFrom = newest;
    } else if (this.#newRows.length > 0) this.#putNew();
    this.#givenCount++;
    this.lastTimeUs = rows[at];
    this.length++;
  }

  #putNew(): void {
    const { length } = this.#columns.timeUs;
    if (this.length > length) {
      const room = Math.max(CAPACITY_MIN, 2 * this.length);
      const grown = columnsInOneBuffer(Math.min(room, this.rowsMax));
      for (const name of COLUMNS) grown[name].set(this.#columns[name]);
      this.#setColumns(grown);
    }
    const to = this.length - this.#newCount;
    if (this.#givenCount === 0) return this.#newRows.moveInto(this.#list, to);
    this.#given!.copyInto(this.#list, to, this.#givenFrom, this.#givenCount);
    this.#givenFrom += this.#givenCount;
    this.#givenCount = 0;
  }

  #dropOldest(): void {
    const dropped = this.length >> 1;
    const put = this.length - this.#newCount;
    const ofColumns = Math.min(dropped, put);
    if (ofColumns > 0) { for (const column of this.#list) column.copyWithin(0, ofColumns, put); }
    const ofNew = dropped - ofColumns;
    if (this.#givenCount > 0) {
      this.#givenFrom += ofNew;
      this.#givenCount -= ofNew;
    } else this.#newRows.dropFirst(ofNew);
    this.length -= dropped;
  }

  #setColumns(columns: BarColumns): void {
    this.#columns = columns;
    this.#list = listOf(columns);
  }

  /** Overwrites row `i` with a bar of the same time. */
  set(i: number, rows: Float64Array, at: number): void {
    const { columns } = this;
    COLUMNS.forEach((name, column) => columns[name][i] = rows[at + column]);
  }

  /** Overwrites row `i` with row `from` of other bars. */
  copyRow(i: number, bars: BarColumns, from: number): void {
    for (const name of COLUMNS) this.columns[name][i] = bars[name][from];
  }

  /** Row of the bar that starts at `timeUs`, or −1. Looked for from the end. */
  rowAt(timeUs: number): number {
    for (let i = this.length - 1; i >= 0; i--) {
      const t = this.columns.timeUs[i];
      if (t === timeUs) return i;
      if (t < timeUs) return -1;
    }
    return -1;
  }

  /**
   * Puts bars of history before and between what is there. Where both have a bar, history's counts: one that was put
   * together from trades lacks those that were lost.
   */
  mergeHistory(history: BarColumns): void {
    if (this.length === 0) return this.#begin(history);
    const live = sliceBars(this.columns, 0, this.length);
    const merged = this.#sortedUnion(history, live);
    this.#setColumns(merged);
    this.length = merged.timeUs.length;
    this.lastTimeUs = this.length > 0 ? merged.timeUs[this.length - 1] : -Infinity;
  }

  /** Nothing is there yet. */
  #begin(history: BarColumns): void {
    const to = history.timeUs.length;
    const from = Math.max(0, to - this.rowsMax);
    if (from === to) return;
    this.length = to - from;
    this.lastTimeUs = history.timeUs[to - 1];
    const capacity = Math.min(this.length + ROWS_AHEAD, this.rowsMax);
    this.#setColumns(sliceBars(history, from, to, capacity));
  }

  #sortedUnion(history: BarColumns, live: BarColumns): BarColumns {
    const total = history.timeUs.length + live.timeUs.length;
    const out = emptyBars(total);
    let h = 0, l = 0, n = 0;
    while (h < history.timeUs.length || l < live.timeUs.length) {
      const historyUs = h < history.timeUs.length ? history.timeUs[h] : Infinity;
      const liveUs = l < live.timeUs.length ? live.timeUs[l] : Infinity;
      const fromLive = liveUs < historyUs;
      for (const name of COLUMNS) out[name][n] = fromLive ? live[name][l] : history[name][h];
      if (liveUs === historyUs) l++;
      if (fromLive) l++;
      else h++;
      n++;
    }
    const first = Math.max(0, n - this.rowsMax);
    return sliceBars(out, first, n);
  }
}

function listOf(columns: BarColumns): Float64Array[] {
  return COLUMNS.map((name) => columns[name]);
}

/** One allocation, not eight. */
function columnsInOneBuffer(length: number): BarColumns {
  const buffer = new ArrayBuffer(length * BAR_ROW * 8);
  const columns = emptyBars();
  COLUMNS.forEach((name, i) => columns[name] = new Float64Array(buffer, i * length * 8, length));
  return columns;
}

/** One column, read-only. Index −1 is the newest bar. */
export class Series {
  readonly #buffer: BarBuffer;
  readonly #column: number;

  constructor(buffer: BarBuffer, name: keyof BarColumns) {
    this.#buffer = buffer;
    this.#column = COLUMNS.indexOf(name);
    // All strategies that follow the symbol have the same one.
    Object.freeze(this);
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** The value of bar `i`; negative counts from the end. NaN where there is no such bar. */
  at(i: number): number {
    const length = this.#buffer.length;
    const row = i < 0 ? length + i : i;
    return row >= 0 && row < length ? this.#buffer.valueAt(row, this.#column) : NaN;
  }

  /** A copy of the newest `count` values (fewer where there are fewer), oldest first. */
  last(count: number): Float64Array {
    const length = this.#buffer.length;
    return this.#buffer.column(this.#column).slice(Math.max(0, length - count), length);
  }

  /** Highest of the newest `count` values, NaN without bars. */
  max(count: number): number {
    const column = this.#buffer.column(this.#column);
    const length = this.#buffer.length;
    let best = NaN;
    for (let i = Math.max(0, length - count); i < length; i++) {
      if (!(column[i] <= best)) best = column[i];
    }
    return best;
  }

  /** Lowest of the newest `count` values, NaN without bars. */
  min(count: number): number {
    const column = this.#buffer.column(this.#column);
    const length = this.#buffer.length;
    let best = NaN;
    for (let i = Math.max(0, length - count); i < length; i++) {
      if (!(column[i] >= best)) best = column[i];
    }
    return best;
  }

  /** Sum of the newest `count` values. */
  sum(count: number): number {
    const column = this.#buffer.column(this.#column);
    const length = this.#buffer.length;
    let total = 0;
    for (let i = Math.max(0, length - count); i < length; i++) total += column[i];
    return total;
  }
}

/** A symbol's minute bars as a strategy sees them, the newest last; the newest may still be in the making. */
export class BarSeries {
  readonly timeUs: Series;
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  readonly vwap: Series;
  readonly #buffer: BarBuffer;
  readonly #resample: (bars: BarColumns, minutes: number) => BarColumns;

  constructor(buffer: BarBuffer, resample: (bars: BarColumns, minutes: number) => BarColumns) {
    this.#buffer = buffer;
    this.#resample = resample;
    this.timeUs = new Series(buffer, "timeUs");
    this.open = new Series(buffer, "open");
    this.high = new Series(buffer, "high");
    this.low = new Series(buffer, "low");
    this.close = new Series(buffer, "close");
    this.volume = new Series(buffer, "volume");
    this.vwap = new Series(buffer, "vwap");
    Object.freeze(this);
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** A copy of the newest `count` bars as columns. */
  last(count: number): BarColumns {
    const length = this.#buffer.length;
    return sliceBars(this.#buffer.columns, Math.max(0, length - count), length);
  }

  /** A copy of the bars that start at or after `fromUs`. */
  since(fromUs: number): BarColumns {
    const { columns, length } = this.#buffer;
    let from = length;
    while (from > 0 && columns.timeUs[from - 1] >= fromUs) from--;
    return sliceBars(columns, from, length);
  }

  /** The newest `count` minute bars put together to bars of `minutes` (first, max, min, last, sum). */
  resampled(minutes: number, count = Infinity): BarColumns {
    return this.#resample(this.last(Math.min(count, this.#buffer.length)), minutes);
  }
}
