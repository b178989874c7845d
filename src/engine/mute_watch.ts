import type { Clock } from "../contracts/clock.ts";
import type { BarsQuery } from "../contracts/provider.ts";
import type { BarColumns } from "../model/bars.ts";

const MINUTE_US = 60e6;
/** Somebody's bar comes each minute, unless nobody traded. */
const QUIET_US = 75e6;
const QUIET_US_MAX = 300e6;
/** A bar that is so old has been sent, if it is sent at all. */
const GRACE_US = 15e6;
const BACK_US_MAX = 15 * MINUTE_US;

export interface MuteWatchOptions {
  clock: Clock & { readonly rate: number };
  /** Trading goes on: silence says something. */
  isOpen(nowUs: number): boolean;
  /** Those whose bars the stream sends. */
  symbols(): string[];
  history(query: BarsQuery): Promise<Map<string, BarColumns>>;
}

/**
 * Tells a stream that is mute from one in which nobody trades, be it at noon or for the rarest of
 * symbols: the provider's history is asked for bars that should have come. No rate is guessed, so
 * that there is no false alarm; a stream whose symbols trade each minute is known to be mute within
 * two and a half minutes. (That the other side is gone altogether is noticed sooner, by the socket.)
 */
export class MuteWatch {
  readonly #options: MuteWatchOptions;
  #rows = -1;
  #quietFromUs = 0;
  #askAtUs = Infinity;
  #pauseUs = QUIET_US;
  /** Since when each symbol is known: its bars before that were nobody's. */
  readonly #knownFromUs = new Map<string, number>();

  constructor(options: MuteWatchOptions) {
    this.#options = options;
  }

  /**
   * Looked at every few seconds. `rows`: what has come so far, −1 while the stream is away. Gives
   * what is missing, in words, where the stream is mute; else null. Rejects as the history does.
   */
  async look(rows: number): Promise<string | null> {
    const { clock, isOpen, symbols } = this.#options;
    const nowUs = clock.nowUs();
    const known = symbols();
    this.#learn(known, nowUs);
    if (rows !== this.#rows || rows < 0 || known.length === 0 || !isOpen(nowUs)) {
      this.#rows = rows;
      this.#quietFromUs = nowUs;
      this.#pauseUs = QUIET_US;
      this.#askAtUs = nowUs + QUIET_US;
      return null;
    }
    if (nowUs < this.#askAtUs) return null;
    this.#askAtUs = nowUs + this.#pauseUs;
    this.#pauseUs = Math.min(2 * this.#pauseUs, QUIET_US_MAX);
    const missing = await this.#missing(known, nowUs);
    if (missing.length === 0) return null;
    const since = new Date(this.#quietFromUs / 1000).toISOString();
    return `nothing has come since ${since}, but ${missing.join(", ")} traded`;
  }

  #learn(symbols: string[], nowUs: number): void {
    const are = new Set(symbols);
    for (const symbol of this.#knownFromUs.keys()) {
      if (!are.has(symbol)) this.#knownFromUs.delete(symbol);
    }
    for (const symbol of are) {
      if (!this.#knownFromUs.has(symbol)) this.#knownFromUs.set(symbol, nowUs);
    }
  }

  /** Symbols of which a bar should have come. */
  async #missing(symbols: string[], nowUs: number): Promise<string[]> {
    const { clock, history } = this.#options;
    // A delay on the way is as long at a quicker exchange, in its time longer.
    const rate = Math.max(1, clock.rate);
    const fromUs = Math.max(this.#quietFromUs, nowUs - BACK_US_MAX * rate) - MINUTE_US;
    const toUs = nowUs - GRACE_US * rate - MINUTE_US + 1;
    if (toUs <= fromUs) return [];
    const bars = await history({ symbols, scale: "minute", fromUs, toUs, adjustment: "raw" });
    return symbols.filter((symbol) => {
      const heardUs = Math.max(this.#quietFromUs, this.#knownFromUs.get(symbol) ?? Infinity);
      const timeUs = bars.get(symbol)?.timeUs ?? [];
      return timeUs.some((us) => us + MINUTE_US > heardUs);
    });
  }
}
