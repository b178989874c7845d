import { RowKind } from "../../model/market_batch.ts";
import type { ConsumerToMain } from "../../protocol.ts";

/** What main is asked for where rows were lost, or were wrong: bars from history. */
export class LostRows {
  /** Bars that came anew, trades that were corrected or taken back. */
  corrections = 0;

  constructor(readonly toMain: (message: ConsumerToMain) => void) {}

  /** A correction or a gap: of one that goes on nothing is asked yet. */
  onRow(symbol: string, kind: number, a: number, b: number): void {
    if (kind !== RowKind.gap) {
      this.corrections++;
      this.toMain({ type: "corrected", symbol });
    } else if (b !== 1) this.onGap(symbol, a);
  }

  /** `rows`: so many were lost, −1 unknown. */
  onGap(symbol: string, rows: number): void {
    const rowsLost = Math.max(0, rows);
    this.toMain({ type: "outOfSync", symbol, lagSeconds: 0, rowsLost, symbols: [symbol] });
  }
}
