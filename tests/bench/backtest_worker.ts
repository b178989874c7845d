/**
 * One case of the benchmark of backtests, in an isolate of its own: code that has only seen this
 * case. A backtest and the bare loop run in turn over the same arrays, and what they came to is
 * compared each time.
 */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import type { MarketData } from "../../src/recorded/market_data.ts";
import type { Session } from "../../src/model/calendar.ts";
import { allocatedBy } from "./allocated.ts";
import type { Case, FromBacktestWorker, Measured } from "./backtest_messages.ts";
import { backtest, bareLoop, bareWatch, generated, MINUTES, sessionsOf } from "./sma_cross.ts";

/** Seconds of a core: of all of the process's threads together. */
async function timed<T>(run: () => T | Promise<T>): Promise<[T, number]> {
  const start = cpuUsage();
  const result = await run();
  const { user, system } = cpuUsage(start);
  return [result, (user + system) / 1e6];
}

async function measure(one: Case): Promise<Measured> {
  const { hasOrders, warmUpRounds, rounds } = one;
  const sessions = sessionsOf(one.sessions);
  const data = generated(one.symbols, sessions);
  const bars = data.size * sessions.length * MINUTES;
  const measured: Measured = {
    bars,
    count: 0,
    firstRun: NaN,
    rounds: [],
    allocatedBytes: { whole: NaN, half: NaN },
  };
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    const [{ outcome, result }, seconds] = await timed(() => backtest(data, sessions, hasOrders));
    const [expected, bare] = await timed(() => hasOrders ? bareLoop(data) : bareWatch(data));
    assert.equal(result.rows, bars);
    assert.equal(outcome.count, expected.count);
    assert.ok(Math.abs(outcome.equity - expected.equity) < 0.01, "the same money");
    measured.count = outcome.count;
    if (round === 0) measured.firstRun = seconds;
    if (round >= warmUpRounds) measured.rounds.push({ bare, backtest: seconds });
  }
  if (!hasOrders) {
    measured.allocatedBytes = {
      whole: await allocated(data, sessions, warmUpRounds),
      half: await allocated(everyOther(data), sessions, warmUpRounds),
    };
  }
  return measured;
}

async function allocated(
  data: MarketData,
  sessions: readonly Session[],
  warmUpRounds: number,
): Promise<number> {
  const run = () => backtest(data, sessions, false);
  for (let round = 0; round < warmUpRounds; round++) await run();
  // Code that is being compiled anew allocates more.
  let least = Infinity;
  for (let round = 0; round < 3; round++) least = Math.min(least, await allocatedBy(run));
  return least;
}

/** As many symbols and sessions, half of the bars. */
function everyOther(data: MarketData): MarketData {
  return new Map([...data].map(([name, symbol]) => {
    const bars = { ...symbol.minuteBars };
    for (const column of Object.keys(bars) as (keyof typeof bars)[]) {
      bars[column] = bars[column].filter((_, i) => i % 2 === 0);
    }
    return [name, { ...symbol, minuteBars: bars }];
  }));
}

const worker = self as unknown as {
  onmessage: (event: MessageEvent<Case>) => void;
  postMessage(message: FromBacktestWorker): void;
};
worker.onmessage = async ({ data }) => {
  try {
    worker.postMessage({ type: "measured", measured: await measure(data) });
  } catch (error) {
    worker.postMessage({ type: "failed", message: String((error as Error)?.stack ?? error) });
  }
};
