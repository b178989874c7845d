/**
 * Bars in rows, as they come: appended at the end, dropped at the front, read by place.
 * Invariant: a row is never moved, and a piece that has become free is used again.
 */
import { BAR_ROW } from "./bars.ts";

const PIECE_ROWS = 64;

export class BarRows {
  length = 0;
  /** The piece that is being filled, and where its next row begins. */
  #last: Float64Array = new Float64Array();
  #at = 0;
  #pieces: Float64Array[] = [];
  readonly #free: Float64Array[] = [];
  /** Rows of the first piece that were dropped. */
  #dropped = 0;

  /** Copies the bar at `at` of `rows`. */
  append(rows: Float64Array, at: number): void {
    if (this.#at === this.#last.length) this.#addPiece();
    const own = this.#last;
    const to = this.#at;
    own[to] = rows[at];
    own[to + 1] = rows[at + 1];
    own[to + 2] = rows[at + 2];
    own[to + 3] = rows[at + 3];
    own[to + 4] = rows[at + 4];
    own[to + 5] = rows[at + 5];
    own[to + 6] = rows[at + 6];
    own[to + 7] = rows[at + 7];
    this.#at = to + BAR_ROW;
    this.length++;
  }

  /** A number of the bar in place `row`, which is there. */
  at(row: number, column: number): number {
    const place = row + this.#dropped;
    return this.#pieces[Math.floor(place / PIECE_ROWS)][
      place % PIECE_ROWS * BAR_ROW + column
    ];
  }

  /** Copies all rows into columns, the first to place `to`, and is empty. */
  moveInto(columns: readonly Float64Array[], to: number): void {
    const end = this.#dropped + this.length;
    for (let piece = 0; piece < this.#pieces.length; piece++) {
      const start = piece * PIECE_ROWS;
      const first = Math.max(start, this.#dropped);
      const count = Math.min(end, start + PIECE_ROWS) - first;
      const shift = to + first - this.#dropped;
      for (let column = 0; column < BAR_ROW; column++) {
        copyColumn(this.#pieces[piece], first - start, column, columns[column], shift, count);
      }
    }
    this.dropFirst(this.length);
  }

  dropFirst(count: number): void {
    this.length -= count;
    this.#dropped += count;
    if (this.length === 0) {
      // The one that is being filled is begun anew.
      this.#free.push(...this.#pieces.splice(0, this.#pieces.length - 1));
      this.#dropped = this.#at = 0;
      return;
    }
    const whole = Math.floor(this.#dropped / PIECE_ROWS);
    this.#free.push(...this.#pieces.splice(0, whole));
    this.#dropped -= whole * PIECE_ROWS;
  }

  #addPiece(): void {
    this.#last = this.#free.pop() ?? new Float64Array(PIECE_ROWS * BAR_ROW);
    this.#at = 0;
    this.#pieces.push(this.#last);
  }
}

function copyColumn(
  rows: Float64Array,
  first: number,
  column: number,
  values: Float64Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) values[to + i] = rows[(first + i) * BAR_ROW + column];
}
