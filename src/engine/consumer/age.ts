import { type MarketBatch, RowKind } from "../../model/market_batch.ts";
import type { Clock } from "../../contracts/clock.ts";
import type { ConsumerToMain } from "../../protocol.ts";
import type { SymbolTable } from "../../util/symbol_table.ts";
import { MINUTE_US, type SymbolState } from "./symbol_state.ts";

/** Older than this, an event is dropped, and the queue with it. */
const AGE_MAX_US = 5e6;

/** How long ago the row at `i` was due; −∞ for rows that have no age. */
function ageOf(batch: MarketBatch, i: number, nowUs: number, rate: number): number {
  const kind = batch.kind[i];
  if (kind > RowKind.quote || kind === RowKind.updatedBar || kind === RowKind.dailyBar) {
    return -Infinity;
  }
  const dueUs = batch.timeUs[i] + (kind === RowKind.minuteBar ? MINUTE_US : 0);
  // At a rate above 1 the same delay on this machine is more market time: what counts is the delay.
  return (nowUs - dueUs) / Math.max(1, rate);
}

/** The age is looked at once in so many rows. */
const AGE_EVERY_ROWS = 256;

/** The 5-second rule: a row that is too old empties the queue up to the producer's present sequence number. */
export class AgeRule {
  /** Rows up to here are skipped: the queue is being emptied. */
  #skipBefore = 0;
  #lagUsMax = 0;
  readonly #options: AgeRuleOptions;
  readonly #symbols: SymbolTable;
  readonly #followed: Iterable<{ state: SymbolState }>;

  constructor(
    options: AgeRuleOptions,
    symbols: SymbolTable,
    followed: Iterable<{ state: SymbolState }>,
  ) {
    this.#options = options;
    this.#symbols = symbols;
    this.#followed = followed;
  }

  /** The row at `i` is not to be worked off. */
  skips(batch: MarketBatch, i: number): boolean {
    if (batch.firstSeq + i < this.#skipBefore) return true;
    return i % AGE_EVERY_ROWS === 0 && this.#isTooOld(batch, i);
  }

  /** The greatest age since the last call. */
  takeLagMsMax(): number {
    const lagMs = this.#lagUsMax / 1000;
    this.#lagUsMax = 0;
    return lagMs;
  }

  #isTooOld(batch: MarketBatch, i: number): boolean {
    const { clock, index, sequence, toMain } = this.#options;
    const ageUs = ageOf(batch, i, clock.nowUs(), clock.rate);
    if (ageUs > this.#lagUsMax) this.#lagUsMax = ageUs;
    if (ageUs <= AGE_MAX_US) return false;
    const from = batch.firstSeq + i;
    this.#skipBefore = sequence[0];
    const symbol = this.#symbols.nameOf(batch.symbol[i]);
    const lagSeconds = ageUs / 1e6;
    toMain({
      type: "log",
      level: "warning",
      category: ["liu", "consumer", String(index)],
      message: `consumer ${letterOf(index)} ${symbol} out of sync w ${lagSeconds}`,
      properties: {},
    });
    const symbols = [...new Set([...this.#followed].map(({ state }) => state.symbol))];
    for (const { state } of this.#followed) state.markIncomplete();
    const rowsLost = this.#skipBefore - from;
    toMain({ type: "outOfSync", symbol, lagSeconds, rowsLost, symbols });
    return true;
  }
}

interface AgeRuleOptions {
  index: number;
  clock: Clock & { readonly rate: number };
  /** Float64 at 0: the producer's newest sequence number for this consumer. */
  sequence: Float64Array;
  toMain(message: ConsumerToMain): void;
}

/** Consumers are lettered in the log: A, B, … Z, 26, … */
function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : String(index);
}
