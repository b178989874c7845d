/**
 * A symbol's bars in memory, and the read-only face of them that strategies see.
 * Invariant: what a strategy holds can neither be written to nor reach anything later than its clock.
 */
import type { BarColumns } from "./bars.ts";
import { BAR_ROW, emptyBars, sliceBars } from "./bars.ts";

const COLUMNS = ["timeUs", "open", "high", "low", "close", "volume", "vwap", "trades"] as const;

/** New bars are put into the columns so many at once, where nobody reads them before. */
const NEW_ROWS = 32;

/** Columns without room, which nothing is written to: a buffer begins with them. */
const NO_BARS = emptyBars();
/** Room behind history: many symbols are followed for a few bars only. */
const ROWS_AHEAD = 16;

/** Bars in contiguous columns that grow at the end; the oldest half goes when `rowsMax` is reached. */
export class BarBuffer {
  length = 0;
  /** Start of the newest bar; −∞ before the first. */
  lastTimeUs = -Infinity;
  #columns: BarColumns = NO_BARS;
  /** Bars for which the columns have room. */
  #capacity = 0;
  // A bar into eight columns is eight cache lines of each symbol; into these rows it is one.
  readonly #newRows = new Float64Array(NEW_ROWS * BAR_ROW);
  #newCount = 0;
  readonly rowsMax: number;
  /** For so many there is room when the first comes. */
  readonly #firstCapacity: number;

  constructor(rowsMax = 16_384, capacity = 512) {
    this.rowsMax = rowsMax;
    this.#firstCapacity = Math.min(capacity, rowsMax);
  }

  /** `length` of their rows are in use. */
  get columns(): BarColumns {
    if (this.#newCount > 0) this.#putNewRows();
    return this.#columns;
  }

  /** Appends the bar that stands at `at` of `rows`, and starts after the last one. */
  append(rows: Float64Array, at: number): void {
    if (this.length === this.#capacity) this.#makeRoom();
    const own = this.#newRows;
    const to = this.#newCount * BAR_ROW;
    own[to] = rows[at];
    own[to + 1] = rows[at + 1];
    own[to + 2] = rows[at + 2];
    own[to + 3] = rows[at + 3];
    own[to + 4] = rows[at + 4];
    own[to + 5] = rows[at + 5];
    own[to + 6] = rows[at + 6];
    own[to + 7] = rows[at + 7];
    this.lastTimeUs = rows[at];
    this.length++;
    if (++this.#newCount === NEW_ROWS) this.#putNewRows();
  }

  #putNewRows(): void {
    const count = this.#newCount;
    const from = this.length - count;
    this.#newCount = 0;
    for (let column = 0; column < BAR_ROW; column++) {
      const values = this.#columns[COLUMNS[column]];
      for (let i = 0; i < count; i++) values[from + i] = this.#newRows[i * BAR_ROW + column];
    }
  }

  #setColumns(columns: BarColumns): void {
    this.#columns = columns;
    this.#capacity = columns.timeUs.length;
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

  #makeRoom(): void {
    const old = this.columns;
    if (this.#capacity >= this.rowsMax) {
      const keepFrom = this.length >> 1;
      for (const name of COLUMNS) old[name].copyWithin(0, keepFrom, this.length);
      this.length -= keepFrom;
      return;
    }
    const rows = Math.min(this.#capacity * 4 || this.#firstCapacity, this.rowsMax);
    const grown = columnsInOneBuffer(rows);
    for (const name of COLUMNS) grown[name].set(old[name]);
    this.#setColumns(grown);
  }
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
  readonly #name: keyof BarColumns;

  constructor(buffer: BarBuffer, name: keyof BarColumns) {
    this.#buffer = buffer;
    this.#name = name;
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** The value of bar `i`; negative counts from the end. NaN where there is no such bar. */
  at(i: number): number {
    const length = this.#buffer.length;
    const row = i < 0 ? length + i : i;
    return row >= 0 && row < length ? this.#buffer.columns[this.#name][row] : NaN;
  }

  /** A copy of the newest `count` values (fewer where there are fewer), oldest first. */
  last(count: number): Float64Array {
    const length = this.#buffer.length;
    return this.#buffer.columns[this.#name].slice(Math.max(0, length - count), length);
  }

  /** Highest of the newest `count` values, NaN without bars. */
  max(count: number): number {
    const column = this.#buffer.columns[this.#name];
    const length = this.#buffer.length;
    let best = NaN;
    for (let i = Math.max(0, length - count); i < length; i++) {
      if (!(column[i] <= best)) best = column[i];
    }
    return best;
  }

  /** Lowest of the newest `count` values, NaN without bars. */
  min(count: number): number {
    const column = this.#buffer.columns[this.#name];
    const length = this.#buffer.length;
    let best = NaN;
    for (let i = Math.max(0, length - count); i < length; i++) {
      if (!(column[i] >= best)) best = column[i];
    }
    return best;
  }

  /** Sum of the newest `count` values. */
  sum(count: number): number {
    const column = this.#buffer.columns[this.#name];
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
