/**
 * Bars a second of a backtest: SMA(10) over SMA(30) event by event, with orders, fills and books,
 * and without orders, on one core, beside the bare loop over the same arrays with the same
 * indicators. What both came to is compared before a figure is printed.
 *
 *   deno run -A tests/bench/backtest.ts [SYMBOLS [SESSIONS [orders|watch [ROUNDS]]]]
 */
import assert from "node:assert/strict";
import type { MarketData } from "../../src/recorded/market_data.ts";
import type { Session } from "../../src/model/calendar.ts";
import {
  backtest,
  bareLoop,
  bareWatch,
  generated,
  MINUTES,
  type Outcome,
  sessionsOf,
} from "./sma_cross.ts";

async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const startMs = performance.now();
  const result = await run();
  return [result, (performance.now() - startMs) / 1000];
}

async function measure(
  data: MarketData,
  sessions: readonly Session[],
  hasOrders: boolean,
  rounds: number,
): Promise<void> {
  const bars = data.size * sessions.length * MINUTES;
  const bare = hasOrders ? bareLoop : bareWatch;
  const million = (seconds: number) => (bars / seconds / 1e6).toFixed(2);
  for (let round = 0; round < rounds; round++) {
    const [expected, bareSeconds]: [Outcome, number] = await timed(() => bare(data));
    const [{ outcome, result }, seconds] = await timed(() => backtest(data, sessions, hasOrders));
    assert.equal(result.rows, bars);
    assert.equal(outcome.count, expected.count);
    assert.ok(Math.abs(outcome.equity - expected.equity) < 0.01, "the same money");
    console.log(
      `${data.size} symbols, ${hasOrders ? `${outcome.count} fills` : "no orders"}: ` +
        `${million(seconds)} M bars/s, bare ${million(bareSeconds)}, ` +
        `ratio ${(bareSeconds / seconds).toFixed(3)}`,
    );
  }
}

const symbols = Number(Deno.args[0] ?? 20);
const sessions = sessionsOf(Number(Deno.args[1] ?? 252));
const rounds = Number(Deno.args[3] ?? 3);
await measure(generated(symbols, sessions), sessions, Deno.args[2] !== "watch", rounds);
