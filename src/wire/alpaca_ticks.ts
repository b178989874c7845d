/** Rows of Alpaca's trades and quotes, into columns. */
import type { BarColumns } from "../model/bars.ts";
import type { QuoteColumns, TradeColumns } from "../model/ticks.ts";
import { barsOfTrades, SECOND_US } from "../fincalcs/derive_bars.ts";
import { OperationError } from "../util/errors.ts";
import { parseRfc3339Us } from "./rfc3339.ts";

/** What a page's rows go into. */
export interface RowsBuilder<Columns> {
  /** Throws OperationError for a row that is none; `path` is what was read. */
  add(row: unknown, path: string): void;
  finish(): Columns;
}

export interface TimeRange {
  fromUs: number;
  toUs: number;
}

/** Columns of a time and of numbers, which are read by their names in a row. */
class TicksBuilder {
  #columns: Float64Array[];
  #length = 0;

  constructor(private readonly range: TimeRange, private readonly names: readonly string[]) {
    this.#columns = [...names, "t"].map(() => new Float64Array(1024));
  }

  add(row: unknown, path: string): void {
    const record = (row ?? {}) as Record<string, unknown>;
    const timeUs = typeof record.t === "string" ? parseRfc3339Us(record.t) : NaN;
    const isWhole = this.names.every((name) => Number.isFinite(record[name]));
    if (Number.isNaN(timeUs) || !isWhole) {
      throw new OperationError(`Cannot read ${path}: no row is ${JSON.stringify(row)}`);
    }
    if (timeUs < this.range.fromUs || timeUs >= this.range.toUs) return;
    const at = this.#length++;
    if (at === this.#columns[0].length) this.#columns = this.#columns.map(doubled);
    for (const [i, name] of this.names.entries()) this.#columns[i][at] = record[name] as number;
    this.#columns[this.names.length][at] = timeUs;
  }

  /** In the order of the names, the time last. */
  finish(): Float64Array[] {
    return this.#columns.map((column) => column.slice(0, this.#length));
  }
}

function doubled(column: Float64Array): Float64Array {
  const twice = new Float64Array(2 * column.length);
  twice.set(column);
  return twice;
}

export class TradesBuilder implements RowsBuilder<TradeColumns> {
  readonly #ticks: TicksBuilder;

  constructor(range: TimeRange) {
    this.#ticks = new TicksBuilder(range, ["p", "s"]);
  }

  add(row: unknown, path: string): void {
    this.#ticks.add(row, path);
  }

  finish(): TradeColumns {
    const [price, size, timeUs] = this.#ticks.finish();
    return { timeUs, price, size };
  }
}

export class QuotesBuilder implements RowsBuilder<QuoteColumns> {
  readonly #ticks: TicksBuilder;

  constructor(range: TimeRange) {
    this.#ticks = new TicksBuilder(range, ["bp", "bs", "ap", "as"]);
  }

  add(row: unknown, path: string): void {
    this.#ticks.add(row, path);
  }

  finish(): QuoteColumns {
    const [bidPrice, bidSize, askPrice, askSize, timeUs] = this.#ticks.finish();
    return { timeUs, bidPrice, bidSize, askPrice, askSize };
  }
}

/** Alpaca has no second bars: they are made of its trades. */
export class SecondsBuilder implements RowsBuilder<BarColumns> {
  readonly #trades: TradesBuilder;

  constructor(range: TimeRange) {
    this.#trades = new TradesBuilder(range);
  }

  add(row: unknown, path: string): void {
    this.#trades.add(row, path);
  }

  finish(): BarColumns {
    return barsOfTrades(this.#trades.finish(), SECOND_US);
  }
}
