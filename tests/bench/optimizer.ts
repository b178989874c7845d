/**
 * Trials of the optimizer a second, by one worker and by two, beside the backtest by itself. What
 * each trial earned is compared with the bare loop before a figure is printed.
 *
 *   deno run -A tests/bench/optimizer.ts [TRIALS [SYMBOLS [SESSIONS [WORKERS...]]]]
 */
import assert from "node:assert/strict";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { sharedData } from "../../src/optimizer/shared_data.ts";
import type { TrialSetup } from "../../src/optimizer/trial_messages.ts";
import { TrialPool } from "../../src/optimizer/trial_pool.ts";
import { bundle } from "../../src/sandbox/bundle.ts";
import { backtest, backtestOptions, bareLoop, Cross, generated, sessionsOf } from "./sma_cross.ts";

const [trials, symbols, days, ...counts] = Deno.args.map(Number);
const sessions = sessionsOf(days || 252);
const data = sharedData(generated(symbols || 20, sessions));
const expected = bareLoop(data);
const folder = fileURLToPath(new URL(".", import.meta.url));
const code = await bundle({
  id: "cross",
  entry: `${folder}cross_strategy.ts`,
  root: folder,
  read: (path) => Deno.readTextFile(path),
});

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

async function measure(workers: number, count: number): Promise<Cost> {
  const { registries: _, store: __, ...settings } = backtestOptions(data, sessions, Cross);
  const [strategy] = settings.strategies;
  const [scanner] = settings.scanners;
  const setup: TrialSetup = {
    objective: { kind: "named", name: "sharpe" },
    settings: {
      ...settings,
      strategies: [{ ...strategy, from: { kind: "user", bundle: code } }],
      scanners: [{
        ...scanner,
        source: { ...scanner.source, from: { kind: "builtin", builtin: "symbols" } },
      }],
    },
  };
  const { signal } = new AbortController();
  const pool = new TrialPool(setup, { workers, log: (...log) => console.error(log), signal });
  await pool.params();
  const run = async (n: number) => {
    const { ran } = await pool.run({
      batchId: `trial ${n}`,
      fromUs: settings.fromUs,
      toUs: settings.toUs,
      parameters: { cross: { fast: 10, slow: 30 } },
      portfolio: null,
    });
    assert.equal(ran!.figures.executions, expected.count);
    assert.ok(Math.abs(ran!.figures.finalEquity - expected.equity) < 0.01, "the same money");
  };
  const runAll = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => run(n)));
  await runAll(3 * workers);
  const measured = await cost(() => runAll(count), count);
  pool.close();
  return measured;
}

await backtest(data, sessions, true);
const ROUNDS = 3;
const alone = await cost(async () => {
  for (let n = 0; n < ROUNDS; n++) await backtest(data, sessions, true);
}, ROUNDS);
const ms = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`;
console.log(`${data.size} symbols, ${sessions.length} sessions, ${expected.count} fills`);
console.log(`backtest   ${ms(alone.wall)}, ${ms(alone.processor)} of processor`);
/** Of two workers, where there are two cores. */
const TIMES_MIN = 1.8;
let one = NaN;
for (const workers of counts.length > 0 ? counts : [1, 2]) {
  const { wall, processor } = await measure(workers, trials || 40);
  if (workers === 1) one = wall;
  console.log(
    `${workers} worker${workers === 1 ? " " : "s"}  ${ms(wall)} a trial, ${ms(processor)} of ` +
      `processor: ${(processor / alone.processor).toFixed(2)} of a backtest` +
      (workers > 1 && one > 0 ? `; ${(one / wall).toFixed(2)} times one worker` : ""),
  );
  const isMet = workers !== 2 || !(one / wall < TIMES_MIN);
  if (!isMet && navigator.hardwareConcurrency >= 2) {
    console.log(`not met: at least ${TIMES_MIN} times one worker`);
    Deno.exitCode = 1;
  }
}
