/**
 * Trials of the optimizer, by one worker and by two, beside the backtest by itself. What each trial
 * earned is compared with the bare loop before a figure is printed. Rounds of both take turns, and
 * the best of each count: what other programs take shows in all others. Exit code 1: a result is
 * wrong, or a figure is not met.
 *
 *   deno run -A tests/bench/optimizer.ts [TRIALS [SYMBOLS [SESSIONS [TRIALS_A_ROUND]]]]
 */
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sharedData } from "../../src/optimizer/shared_data.ts";
import type { TrialSetup } from "../../src/optimizer/trial_messages.ts";
import { TrialPool } from "../../src/optimizer/trial_pool.ts";
import { bundle } from "../../src/sandbox/bundle.ts";
import { backtest, backtestOptions, bareLoop, Cross, generated, sessionsOf } from "./sma_cross.ts";

const [trials = 96, symbols = 20, days = 252, aRound = 8] = Deno.args.map(Number);
/** Of two workers, where there are two cores. */
const TIMES_MIN = 1.8;
const WARM_UP_TRIALS = 3;

const sessions = sessionsOf(days);
const data = sharedData(generated(symbols, sessions));
const expected = bareLoop(data);

interface Cost {
  /** Seconds by the clock. */
  wall: number;
  /** Of all threads: what other programs take does not count. */
  processor: number;
}

async function cost(run: () => Promise<unknown>, count: number): Promise<Cost> {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return {
    wall: (performance.now() - startMs) / 1000 / count,
    processor: (user + system) / 1e6 / count,
  };
}

/** The benchmark's cross, as a user's file. */
async function setup(): Promise<TrialSetup> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const code = await bundle({
    id: "cross",
    entry: `${folder}cross_strategy.ts`,
    root: folder,
    read: (path) => Deno.readTextFile(path),
  });
  const { registries: _, store: __, ...settings } = backtestOptions(data, sessions, Cross);
  const [strategy] = settings.strategies;
  const [scanner] = settings.scanners;
  const symbolsScanner = { kind: "builtin" as const, builtin: "symbols" };
  return {
    objective: { kind: "named", name: "sharpe" },
    settings: {
      ...settings,
      strategies: [{ ...strategy, from: { kind: "user", bundle: code } }],
      scanners: [{ ...scanner, source: { ...scanner.source, from: symbolsScanner } }],
    },
  };
}

async function run(pool: TrialPool, count: number): Promise<void> {
  const outcomes = Array.from({ length: count }, (_, n) =>
    pool.run({
      batchId: `trial ${n}`,
      fromUs: sessions[0].openUs,
      toUs: sessions.at(-1)!.closeUs,
      parameters: { cross: { fast: 10, slow: 30 } },
      portfolio: null,
    }));
  for (const { ran } of await Promise.all(outcomes)) {
    assert.equal(ran!.figures.executions, expected.count);
    assert.ok(Math.abs(ran!.figures.finalEquity - expected.equity) < 0.01, "the same money");
  }
}

const { signal } = new AbortController();
const log = (...line: unknown[]) => console.error(line);
const shared = await setup();
const pools = [1, 2].map((workers) => ({
  workers,
  pool: new TrialPool(shared, { workers, log, signal }),
  costs: [] as Cost[],
}));
for (const { pool, workers } of pools) await run(pool, WARM_UP_TRIALS * workers);
for (let n = 0; n < WARM_UP_TRIALS; n++) await backtest(data, sessions, true);
const alone: Cost[] = [];
for (let done = 0; done < trials; done += 2 * aRound) {
  alone.push(await cost(() => backtest(data, sessions, true), 1));
  for (const { pool, costs } of pools) costs.push(await cost(() => run(pool, aRound), aRound));
}
for (const { pool } of pools) pool.close();

const least = (costs: Cost[], of: keyof Cost) => Math.min(...costs.map((cost) => cost[of]));
const ms = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`;
const line = (costs: Cost[]) =>
  `${ms(least(costs, "wall"))}, ${ms(least(costs, "processor"))} of processor`;
console.log(`${data.size} symbols, ${sessions.length} sessions, ${expected.count} fills a trial`);
console.log(`backtest by itself   ${line(alone)}`);
for (const { workers, costs } of pools) {
  const share = least(costs, "processor") / least(alone, "processor");
  console.log(
    `trial, ${workers} worker${workers > 1 ? "s" : " "}     ${line(costs)}: ` +
      `${share.toFixed(2)} of a backtest's`,
  );
}
const times = least(pools[0].costs, "wall") / least(pools[1].costs, "wall");
const isMet = times >= TIMES_MIN || navigator.hardwareConcurrency < 2;
console.log(`two workers: ${times.toFixed(2)} times one${isMet ? "" : `; not met: ${TIMES_MIN}`}`);
if (!isMet) Deno.exitCode = 1;
