/**
 * Market events as columns of numbers in one buffer.
 * Invariant: a row holds no object, and a batch crosses a port by transfer, never by copy.
 */

/** What a row is; the columns a–g by kind stand beside it. */
export const RowKind = {
  /** time: the bar's start · a open, b high, c low, d close, e volume, f trades, g VWAP */
  minuteBar: 1,
  /** As minuteBar: replaces the bar of the same minute. */
  updatedBar: 2,
  /** As minuteBar, of the day so far. */
  dailyBar: 3,
  /** a price, b size, c trade id */
  trade: 4,
  /** a bid price, b bid size, c ask price, d ask size (shares or coins) */
  quote: 5,
  /** a: one of TradingStatus */
  status: 6,
  /** a limit up, b limit down */
  luld: 7,
  /** a–c the original trade's id, price, size · d–f the corrected ones */
  correction: 8,
  /** a trade id, b price, c size of the trade that is taken back */
  cancelTrade: 9,
  /**
   * Rows of this symbol were lost: bars since then are incomplete. a: rows lost, −1 unknown · b: 1
   * while more are being lost, because the stream is away; a row with 0 follows when it is back
   */
  gap: 10,
  /** End of a step: symbol 0, a: the step's number. Nothing of this time follows. */
  step: 15,
} as const;
export type RowKind = typeof RowKind[keyof typeof RowKind];

export const TradingStatus = { trading: 0, halted: 1, luldPause: 2, marketWideHalt: 3 } as const;
export type TradingStatus = typeof TradingStatus[keyof typeof TradingStatus];

const COLUMNS = ["timeUs", "a", "b", "c", "d", "e", "f", "g", "symbol", "kind"] as const;
const ROW_BYTES = 8 * 8 + 4 + 1;

export class MarketBatch {
  /** Microseconds since the epoch, the event's own time. */
  readonly timeUs: Float64Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
  readonly f: Float64Array;
  readonly g: Float64Array;
  /** Id of SymbolTable. */
  readonly symbol: Uint32Array;
  readonly kind: Uint8Array;
  /** Rows in use. */
  length = 0;
  /** Sequence number of row 0 among all rows for this receiver; row i has firstSeq + i. */
  firstSeq = 0;

  constructor(readonly capacity: number, readonly buffer = new ArrayBuffer(capacity * ROW_BYTES)) {
    const column = (i: number) => new Float64Array(buffer, i * capacity * 8, capacity);
    this.timeUs = column(0);
    this.a = column(1);
    this.b = column(2);
    this.c = column(3);
    this.d = column(4);
    this.e = column(5);
    this.f = column(6);
    this.g = column(7);
    this.symbol = new Uint32Array(buffer, capacity * 64, capacity);
    this.kind = new Uint8Array(buffer, capacity * 68, capacity);
  }

  /** A batch received over a port. */
  static over(buffer: ArrayBuffer, length: number, firstSeq: number): MarketBatch {
    const batch = new MarketBatch(buffer.byteLength / ROW_BYTES, buffer);
    batch.length = length;
    batch.firstSeq = firstSeq;
    return batch;
  }

  /** Copies the bar at `i` into `row`, in the order of BAR_ROW. Without a VWAP, the close is one. */
  barRow(i: number, row: Float64Array): Float64Array {
    row[0] = this.timeUs[i];
    row[1] = this.a[i];
    row[2] = this.b[i];
    row[3] = this.c[i];
    row[4] = this.d[i];
    row[5] = this.e[i];
    row[6] = this.g[i] > 0 ? this.g[i] : this.d[i];
    row[7] = this.f[i];
    return row;
  }

  /** The same rows, with twice the room. */
  grown(): MarketBatch {
    const grown = new MarketBatch(2 * this.capacity);
    for (const name of COLUMNS) grown[name].set(this[name]);
    grown.length = this.length;
    grown.firstSeq = this.firstSeq;
    return grown;
  }

  get isFull(): boolean {
    return this.length === this.capacity;
  }

  /** Adds a row; the caller has seen that the batch is not full. */
  push(
    kind: RowKind,
    symbol: number,
    timeUs: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    const i = this.length++;
    this.kind[i] = kind;
    this.symbol[i] = symbol;
    this.timeUs[i] = timeUs;
    this.a[i] = a;
    this.b[i] = b;
    this.c[i] = c;
    this.d[i] = d;
    this.e[i] = e;
    this.f[i] = f;
    this.g[i] = g;
  }
}
