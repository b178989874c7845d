import { type AssetClass, assetClassOf } from "../../model/asset.ts";
import type { LossStreak } from "../../model/limit.ts";
import { type Decimal, decimal } from "../../util/decimal.ts";

const MINUTE_US = 60e6;

interface Streak {
  losses: number;
  pausedUntilUs: number;
  /** When the last of its trades ended. */
  endedUs: number;
}

/**
 * Trades that lost, in a row, of each strategy in each symbol. A trade is a round trip of a run,
 * from flat to flat, fees deducted. A pause begins with the fill that ends the last of them; after it
 * the count begins anew.
 */
export class LossStreaks {
  readonly #streaks = new Map<string, Map<string, Streak>>();
  /** Realised so far by trades that are not over, by symbol and run. */
  readonly #open = new Map<string, Map<number, Decimal>>();

  constructor(readonly limit: LossStreak) {}

  /** An execution that closed something. */
  note(
    run: { runId: number; strategy: string },
    symbol: string,
    gain: Decimal,
    isFlat: boolean,
    timeUs: number,
  ): void {
    const open = inner(this.#open, symbol);
    const sum = (open.get(run.runId) ?? decimal(0)).plus(gain);
    if (!isFlat) {
      open.set(run.runId, sum);
      return;
    }
    open.delete(run.runId);
    this.#ended(run.strategy, symbol, sum, timeUs);
  }

  #ended(strategy: string, symbol: string, gain: Decimal, timeUs: number): void {
    const streaks = inner(this.#streaks, symbol);
    const losses = gain.s < 0 ? (streaks.get(strategy)?.losses ?? 0) + 1 : 0;
    const isPause = losses >= this.limit.trades;
    streaks.set(strategy, {
      losses: isPause ? 0 : losses,
      pausedUntilUs: isPause
        ? timeUs + this.limit.minutes * MINUTE_US
        : streaks.get(strategy)?.pausedUntilUs ?? 0,
      endedUs: timeUs,
    });
  }

  /** What a run has realised of a trade that is not over is another's from here on. */
  carry(from: number, to: number): void {
    for (const open of this.#open.values()) {
      const sum = open.get(from);
      if (sum === undefined) continue;
      open.delete(from);
      open.set(to, sum.plus(open.get(to) ?? 0));
    }
  }

  /** 0: it has made no pause. */
  pausedUntilUs(strategy: string, symbol: string): number {
    return this.#streaks.get(symbol)?.get(strategy)?.pausedUntilUs ?? 0;
  }

  /** A session begins, or goes on after a restart: what was lost before it is not of this day. */
  startSession(assetClass: AssetClass, openUs: number): void {
    for (const [symbol, streaks] of this.#streaks) {
      if (assetClassOf(symbol) !== assetClass) continue;
      for (const [strategy, { endedUs }] of streaks) if (endedUs < openUs) streaks.delete(strategy);
    }
  }
}

function inner<K, V>(outer: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = outer.get(key);
  if (map === undefined) outer.set(key, map = new Map<K, V>());
  return map;
}
